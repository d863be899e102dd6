# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No more open files: for one process by its own limit, for the host by workers that hold them. Private to
magsasa.chaos.
"""

from __future__ import annotations

import errno
import os
import resource

from ..._errors import BadOption, HostError, NotHere, Refused
from ..._plan import plan, step, undo
from ..._host import processes
from ..._host.systemd import protected_units, services, unit_limits
from . import workers

OPTIONS = ("pid", "leave_free", "reserve")
RESERVE_LEAST = 1024
RESERVE_PCT = 5
MOST = 1000000
EACH = 200000
OURS = (b"MAGSASA_CHAOS_FAULT", b"MAGSASA_CHAOS_PROBE")  # marks in the environment of what the collection starts


def parse(params):
    """``{pid, leave_free, reserve}``."""
    if params["pid"] is not None:
        if params["pid"] < 1:
            raise BadOption("pid", params["pid"], "is not a process id", "use a positive number")
        if params["reserve"] is not None:
            raise BadOption("reserve", params["reserve"], "has no effect with pid", "leave it out; use leave_free")
    elif params["leave_free"] is None:
        raise BadOption(
            "leave_free", "", "is missing", "give the number of descriptors that stay free, or name a process with pid"
        )
    return {"pid": params["pid"], "leave_free": params["leave_free"] or 0, "reserve": params["reserve"]}


def _open_numbers(pid):
    return {int(each) for each in os.listdir("/proc/%d/fd" % pid)}


def bound_for(numbers, leave):
    """The limit (RLIMIT_NOFILE is one more than the highest number that may be given out) below which ``leave``
    numbers are free.
    """
    bound = 0
    while leave >= 0:
        if bound not in numbers:
            leave -= 1
        bound += 1
    return bound - 1


def free_below(numbers, bound):
    """Numbers below a limit that can still be given out."""
    return bound - sum(1 for each in numbers if each < bound)


def inspect(options):
    """Descriptors of the host, or of one process and why it may not be touched."""
    if options["pid"] is None:
        used, unused, most = (int(each) for each in unit_limits.read("/proc/sys/fs/file-nr").split())
        return {"root": os.geteuid() == 0, "used": used - unused, "most": most, "each": _most_each()}
    pid = options["pid"]
    start = processes.start_time(pid)
    if start is None:
        raise BadOption("pid", pid, "is not a process of this host", "name a running one")
    try:
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        numbers = sorted(_open_numbers(pid))
    except (PermissionError, ProcessLookupError) as error:
        raise BadOption("pid", pid, "cannot be limited by this user (%s)" % error.strerror, "use become: true")
    return {
        "start": start,
        "soft": soft,
        "hard": hard,
        "numbers": numbers,
        "name": processes.comm(pid),
        "why": _why_not(pid),
    }


def _most_each():
    """How many one worker may hold; root raises its limit up to fs.nr_open."""
    text = unit_limits.read("/proc/sys/fs/nr_open")
    return min(EACH, int(text) - 64 if text.isdigit() else 65536)


def _why_not(pid):
    """What makes a process untouchable (text), or None."""
    name = processes.comm(pid)
    if pid == 1 or name == "init":
        return "a process that the host needs"
    why = protected_units.why_program(name)
    if why:
        return why
    if pid in processes.above(os.getpid()):
        return "part of this task or its connection"
    if any(mark in processes.environ(pid) for mark in OURS):
        return "part of this collection"
    if not processes.argv(pid):
        return "part of the kernel, or already ending"
    unit = services.unit_in(unit_limits.read("/proc/%d/cgroup" % pid))
    return protected_units.why([unit]) if unit else None


def claims(options):
    """The host's, or those of one process."""
    return ["descriptors of the host" if options["pid"] is None else "descriptors of process %d" % options["pid"]]


def make_plan(options, facts):
    """One limit, or workers that hold files open."""
    return _of_process(options, facts) if options["pid"] is not None else _of_host(options, facts)


def _of_process(options, facts):
    pid, leave = options["pid"], options["leave_free"]
    if facts["why"]:
        raise Refused("protected process", "process %d (%s) is %s" % (pid, facts["name"], facts["why"]))
    bound = bound_for(set(facts["numbers"]), leave)
    if bound >= facts["soft"]:
        free = free_below(facts["numbers"], facts["soft"])
        raise BadOption(
            "leave_free", leave, "is not below the %d that process %d can still open" % (free, pid), "leave fewer free"
        )
    args = {
        "pid": pid,
        "start": facts["start"],
        "bound": bound,
        "hard": facts["hard"],
        "soft": facts["soft"],
        "leave_free": leave,
    }
    former = {"soft": facts["soft"], "hard": facts["hard"]}
    back = undo("limits.process", pid=pid, start=facts["start"], bound=bound, **former)
    says = "limit process %d (%s, %d files open) to %d more file(s): its limit changes to %d from %d" % (
        pid,
        facts["name"],
        len(facts["numbers"]),
        leave,
        bound,
        facts["soft"],
    )
    requested = {"pid": pid, "leave_free": leave}
    return plan("limit", "descriptors", "prlimit", requested, [step("process", says, args, [back])], claims(options))


def _of_host(options, facts):
    if not facts["root"]:
        raise NotHere("using up the descriptors of a host needs root", "use become: true, or name a process with pid")
    if facts["most"] - facts["used"] - options["leave_free"] > MOST:
        most = "this host can have %d open files (fs.file-max), and using up more than %d would take its memory" % (
            facts["most"],
            MOST,
        )
        raise NotHere(most, "name a process with pid")
    reserve = max(RESERVE_LEAST, facts["most"] * RESERVE_PCT // 100)
    need = workers.admit("descriptors", "descriptors of this host", facts["most"], facts["used"], options, reserve)
    args = {"need": need, "most": facts["most"], "leave_free": options["leave_free"], "each": facts["each"]}
    says = "hold %d files open, so that %d descriptors of the host stay free" % (need, options["leave_free"])
    steps = [step("descriptors", says, args, [undo("workers.end", fault="$ID")])]
    notes = ["root may exceed fs.file-max; other users cannot"]
    return plan(
        "limit", "descriptors", "own workers", {"leave_free": options["leave_free"]}, steps, claims(options), notes
    )


def lower(ctx, args):
    """The soft limit only: the process itself, or its owner, could raise it again."""
    ctx.memory["args"] = args
    if not processes.alive(args["pid"], args["start"]):
        raise HostError("process %d has ended" % args["pid"])
    try:
        resource.prlimit(args["pid"], resource.RLIMIT_NOFILE, (args["bound"], args["hard"]))
    except OSError as error:
        raise HostError("the limit of process %d cannot be set: %s" % (args["pid"], error.strerror))


def start(ctx, args):
    """As many workers as it takes."""
    number = -(-args["need"] // args["each"])
    shared = workers.Shared(number)
    ctx.memory.update(args=args, shared=shared)
    for index in range(number):
        ctx.spawn(
            "chaos-files", take, shared, index, args["need"] // number + (1 if index < args["need"] % number else 0)
        )
    workers.wait(ctx, shared, "descriptors")


def take(shared, index, count):
    """The worker: ``count`` files opened (a duplicate of one would not count)."""
    taken = 0
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count + 64, count + 64))
        for _one in range(count):
            os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
            taken += 1
            if taken % 256 == 0:
                shared.put(index, taken=taken)
    except (OSError, ValueError) as error:
        shared.put(index, taken=taken, errno=getattr(error, "errno", None) or errno.EPERM)
    shared.put(index, taken=taken, done=1)
    workers.stay()


def measure(ctx):
    """The process's limit and open files, or fs.file-nr."""
    args = ctx.memory["args"]
    if "pid" not in args:
        used, unused, most = (int(each) for each in unit_limits.read("/proc/sys/fs/file-nr").split())
        return workers.judge(ctx.memory["shared"], args["need"], most - used + unused, args["leave_free"], {})
    try:
        soft = resource.prlimit(args["pid"], resource.RLIMIT_NOFILE)[0]
        numbers = _open_numbers(args["pid"])
    except OSError:
        return {"effect": "inconclusive", "measured": {}, "note": "the process has ended"}
    shown = {"limit": soft, "open": len(numbers), "free": max(0, free_below(numbers, soft))}
    if soft == args["bound"]:
        return {"effect": "confirmed", "measured": shown, "note": ""}
    return {"effect": "mismatch", "measured": shown, "note": "another process set the limit meanwhile"}
