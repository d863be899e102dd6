#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the CPU of a host busy for a bounded time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cpu_fault
short_description: Keep the CPU of a host busy for a bounded time
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Holds the load of some or all cores at a target in a closed loop, and ends after O(duration).
  - Needs no root and no other program.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  load:
    description:
      - Target load of the cores, such as V(50%). Required with O(state=present).
    type: str
  cores:
    description:
      - Number of cores to load. The default is every core that the process may use.
    type: int
  core_ids:
    description:
      - Cores to load, counted from 0 as the kernel does. Mutually exclusive with O(cores).
    type: list
    elements: int
  per_core:
    description:
      - When true, each core is held at O(load) by itself.
      - When false, the average is held; idle cores compensate for cores that other processes keep busy.
    type: bool
    default: false
  of:
    description:
      - V(host) counts all work on the chosen cores and adds what is missing to reach O(load).
      - V(added) adds O(load) on top of the existing work. As root it raises its own priority (nice) when other busy
        processes leave it less.
    type: str
    choices: [host, added]
    default: host
  ramp:
    description:
      - Time over which the load rises linearly to O(load).
    type: str
    default: 0s
seealso:
  - module: magsasa.chaos.limit_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Keep half of the CPU busy for half a minute
  magsasa.chaos.cpu_fault:
    name: half-busy
    load: 50%
    duration: 30s

- name: Hold the second core at 90 %, whatever else runs on it
  magsasa.chaos.cpu_fault:
    name: one-core
    load: 90%
    core_ids: [1]
    per_core: true
    duration: 30s

- name: Revert early
  magsasa.chaos.cpu_fault:
    name: half-busy
    state: absent

- name: Add half a core of work to two cores, on top of what runs there, rising over half a minute
  magsasa.chaos.cpu_fault:
    name: noisy-neighbour
    load: 25%
    cores: 2
    of: added
    ramp: 30s
    duration: 5m

- name: Hold 80 % for an hour, unless the service gets slow or the controller is lost
  magsasa.chaos.cpu_fault:
    name: soak
    load: 80%
    duration: 1h
    max_duration: 2h
    lease: 60s
    halt_on: {probe: shop, latency: 2s, for: 10s}
    force: true  # also while another run experiments on this host
"""

RETURN = r"""
fault:
  description: The record of the fault, as the host's ledger holds it.
  returned: always, except with O(state=absent) for a name that is not in the ledger
  type: dict
  contains:
    id:
      description: Identifier of this injection.
      type: str
      sample: 3f9c1b0a77d2
    state:
      description:
        - State of the fault. V(planned) in check mode, V(armed) while it is being injected, V(active) while it lasts,
          V(reverted) afterwards.
        - V(residue) when the revert left something behind; see RV(fault.residue).
      type: str
      choices: [planned, armed, active, reverted, residue]
      sample: active
    requested:
      description: Requested figures. The unit is part of the key.
      type: dict
      sample: {load_pct: 50.0, cores: 2, of: host}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: own workers, closed loop
    notes:
      description: Fallbacks that were used, and limits of this fault on this host, one sentence each.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step (C(says)), the operations that revert it (C(undo)), and the program that it needs
        (C(tool)).
      type: list
      elements: dict
      sample: [{says: "keep 2 core(s) 50 % busy (the whole host counts)", undo: ["workers.end fault=3f9c1b0a77d2"],
        tool: null}]
    effect:
      description:
        - Whether the fault took effect. V(confirmed) when the measurement agrees with RV(fault.requested), V(mismatch)
          when it does not.
        - V(inconclusive) when there is no evidence that the fault took effect.
      type: str
      choices: [confirmed, mismatch, inconclusive]
      sample: confirmed
    measured:
      description: Measured load in percent of everything on the chosen cores (C(host_load_pct)) and of the fault alone
        (C(own_load_pct)), averaged over C(over_s) seconds.
      type: dict
      sample: {host_load_pct: 50.3, own_load_pct: 48.9, over_s: 30.0}
    injected_at:
      description: When the injection was complete, on the monotonic clock and the wall clock of the host.
      type: dict
      sample: {monotonic: 1311.204817, wall: 1795600000.114}
    reverted_at:
      description: When the revert was complete and verified, on both clocks of the host.
      type: dict
      sample: {monotonic: 1341.209114, wall: 1795600030.118}
    revert_cause:
      description:
        - What ended the fault. V(deadline) after O(duration), V(absent) by O(state=absent), V(halt) by
          M(magsasa.chaos.fault_halt), V(halt_condition) when O(halt_on) was met, V(lease) when nobody renewed it,
          V(event_over) when an event such as a kill was complete.
        - V(worker_died), V(guardian_died) and V(supervisor_died) when that process of the fault died, V(terminated)
          when the host shut down or somebody stopped the fault's processes, V(orphaned) when a later task found that no
          process held the fault any more, V(failed) when the injection failed.
      type: str
      choices: [deadline, absent, halt, halt_condition, lease, worker_died, guardian_died, supervisor_died, orphaned,
        failed, terminated, event_over]
      sample: deadline
    residue:
      description: What the revert left behind, one sentence each; empty after a complete revert.
      type: list
      elements: str
      sample: []
    differences:
      description:
        - What differs from the state before the injection although the fault is reverted, one sentence each.
        - An experiment with a difference has the status C(failed), whoever caused it.
        - Present once the fault is reverted.
      type: list
      elements: str
      sample: []
swept:
  description: Faults that no process held any more and that this task reverted first.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run  # first, see keep_code
from ansible_collections.magsasa.chaos.plugins.module_utils._families.cpu import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
