# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks (processes and threads) of a host used up by sleeping threads. Private to magsasa.chaos.

Every thread takes one number (pid). A unit alone gets fewer tasks by the action ``unit``.
"""

from __future__ import annotations

import _thread
import errno
import os

from ..._errors import BadOption, NotHere, Refused
from ..._plan import plan, step, undo
from ..._host import processes
from ..._host.systemd import unit_limits
from ..._life import fault_unit as units
from . import workers

OPTIONS = ("leave_free", "reserve")
RESERVE_LEAST = 256
RESERVE_PCT = 5
FLOOR = 48  # what the SSH daemon, Ansible and our own undo need, whatever is asked
EACH = 4000  # threads of one worker: the kernel bounds the maps of a process (vm.max_map_count)
MOST = 120000
KIB_EACH = 24  # kernel stack and bookkeeping of a thread, and the page of its own stack
KEEP_KIB = 256 * 1024
STACK = 64 * 1024
UNITS = "0::/system.slice\n0:pids:/system.slice"  # where a unit of ours comes, in the form of /proc/PID/cgroup
LOW = 300  # numbers below are given out once, after boot (RESERVED_PIDS in kernel/pid.c): none of them is free later


def parse(params):
    """``{leave_free, reserve}``."""
    if params["leave_free"] is None:
        raise BadOption("leave_free", "", "is missing", "give the number of tasks that can still start, such as 300")
    return {key: params[key] for key in OPTIONS}


def count():
    """Numbers that cannot be given to a new task (int): those of tasks, and the low ones."""
    found = 0
    for pid in processes.pids():
        try:
            found += sum(1 for task in os.listdir("/proc/%d/task" % pid) if int(task) >= LOW)
        except OSError:
            pass
    return LOW + found


def _number(name):
    text = unit_limits.read(name)
    return int(text) if text.isdigit() else None


def group_tasks_left(text, folder=unit_limits.CGROUPS):
    """Tasks that the control groups above the workers still allow, by text of the form of /proc/PID/cgroup; None
    without a limit.
    """
    rooms = []
    for line in text.splitlines():
        _number_of, kinds, path = (line.split(":", 2) + ["", ""])[:3]
        base = folder if not kinds else os.path.join(folder, "pids") if kinds == "pids" else None
        while base and path.strip("/"):
            here = os.path.join(base, path.strip("/"))
            most, used = _number(os.path.join(here, "pids.max")), _number(os.path.join(here, "pids.current"))
            if most is not None and used is not None:
                rooms.append(most - used)
            path = os.path.dirname(path.rstrip("/"))
    return min(rooms) if rooms else None


def inspect(options):
    """What bounds the tasks of this host, and how many there are."""
    available = unit_limits.read("/proc/meminfo").partition("MemAvailable:")[2].split()
    return {
        "root": os.geteuid() == 0,
        "pid_max": _number("/proc/sys/kernel/pid_max") or 32768,
        "threads_max": _number("/proc/sys/kernel/threads-max") or 32768,
        "used": count(),
        "group_tasks_left": group_tasks_left(UNITS if units.possible() else unit_limits.read("/proc/self/cgroup")),
        "available_kib": int(available[0]) if available else 0,
    }


def claims(options):
    """There is one number of tasks."""
    return ["tasks of the host"]


def make_plan(options, facts):
    """Sleeping threads in workers of ours; they go with the workers."""
    if not facts["root"]:
        raise NotHere(
            "using up the tasks of a host needs root; other users reach their own limit first", "use become: true"
        )
    limit = min(facts["pid_max"], facts["threads_max"])
    if options["leave_free"] < FLOOR:
        few = "%d tasks would stay free, and reaching this host needs %d" % (options["leave_free"], FLOOR)
        raise Refused("tasks", few, remedy="leave more free")
    need = workers.admit(
        "tasks", "tasks of this host", limit, facts["used"], options, max(RESERVE_LEAST, limit * RESERVE_PCT // 100)
    )
    instead = "limit a unit with action=unit and tasks"
    if need > MOST:
        raise NotHere(
            "%d tasks would have to be started (this host can have %d), and more than %d take too long"
            % (need, limit, MOST),
            instead,
        )
    if facts["group_tasks_left"] is not None and need > facts["group_tasks_left"] - FLOOR:
        raise NotHere(
            "%d tasks would have to be started, and the control group of this task allows %d more"
            % (need, facts["group_tasks_left"]),
            instead,
        )
    if need * KIB_EACH > facts["available_kib"] - KEEP_KIB:
        needs, has = need * KIB_EACH // 1024, facts["available_kib"] // 1024
        figure = "%d tasks take about %d MiB, %d MiB is available, and %d MiB must stay available" % (
            need,
            needs,
            has,
            KEEP_KIB // 1024,
        )
        raise Refused("memory", figure, remedy="leave more free")
    args = {"leave_free": options["leave_free"], "need": need, "limit": limit}
    says = "start %d sleeping threads, so that %d more tasks can start on this host" % (need, options["leave_free"])
    steps = [step("tasks", says, args, [undo("workers.end", fault="$ID")])]
    return plan("limit", "tasks", "own workers", {"leave_free": options["leave_free"]}, steps, claims(options))


def start(ctx, args):
    """As many workers as it takes; they count too."""
    number = -(-args["need"] // EACH)
    shared = workers.Shared(number)
    ctx.memory.update(args=args, shared=shared)
    rest = args["limit"] - args["leave_free"] - count()
    for index in range(number):
        piece = max(0, min(EACH, rest))
        rest -= piece
        ctx.spawn("chaos-tasks", take, shared, index, max(0, piece - 1))
    workers.wait(ctx, shared, "tasks")


def take(shared, index, threads):
    """The worker: itself and ``threads`` threads that sleep."""
    _thread.stack_size(STACK)
    gate = _thread.allocate_lock()
    gate.acquire()
    taken = 1
    try:
        for _one in range(threads):
            _thread.start_new_thread(gate.acquire, ())
            taken += 1
    except (RuntimeError, _thread.error):
        shared.put(index, taken=taken, errno=errno.EAGAIN)
    shared.put(index, taken=taken, done=1)
    workers.stay()


def measure(ctx):
    """Every number in use, counted in /proc."""
    args, shared = ctx.memory["args"], ctx.memory["shared"]
    return workers.judge(
        shared, min(args["need"], shared.total("taken")), args["limit"] - count(), args["leave_free"], {}
    )
