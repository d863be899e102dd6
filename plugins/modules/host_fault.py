#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboot, shut down or crash a whole host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_fault
short_description: Reboot, shut down or crash a whole host
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Reboots a host, shuts it down, panics its kernel or resets it. Always needs O(force=true).
  - The host goes down O(delay) after the module has answered. Until then O(state=absent) and
    M(magsasa.chaos.fault_halt) cancel it.
  - A reboot cannot be reverted. The ledger records that the host went down, with effect V(confirmed) and cause
    V(event_over). The line is written while the host shuts down, or at the next contact if it did not shut down in
    order.
  - Everything on the host ends with it, a probe included. Probe from another host (C(chaos_observer)).
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description:
      - V(reboot) and V(shutdown) are orderly, through systemd. This collection cannot start a host again after
        V(shutdown).
      - V(panic) panics the kernel. It is refused where C(kernel.panic) is 0, because the host would stay down.
      - V(reset) resets the machine at once, without ending a process or writing a buffer, as a power cut does.
      - V(panic) and V(reset) are refused in containers, which share the kernel of their host.
      - Required with O(state=present).
    type: str
    choices: [reboot, shutdown, panic, reset]
  delay:
    description: Time between the answer of the module and the event, V(1s) to V(60s).
    type: str
    default: 2s
seealso:
  - module: magsasa.chaos.service_fault
  - module: magsasa.chaos.clock_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Reboot the host and see whether the service comes back by itself
  magsasa.chaos.host_fault:
    name: reboot
    action: reboot
    force: true
    duration: 5m

- name: The same after a power cut
  magsasa.chaos.host_fault:
    name: power-cut
    action: reset
    force: true
    duration: 5m

- name: Reboot in ten seconds, unless the service fails before, and allow half an hour for it
  magsasa.chaos.host_fault:
    name: late-reboot
    action: reboot
    delay: 10s
    force: true
    duration: 30m
    max_duration: 1h
    lease: 60s
    halt_on: {probe: shop, error_rate: 50%, for: 5s}

- name: Cancel a reboot that has not begun
  magsasa.chaos.host_fault:
    name: late-reboot
    state: absent
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
      sample: {delay_s: 2.0}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: systemctl
    notes:
      description: Fallbacks that were used, and limits of this fault on this host, one sentence each.
      type: list
      elements: str
      sample: ["a probe on this host ends with it: probe from an observer"]
    plan:
      description: Every step (C(says)), the operations that revert it (C(undo)), and the program that it needs
        (C(tool)).
      type: list
      elements: dict
      sample: [{says: "reboot this host in good order, 2 s after the answer", undo: [], tool: systemctl}]
    effect:
      description:
        - Whether the fault took effect. V(confirmed) when the measurement agrees with RV(fault.requested), V(mismatch)
          when it does not.
        - V(inconclusive) when there is no evidence that the fault took effect.
      type: str
      choices: [confirmed, mismatch, inconclusive]
      sample: inconclusive
    measured:
      description: Whether the host is going down (C(going_down)), once O(delay) is over.
      type: dict
      sample: {}
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
from ansible_collections.magsasa.chaos.plugins.module_utils._families.host import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
