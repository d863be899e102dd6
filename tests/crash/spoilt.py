# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways in which somebody spoils what a fault is held with: its record, the folders, its processes, its Python, the
place it is at. Nobody helps.
"""

from __future__ import annotations

import contextlib
import re

from support.faults import wait_for
from support.lab import chaos_processes, ssh

from . import faults

SOON = "5s"
LATER = "8s"  # where all must have been stopped before it is over
OUT_WITHIN = 20.0  # seconds from the injection: the deadline, and time for a busy machine
LEDGER, RUN = "/var/lib/magsasa-chaos", "/run/magsasa-chaos"
RECORDS = "%s/faults/*.json %s/*.json" % (LEDGER, RUN)
# What waits for a ledger that can be written again: whoever holds the fault, and what is his. The fault does not.
HELD = re.compile(
    r"[+-] (chaos-(fault|guardian)$|%s|%s|(/(etc|run)/systemd/(system|transient)/\S*)?magsasa-chaos-)" % (RUN, LEDGER)
)


def _record(command):
    """Both files of the record are spoilt: what undoes the fault then is the memory of whoever holds it."""

    def act(cell):
        cell.inject(SOON)
        ssh(cell.lab, cell.host, "for each in %s; do %s; done" % (RECORDS, command))

    return act


def hard_linked(cell):
    try:
        _record(
            "ln $each /var/lib/$(echo $each | tr / -).crash-link 2>/dev/null || ln $each /run/$(echo $each | tr /"
            " -).crash-link"
        )(cell)
        assert wait_for(lambda: not cell.changes(), OUT_WITHIN), cell.changes()
    finally:
        ssh(cell.lab, cell.host, "rm -f /var/lib/*.crash-link /run/*.crash-link")


def ledger_removed(cell):
    cell.inject(SOON)
    ssh(cell.lab, cell.host, "rm -rf " + LEDGER)


def run_removed(cell):
    cell.inject(SOON)
    ssh(cell.lab, cell.host, "rm -rf " + RUN)


def _out(cell):
    left = [line for line in cell.changes() if not HELD.match(line)]
    return not left


@contextlib.contextmanager
def _no_ledger(cell, spoil, mend):
    """Out at its deadline although nothing can be written down; written down, and all gone, when something can."""
    cell.inject(SOON)
    ssh(cell.lab, cell.host, spoil)
    try:
        assert wait_for(lambda: _out(cell), OUT_WITHIN), cell.changes()
        yield
    finally:
        ssh(cell.lab, cell.host, mend)


def ledger_read_only(cell):
    with _no_ledger(
        cell, "mount --bind %s %s && mount -o remount,bind,ro %s" % (LEDGER, LEDGER, LEDGER), "umount -l %s" % LEDGER
    ):
        pass


def no_inode(cell):
    ssh(
        cell.lab,
        cell.host,
        "mkdir -p -m 700 %s && mount -t tmpfs -o size=4M,nr_inodes=60,mode=700 none %s" % (LEDGER, LEDGER),
    )
    try:
        with _no_ledger(
            cell,
            "cd %s; for n in $(seq 100); do touch filler-$n 2>/dev/null || break; done" % LEDGER,
            "rm -f %s/filler-*" % LEDGER,
        ):
            pass
        assert wait_for(
            lambda: [line for line in cell.changes() if LEDGER not in line] == [], OUT_WITHIN
        ), cell.changes()
        cell.keep_ledger()
    finally:
        ssh(cell.lab, cell.host, "umount -l %s" % LEDGER)


def keepers_stopped(cell):
    cell.inject(LATER)
    ssh(cell.lab, cell.host, "kill -STOP $(pgrep ^chaos-)")
    _soon(cell)


def group_frozen(cell):
    cell.inject(LATER)
    ssh(
        cell.lab,
        cell.host,
        "for each in /sys/fs/cgroup/unified/system.slice/magsasa-chaos-*.service"
        " /sys/fs/cgroup/system.slice/magsasa-chaos-*.service; do [ -d $each ] && echo 1 > $each/cgroup.freeze; done;"
        " true",
    )
    _soon(cell)


def _soon(cell):
    """Within 5 s of its deadline."""
    assert wait_for(lambda: not cell.changes(), OUT_WITHIN), cell.changes()
    past = cell.past()[-1]
    late = past["reverted_at"]["monotonic"] - past["deadline"]["monotonic"]
    assert 0.5 < late < 5.0 and past["revert_cause"] == "supervisor_died", past


def interpreter_replaced(cell):
    """The Python that injected is gone, and all processes are killed at once."""
    old = "/opt/crash-python"
    ssh(cell.lab, cell.host, "mkdir -p %s && cp $(readlink -f /usr/bin/python3) %s/python3" % (old, old))
    try:
        cell.ask("120s", "-e", "ansible_python_interpreter=%s/python3" % old)
    finally:
        ssh(cell.lab, cell.host, "rm -rf " + old)
    ssh(cell.lab, cell.host, "kill -KILL " + " ".join(map(str, chaos_processes(cell.lab, cell.host))), check=False)


def folder_renamed(cell):
    """The folder that the fault made, or the one that its file is in, has another name when it ends; and its own
    again afterwards.
    """
    cell.inject(SOON)
    here, there = faults.PLACE, faults.PLACE + "-moved"
    if cell.fault.options.get("path") == faults.FEW:
        here, there = "%s/.magsasa-chaos-*-inodes" % faults.FEW, "%s/moved" % faults.FEW
    ssh(cell.lab, cell.host, "mv %s %s" % (here, there))
    try:
        assert wait_for(lambda: not chaos_processes(cell.lab, cell.host), OUT_WITHIN), "it did not end"
        if here != faults.PLACE:
            assert ssh(cell.lab, cell.host, "ls -d %s 2>/dev/null || true" % there) == ""
    finally:
        if here == faults.PLACE:
            ssh(cell.lab, cell.host, "mv %s %s" % (there, here))


torn = _record("truncate -s 100 $each")
chowned = _record("chown nobody $each")
removed = _record("rm -f $each")


def has_a_place(fault):
    """None for a fault that makes or changes something in a folder that may be renamed, or why it does not."""
    path = str(fault.options.get("path", ""))
    return None if path.startswith((faults.PLACE, faults.FEW)) else "it is in no folder"
