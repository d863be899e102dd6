#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set the wall clock of a host wrong for a bounded time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: clock_fault
short_description: Set the wall clock of a host wrong for a bounded time
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Moves the wall clock of a host by O(offset) in one step, and back by the same amount at the end. Time that passed
    meanwhile is kept.
  - Time services (systemd-timesyncd, chrony, ntpd and similar) are stopped first and started again afterwards. A time
    daemon that does not run as a systemd service is refused.
  - Deadlines, leases and measurements of this collection use the monotonic clock, so a wrong wall clock does not move
    them.
  - The offset is measured against a clock that cannot be set. When another process corrects the time meanwhile, the
    effect is V(mismatch), and the revert does not move the clock again.
  - Files, logs and sessions that get a wrong time stamp during the fault keep it.
  - A container shares the clock of its host and cannot set it.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  offset:
    description:
      - Distance and direction, such as V(+5m), V(90s) or V(-1h); at least one second. More than one day needs
        O(force=true). Required with O(state=present).
    type: str
seealso:
  - module: magsasa.chaos.host_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Move the clock five minutes ahead to test tokens and certificates
  magsasa.chaos.clock_fault:
    name: ahead
    offset: +5m
    duration: 1m

- name: Move the clock one hour back
  magsasa.chaos.clock_fault:
    name: late
    offset: -1h
    duration: 30s

- name: Move the clock two days ahead for 20 minutes, and back as soon as the service fails
  magsasa.chaos.clock_fault:
    name: expired
    offset: +2d
    force: true  # more than one day
    duration: 20m
    max_duration: 30m
    lease: 60s
    halt_on: {probe: shop, error_rate: 50%, for: 10s}

- name: Revert early
  magsasa.chaos.clock_fault:
    name: late
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
      sample: {offset_s: 300.0}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: clock_settime
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
      sample: [{says: "move the time of day forward by 5m", undo: ["clock.move_back boot_id=8d3c... offset_s=300.0"],
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
      description: How far the wall clock is from where it would be without the fault (C(offset_s)).
      type: dict
      sample: {offset_s: 300.0}
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
from ansible_collections.magsasa.chaos.plugins.module_utils._families.clock import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
