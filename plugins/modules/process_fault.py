#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill, pause or restart a process."""
from __future__ import annotations

DOCUMENTATION = r"""
module: process_fault
short_description: Kill, pause or restart a process of a host
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(kill) ends a process with a signal. Whether it comes back is up to the host; when it is not back after O(duration), the undo starts it again as it was.
  - V(restart) ends it gracefully, lets its supervisor start it again, and starts it itself when nobody does.
  - V(pause) stops it (SIGSTOP) with its tree and lets it go on after O(duration).
  - What could not be started again with exactly the rights that it had is refused before V(kill) and V(restart), and O(force) does not lift that.
    It is so with set-id programs, capabilities, namespaces, a root directory, seccomp filters or C(NoNewPrivs) of its own,
    and with programs of root that others may change.
    Its service manager can restart it, see M(magsasa.chaos.service_fault) and M(magsasa.chaos.container_fault).
  - What has a terminal, a pipe or a socket as standard output and nobody who would start it again is refused unless O(force=true).
    Then it has C(/dev/null) afterwards.
  - What is started again is compared with what was there (name, session, parent, files, folder, limits). RV(fault.differences) tells what is not as before.
  - Processes are known by pid and start time, so a pid that is used again is never taken for the old one.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: What to do. Required with O(state=present).
    type: str
    choices: [kill, pause, restart]
  pid:
    description: The process by its id.
    type: int
  process_name:
    description:
      - The process by its short name, or by the file name of its program.
      - V(kill) and V(restart) mean what does the work, as with O(pattern).
    type: str
  pattern:
    description:
      - The process by a regular expression (of Python) over its command line.
      - V(kill) and V(restart) mean what does the work. Where a shell or another starter matches, that is the one process below it that listens,
        or the other program that it runs and that matches too.
    type: str
  pid_file:
    description: The process by a file that holds its id. One that was last changed before that process began is refused.
    type: path
  port:
    description: The process by the TCP port that it listens on; of several that share it, their parent.
    type: raw
  signal:
    description: The signal of V(kill) and V(restart). V(KILL) and V(TERM) when left out.
    type: str
  limit:
    description: The most processes that may match. Processes below another one that matches do not count.
    type: int
    default: 1
  tree:
    description: Pause what is below the process too.
    type: bool
    default: true
  grace:
    description: How long V(restart) waits for the end before it kills.
    type: str
    default: 10s
  respawn_within:
    description: How long V(restart) gives a supervisor to start it again.
    type: str
    default: 3s
"""

EXAMPLES = r"""
- name: Does something start the service again when it is killed?
  magsasa.chaos.process_fault:
    name: crash
    action: kill
    port: 8000
    duration: 15s

- name: Stop a worker for ten seconds
  magsasa.chaos.process_fault:
    name: frozen
    action: pause
    pattern: worker --queue mail
    duration: 10s
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
      sample: {processes: 1, signal: KILL}
    backend:
      description: What carries the fault out.
      type: str
      sample: signals
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "send SIGKILL to process 812 (python)", undo: ["process.ensure_running name=python pid=812"], tool: null}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description: Figures that were measured.
      type: dict
      sample: {ended: true, back_after_s: 1.01, back_pid: 4711, started_by: the host}
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

from ansible_collections.magsasa.chaos.plugins.module_utils._families.process import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
