#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU load for a bounded time."""
from __future__ import annotations

DOCUMENTATION = r"""
module: cpu_fault
short_description: Keep the CPU of a host busy for a bounded time
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Holds the load of some or all cores at a share, in a closed loop, and lets go after O(duration) whatever happens.
  - Needs no root and no tool.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  load:
    description:
      - How busy the cores should be, such as V(50%). Required with O(state=present).
    type: str
  cores:
    description:
      - Number of cores to load. All that the process may use when left out.
    type: int
  core_ids:
    description:
      - Which cores to load, counted from 0 as the kernel does. Instead of O(cores).
    type: list
    elements: int
  per_core:
    description:
      - Hold each core at O(load) by itself. Without it the mean of the cores is held, and a core that others keep busy is made up for by the others.
    type: bool
    default: false
  of:
    description:
      - V(host) counts everything that runs on the chosen cores and tops up to O(load).
      - V(added) puts O(load) of our own on top. As root a better nice value is taken when busy processes leave less.
    type: str
    choices: [host, added]
    default: host
  ramp:
    description:
      - Reach O(load) in a straight line over this time.
    type: str
    default: 0s
"""

EXAMPLES = r"""
- name: Half of every core for half a minute
  magsasa.chaos.cpu_fault:
    name: half-busy
    load: 50%
    duration: 30s

- name: The second core is busy, whatever else runs on it
  magsasa.chaos.cpu_fault:
    name: one-core
    load: 90%
    core_ids: [1]
    per_core: true
    duration: 30s

- name: Put it back early
  magsasa.chaos.cpu_fault:
    name: half-busy
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
      sample: {load_pct: 50.0, cores: 2, of: host}
    backend:
      description: What carries the fault out.
      type: str
      sample: own workers, closed loop
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "keep 2 core(s) 50 % busy (the whole host counts)", undo: ["workers.end fault=3f9c1b0a77d2"], tool: null}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description: Figures that were measured.
      type: dict
      sample: {host_load_pct: 50.3, own_load_pct: 48.9, over_s: 30.0}
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

from ansible_collections.magsasa.chaos.plugins.module_utils._families.cpu import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
