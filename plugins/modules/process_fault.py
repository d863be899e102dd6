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
    description: The process by its short name, or by the file name of its program.
    type: str
  pattern:
    description: The process by a regular expression (of Python) over its command line.
    type: str
  pid_file:
    description: The process by a file that holds its id.
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
# The shared results are described in the fragment magsasa.chaos.fault.
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._families.process import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
