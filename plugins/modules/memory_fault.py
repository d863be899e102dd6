#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory taken for a bounded time."""
from __future__ import annotations

DOCUMENTATION = r"""
module: memory_fault
short_description: Take memory from a host for a bounded time
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - A worker takes memory, really fills it, and lets go after O(duration) whatever happens.
  - The size counts what the fault as a whole takes, its own processes included.
  - The worker is the first choice of the kernel's OOM killer. When that ends it, the fault is over, with C(worker_died) as its cause.
  - Needs no root and no tool. Where a control group limits the memory to less than the host has, its limit counts.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  size:
    description:
      - How much memory to take, such as V(256M), or a share of what is available, such as V(30%). At least V(16M).
      - Units are powers of 1024. Required with O(state=present).
    type: str
  ramp:
    description:
      - Reach O(size) in a straight line over this time.
    type: str
    default: 0s
  reserve:
    description:
      - What must stay available on the host, as a size or as a share of all its memory. A fault that would leave less is refused.
      - When left out, the larger of 512 MiB and 10 % of all memory. V(0) lifts the guard.
    type: str
  back_off:
    description:
      - Give memory back in pieces during the hold while less than O(reserve) is available, or while tasks of the host wait for memory
        (V(some avg10) of C(/proc/pressure/memory) is 10 % or more), and take it again when there is room. RV(fault.measured) says how much.
      - With V(false) the memory is held whatever happens to the host.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: 256 MiB less for half a minute
  magsasa.chaos.memory_fault:
    name: less-memory
    size: 256M
    duration: 30s

- name: Take 40 % of what is available over one minute, leave 1 GiB
  magsasa.chaos.memory_fault:
    name: leak
    size: 40%
    ramp: 1m
    reserve: 1G
    duration: 5m

- name: Put it back early
  magsasa.chaos.memory_fault:
    name: less-memory
    state: absent
"""

RETURN = r"""
fault:
  description: The record of the fault, as the host's ledger holds it.
  returned: always, except O(state=absent) with a name that the host never knew
  type: dict
  contains:
    id:
      description: Identity of this one run of the fault.
      type: str
      sample: 3f9c1b0a77d2
    state:
      description: V(planned) in check mode, V(active), V(reverted), or V(residue) when something could not be undone.
      type: str
      sample: active
    requested:
      description: Figures that were asked for, with their unit in the key.
      type: dict
      sample: {size_mib: 256.0, ramp_s: 0.0, reserve_mib: 2410.6}
    backend:
      description: What carries the fault out.
      type: str
      sample: own worker
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "take 256 MiB of memory", undo: ["workers.end fault=3f9c1b0a77d2"], tool: null}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description:
        - C(held_mib) is what the fault's processes take from the host (anonymous pages, from C(smaps_rollup)).
        - C(worker_rss_mib) is the resident size of the worker.
        - C(available_mib) and C(available_drop_mib) are what is available now and how much less that is than before.
        - C(given_back_mib) and C(back_offs) tell how much was given back and how often. C(swapped_mib) is in swap.
      type: dict
      sample: {held_mib: 256.4, worker_rss_mib: 257.1, available_mib: 23480.2, available_drop_mib: 256.9, given_back_mib: 0.0, back_offs: 0, swapped_mib: 0.0}
    injected_at:
      description: Both clocks of the host when the fault was in.
      type: dict
      sample: {monotonic: 1311.204817, wall: 1795600000.114}
    reverted_at:
      description: Both clocks of the host when the revert was done and checked.
      type: dict
      sample: {monotonic: 1341.209114, wall: 1795600030.118}
    revert_cause:
      description: What ended it (deadline, absent, halt, halt_condition, lease, worker_died, guardian_died, supervisor_died, orphaned, failed, event_over).
      type: str
      sample: deadline
    residue:
      description: What is left of the fault after the revert, one sentence each.
      type: list
      elements: str
      sample: []
    differences:
      description:
        - What is not as it was before, though the fault is undone, one sentence each.
        - Whoever changed it, an experiment with a difference has the status C(failed).
        - Only there once the fault is reverted.
      type: list
      elements: str
      sample: []
swept:
  description: Faults that nobody held any more and that this run undid first.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._families.memory import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
