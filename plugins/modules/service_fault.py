#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop, kill, restart or mask a systemd service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_fault
short_description: Stop, kill, restart or mask a systemd service
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(stop) stops a service and its triggers (sockets, timers, paths) and blocks every start for O(duration). Afterwards
    every unit that was active before is started again. Whether the service is enabled does not change.
  - V(mask) blocks every start for O(duration) and lets a running service run. A crash in that time is final until the
    fault ends.
  - V(kill) sends a signal. Bringing the service back is up to its unit (C(Restart=)); if it is not running after
    O(duration), the revert starts it.
  - V(restart) lets systemd stop and start it.
  - Starts are blocked by a drop-in below C(/run), which a reboot removes and which also applies to services whose unit
    file is in C(/etc). It makes systemd reload its unit files (C(systemctl daemon-reload)).
  - The SSH daemon, systemd's own services, the message bus, the services that manage the network, and the unit that
    carries this task are refused by any of their names, as are services that one of these needs.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: The kind of fault. Required with O(state=present).
    type: str
    choices: [stop, kill, restart, mask]
  unit:
    description: Name of the service, with or without C(.service). Required with O(state=present).
    type: str
  signal:
    description: Signal of O(action=kill). The default is V(KILL).
    type: str
  whom:
    description: Which processes receive the signal of O(action=kill), the main process (V(main), the default) or every
      process of the service (V(all)).
    type: str
    choices: [main, all]
seealso:
  - module: magsasa.chaos.process_fault
  - module: magsasa.chaos.host_fault
  - module: magsasa.chaos.container_fault
  - module: magsasa.chaos.database_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Stop the message broker for half a minute
  magsasa.chaos.service_fault:
    name: no-broker
    action: stop
    unit: rabbitmq-server
    duration: 30s

- name: Crash the service and see whether systemd starts it again
  magsasa.chaos.service_fault:
    name: crash
    action: kill
    unit: web
    duration: 15s

- name: Revert early
  magsasa.chaos.service_fault:
    name: no-broker
    state: absent

- name: Send SIGTERM to every process of a service
  magsasa.chaos.service_fault:
    name: terminated
    action: kill
    unit: web
    signal: TERM
    whom: all
    duration: 15s

- name: Let a crash be final for an hour, unless the service fails or the controller is lost
  magsasa.chaos.service_fault:
    name: no-restart
    action: mask
    unit: web
    duration: 1h
    max_duration: 2h
    lease: 60s
    halt_on: {probe: shop, error_rate: 50%, for: 10s}
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
      sample: {unit: web.service}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: systemd
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
      sample: [{says: "restart service web.service", undo: ["service.start unit=web.service"], tool: systemctl}]
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
        - With O(action=stop) and O(action=mask), the state and the main process in systemd (C(active_state),
          C(main_pid)), and whether starts fail (C(blocked)).
        - With O(action=kill) and O(action=restart), whether the service ended (C(ended)), and when it was active again
          (C(back_after_s), C(back_pid)).
      type: dict
      sample: {active_state: inactive, main_pid: 0, blocked: true, stopped_in_s: 0.12}
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
from ansible_collections.magsasa.chaos.plugins.module_utils._families.service import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
