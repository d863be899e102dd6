#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action of the same name."""
from __future__ import annotations

DOCUMENTATION = r"""
module: watch
short_description: Wait for running experiments, with progress, and halt them early
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Runs once for all hosts of the batch on the controller, so that no host and no fork is held while a fault lasts.
  - In the phase V(baseline) it waits for O(duration) and says whether the service was in its steady state.
  - In the phase V(hold) it prints a progress line with the seconds left and the live error rate, undoes the fault early when O(halt_on) is met,
    and returns when the fault is over and the service is well again, or O(recovery_timeout) after the revert. A probe that saw the service well
    again is ended, and its samples are in the result.
  - The task must not have a condition that differs between hosts, as it runs once; name the hosts in O(hosts).
options:
  phase:
    description: What to wait for.
    type: str
    choices: [baseline, hold]
    required: true
  fault:
    description: Name of the fault, the same on every host.
    type: str
    required: true
  probe:
    description: Name of the probe, the same on every observer. Without one nothing is known about recovery.
    type: str
  hosts:
    description: Inventory names of the hosts. The current host when left out; an empty list is nothing to wait for.
    type: list
    elements: str
  observers:
    description:
      - Inventory name of the host that probes, for every host where it is another one. Its probe has the name that the filter
        P(magsasa.chaos.probe_name#filter) gives. How far the two clocks are apart is measured in the baseline.
    type: dict
    default: {}
  duration:
    description: Length of the baseline.
    type: str
    default: 10s
  since:
    description:
      - When the probe began, in seconds since the epoch, so that the baseline counts from there. At most a second is taken into account, as the
        clock may be another host's.
    type: float
  interval:
    description: Time between two looks at a host.
    type: str
    default: 2s
  recovery_timeout:
    description: How long to wait for the service to be well again after the revert.
    type: str
    default: 30s
  successes:
    description: Good probes in a row that count as well again.
    type: int
    default: 3
  rate:
    description: Probes a second, as given to M(magsasa.chaos.probe).
    type: float
    default: 20
  slow:
    description: Latency above which a probe does not count as good again. Twice the p95 of O(baseline) when left out, 20 ms above it at least.
    type: str
  max_error_rate:
    description: Error rate of the baseline above which the service is not in its steady state.
    type: str
    default: 5%
  halt_on:
    description: Undo the fault early when the live figures of the probe reach this.
    type: dict
    suboptions:
      error_rate:
        description: Share of failed probes, such as V(50%).
        type: str
      latency:
        description: Median latency, such as V(2s).
        type: str
      for:
        description: The window over which the figures are taken.
        type: str
        default: 5s
  lease:
    description: The lease that the faults and the probes were given. It is renewed at every look, and at least three times within itself.
    type: str
  baseline:
    description: The result of the baseline. It says which latency is usual here, and makes the first look cheap too.
    type: dict
    default: {}
  experiment:
    description: Part of an experiment of the role P(magsasa.chaos.experiment#role); only what this run started is looked at.
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
- name: Wait until the fault is over and the service is well again
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
    - What was last seen of each host. C(samples) and C(summary) are there when C(collected) is true; C(clock_offset) (C(offset_s), C(error_s)) after
      the baseline where the observer is another host.
  returned: always
  type: dict
  sample: {web1: {active: false, recovered: true, collected: true, halted: null, error: null, fault: {name: half-busy, state: reverted}, probe: {sent: 20}}}
again:
  description: What answers the next look at each host, see RV(magsasa.chaos.experiment_step#module:again).
  returned: always
  type: dict
  sample: {web1: [/usr/bin/python3, -I, -S, -B, /run/magsasa-chaos/lib/0a1b2c3d4e5f6071.pyz, step, '-']}
waited_s:
  description: How long it waited, in seconds.
  returned: always
  type: float
  sample: 31.2
"""
