#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limit a systemd unit, or use up descriptors, tasks or inodes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: limit_fault
short_description: Limit a systemd unit, or use up descriptors, tasks or inodes
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(unit) gives a systemd service, slice or scope less CPU, memory, tasks or disk bandwidth through C(systemctl
    set-property --runtime). The revert restores the drop-ins below C(/run/systemd/system.control) byte by byte, and the
    limits of the running unit. Needs cgroup v2, and makes systemd reload its unit files (C(systemctl daemon-reload)).
  - V(descriptors) with O(pid) lowers the open-file limit of one process, so that it can open O(leave_free) more files.
    Without O(pid), workers hold files open until O(leave_free) descriptors of the host (C(fs.file-max)) are free;
    processes of root may exceed that limit.
  - V(tasks) starts sleeping threads until only O(leave_free) more tasks can start on the host (C(kernel.pid_max),
    C(kernel.threads-max)).
  - V(inodes) creates empty files until O(leave_free) inodes are free on the file system of O(path).
  - PID 1, the SSH daemon, systemd's own services, the message bus, the services that manage the network, and the
    processes that carry this task are refused, as is a slice that contains one of them.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: The kind of limit. Required with O(state=present).
    type: str
    choices: [descriptors, inodes, tasks, unit]
  unit:
    description: The unit for O(action=unit). A name without a suffix means a V(.service).
    type: str
  cpu:
    description: CPU time of the unit in percent of one core, such as V(20%) or V(150%).
    type: str
  memory:
    description:
      - Memory limit of the unit, such as V(256M). A limit below its current use needs O(force=true), because the kernel
        would kill part of the unit.
    type: str
  tasks:
    description: Maximum number of processes and threads of the unit.
    type: int
  io_read:
    description: Maximum bytes a second that the unit reads from the disk of O(path), such as V(1M).
    type: str
  io_write:
    description: Maximum bytes a second that the unit writes to the disk of O(path), such as V(1M).
    type: str
  path:
    description:
      - With O(io_read) and O(io_write), a device or a folder on it. The default is V(/).
      - With O(action=inodes), a folder on the file system.
    type: str
  pid:
    description: The process for O(action=descriptors). Without it the whole host is limited.
    type: int
  leave_free:
    description: How many descriptors, tasks or inodes stay free. Required, except with O(pid), where the default is
      V(0).
    type: int
  reserve:
    description:
      - Lower bound of O(leave_free). The default is the larger of 1024 descriptors and 5 %, of 256 tasks and 5 %, or of
        1024 inodes and 1 %.
      - 48 tasks stay free in any case.
    type: int
seealso:
  - module: magsasa.chaos.cpu_fault
  - module: magsasa.chaos.memory_fault
  - module: magsasa.chaos.disk_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Give the web server a fifth of one core
  magsasa.chaos.limit_fault:
    name: slow-web
    action: unit
    unit: nginx
    cpu: 20%
    duration: 1m

- name: Let the database read at most one MiB a second
  magsasa.chaos.limit_fault:
    name: slow-disk
    action: unit
    unit: postgresql@15-main
    io_read: 1M
    path: /var/lib/postgresql
    duration: 1m

- name: Let one process open no more files
  magsasa.chaos.limit_fault:
    name: no-files
    action: descriptors
    pid: 4711
    duration: 30s

- name: Leave 2000 inodes on a file system
  magsasa.chaos.limit_fault:
    name: no-inodes
    action: inodes
    path: /srv/cache
    leave_free: 2000
    duration: 30s

- name: Give a unit less memory than it uses, few tasks and a slow disk
  magsasa.chaos.limit_fault:
    name: starved
    action: unit
    unit: batch
    memory: 128M
    tasks: 40
    io_write: 2M
    path: /srv/batch
    force: true  # less memory than it uses now
    duration: 1m

- name: Leave 100 tasks on the host for an hour, unless the service fails or the controller is lost
  magsasa.chaos.limit_fault:
    name: no-tasks
    action: tasks
    leave_free: 100
    reserve: 80
    duration: 1h
    max_duration: 2h
    lease: 60s
    halt_on: {probe: shop, error_rate: 50%, for: 10s}

- name: Revert early
  magsasa.chaos.limit_fault:
    name: no-inodes
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
      sample: {unit: web.service, cpu_pct: 20.0}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: systemctl set-property
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
      sample: [{says: "limit web.service (CPUQuota=20.00%) until the end of the fault",
        undo: ["limits.unit unit=web.service"], tool: systemctl}]
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
        - With O(action=unit), the limits in the kernel (such as C(cpu_limit)), its counters since the injection
          (C(nr_throttled), C(throttled_usec), C(usage_usec), C(memory_max_events), C(oom_kills), C(tasks_refused),
          C(read_bytes), C(written_bytes)), and the current C(memory_bytes) and C(tasks).
        - With O(pid), its limit (C(limit)), its open files (C(open)), and how many more it can open (C(free)).
        - Otherwise, how many the workers hold (C(taken)), and how many are free (C(free)).
      type: dict
      sample: {cpu_limit: 20000 100000, nr_throttled: 14, throttled_usec: 1122440, usage_usec: 280112,
        memory_bytes: 5242880, tasks: 3}
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
from ansible_collections.magsasa.chaos.plugins.module_utils._families.limit import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
