# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With cgroup v2: the supervisor has bounds of its own inside the fault's unit, and its workers, which are the
fault, have none.
"""

from __future__ import annotations

from support.faults import wait_for
from support.vm import inject, module, remains, ssh

GROUP = "/sys/fs/cgroup/system.slice/magsasa-chaos-%s.service"


def read(vm, *paths):
    """Contents of files, stripped."""
    return [text.strip() for text in ssh(vm, "; ".join("cat %s; echo ==" % path for path in paths)).split("==")[:-1]]


def test_the_supervisor_is_bounded_apart_from_its_workers(vm):
    # "of: added": an emulated processor may be busier than that with what it does anyway, and the fault would have
    # nothing to do.
    fault = inject(vm, "cpu_fault", {"name": "busy", "load": "10%", "of": "added", "cores": 1, "duration": "120s"})
    group = GROUP % fault["id"]
    own, workers, none, memory, cpu, weight, free = read(
        vm, *(group + tail for tail in ("/supervisor/cgroup.procs", "/workers/cgroup.procs", "/cgroup.procs")),
        *(group + "/supervisor" + tail for tail in ("/memory.max", "/cpu.max", "/cpu.weight")), group + "/workers/memory.max",
    )  # fmt: skip
    called = dict(line.split(None, 1) for line in ssh(vm, "ps -eo pid=,comm=").splitlines())
    assert sorted(called[pid].strip() for pid in own.split()) == ["chaos-fault", "chaos-guardian"]
    assert {called[pid].strip() for pid in workers.split()} == {"chaos-cpu"} and none == ""
    assert (memory, cpu, weight, free) == (str(512 << 20), "100000 100000", "1000", "max")
    module(vm, "cpu_fault", {"name": "busy", "state": "absent"})
    assert wait_for(lambda: not remains(vm), 30), remains(vm)
    assert wait_for(lambda: not ssh(vm, "ls -d %s 2>/dev/null; true" % group), 10)
