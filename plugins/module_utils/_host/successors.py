# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process took the place of one that was ended, and whether it is what that was. Private to magsasa.chaos.

A process of the same command line may be anybody's. A successor came later, has the same user and the same bounds
(bounds.py), runs the same
program, and has the command line of the old one or listens on its ports.
"""

from __future__ import annotations

import hashlib
import os
import time

from .. import _clock, _wait
from .._errors import HostError, printable
from . import bounds, control_groups, inherited, listeners, processes, streams

SETTLES_S = 5.0  # seconds that a process which was started again may take to look as before


def digest(argv):
    """What stands for a command line in the ledger: it may hold a secret, its digest does not."""
    return hashlib.sha256("\0".join(argv).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def mark(pid, tree, listening):
    """What tells a process from its successor, as data for the ledger.

    ``old``: [pid, start] of its tree; ``since``: now, in ticks since boot; ``parent``: [pid, start] of what may look
    after it, or None;
    ``like``: see ``_likeness``; ``serving``: the same of those that listen; ``above``: its parent's command, as a
    digest; ``lines``: see ``lines``.
    """
    above = processes.parent(pid)
    inside = {each for each, _start in tree}
    return {
        "pid": pid,
        "start": processes.start_time(pid),
        "command": digest(processes.argv(pid)),
        "ports": sorted({each.port for each in listening if inside & set(each.pids)}),
        "old": tree,
        "since": int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")),
        "boot": _clock.boot_id(),
        "parent": [above, processes.start_time(above)] if above and above > 1 else None,
        "like": _likeness(pid),
        "serving": [_likeness(each) for each in sorted(inside & {one for found in listening for one in found.pids})],
        "above": _above(pid),
        "lines": lines(pid),
    }


def _likeness(pid):
    """[bounds, program] that a successor must have too; None where this user may not look."""
    try:
        return [bounds.like(bounds.standing(pid), bounds.standing()), bounds.identity(pid)]
    except HostError:
        return None


def _above(pid):
    """Digest of the command of the parent where it is of the same session and thus part of what was started; else
    None.
    """
    above = processes.parent(pid)
    return (
        digest(processes.argv(above))
        if above and above > 1 and processes.session(above) == processes.session(pid)
        else None
    )


def lines(pid):
    """What a process is to whoever uses it, as lines of a state dump; nothing of it is secret."""
    try:
        above = processes.parent(pid)
        own = above and above > 1 and processes.session(above) == processes.session(pid)
        bounding = sorted("%s:%s" % (each[0], group) for each in control_groups.kept(pid) for group in each[2])
        found = ["name: %s" % printable(processes.comm(pid)), "user: %s" % bounds.status(pid).get("Uid", "").split()[0]]
        found.append("started by: %s" % (printable(processes.comm(above)) if own else "another session"))
        found += inherited.lines(pid) + streams.lines(pid)
        return found + ["bounded by the control group %s" % printable(each) for each in bounding]
    except (HostError, OSError, ValueError) as error:
        return ["cannot be inspected: %s" % printable(getattr(error, "strerror", None) or str(error))]


def _came_later(marks, pid):
    start_ticks = processes.start_time(pid)
    return (
        start_ticks is not None
        and start_ticks >= marks["since"] - 1
        and [pid, start_ticks] not in [list(each) for each in marks["old"]]
    )


def _alike(marks, pid):
    return marks.get("like") is None or _likeness(pid) == marks["like"]


def _serves_alike(marks, pid):
    return not marks.get("serving") or None in marks["serving"] or _likeness(pid) in marks["serving"]


def serves(marks):
    """Whether every port that the old process had is listened on by one that came later and is like it; true when
    it had none.
    """
    return not _missing(marks)[0]


def _missing(marks):
    """(ports that no successor listens on, {port: pids} of those that somebody else has)."""
    if not marks["ports"]:
        return [], {}
    listening = listeners.listeners()
    taken = {
        each.port
        for each in listening
        if any(_came_later(marks, pid) and _serves_alike(marks, pid) for pid in each.pids)
    }
    missing = [port for port in marks["ports"] if port not in taken]
    return missing, {each.port: each.pids for each in listening if each.port in missing}


def still_served(marks):
    """[(port, pid, name)] of ports of the old process that somebody of its old tree still listens on."""
    found = []
    for each in listeners.listeners() if marks["ports"] else []:
        old = [pid for pid in each.pids if [pid, processes.start_time(pid)] in marks["old"]]
        if each.port in marks["ports"] and old:
            found.append((each.port, old[0], printable(processes.comm(old[0]))))
    return found


def wait_unserved(marks, seconds):
    """Give the processes below one that has ended the time to see that."""
    _wait.until(lambda: len(marks["old"]) <= 1 or not still_served(marks), seconds, 0.05)


def end_leftovers(marks):
    """End what of the old tree still listens in its place: what is started again could not."""
    for _port, pid, _name in still_served(marks):
        start_ticks = processes.start_time(pid)
        if [pid, start_ticks] in marks["old"]:
            processes.end(pid, start_ticks)


def impostors(marks):
    """Sentences about processes that listen in the place of the old one and are not what it was."""
    said, old = [], {each[0] for each in marks["old"]}
    for port, pids in sorted(_missing(marks)[1].items()):
        if not old & set(pids):
            who = (
                "process %d (%s)" % (pids[0], printable(processes.comm(pids[0])))
                if pids
                else "a process of another user"
            )
            said.append("port %d is in use by %s, which did not listen on it before" % (port, who))
    return said


def successor(marks):
    """(pid, start) of the process that took the place of the old one, or None.

    Of several (a program that starts itself below itself to watch its files) the one that listens, or that has the same
    kind of parent.
    """
    old = [each[0] for each in marks["old"]]
    found = []
    for pid in processes.pids():
        if (
            _came_later(marks, pid)
            and digest(processes.argv(pid)) == marks["command"]
            and processes.parent(pid) not in old
            and _alike(marks, pid)
        ):
            found.append(pid)
    taken = (
        [pid for each in listeners.listeners() for pid in each.pids if each.port in marks["ports"]]
        if marks["ports"]
        else []
    )
    found.sort(key=lambda pid: (pid not in taken, _above(pid) != marks.get("above"), pid))
    if not found:
        top = listeners.top_of_tree([pid for pid in taken if _came_later(marks, pid) and _alike(marks, pid)])
        found = [top] if top else []
    for pid in found:
        start_ticks = processes.start_time(pid)
        if start_ticks is not None:
            return pid, start_ticks
    return None


def current(marks):
    """The process that is meant, or what took its place: (pid, start) or None."""
    return (marks["pid"], marks["start"]) if processes.alive(marks["pid"], marks["start"]) else successor(marks)


def wait(marks, seconds):
    """Wait for a successor; returns it or None."""
    return _wait.until(lambda: successor(marks), seconds, 0.05)


def staying(marks, seconds):
    """The process that is meant, or what took its place, once it is ``seconds`` old: what has just begun may end at once.

    None where none stays; whatever starts one after the other is waited for three times as long.
    """
    deadline = _wait.Deadline(3 * seconds)
    while True:
        found = current(marks)
        if found is None or processes.age_s(found[1]) >= seconds:
            return found
        if deadline.over:
            return None
        time.sleep(0.05)


def settled(marks):
    """Lines of the process that is there now, once they are those of before, or after a while as they are; None
    when there is none.
    """
    deadline = _wait.Deadline(SETTLES_S)
    while True:
        found = current(marks)
        told = lines(found[0]) if found else None
        if told is None or told == marks.get("lines") or deadline.over:
            return told
        time.sleep(0.1)
