#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill, pause or restart a process of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: process_fault
short_description: Kill, pause or restart a process of a host
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(kill) ends a process with a signal. Bringing it back is up to the host; if it is not back after O(duration), the
    revert starts it again as it was.
  - V(restart) ends it gracefully, gives its supervisor time to start it again, and starts it itself if nothing else
    does.
  - V(pause) stops the process and its children (SIGSTOP) and continues them after O(duration).
  - V(kill) and V(restart) refuse a process that could not be started again with exactly the same rights, and O(force)
    does not lift that. This concerns set-id programs, capabilities, namespaces, a root directory, seccomp filters or
    C(NoNewPrivs) of its own, and programs of root that others may change. Its service manager can restart it; see
    M(magsasa.chaos.service_fault) and M(magsasa.chaos.container_fault).
  - A process whose standard output is a terminal, a pipe or a socket, and which nothing else would start again, is
    refused without O(force=true). With it, the new process has C(/dev/null) instead.
  - The new process is compared with the old one (name, session, parent, files, folder, limits). RV(fault.differences)
    lists what differs.
  - Processes are identified by pid and start time, so a reused pid is never mistaken for the old process.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: The kind of fault. Required with O(state=present).
    type: str
    choices: [kill, pause, restart]
  pid:
    description: Selects the process by its id.
    type: int
  process_name:
    description:
      - Selects the process by its short name, or by the file name of its program.
      - V(kill) and V(restart) hit the process that does the work, as with O(pattern).
    type: str
  pattern:
    description:
      - Selects the process by a Python regular expression on its command line.
      - V(kill) and V(restart) hit the process that does the work. If the match is a shell or another launcher, that is
        the one process below it that listens, or the other program that it runs and that matches too.
    type: str
  pid_file:
    description: Selects the process by a pid file. A file that was last changed before the process started is refused.
    type: path
  port:
    description: Selects the process by the TCP port that it listens on. If several share the port, their parent is
      selected.
    type: raw
  signal:
    description: Signal of V(kill) (default V(KILL)) and V(restart) (default V(TERM)).
    type: str
  limit:
    description: Maximum number of processes that may match. Children of another match do not count.
    type: int
    default: 1
  tree:
    description: With V(pause), also stop the children of the process.
    type: bool
    default: true
  grace:
    description: How long V(restart) waits for the process to end before it kills it. With O(respawn_within) at most 40
      seconds.
    type: str
    default: 10s
  respawn_within:
    description: How long V(restart) waits for a supervisor to start the process again.
    type: str
    default: 3s
seealso:
  - module: magsasa.chaos.service_fault
  - module: magsasa.chaos.container_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Kill the service and see whether something starts it again
  magsasa.chaos.process_fault:
    name: crash
    action: kill
    port: 8000
    duration: 15s

- name: Freeze a worker for ten seconds
  magsasa.chaos.process_fault:
    name: frozen
    action: pause
    pattern: worker --queue mail
    duration: 10s

- name: Restart a process by its pid file, with 20 seconds to end and 5 for its supervisor
  magsasa.chaos.process_fault:
    name: reborn
    action: restart
    pid_file: /run/app.pid
    signal: INT
    grace: 20s
    respawn_within: 5s
    duration: 1m

- name: Freeze up to four workers without their children for 20 minutes, unless the service fails
  magsasa.chaos.process_fault:
    name: frozen-workers
    action: pause
    process_name: app-worker
    limit: 4
    tree: false
    duration: 20m
    max_duration: 30m
    lease: 60s
    halt_on: {probe: shop, error_rate: 50%, for: 10s}

- name: Kill one process although its output goes to a pipe
  magsasa.chaos.process_fault:
    name: killed
    action: kill
    pid: 4711
    force: true
    duration: 15s

- name: Revert early
  magsasa.chaos.process_fault:
    name: frozen
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
      sample: {processes: 1, signal: KILL}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: signals
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
      sample: [{says: "send SIGKILL to process 812 (python)", undo: ["process.ensure_running name=python pid=812"],
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
      description: Whether the process ended (C(ended)), when it was back (C(back_after_s)), its new id (C(back_pid)),
        and who started it (C(started_by)).
      type: dict
      sample: {ended: true, back_after_s: 1.01, back_pid: 4711, started_by: the host}
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
from ansible_collections.magsasa.chaos.plugins.module_utils._families.process import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
