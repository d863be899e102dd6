# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk load: workers that write, sync and read files of their own. Private to magsasa.chaos."""

from __future__ import annotations

import errno
import mmap
import os
import random
import time

from ... import _quantity, _wait
from ..._errors import BadOption, HostError
from ..._plan import plan, step, undo
from ..._host import moved_paths
from . import files, space
from .figures import READY, Figures

MIB = 1024.0 * 1024.0
LEAST_BLOCK, MOST_BLOCK = 512, 64 * 1024 * 1024
MOST_WORKERS = 64
PREPARE_S = 45.0  # seconds in which the files must be there; what is read has to be written first
CATCH_UP_S = 1.0  # a worker that was held up makes up for no more than that
SEEN = 0.5  # share of what the workers did that the device must show: file systems may compress
ON_RATE = 0.1  # share by which a rate may be missed and still counts as confirmed


def parse(params):
    """Figures of the options of ``action: io``."""
    if params["workers"] is not None and not 1 <= params["workers"] <= MOST_WORKERS:
        raise BadOption("workers", params["workers"], "is not a number of workers", "use 1 to %d" % MOST_WORKERS)
    block = _quantity.size(params["block_size"] or "64K", "block_size", low=LEAST_BLOCK, high=MOST_BLOCK)
    size = _quantity.size(params["file_size"] or "64M", "file_size", low=LEAST_BLOCK)
    if size < block:
        raise BadOption(
            "file_size",
            params["file_size"] or "64M",
            "is less than block_size",
            "use %s or more" % _quantity.show_size(block),
        )
    return {
        "workers": params["workers"] or 1,
        "mode": params["mode"] or "write",
        "fsync": True if params["fsync"] is None else params["fsync"],
        "block_size": block,
        "file_size": size // block * block,
        "rate": None if params["rate"] is None else _quantity.size(params["rate"], "rate", low=1024),
    }


def make_plan(options, facts, notes):
    """One file and one worker each; files go when the workers are gone."""
    space.admit(options["workers"] * options["file_size"], space.reserve(options, facts), facts)
    if facts["device"] is None:
        notes = notes + [
            "the block device of %s cannot be determined; the kernel's counters of the workers are measured instead"
            % facts["mount"]
        ]
    names = [files.path(facts["path"], number) for number in range(options["workers"])]
    args = {key: options[key] for key in ("mode", "fsync", "block_size", "file_size", "rate")}
    args.update(files=names, device=facts["device"])
    requested = {"workers": options["workers"], "mode": options["mode"], "fsync": options["fsync"]}
    requested.update(
        block_kib=options["block_size"] / 1024.0, file_mib=round(options["file_size"] / MIB, 1), path=facts["path"]
    )
    if options["rate"]:
        requested["rate_mib_s"] = round(options["rate"] / MIB, 3)
    says = "%s with %d worker(s) in blocks of %s on files of %s in %s%s" % (
        {"write": "write", "read": "read", "mixed": "read and write"}[options["mode"]],
        options["workers"],
        _quantity.show_size(options["block_size"]),
        _quantity.show_size(options["file_size"]),
        facts["path"],
        ", sync after every block" if options["fsync"] and options["mode"] != "read" else "",
    )
    undone = [undo("file.remove", path=name, fault="$ID", **moved_paths.known(facts)) for name in names] + [
        undo("workers.end", fault="$ID")
    ]
    return plan("disk", "io", "own workers", requested, [step("io", says, args, undone)], ["disk io"], notes)


def work(figures, index, name, mode, sync, block_size, file_size, rate):
    """A worker: make the file, say so, then write, sync and read for ever; an error number is left behind on the
    way out.
    """
    try:
        descriptor = files.create(name)
        reader = _prepare(descriptor, name, mode, block_size, file_size)
        figures.put(index, "state", READY)
        _load(figures, index, descriptor, reader, mode, sync, block_size, file_size, rate)
    except OSError as error:
        figures.put(index, "errno", error.errno or errno.EIO)
        raise


def _prepare(descriptor, name, mode, block_size, file_size):
    """Take the space now, so that no later fault is promised it; what is to be read must really be on the disk."""
    if mode == "write":
        files.allocate(descriptor, 0, file_size)
        return None
    files.write(descriptor, file_size)
    os.fsync(descriptor)
    return Reader(descriptor, name, block_size)


class Reader:
    """Reads that come from the disk: past the page cache (O_DIRECT) where the file system lets us.

    Elsewhere the file's pages are dropped before every read. All of them: the kernel does not drop a part of a large
    folio.
    """

    def __init__(self, descriptor, name, block_size):
        self.buffer = mmap.mmap(-1, -(-block_size // mmap.PAGESIZE) * mmap.PAGESIZE)  # O_DIRECT wants it aligned
        self.view = memoryview(self.buffer)[:block_size]
        self.cached = descriptor
        self.direct = None
        try:
            self.direct = files.reopen(name, os.O_DIRECT)
            os.preadv(self.direct, [self.view], 0)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                raise
            self.direct = None
            os.posix_fadvise(
                descriptor, 0, 0, os.POSIX_FADV_RANDOM
            )  # no reading ahead: what is counted is what was asked for

    def read(self, offset):
        """One block; returns its bytes."""
        if self.direct is not None:
            return os.preadv(self.direct, [self.view], offset)
        os.posix_fadvise(self.cached, 0, 0, os.POSIX_FADV_DONTNEED)
        return os.preadv(self.cached, [self.view], offset)


def _load(figures, index, descriptor, reader, mode, sync, block_size, file_size, rate):
    block = bytearray(os.urandom(block_size))
    blocks = file_size // block_size
    began = time.monotonic()
    turn = 0
    while True:
        if rate:
            ahead = turn * block_size / rate - (time.monotonic() - began)
            if ahead > 0:
                time.sleep(ahead)
            elif ahead < -CATCH_UP_S:
                began += -ahead - CATCH_UP_S
        if mode == "read" or (mode == "mixed" and turn % 2):
            figures.add(index, "read", reader.read(random.randrange(blocks) * block_size))
        else:
            place = (turn // 2 if mode == "mixed" else turn) % blocks
            block[:8] = turn.to_bytes(8, "little")
            figures.add(index, "written", os.pwrite(descriptor, block, place * block_size))
            # without a sync a block each, one a round: memory alone must not take the load
            if sync or place == blocks - 1:
                os.fsync(descriptor)
                figures.add(index, "syncs", 1)
        turn += 1


def process_io(pid):
    """What the kernel counts for a process, or None where it does not: bytes that it read and wrote by system calls,
    and
    ``stored_`` bytes for which the storage had to work.

    Source: proc(5), /proc/PID/io, rchar, wchar, read_bytes, write_bytes. The last counts whole folios, so it may be far
    too high.
    """
    try:
        with open("/proc/%d/io" % pid) as source:
            found = dict(line.split(":", 1) for line in source.read().splitlines() if ":" in line)
        pairs = (
            ("read", "rchar"),
            ("written", "wchar"),
            ("stored_read", "read_bytes"),
            ("stored_written", "write_bytes"),
        )
        return {key: int(found[name]) for key, name in pairs}
    except (OSError, KeyError, ValueError):
        return None


def start(ctx, args):
    """Start the workers and wait until their files are there."""
    count = len(args["files"])
    figures = Figures(count)
    rate = args["rate"] / float(count) if args["rate"] else None
    pids = [
        ctx.spawn(
            "chaos-disk",
            work,
            figures,
            index,
            name,
            args["mode"],
            args["fsync"],
            args["block_size"],
            args["file_size"],
            rate,
        )[0]
        for index, name in enumerate(args["files"])
    ]
    deadline = _wait.Deadline(PREPARE_S)
    while not all(figures.every("state")):
        if figures.trouble():
            raise HostError("the files of the disk load cannot be created: %s" % os.strerror(figures.trouble()))
        ctx.check_workers()
        if deadline.over:
            raise HostError(
                "the files of the disk load were not created within %g s; use a smaller file_size or fewer workers"
                % PREPARE_S
            )
        time.sleep(0.005)
    for name in args["files"]:
        ctx.hold(name)
    ctx.memory.update(figures=figures, args=args, pids=pids, first=_reading(figures, pids, args["device"]))


def _reading(figures, pids, device):
    counted = [process_io(pid) for pid in pids]
    return {
        "at": time.monotonic(),
        "own": {key: figures.total(key) for key in ("written", "read", "syncs")},
        "kernel": None if None in counted else {key: sum(each[key] for each in counted) for key in counted[0]},
        "device": space.diskstats(device),
    }


def measure(ctx):
    """Rates since the load began: what the kernel counts for the workers, and what the device did meanwhile."""
    memory = ctx.memory
    first, now = memory["first"], _reading(memory["figures"], memory["pids"], memory["args"]["device"])
    memory["now"] = now
    if memory["figures"].trouble():
        return {
            "effect": "mismatch",
            "measured": {},
            "note": "a worker failed: %s" % os.strerror(memory["figures"].trouble()),
        }
    return judge(first, now, memory["args"])


def trace(ctx):
    """What was written, read and synced so far, and how long the device was busy."""
    now, mode = ctx.memory["now"], ctx.memory["args"]["mode"]
    done = now["kernel"] or now["own"]
    total = {} if mode == "read" else {"write_mib_s": done["written"] / MIB, "fsyncs_s": now["own"]["syncs"]}
    if mode != "write":
        total["read_mib_s"] = done["read"] / MIB
    if now["device"]:
        total["device_busy_pct"] = 100.0 * now["device"]["busy_s"]
    return {"total": total}


def _change(first, now, source, key):
    if not first[source] or not now[source] or first[source].get(key) is None or now[source].get(key) is None:
        return None
    return now[source][key] - first[source][key]


def judge(first, now, args):
    """Measurement between two readings (see _reading): confirmed when the device, else the kernel's count, shows
    the load.
    """
    passed = max(0.001, now["at"] - first["at"])
    directions = {"write": ["written"], "read": ["read"], "mixed": ["read", "written"]}[args["mode"]]
    own = [_change(first, now, "own", key) for key in directions]
    shown = _shown(first, now, passed)
    seen = [_change(first, now, "device", key) for key in directions]
    if None in seen:
        seen = [_change(first, now, "kernel", "stored_" + key) for key in directions]
    if None in seen:
        return {
            "effect": "inconclusive",
            "measured": shown,
            "note": "the kernel has no counters for the device or the workers",
        }
    if not all(own):
        return {"effect": "inconclusive", "measured": shown, "note": "no block has been completed yet"}
    for key, done, reached in zip(directions, own, seen):
        if reached < SEEN * done:
            note = "%.1f MiB were %s, but the disk transferred only %.1f MiB" % (done / MIB, key, reached / MIB)
            # what is not synced block by block gets to the disk once a round
            late = key == "written" and not args["fsync"] and done < 2 * args["file_size"] * len(args["files"])
            return {"effect": "inconclusive" if late else "mismatch", "measured": shown, "note": note}
    if args["rate"] and passed > 1.0 and sum(own) / passed < (1 - ON_RATE) * args["rate"]:
        return {"effect": "mismatch", "measured": shown, "note": "the disk does not reach the requested rate"}
    return {"effect": "confirmed", "measured": shown, "note": ""}


def _shown(first, now, passed):
    """The figures that a user sees."""
    shown = {"over_s": round(passed, 1), "fsyncs_s": round(_change(first, now, "own", "syncs") / passed, 1)}
    for source, label in (("kernel", ""), ("device", "device_")):
        for key, name in (("written", "write_mib_s"), ("read", "read_mib_s")):
            change = _change(first, now, source, key)
            if change is not None:
                shown[label + name] = round(change / MIB / passed, 2)
    if first["device"] and now["device"]:
        shown["device"] = now["device"]["name"]
        shown["device_busy_pct"] = round(100.0 * min(1.0, _change(first, now, "device", "busy_s") / passed), 1)
        flushes = _change(first, now, "device", "flushes")
        if flushes is not None:
            shown["device_flushes_s"] = round(flushes / passed, 1)
    return shown
