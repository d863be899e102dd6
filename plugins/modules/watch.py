#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: watch
short_description: Wait for running experiments, show progress, and halt them early
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Runs once on the controller for all hosts of the batch, so that a fault blocks no host and no fork while it lasts.
  - In the phase V(baseline) it waits for O(duration) and returns whether the service was in its steady state.
  - In the phase V(hold) it prints a progress line with the seconds left and the live error rate, reverts the fault
    early when O(halt_on) is met, and returns when the fault is over and the service has recovered, or
    O(recovery_timeout) after the revert. A probe that saw the recovery is stopped, and its samples are in the result.
  - The task runs once, so its condition must be the same for every host; select hosts with O(hosts).
options:
  phase:
    description: The phase to wait for.
    type: str
    choices: [baseline, hold]
    required: true
  fault:
    description: Name of the fault, the same on every host.
    type: str
    required: true
  probe:
    description: Name of the probe, the same on every observer. Without a probe there is no evidence of recovery.
    type: str
  hosts:
    description: Inventory names of the hosts. The default is the current host. With an empty list the task returns at
      once.
    type: list
    elements: str
  observers:
    description:
      - For every host that another host probes, the inventory name of that observer. Its probe has the name that the
        filter P(magsasa.chaos.probe_name#filter) returns. The offset of the two clocks is measured in the baseline.
    type: dict
    default: {}
  duration:
    description: Length of the baseline.
    type: str
    default: 10s
  since:
    description:
      - When the probe started, in seconds since the epoch, so that the baseline counts from there. At most one second
        is credited, because the clock may be that of another host.
    type: float
  interval:
    description: Time between two polls of a host.
    type: str
    default: 2s
  recovery_timeout:
    description: How long to wait for recovery after the revert.
    type: str
    default: 30s
  successes:
    description: Number of consecutive good probes after which the service counts as recovered.
    type: int
    default: 3
  rate:
    description: Probes per second, as given to M(magsasa.chaos.probe).
    type: float
    default: 20
  slow:
    description: Latency above which a probe does not count as recovered. The default is twice the p95 of O(baseline),
      and at least p95 + 20 ms.
    type: str
  max_error_rate:
    description: Error rate of the baseline above which the service counts as not in its steady state.
    type: str
    default: 5%
  halt_on:
    description: Revert the fault early when the live figures of the probe reach these limits.
    type: dict
    suboptions:
      error_rate:
        description: Halt at this share of failed probes, such as V(50%).
        type: str
      latency:
        description: Halt at this median latency, such as V(2s).
        type: str
      for:
        description: The time window over which the figures are measured.
        type: str
        default: 5s
  lease:
    description: The lease of the faults and the probes. It is renewed at every poll, at least three times within its
      length.
    type: str
  baseline:
    description: The result of the phase V(baseline). It provides the usual latency, and saves a module execution at the
      first poll.
    type: dict
    default: {}
  experiment:
    description: Marks the wait as part of an experiment of the role P(magsasa.chaos.experiment#role); only faults and
      probes of this run count.
    type: dict
attributes:
  check_mode:
    description: In C(check_mode) there is nothing to wait for.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
  bypass_host_loop:
    description: Runs once for all hosts of the batch.
    support: full
"""

EXAMPLES = r"""
- name: Wait until the fault is over and the service has recovered
  magsasa.chaos.watch:
    phase: hold
    fault: half-busy
    probe: half-busy
    hosts: "{{ ansible_play_batch }}"
    halt_on:
      error_rate: 50%
  register: seen
"""

RETURN = r"""
hosts:
  description:
    - The last known state of each host. C(samples) and C(summary) are present if C(collected) is true; C(clock_offset)
      (C(offset_s), C(error_s)) after the baseline if the observer is another host.
  returned: always
  type: dict
  sample: {web1: {active: false, recovered: true, collected: true, halted: null, error: null, fault: {name: half-busy,
    state: reverted}, probe: {sent: 20}}}
again:
  description: The command that answers the next poll of each host, see RV(magsasa.chaos.experiment_step#module:again).
  returned: always
  type: dict
  sample: {web1: [/usr/bin/python3, -I, -S, -B, /run/magsasa-chaos/lib/0a1b2c3d4e5f6071.pyz, step, '-']}
waited_s:
  description: Duration of the wait in seconds.
  returned: always
  type: float
  sample: 31.2
"""
