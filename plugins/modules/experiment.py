#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one scenario on the hosts of a wave."""

from __future__ import annotations

DOCUMENTATION = r"""
module: experiment
short_description: Run one scenario on several hosts at once, from the baseline to the verdict
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Takes the turn of every host, starts its probe, lets the baseline pass and checks that the service is in its steady state, injects the fault, renews leases
    while it holds, halts it where O(halt_on) says so, waits until it is undone and the service is well again, collects the samples and judges them.
  - One task for all hosts of a wave. Give it C(run_once=true) and name the hosts. The connection of each host is opened with that host's own variables.
  - The first question to a host is one execution of M(magsasa.chaos.host_contact). What comes after it costs no module execution where the connection can hand
    a command its input; that is so with C(pipelining), and without C(become).
  - Skips, refusals and failures are in the records. The task itself fails for bad options only.
options:
  scenario:
    description: One scenario of the catalogue, filled in for the host by P(magsasa.chaos.fill_scenario#filter). With C(skipped) it is only recorded.
    type: dict
  hosts:
    description:
      - The hosts, as inventory names. A mapping gives each host its own O(scenario), O(endpoint), O(observer), O(probe), O(own_probe), O(rate), O(timeout),
        O(refused), O(keep_turn) and O(again); what it does not name is taken from the options beside it.
      - The host of the task itself when left out.
    type: raw
  endpoint:
    description: The service, as M(magsasa.chaos.endpoint_info) returns it.
    type: dict
  observer:
    description: Inventory name of the host that probes. The target itself when left out.
    type: str
  probe:
    description: What is probed instead of the health address of the service; see the variable C(chaos_probe).
    type: dict
  own_probe:
    description: The same for this scenario; its keys come before those of O(probe).
    type: dict
  rate:
    description: Probes a second.
    type: float
    default: 20
  timeout:
    description: Time-out of one probe.
    type: str
    default: 2s
  refused:
    description: Why the inventory refuses the host; it is only recorded then.
    type: str
  keep_turn:
    description: Leave the turn of the host with this run, which gives it back itself (M(magsasa.chaos.host_turn)).
    type: bool
    default: false
  again:
    description: What RV(magsasa.chaos.host_turn#module:again) named for the host. Without it the first question is a module execution.
    type: list
    elements: str
  wave:
    description: Which wave of a suite this is (C(number), C(of), C(hosts)), for the record.
    type: dict
  baseline:
    description: Length of the baseline.
    type: str
    default: 10s
  interval:
    description: Time between two looks at a host.
    type: str
    default: 2s
  recovery_timeout:
    description: How long to wait for recovery after the fault.
    type: str
    default: 30s
  successes:
    description: How many good probes in a row make the service well again.
    type: int
    default: 3
  lease:
    description: Fault and probe end within this time when the controller vanishes. No lease when left out.
    type: str
  wait:
    description: How long to wait for a host on which another run experiments.
    type: str
    default: 30s
  force:
    description: Go on where another run experiments.
    type: bool
    default: false
  max_error_rate:
    description: Share of failed probes up to which a service is in its steady state.
    type: str
    default: 5%
  halt_on:
    description: Undo the fault early at this C(error_rate) or C(latency) over C(for). Never when left out.
    type: raw
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what it would inject.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.host_contact
  - module: magsasa.chaos.probe
  - module: magsasa.chaos.slo_check
"""

EXAMPLES = r"""
- name: Half of the CPU for 30 seconds on two hosts
  magsasa.chaos.experiment:
    hosts: [web1, web2]
    scenario:
      id: half-busy
      family: cpu
      hold: 30s
      options: {load: 50%, duration: 30s}
      objectives: {error_rate: 1%, recovery_time: 10s}
    endpoint: {url: http://localhost:8000, health_url: http://localhost:8000/health}
    lease: 20s
    halt_on: {error_rate: 50%, for: 5s}
  run_once: true
  register: done

- name: What came of it on this host?
  ansible.builtin.debug:
    msg: "{{ done.experiments[inventory_hostname].verdict }}"
"""

RETURN = r"""
experiments:
  description: For each host the record of its experiment, as the report holds it. The records are those of M(magsasa.chaos.slo_check).
  returned: success
  type: dict
  sample: {web1: {id: half-busy@web1, status: completed, verdict: passed}}
released:
  description: Hosts whose turn this task gave back.
  returned: success
  type: list
  elements: str
  sample: [web1]
ended:
  description: Hosts on which this task tries no more, and why, as another run has them or somebody halted this one.
  returned: success
  type: dict
  sample: {}
"""
