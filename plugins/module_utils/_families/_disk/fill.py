# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file system filled up. Private to magsasa.chaos."""

from __future__ import annotations

import errno
import functools
import os
import time

from ... import _quantity, _wait
from ..._errors import BadOption, HostError
from ..._plan import plan, step, undo
from ..._host import moved_paths
from . import files, space
from .figures import READY, Figures

MIB = 1024.0 * 1024.0
NEAR = 1024 * 1024  # bytes by which asked and measured may differ
ROUNDS = 64  # looks at what is free on the way to leave_free
LEAST_PIECE = 65536
WAIT_S = 10.0  # most seconds that injecting waits for a file that has to be written; the rest comes during the hold


def parse(params):
    """Figures of the options of ``action: fill``."""
    if (params["size"] is None) == (params["leave_free"] is None):
        said = "is missing" if params["size"] is None else "is given together with leave_free"
        raise BadOption(
            "size", params["size"] or "", said, "give either size or leave_free, such as size=2G or leave_free=5%"
        )
    size, size_pct = space.parse_amount(params, "size", low=1)
    leave, leave_pct = space.parse_amount(params, "leave_free")
    return {"size": size, "size_pct": size_pct, "leave_free": leave, "leave_free_pct": leave_pct}


def make_plan(options, facts, notes):
    """One file; it goes at the end."""
    leave = space.amount(options, "leave_free", facts["total"])
    need = space.amount(options, "size", facts["total"]) if leave is None else facts["free"] - leave
    if need <= 0:
        if leave is None:
            raise BadOption("size", "%g%%" % options["size_pct"], "is zero on this file system", "use more")
        raise BadOption(
            "leave_free",
            _quantity.show_size(leave),
            "is more than the free %s" % _quantity.show_size(facts["free"]),
            "use less",
        )
    space.admit(need, space.reserve(options, facts), facts)
    name = files.path(facts["path"], 0)
    requested = {"size_mib": round(need / MIB, 1), "path": facts["path"]}
    if leave is not None:
        requested["leave_free_mib"] = round(leave / MIB, 1)
    says = "use %s of %s, leave %s free" % tuple(map(_quantity.show_size, (need, facts["free"], facts["free"] - need)))
    args = {"file": name, "path": facts["path"], "size": need, "leave_free": leave}
    undone = [undo("file.remove", path=name, fault="$ID", **moved_paths.known(facts)), undo("workers.end", fault="$ID")]
    return plan(
        "disk",
        "fill",
        "fallocate, or writing where the file system cannot",
        requested,
        [step("fill", "%s on %s (%s)" % (says, facts["mount"], facts["type"]), args, undone)],
        ["disk fill of %s" % facts["mount"]],
        notes,
    )


def start(ctx, args):
    """Take the space at once with fallocate; where that is not supported a worker writes, and ends with the fault."""
    figures = Figures(1)
    ctx.memory.update(args=args, figures=figures, worker=False, before=space.free_bytes(args["path"]))
    descriptor = files.create(args["file"])
    ctx.hold(args["file"])
    try:
        if _allocate(descriptor, args):
            return
    finally:
        os.close(descriptor)
    ctx.memory["worker"] = True
    ctx.spawn("chaos-disk", write, figures, args["file"], args["size"], args["leave_free"])
    deadline = _wait.Deadline(WAIT_S)
    while not figures.get(0, "state") and not deadline.over:
        _no_trouble(figures, args)
        ctx.check_workers()
        time.sleep(0.005)
    _no_trouble(figures, args)


def _no_trouble(figures, args):
    if figures.trouble():
        raise _refused(figures.trouble(), args)


def _refused(number, args):
    return HostError(
        "%s cannot be filled by %s: %s" % (args["path"], _quantity.show_size(args["size"]), os.strerror(number))
    )


def _allocate(descriptor, args):
    """Returns False where the file system cannot; raises HostError when it is full before we are done."""
    try:
        if args["leave_free"] is None:
            return files.allocate(descriptor, 0, args["size"])
        return _use_up(descriptor, args["path"], args["leave_free"])
    except OSError as error:
        raise _refused(error.errno, args)


def _use_up(descriptor, folder, leave_free):
    """Take space until ``leave_free`` bytes are free. The file system's own book takes space too: look instead of
    counting.
    """
    piece = None
    for _round in range(ROUNDS):
        more = _above(folder, leave_free)
        if abs(more) < NEAR // 4:
            return True
        size = os.fstat(descriptor).st_size
        if more < 0:
            os.ftruncate(descriptor, max(0, size + more))
            continue
        piece = min(more, piece or more)
        try:
            if not files.allocate(descriptor, size, piece):
                return False
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            piece //= 2  # the last blocks come in small pieces only
            if piece < LEAST_PIECE:
                break
    if _above(folder, leave_free) > NEAR:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return True


def _above(folder, leave_free):
    return space.free_bytes(folder) - leave_free


def _write_up_to(descriptor, folder, size, leave_free):
    try:
        files.write(descriptor, size + files.BLOCK, functools.partial(_above, folder, leave_free))
    except OSError as error:
        if error.errno != errno.ENOSPC or _above(folder, leave_free) > NEAR:
            raise


def write(figures, name, size, leave_free):
    """The worker: write the whole file, say so, and stay until it is ended."""
    try:
        descriptor = files.reopen(name)
        if leave_free is None:
            files.write(descriptor, size)
        else:
            _write_up_to(descriptor, os.path.dirname(name), size, leave_free)
        os.fsync(descriptor)
        os.close(descriptor)
    except OSError as error:
        figures.put(0, "errno", error.errno or errno.EIO)
        raise
    figures.put(0, "state", READY)
    while True:
        time.sleep(3600)


def measure(ctx):
    """What the file takes on the disk, and what statvfs says is left."""
    args, figures = ctx.memory["args"], ctx.memory["figures"]
    free, taken = space.free_bytes(args["path"]), files.taken(args["file"])
    shown = {
        "filled_mib": round(taken / MIB, 1),
        "free_mib": round(free / MIB, 1),
        "free_drop_mib": round((ctx.memory["before"] - free) / MIB, 1),
        "backend": "writing" if ctx.memory["worker"] else "fallocate",
    }
    if figures.trouble():
        return {"effect": "mismatch", "measured": shown, "note": str(_refused(figures.trouble(), args))}
    if ctx.memory["worker"] and not figures.get(0, "state"):
        return {"effect": "inconclusive", "measured": shown, "note": "still writing"}
    return dict(judge(args, taken, free), measured=shown)


def trace(ctx):
    """What is taken and what is free."""
    measured = ctx.record["measured"]
    return {"now": {key: measured.get(key) for key in ("filled_mib", "free_mib")}}


def judge(args, taken, free):
    """``{"effect", "note"}`` from the bytes that the file takes and the bytes that are free."""
    if args["leave_free"] is not None:
        if abs(free - args["leave_free"]) <= NEAR:
            return {"effect": "confirmed", "note": ""}
        said = "other processes on this file system changed its free space to %s" % _quantity.show_size(free)
        return {"effect": "mismatch", "note": said}
    if abs(taken - args["size"]) <= NEAR:
        return {"effect": "confirmed", "note": ""}
    return {"effect": "mismatch", "note": "the file occupies %s on the disk" % _quantity.show_size(taken)}
