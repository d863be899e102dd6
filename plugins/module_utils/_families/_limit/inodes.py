# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inodes of a file system used up by empty files. Private to magsasa.chaos."""

from __future__ import annotations

import errno
import os

from ..._errors import BadOption, NotHere
from ..._plan import plan, step, undo
from ..._host import moved_paths
from . import workers

OPTIONS = ("path", "leave_free", "reserve")
RESERVE_LEAST = 1024
RESERVE_PCT = 1
MOST = 5000000  # files: more take minutes to make and to remove
LOOK_EVERY = 256  # files between two looks at what is free


def parse(params):
    """``{path, leave_free, reserve}``."""
    if params["path"] is None:
        raise BadOption("path", "", "is missing", "name a folder of the file system, such as /var/tmp")
    if params["leave_free"] is None:
        raise BadOption("leave_free", "", "is missing", "give the number of inodes that stay free, such as 2000")
    return {key: params[key] for key in OPTIONS}


def free_inodes(path):
    """Inodes that a process without privileges can use (f_favail)."""
    return os.statvfs(path).f_favail


def inspect(options):
    """Inodes of the folder's file system; raises BadOption."""
    path = options["path"]
    if not os.path.isabs(path):
        raise BadOption("path", path, "is not an absolute path", "use one such as /var/tmp")
    real = os.path.realpath(path)
    try:
        volume, device = os.statvfs(real), os.stat(real).st_dev
    except (OSError, ValueError) as error:
        raise BadOption(
            "path", path, "cannot be used (%s)" % (getattr(error, "strerror", None) or error), "name an existing folder"
        )
    if not os.path.isdir(real):
        raise BadOption("path", path, "is not a folder", "name an existing folder")
    if volume.f_flag & os.ST_RDONLY or not os.access(real, os.W_OK | os.X_OK):
        raise BadOption("path", path, "is not writable for this user", "name another folder, or run as its owner")
    return {
        "path": real,
        "device": device,
        "total": volume.f_files,
        "free": volume.f_favail,
        "place": moved_paths.of(real),
    }


def claims(options):
    """The folder; which file system it is on is the plan's to say."""
    return ["inodes at %s" % options["path"]]


def make_plan(options, facts):
    """One worker and one folder of empty files, which goes at the end."""
    if not facts["total"]:
        raise NotHere(
            "the file system of %s creates inodes on demand (btrfs, zfs, network)" % facts["path"],
            "fill it with magsasa.chaos.disk_fault",
        )
    reserve = max(RESERVE_LEAST, facts["total"] * RESERVE_PCT // 100)
    need = workers.admit(
        "inodes", "inodes of %s" % facts["path"], facts["total"], facts["total"] - facts["free"], options, reserve
    )
    if need > MOST:
        raise NotHere(
            "%d files would have to be created in %s, and more than %d take too long" % (need, facts["path"], MOST),
            "use a smaller file system",
        )
    folder = os.path.join(facts["path"], ".magsasa-chaos-$ID-inodes")
    args = {"folder": folder, "path": facts["path"], "leave_free": options["leave_free"], "need": need}
    says = "create %d empty files in %s, so that %d inodes stay free" % (need, facts["path"], options["leave_free"])
    undone = [
        undo("folder.remove", path=folder, fault="$ID", **moved_paths.known(facts)),
        undo("workers.end", fault="$ID"),
    ]
    requested = {"leave_free": options["leave_free"], "path": facts["path"]}
    return plan(
        "limit",
        "inodes",
        "own worker",
        requested,
        [step("inodes", says, args, undone)],
        claims(options) + ["inodes of device %d" % facts["device"]],
    )


def start(ctx, args):
    """A folder that was not there, and a worker that fills it."""
    os.mkdir(args["folder"], 0o700)
    ctx.hold(args["folder"])
    shared = workers.Shared()
    ctx.memory.update(args=args, shared=shared)
    ctx.spawn("chaos-inodes", take, shared, args["folder"], args["path"], args["leave_free"])
    workers.wait(ctx, shared, "inodes")


def take(shared, folder, path, leave):
    """The worker: files until no more than ``leave`` inodes are free; the folders in between count too, so look
    instead of counting.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    taken = 0
    try:
        while True:
            more = min(LOOK_EVERY, free_inodes(path) - leave)
            if more <= 0:
                break
            for _file in range(more):
                os.close(
                    os.open("%x" % taken, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=descriptor)
                )
                taken += 1
            shared.put(0, taken=taken)
    except OSError as error:
        shared.put(0, taken=taken, errno=error.errno or errno.EIO)
    shared.put(0, taken=taken, done=1)
    workers.stay()


def measure(ctx):
    """What statvfs(3) says is free."""
    args, shared = ctx.memory["args"], ctx.memory["shared"]
    free = free_inodes(args["path"])
    # every file is an inode; the worker stopped where enough were taken, whoever took them
    return workers.judge(shared, min(args["need"], shared.total("taken")), free, args["leave_free"], {})
