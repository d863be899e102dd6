#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk load or a full disk for a bounded time."""
from __future__ import annotations

DOCUMENTATION = r"""
module: disk_fault
short_description: Load a disk or fill a file system for a bounded time
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - With O(action=io), workers write, sync and read files of their own. With O(action=fill), one file takes the room of a file system.
  - The files carry the fault's id in their names (C(.magsasa-chaos-ID-N)), belong to the user who runs this, and are removed after
    O(duration) whatever happens.
  - Needs no root and no tool.
  - A slow device is no action of this module. M(magsasa.chaos.limit_fault) with O(magsasa.chaos.limit_fault#module:io_read) or
    O(magsasa.chaos.limit_fault#module:io_write) slows the disk down for one unit of systemd.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description:
      - V(io) loads the disk, V(fill) fills the file system.
    type: str
    choices: [io, fill]
    default: io
  path:
    description:
      - A folder on the file system in question. It must be there and this user must be able to write to it.
      - A file system in memory (tmpfs, ramfs) is refused unless O(force=true).
    type: str
    default: /var/tmp
  reserve:
    description:
      - What must stay free for users without privileges (what C(df) calls available), as a size or as a share of the file system.
        A fault that would leave less is refused.
      - When left out, the larger of 1 GiB and 5 % of the file system. V(0) lifts the guard.
      - On the file system that holds the ledger, 8 MiB stay free whatever is given.
    type: str
  workers:
    description:
      - Number of workers with one file each, 1 to 64. With O(action=io), V(1) when left out.
    type: int
  mode:
    description:
      - What the workers do. V(mixed) reads and writes in turn. Reads are at random places and come from the disk, not from memory.
      - With O(action=io), V(write) when left out.
    type: str
    choices: [write, read, mixed]
  fsync:
    description:
      - Wait for the disk after every written block. With V(false) the workers wait once for each round over their file.
      - With O(action=io), V(true) when left out.
    type: bool
  block_size:
    description:
      - Bytes of one read or write, V(512) to V(64M). With O(action=io), V(64K) when left out.
    type: str
  file_size:
    description:
      - Size of the file of one worker. With O(action=io), V(64M) when left out.
    type: str
  rate:
    description:
      - Most bytes a second of all workers together, such as V(10M). As fast as the disk lets us when left out. Only with O(action=io).
    type: str
  size:
    description:
      - How much to use, such as V(2G), or a share of the whole file system, such as V(20%). Only with O(action=fill).
    type: str
  leave_free:
    description:
      - Use all but this much, as a size or a share of the file system, as C(df) shows it. Only with O(action=fill).
      - What a file system keeps for root is never used, also when root runs this.
    type: str
"""

EXAMPLES = r"""
- name: Two writers that wait for the disk after every block
  magsasa.chaos.disk_fault:
    name: busy-disk
    action: io
    path: /var/lib/app
    workers: 2
    duration: 30s

- name: Only 200 MiB left for the application
  magsasa.chaos.disk_fault:
    name: full-disk
    action: fill
    path: /var/lib/app
    leave_free: 200M
    reserve: 100M
    duration: 1m

- name: Put it back early
  magsasa.chaos.disk_fault:
    name: full-disk
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
      sample: {workers: 2, mode: write, fsync: true}
    backend:
      description: What carries the fault out.
      type: str
      sample: own workers
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "2 worker(s) write and sync in /var/tmp", undo: ["file.remove path=/var/tmp/.magsasa-chaos-3f9c1b0a77d2-0"], tool: null}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description:
        - With O(action=io), C(write_mib_s) and C(read_mib_s) as the kernel counts them for the workers, C(fsyncs_s), and what the device
          did meanwhile, by C(/proc/diskstats), others' work included (C(device), C(device_write_mib_s), C(device_read_mib_s),
          C(device_flushes_s), C(device_busy_pct)).
        - With O(action=fill), C(filled_mib) that the file takes, and C(free_mib) and C(free_drop_mib) by C(statvfs).
      type: dict
      sample: {over_s: 30.0, write_mib_s: 48.2, fsyncs_s: 771.4, device: vda, device_write_mib_s: 61.0, device_flushes_s: 770.9, device_busy_pct: 97.1}
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

from ansible_collections.magsasa.chaos.plugins.module_utils._families.disk import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
