#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Less for a unit of systemd, or no more descriptors, tasks or inodes."""
from __future__ import annotations

DOCUMENTATION = r"""
module: limit_fault
short_description: Limit a unit of systemd, or use up descriptors, tasks or inodes
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(unit) gives a service, slice or scope of systemd less CPU, memory, tasks or disk, by C(systemctl set-property --runtime). Afterwards the drop-ins
    below C(/run/systemd/system.control) are, byte by byte, what they were, and so are the limits of the running unit. It takes cgroup v2, and makes systemd
    read its unit files again (C(systemctl daemon-reload)).
  - V(descriptors) with O(pid) lowers the limit of open files of one process, so that it can open O(leave_free) more. Without O(pid) own workers hold files open
    until O(leave_free) descriptors of the host (C(fs.file-max)) are free; processes of root may open more.
  - V(tasks) starts sleeping threads until O(leave_free) more tasks can be started on the host (C(kernel.pid_max), C(kernel.threads-max)).
  - V(inodes) makes empty files until O(leave_free) inodes of the file system of O(path) are free.
  - PID 1, the SSH daemon, systemd's own services, the message bus, what manages the network, and what carries this very task are refused, and so is a slice
    that holds one of them.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: What to do. Required with O(state=present).
    type: str
    choices: [descriptors, inodes, tasks, unit]
  unit:
    description: The unit of O(action=unit), V(.service) where it has no ending.
    type: str
  cpu:
    description: CPU time of the unit in percent of one core, such as V(20%) or V(150%).
    type: str
  memory:
    description:
      - Memory of the unit, such as V(256M). Less than it uses now is refused without O(force), because the kernel would end a part of it.
    type: str
  tasks:
    description: Most processes and threads of the unit.
    type: int
  io_read:
    description: Most bytes a second that the unit reads from the disk of O(path), such as V(1M).
    type: str
  io_write:
    description: Most bytes a second that the unit writes to the disk of O(path).
    type: str
  path:
    description:
      - With O(io_read) and O(io_write) a device, or a folder on it, V(/) when left out.
      - With O(action=inodes) a folder of the file system.
    type: str
  pid:
    description: The process of O(action=descriptors); the host when left out.
    type: int
  leave_free:
    description: How many descriptors, tasks or inodes stay free. V(0) when left out with O(pid), else required.
    type: int
  reserve:
    description:
      - How many must stay free; O(leave_free) may not be below it. Without it at least 1024 descriptors (or 5 %), 256 tasks (or 5 %), 1024 inodes (or 1 %).
      - 48 tasks always stay free.
    type: int
"""

EXAMPLES = r"""
- name: Does the site stand a fifth of a core?
  magsasa.chaos.limit_fault:
    name: slow-web
    action: unit
    unit: nginx
    cpu: 20%
    duration: 1m

- name: A database that reads one MiB a second
  magsasa.chaos.limit_fault:
    name: slow-disk
    action: unit
    unit: postgresql@15-main
    io_read: 1M
    path: /var/lib/postgresql
    duration: 1m

- name: Not one more file for a process
  magsasa.chaos.limit_fault:
    name: no-files
    action: descriptors
    pid: 4711
    duration: 30s

- name: Only 2000 inodes are left
  magsasa.chaos.limit_fault:
    name: no-inodes
    action: inodes
    path: /srv/cache
    leave_free: 2000
    duration: 30s
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
      sample: {unit: web.service, cpu_pct: 20.0}
    backend:
      description: What carries the fault out.
      type: str
      sample: systemctl set-property
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "limit web.service (CPUQuota=20.00%) until the end of the fault", undo: ["limits.unit unit=web.service"], tool: systemctl}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description:
        - With O(action=unit) the limits as the kernel has them (C(cpu_limit) and so on), and what it counted since the injection, C(nr_throttled),
          C(throttled_usec), C(usage_usec), C(memory_max_events), C(oom_kills), C(tasks_refused), C(read_bytes),
          C(written_bytes); C(memory_bytes) and C(tasks) are those of now.
        - With O(pid) its C(limit), its C(open) files and how many more are C(free) below the limit.
        - Else how many were C(taken) by the workers, and how many are C(free).
      type: dict
      sample: {cpu_limit: 20000 100000, nr_throttled: 14, throttled_usec: 1122440, usage_usec: 280112, memory_bytes: 5242880, tasks: 3}
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

from ansible_collections.magsasa.chaos.plugins.module_utils._families.limit import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
