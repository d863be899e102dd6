#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a whole host down."""
from __future__ import annotations

DOCUMENTATION = r"""
module: host_fault
short_description: Take a whole host down
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Reboots a host, shuts it down, lets its kernel panic or resets it. Always needs O(force=true).
  - It happens O(delay) after the module has answered. Until then O(state=absent) and C(fault_halt) call it off.
  - A boot is not undone. The ledger tells that the host went down, with effect V(confirmed) and cause V(event_over); it is written when the host ends in
    good order, and at the first contact afterwards where it does not.
  - What runs on the host ends with it, a probe there, too. Measure from another host (C(chaos_observer)).
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description:
      - V(reboot) and V(shutdown) go in good order, by systemd. Nothing of this collection starts a host again that was shut down.
      - V(panic) lets the kernel panic; refused where C(kernel.panic) is 0, as the host would stay down.
      - V(reset) boots at once, without ending or writing anything, as a power cut does.
      - V(panic) and V(reset) are not for containers, which share the kernel of their host. Required with O(state=present).
    type: str
    choices: [reboot, shutdown, panic, reset]
  delay:
    description: How long after the answer, V(1s) to V(60s).
    type: str
    default: 2s
"""

EXAMPLES = r"""
- name: Does the service come back by itself after a reboot?
  magsasa.chaos.host_fault:
    name: reboot
    action: reboot
    force: true
    duration: 5m

- name: And after a power cut?
  magsasa.chaos.host_fault:
    name: power-cut
    action: reset
    force: true
    duration: 5m
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
      sample: {delay_s: 2.0}
    backend:
      description: What carries the fault out.
      type: str
      sample: systemctl
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: ["a probe on this host ends with it: probe from an observer"]
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "reboot this host in good order, 2 s after the answer", undo: [], tool: systemctl}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: inconclusive
    measured:
      description: Whether the host is on its way down (C(going_down)), once its time has come.
      type: dict
      sample: {}
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

from ansible_collections.magsasa.chaos.plugins.module_utils._families.host import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
