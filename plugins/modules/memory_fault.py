#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take memory from a host for a bounded time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: memory_fault
short_description: Take memory from a host for a bounded time
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - A worker allocates memory, writes to every page of it, and frees it after O(duration).
  - O(size) counts the memory of the whole fault, its own processes included.
  - The worker is the first choice of the kernel's OOM killer. If the OOM killer ends it, the fault ends, with the cause
    V(worker_died).
  - Needs no root and no other program. Where a control group limits the memory to less than the host has, that limit
    counts.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  size:
    description:
      - Memory to take, such as V(256M), or a share of the available memory, such as V(30%). At least V(16M).
      - Units are powers of 1024. Required with O(state=present).
    type: str
  ramp:
    description:
      - Time over which the memory in use rises linearly to O(size).
    type: str
    default: 0s
  reserve:
    description:
      - Memory that must stay available on the host, as a size or as a share of its total memory. A fault that would
        leave less is refused.
      - The default is the larger of 512 MiB and 10 % of the total memory. V(0) lifts the guard.
    type: str
  back_off:
    description:
      - Free memory in pieces during the hold while less than O(reserve) is available, or while tasks of the host stall
        on memory (V(some avg10) of C(/proc/pressure/memory) is 10 % or more), and take it again when there is enough.
        RV(fault.measured) reports how much.
      - With V(false) the memory is held, whatever happens to the host.
    type: bool
    default: true
seealso:
  - module: magsasa.chaos.limit_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Take 256 MiB for half a minute
  magsasa.chaos.memory_fault:
    name: less-memory
    size: 256M
    duration: 30s

- name: Take 40 % of the available memory over one minute, and leave 1 GiB
  magsasa.chaos.memory_fault:
    name: leak
    size: 40%
    ramp: 1m
    reserve: 1G
    duration: 5m

- name: Revert early
  magsasa.chaos.memory_fault:
    name: less-memory
    state: absent

- name: Hold 2 GiB for an hour whatever happens to the host, unless the service fails or the controller is lost
  magsasa.chaos.memory_fault:
    name: pressure
    size: 2G
    back_off: false
    duration: 1h
    max_duration: 2h
    lease: 60s
    halt_on: {probe: shop, error_rate: 20%, for: 10s}
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
      sample: {size_mib: 256.0, ramp_s: 0.0, reserve_mib: 2410.6}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: own worker
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
      sample: [{says: "take 256 MiB of memory", undo: ["workers.end fault=3f9c1b0a77d2"], tool: null}]
    effect:
      description:
        - Whether the fault took effect. V(confirmed) when the measurement agrees with RV(fault.requested), V(mismatch)
          when it does not.
        - V(inconclusive) when there is no evidence that the fault took effect.
      type: str
      choices: [confirmed, mismatch, inconclusive]
      sample: confirmed
    measured:
      description:
        - C(held_mib) is the memory of the fault's processes (anonymous pages, from C(smaps_rollup)).
        - C(worker_rss_mib) is the resident size of the worker.
        - C(available_mib) is the memory that is available now, C(available_drop_mib) its decrease since the injection.
        - C(given_back_mib) and C(back_offs) say how much memory was given back and how often. C(swapped_mib) is the
          part in swap.
      type: dict
      sample: {held_mib: 256.4, worker_rss_mib: 257.1, available_mib: 23480.2, available_drop_mib: 256.9,
        given_back_mib: 0.0, back_offs: 0, swapped_mib: 0.0}
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
from ansible_collections.magsasa.chaos.plugins.module_utils._families.memory import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
