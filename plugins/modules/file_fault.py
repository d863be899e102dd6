#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove, corrupt or append to a file, or change its permissions."""
from __future__ import annotations

DOCUMENTATION = r"""
module: file_fault
short_description: Remove, corrupt or append to a file, or change its permissions, and put it back exactly
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(remove) moves a file aside within its own folder, under a hidden name, and back after O(duration) with everything it had. A file that somebody
    makes in its place meanwhile is kept beside it as C(NAME.made-during-ID-1).
  - V(permissions) changes mode, owner or group, and back.
  - V(corrupt) overwrites the first bytes in place, so that programs that have the file open see it too. What was there is on the disk before that, in the
    ledger's folder.
  - V(append) writes bytes or a text to the end, and takes exactly them out again, also when others have written behind them.
  - Content, owner, mode, access and modification time, and extended attributes are as before afterwards; the time of the last change of metadata
    (ctime) cannot be.
  - What others change meanwhile is theirs and stays. Only what is still as the fault left it is undone.
  - What outlives a reboot is undone by the next run of any module of the collection that may change something on that host.
  - Files of the kernel, the host's own programs and settings for booting and logging in, keys of SSH, and the state of this collection are refused, and so are
    paths that go through a symbolic link.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: What to do. Required with O(state=present).
    type: str
    choices: [remove, permissions, corrupt, append]
  path:
    description:
      - The file, from the root. With O(action=permissions) it may be a folder; what is below it is not changed. Required with O(state=present).
      - A file that has several names (hard links) or that a process has open for writing needs O(force=true).
    type: str
  mode:
    description: The mode of O(action=permissions) in octal digits, in quotes, such as V('0000').
    type: raw
  owner:
    description: The owner of O(action=permissions), a name or number.
    type: str
  group:
    description: The group of O(action=permissions), a name or number.
    type: str
  size:
    description: How much O(action=corrupt) overwrites or O(action=append) adds, at most V(16M). V(4K) when left out.
    type: str
  content:
    description: The text that O(action=append) adds, instead of O(size) bytes that mean nothing.
    type: str
"""

EXAMPLES = r"""
- name: What does the application do without its settings?
  magsasa.chaos.file_fault:
    name: no-settings
    action: remove
    path: /srv/app/settings.ini
    duration: 30s

- name: Nobody but root may read the certificate
  magsasa.chaos.file_fault:
    name: no-certificate
    action: permissions
    path: /srv/app/tls.pem
    mode: '0000'
    owner: root
    duration: 30s

- name: A damaged index
  magsasa.chaos.file_fault:
    name: damaged
    action: corrupt
    path: /srv/app/index.db
    size: 8K
    duration: 1m
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
      sample: {path: /srv/app/settings.ini}
    backend:
      description: What carries the fault out.
      type: str
      sample: kernel
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "move /srv/app/settings.ini aside in its own folder", undo: ["file.put_back fault=3f9c1b0a77d2 path=/srv/app/settings.ini"], tool: null}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description:
        - With O(action=remove), whether there is a file of that name (C(there)) and the old one is aside (C(moved_aside)).
        - With O(action=permissions), what the file has (C(mode), C(uid), C(gid)).
        - With O(action=corrupt), the bytes in blocks that are not as before (C(corrupt_bytes)), and up to 64 KiB how many differ (C(differing_bytes)).
        - With O(action=append), C(size_before), C(size), and how many of the bytes are at their place (C(appended)).
      type: dict
      sample: {there: false, moved_aside: true}
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

from ansible_collections.magsasa.chaos.plugins.module_utils._families.file import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
