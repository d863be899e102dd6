# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of the sweep at boot: what a host that went down in the middle of a fault would keep is undone when it
boots again. Private to magsasa.chaos.

Two units of systemd, written before the first change of a fault whose effect outlives a boot, and taken away when the
last such
fault is undone. The early one runs before anything but the file systems, and undoes what needs nothing else: files,
names. The late
one runs when the services are up, and undoes the rest. Both run a copy of the runtime archive that lies beside the
ledger.
Sources: systemd.unit(5), bootup(7).
"""

from __future__ import annotations

import os

from .._errors import HostError
from .._ledger import locks, private_files
from .._undo import traits
from .._host.systemd import services
from . import fault_unit, runtime_archive

UNITS = "/etc/systemd/system"
EARLY, LATE = "early", "late"
FILES = {EARLY: "magsasa-chaos-sweep.service", LATE: "magsasa-chaos-sweep-late.service"}
NEW = ".new"  # systemd reads no file of that name
TARGETS = {EARLY: "sysinit.target", LATE: "multi-user.target"}
TEXT = """[Unit]
Description=Revert chaos faults that were active when this host went down (%(when)s)
ConditionPathExists=%(archive)s
RequiresMountsFor=%(folder)s
%(order)s
[Service]
Type=oneshot
ExecStart=%(command)s
TimeoutStartSec=120
"""
ORDER = {
    EARLY: (
        "DefaultDependencies=no\nAfter=local-fs.target systemd-remount-fs.service\nBefore=sysinit.target"
        " shutdown.target\nConflicts=shutdown.target\n"
    ),
    LATE: "After=multi-user.target\n",
}


def note(entries):
    """What a user must know where a boot is not covered (text), or None."""
    if not traits.outlives_boot(entries) or services.available():
        return None
    return (
        "if this host goes down during the fault, the fault stays until the next contact; only systemd as root can"
        " revert it at boot"
    )


def arm(ledger, entries):
    """Make sure that these undo operations are carried out at the next boot, where they may have to be. Raises
    HostError.
    """
    if os.environ.get(private_files.OVERRIDE) or not traits.outlives_boot(entries) or not services.available():
        return
    archive = ledger.boot_archive
    with locks.held(_lock(ledger)):
        private_files.write_private(archive, runtime_archive.build())
        try:
            for when in (EARLY, LATE):
                _write(os.path.join(UNITS, FILES[when]), _text(when, ledger.folders.ledger, archive))
                _want(when)
        except OSError as error:
            raise HostError("the revert at boot cannot be set up: %s" % error)


def _write(path, text):
    """Replace a unit as a whole, on the disk when this returns. Its file before it is renamed has a name that
    disarm knows.
    """
    private_files.remove(path + NEW)
    descriptor = os.open(path + NEW, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "w") as target:
        os.fchmod(descriptor, 0o644)
        target.write(text)
        target.flush()
        os.fsync(descriptor)
    os.rename(path + NEW, path)
    private_files.sync_folder(os.path.dirname(path))


def _text(when, folder, archive):
    command = " ".join(map(fault_unit.quoted, runtime_archive.command_by_any(archive, "sweep", when)))
    return TEXT % {
        "when": when,
        "archive": archive.replace("%", "%%"),
        "folder": folder.replace("%", "%%"),
        "order": ORDER[when],
        "command": command,
    }


def _link(when):
    return os.path.join(UNITS, TARGETS[when] + ".wants", FILES[when])


def _want(when):
    """What ``systemctl enable`` does, on the disk when this returns."""
    link = _link(when)
    os.makedirs(os.path.dirname(link), mode=0o755, exist_ok=True)
    if not os.path.islink(link):
        os.symlink(os.path.join(UNITS, FILES[when]), link)
    private_files.sync_folder(os.path.dirname(link))


def _lock(ledger):
    return os.path.join(ledger.folders.ledger, "boot.lock")


def disarm(ledger):
    """Take the units and the archive away, unless a fault still needs them. The archive goes last, as it came
    first: while it is there this is done.
    """
    private_files.prepare(ledger.folders.ledger)  # for the lock
    with locks.held(_lock(ledger)):
        if any(traits.outlives_boot(record["undo"]) for record in ledger.active()):
            return
        for when in (EARLY, LATE):
            private_files.remove(_link(when))
            for end in ("", NEW):
                private_files.remove(os.path.join(UNITS, FILES[when] + end))
            private_files.remove_if_empty(os.path.dirname(_link(when)))
        if any(services.show(name, "LoadState").get("LoadState") == "loaded" for name in FILES.values()):
            services.reload()  # somebody let systemd read its units meanwhile, ours with them
        private_files.remove(_lock(ledger))
        private_files.remove(ledger.boot_archive)
