#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop, kill, restart or mask a service."""
from __future__ import annotations

DOCUMENTATION = r"""
module: service_fault
short_description: Stop, kill, restart or mask a service of systemd
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(stop) stops a service and what triggers it (sockets, timers, paths), and lets nothing start it for O(duration). Afterwards everything that was active
    before is started again; that it is enabled or disabled does not change.
  - V(mask) lets nothing start it for O(duration); what runs goes on. A crash in that time is final until the end of the fault.
  - V(kill) sends a signal. Whether the service comes back is up to its unit (C(Restart=)); when it does not run after O(duration), the undo starts it.
  - V(restart) lets systemd end and start it.
  - Starting is kept away by a drop-in below C(/run), which a reboot forgets, and which also holds for services whose unit file is in C(/etc). It makes systemd
    read its unit files again (C(systemctl daemon-reload)).
  - The SSH daemon, systemd's own services, the message bus, what manages the network, and what carries this very task are refused, by any of
    their names, and so are services that one of these needs.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: What to do. Required with O(state=present).
    type: str
    choices: [stop, kill, restart, mask]
  unit:
    description: The service, with or without C(.service). Required with O(state=present).
    type: str
  signal:
    description: The signal of O(action=kill), V(KILL) when left out.
    type: str
  whom:
    description: Who gets the signal of O(action=kill), the main process (V(main), when left out) or every process of the service.
    type: str
    choices: [main, all]
"""

EXAMPLES = r"""
- name: Half a minute without the message broker
  magsasa.chaos.service_fault:
    name: no-broker
    action: stop
    unit: rabbitmq-server
    duration: 30s

- name: Does systemd start the service again when it crashes?
  magsasa.chaos.service_fault:
    name: crash
    action: kill
    unit: web
    duration: 15s

- name: Put it back early
  magsasa.chaos.service_fault:
    name: no-broker
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
      sample: {unit: web.service}
    backend:
      description: What carries the fault out.
      type: str
      sample: systemd
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "restart service web.service", undo: ["service.start unit=web.service"], tool: systemctl}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description:
        - With O(action=stop) and O(action=mask), C(active_state) and C(main_pid) as systemd has them, and whether starts fail (C(blocked)).
        - With O(action=kill) and O(action=restart), whether the service ended (C(ended)), and when it was active again (C(back_after_s), C(back_pid)).
      type: dict
      sample: {active_state: inactive, main_pid: 0, blocked: true, stopped_in_s: 0.12}
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

from ansible_collections.magsasa.chaos.plugins.module_utils._families.service import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
