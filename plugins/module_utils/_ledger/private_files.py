# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two folders that hold what we know on a host: run (gone at reboot) and ledger (kept). Private to
magsasa.chaos.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import stat
from collections import namedtuple

from .._errors import HostError
from . import trusted_paths

Folders = namedtuple("Folders", "run ledger")
HOST = Folders("/run/magsasa-chaos", "/var/lib/magsasa-chaos")  # root's
OVERRIDE = "MAGSASA_CHAOS_STATE"
LARGEST = 4 * 1024 * 1024  # of a file of ours that is read
NEW = ".new-"  # what the name of a file begins with before it is renamed


def folders(environ=None):
    """Where this user's state lives; nothing is created. See docs/design.md section 10."""
    environ = os.environ if environ is None else environ
    override = environ.get(OVERRIDE)
    if override:
        return Folders(os.path.join(override, "run"), os.path.join(override, "ledger"))
    uid = os.geteuid()
    if uid == 0:
        return HOST
    runtime = environ.get("XDG_RUNTIME_DIR") or "/run/user/%d" % uid
    if os.path.isdir(runtime) and os.stat(runtime).st_uid == uid:
        run = os.path.join(runtime, "magsasa-chaos")
    else:
        run = "/tmp/magsasa-chaos-%d" % uid  # made 0700 and checked to be ours before any use
    home = os.path.expanduser("~")
    return Folders(
        run, os.path.join(environ.get("XDG_STATE_HOME") or os.path.join(home, ".local", "state"), "magsasa-chaos")
    )


def prepare(path):
    """Make a private folder, or check that the one that is there is ours alone; returns the path.

    Another owner, a link, a mode open to others, or a folder above it that others may change raises HostError: they
    could plant an undo there.
    """
    _refuse_strangers(path)  # before anything is made in a folder of theirs
    try:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            pass
    except OSError as error:
        raise HostError("the state folder %s cannot be created: %s" % (path, error.strerror))
    if not _private(path):
        raise HostError("the state folder %s is not a private folder of this user; move it away and try again" % path)
    return path


def _refuse_strangers(path):
    why = trusted_paths.stranger(os.path.dirname(os.path.abspath(path)), os.geteuid())
    if why:
        raise HostError(
            "the state folder %s is not safe: %s; use a folder that only root and this user can change (%s)"
            % (path, why, OVERRIDE)
        )


def private(path):
    """Whether ``path`` is a folder (no link) of this user that nobody else may look into, nor move away: only what
    is in such a one is ours.
    """
    return _private(path) and trusted_paths.stranger(os.path.dirname(os.path.abspath(path)), os.geteuid()) is None


def _private(path):
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def open_private(path):
    """A descriptor to read one of our own files with. Raises OSError for anything else: a link, a second name of a
    file, a pipe, another's.
    """
    descriptor = os.open(
        path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    )  # a pipe would wait for its writer
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_nlink > 1:
        os.close(descriptor)
        raise OSError(errno.EPERM, "it is not a private file of this user")
    return descriptor


def _finite(text):
    value = float(text)
    return value if math.isfinite(value) else None


def parse_object(text):
    """The object in JSON text (bytes), or None; whatever the text is, nothing is raised.

    JSON has no infinite numbers, Python's reader does: they become None, as nobody who is told of them could read them.
    """
    try:
        value = json.loads(text.decode("utf-8"), parse_float=_finite, parse_constant=lambda _word: None)
    except (ValueError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, dict) else None


def _new_file(folder):
    """(descriptor, path) of a file that was not there before; tempfile takes each look at a host longer to load."""
    while True:
        path = os.path.join(folder, NEW + os.urandom(8).hex())
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), path
        except FileExistsError:
            continue


def write_private(path, text, durable=True):
    """Replace a file as a whole: 0600, and with ``durable`` on the disk when this returns. Raises HostError."""
    folder = os.path.dirname(path)
    temporary = None
    try:
        descriptor, temporary = _new_file(folder)
        with os.fdopen(descriptor, "wb") as target:
            target.write(text if isinstance(text, bytes) else text.encode("utf-8"))
            target.flush()
            if durable:
                os.fsync(target.fileno())
        os.rename(temporary, path)
        temporary = None
        if durable:
            sync_folder(folder)
    except OSError as error:
        raise HostError("%s cannot be written: %s" % (path, error.strerror))
    finally:
        if temporary:
            remove(temporary)


def sync_folder(folder):
    """Make a rename or removal in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_json(path, limit=LARGEST):
    """The object in one of our own files, or None when it is not there, not ours, or not whole."""
    try:
        descriptor = open_private(path)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as source:
        size = os.fstat(source.fileno()).st_size
        if size > limit:
            return None
        try:
            return parse_object(source.read(size + 1))  # a read makes room for all that it is allowed
        except OSError:
            return None


def remove(path):
    """Remove a file if it is there; returns whether it was."""
    try:
        os.unlink(path)
        return True
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno in (errno.ENOTDIR,):
            return False
        raise HostError("%s cannot be removed: %s" % (path, error.strerror))


def discard(path):
    """Remove a file if it is there and the host lets us: it does no harm where it is."""
    try:
        remove(path)
    except HostError:
        pass


def remove_folder(path):
    """Take a folder of ours away with all that is in it; what the host does not let go stays."""
    if os.path.islink(path):
        return
    for where, folders, files in os.walk(path, topdown=False):
        for name in files + folders:
            inside = os.path.join(where, name)
            with contextlib.suppress(OSError):
                (os.rmdir if name in folders and not os.path.islink(inside) else os.unlink)(inside)
    remove_if_empty(path)


def remove_if_empty(*paths):
    """Take folders of ours away when nothing is in them any more."""
    for path in paths:
        try:
            os.rmdir(path)
        except OSError:
            pass
