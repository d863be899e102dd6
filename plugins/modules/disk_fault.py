#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load a disk or fill a file system for a bounded time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: disk_fault
short_description: Load a disk or fill a file system for a bounded time
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - With O(action=io), workers write, sync and read files of their own. With O(action=fill), one file takes up space on
    a file system.
  - The files carry the id of the fault in their names (C(.magsasa-chaos-ID-N)), belong to the user who runs the task,
    and are removed after O(duration), whatever happens to the fault's processes.
  - Needs no root and no other program.
  - This module cannot slow a device down. To slow the disk for one systemd unit, use M(magsasa.chaos.limit_fault) with
    O(magsasa.chaos.limit_fault#module:io_read) or O(magsasa.chaos.limit_fault#module:io_write).
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
      - A folder on the file system to load or fill. It must exist, and the user must be able to write to it.
      - A file system in memory (tmpfs, ramfs) is refused without O(force=true).
    type: str
    default: /var/tmp
  reserve:
    description:
      - Space that must stay free for unprivileged users (the C(Available) column of C(df)), as a size or as a share of
        the file system. A fault that would leave less is refused.
      - The default is the larger of 1 GiB and 5 % of the file system. V(0) lifts the guard.
      - On the file system of the ledger, 8 MiB stay free in any case.
    type: str
  workers:
    description:
      - Number of workers with one file each, 1 to 64. The default with O(action=io) is V(1).
    type: int
  mode:
    description:
      - What the workers do. V(mixed) alternates reads and writes. Reads are at random offsets and come from the disk,
        not from the page cache.
      - The default with O(action=io) is V(write).
    type: str
    choices: [write, read, mixed]
  fsync:
    description:
      - When true, a worker waits for the disk after every block that it writes. When false, it waits once for each pass
        over its file.
      - The default with O(action=io) is V(true).
    type: bool
  block_size:
    description:
      - Bytes of one read or write, V(512) to V(64M). The default with O(action=io) is V(64K).
    type: str
  file_size:
    description:
      - Size of each worker's file. The default with O(action=io) is V(64M).
    type: str
  rate:
    description:
      - Upper limit of the throughput of all workers together in bytes a second, such as V(10M). Without it there is no
        limit. Only with O(action=io).
    type: str
  size:
    description:
      - Space to use, such as V(2G), or a share of the whole file system, such as V(20%). Only with O(action=fill).
    type: str
  leave_free:
    description:
      - Space to leave free, as a size or as a share of the file system, as C(df) shows it; the rest is used. Only with
        O(action=fill).
      - Blocks that a file system reserves for root are never used, even as root.
    type: str
seealso:
  - module: magsasa.chaos.limit_fault
  - module: magsasa.chaos.file_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Let two writers wait for the disk after every block
  magsasa.chaos.disk_fault:
    name: busy-disk
    action: io
    path: /var/lib/app
    workers: 2
    duration: 30s

- name: Leave only 200 MiB for the application
  magsasa.chaos.disk_fault:
    name: full-disk
    action: fill
    path: /var/lib/app
    leave_free: 200M
    reserve: 100M
    duration: 1m

- name: Revert early
  magsasa.chaos.disk_fault:
    name: full-disk
    state: absent

- name: Read and write 4 KiB blocks of large files, at most 20 MiB a second, and sync once for each pass
  magsasa.chaos.disk_fault:
    name: mixed-load
    action: io
    path: /var/lib/app
    mode: mixed
    fsync: false
    block_size: 4K
    file_size: 1G
    rate: 20M
    duration: 2m

- name: Use a fifth of a file system in memory for an hour, unless the service fails or the controller is lost
  magsasa.chaos.disk_fault:
    name: full-cache
    action: fill
    path: /run/app
    size: 20%
    force: true  # a tmpfs is memory
    duration: 1h
    max_duration: 2h
    lease: 60s
    halt_on: {probe: shop, error_rate: 20%, for: 10s}
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
      sample: {workers: 2, mode: write, fsync: true}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: own workers
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
      sample: [{says: "2 worker(s) write and sync in /var/tmp",
        undo: ["file.remove path=/var/tmp/.magsasa-chaos-3f9c1b0a77d2-0"], tool: null}]
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
        - With O(action=io), the throughput of the workers as the kernel counts it (C(write_mib_s), C(read_mib_s)),
          C(fsyncs_s), and the activity of the whole device from C(/proc/diskstats), other processes included
          (C(device), C(device_write_mib_s), C(device_read_mib_s), C(device_flushes_s), C(device_busy_pct)).
        - With O(action=fill), the size of the file (C(filled_mib)), and the free space and its decrease from C(statvfs)
          (C(free_mib), C(free_drop_mib)).
      type: dict
      sample: {over_s: 30.0, write_mib_s: 48.2, fsyncs_s: 771.4, device: vda, device_write_mib_s: 61.0,
        device_flushes_s: 770.9, device_busy_pct: 97.1}
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
from ansible_collections.magsasa.chaos.plugins.module_utils._families.disk import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
