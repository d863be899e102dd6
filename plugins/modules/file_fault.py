#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove, corrupt or append to a file, or change its permissions, with exact restore."""

from __future__ import annotations

DOCUMENTATION = r"""
module: file_fault
short_description: Remove, corrupt or append to a file, or change its permissions, with exact restore
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(remove) moves a file to a hidden name in the same folder, and moves it back after O(duration) with all its
    attributes. A file that is created in its place meanwhile is kept as C(NAME.made-during-ID-1).
  - V(permissions) changes mode, owner or group, and restores them.
  - V(corrupt) overwrites the first bytes in place, so that programs that have the file open see it too. The original
    bytes are saved to disk first, in the folder of the ledger.
  - V(append) writes bytes or a text to the end of the file. The revert removes exactly those, even if others have
    appended after them.
  - Content, owner, mode, access time, modification time and extended attributes are restored. The time of the last
    metadata change (ctime) cannot be.
  - Changes that others make meanwhile are kept. The revert undoes only what is still as the fault left it.
  - A change that survives a reboot is reverted by the sweep at boot, or by the next module of this collection that runs
    on the host.
  - Files of the kernel, the programs of the host, its settings for booting and logging in, SSH keys and the state of
    this collection are refused, as are paths that lead through a symbolic link.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: The kind of fault. Required with O(state=present).
    type: str
    choices: [remove, permissions, corrupt, append]
  path:
    description:
      - Absolute path of the file. With O(action=permissions) it may be a folder; its content is not changed. Required
        with O(state=present).
      - A file that has several names (hard links), or that a process has open for writing, needs O(force=true).
    type: str
  mode:
    description: Mode for O(action=permissions), in octal digits and in quotes, such as V('0000').
    type: raw
  owner:
    description: Owner for O(action=permissions), by name or number.
    type: str
  group:
    description: Group for O(action=permissions), by name or number.
    type: str
  size:
    description: How many bytes O(action=corrupt) overwrites or O(action=append) adds, at most V(16M). The default is
      V(4K).
    type: str
  content:
    description: Text for O(action=append), instead of O(size) meaningless bytes.
    type: str
seealso:
  - module: magsasa.chaos.disk_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Remove the settings of the application
  magsasa.chaos.file_fault:
    name: no-settings
    action: remove
    path: /srv/app/settings.ini
    duration: 30s

- name: Make the certificate unreadable for everybody but root
  magsasa.chaos.file_fault:
    name: no-certificate
    action: permissions
    path: /srv/app/tls.pem
    mode: '0000'
    owner: root
    duration: 30s

- name: Damage an index
  magsasa.chaos.file_fault:
    name: damaged
    action: corrupt
    path: /srv/app/index.db
    size: 8K
    duration: 1m

- name: Take a folder away from the group of the application
  magsasa.chaos.file_fault:
    name: no-uploads
    action: permissions
    path: /srv/app/uploads
    group: root
    mode: '0700'
    duration: 30s

- name: Append a broken line to a list that the application has open, for an hour
  magsasa.chaos.file_fault:
    name: broken-line
    action: append
    path: /srv/app/feed.csv
    content: "4711;;not-a-date\n"
    force: true  # a process has it open for writing
    duration: 1h
    max_duration: 2h
    lease: 60s
    halt_on: {probe: shop, error_rate: 50%, for: 10s}

- name: Revert early
  magsasa.chaos.file_fault:
    name: damaged
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
      sample: {path: /srv/app/settings.ini}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: kernel
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
      sample: [{says: "move /srv/app/settings.ini aside in its own folder",
        undo: ["file.put_back fault=3f9c1b0a77d2 path=/srv/app/settings.ini"], tool: null}]
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
        - With O(action=remove), whether a file of that name exists (C(there)), and whether the original is moved aside
          (C(moved_aside)).
        - With O(action=permissions), the current permissions of the file (C(mode), C(uid), C(gid)).
        - With O(action=corrupt), the bytes in blocks that differ from before (C(corrupt_bytes)), and, up to 64 KiB, the
          number of differing bytes (C(differing_bytes)).
        - With O(action=append), the size before and now (C(size_before), C(size)), and how many of the appended bytes
          are in place (C(appended)).
      type: dict
      sample: {there: false, moved_aside: true}
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
from ansible_collections.magsasa.chaos.plugins.module_utils._families.file import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
