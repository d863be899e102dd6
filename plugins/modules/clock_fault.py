#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let a host's time of day be wrong."""
from __future__ import annotations

DOCUMENTATION = r"""
module: clock_fault
short_description: Let a host's time of day be wrong
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Moves the time of day of a host by O(offset), at once, and back by the same at the end. What went on meanwhile is kept.
  - Services that keep the time right (systemd-timesyncd, chrony, ntpd and their like) are stopped before and started again after.
    One that no service of systemd holds is refused.
  - Deadlines, leases and measurements of this collection go by the monotonic clock; a wrong time of day moves none of them.
  - How far the time of day moved is measured against a clock that nobody can set. When somebody else sets it right meanwhile, the effect is V(mismatch),
    and the undo does not move it again.
  - Files, logs and sessions that get a wrong time meanwhile keep it.
  - A container has the clock of its host and cannot set it.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  offset:
    description:
      - How far and where, such as V(+5m), V(90s) or V(-1h); at least one second. Further than a day needs O(force=true). Required with O(state=present).
    type: str
"""

EXAMPLES = r"""
- name: Do tokens and certificates stand a clock that is five minutes ahead?
  magsasa.chaos.clock_fault:
    name: ahead
    offset: +5m
    duration: 1m

- name: A clock that is an hour late
  magsasa.chaos.clock_fault:
    name: late
    offset: -1h
    duration: 30s
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
      sample: {offset_s: 300.0}
    backend:
      description: What carries the fault out.
      type: str
      sample: clock_settime
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "move the time of day forward by 5m", undo: ["clock.move_back boot_id=8d3c... offset_s=300.0"], tool: null}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description: How far the time of day is from where it was (C(offset_s)).
      type: dict
      sample: {offset_s: 300.0}
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

from ansible_collections.magsasa.chaos.plugins.module_utils._families.clock import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
