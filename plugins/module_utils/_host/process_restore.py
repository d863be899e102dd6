# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a process again as it was, with what it had inherited and with no more rights than it had. Private to
magsasa.chaos.

All of it is kept aside before the process is ended. What bounds it must be the same as what bounds us, but for its
user, or it is refused
(bounds.py): looked at before the end, once more by whoever starts it, and in what was started. The environment may hold
secrets. It is kept in
a private file of the run folder, never in the ledger, and removed with the fault.
"""

from __future__ import annotations

import json
import os
import select
import signal

from .. import _wait
from .._errors import HostError, printable
from .._ledger import private_files, trusted_paths
from . import bounds, command, control_groups, inherited, processes, streams

FORM = 2  # of what is kept aside
# seconds that a start may take: whoever stops it, or whose file system does not answer, must not hold up the undo
START_S = 10.0
_DONE = "done"
_known = {}  # fault id: what this process has put aside


def path_of(fault_id):
    """The private file of a fault."""
    return os.path.join(private_files.folders().run, fault_id + ".spool")


def obstacle(pid):
    """What keeps this process from being started again as it was, with a remedy (texts), or (None, None)."""
    try:
        found = _read(pid)
        why = _judged(found) or control_groups.ends_with(found["cgroups"], pid)
    except (HostError, OSError, KeyError, ValueError) as error:
        why = _told(error)
    return (why, control_groups.remedy(pid)) if why else (None, None)


def capture(pid, whole=True):
    """What is needed to start this process again; raises HostError when it may not be read, or could not be given back.

    With ``whole`` each of its files must be had again, too.
    """
    start = processes.start_time(pid)
    try:
        found = _read(pid)
        why = _judged(found)
        # Whoever becomes another program in between must not mix the environment of the one with the rights of the
        # other.
        why = why or ("it changed while it was inspected" if _read(pid) != found else None)
        why = why or control_groups.ends_with(found["cgroups"], pid)
    except (HostError, OSError, KeyError, ValueError) as error:
        why = _told(error)
    if why or start is None or start != processes.start_time(pid):
        raise HostError(
            "process %d could not be restarted as it was: %s; %s"
            % (pid, why or "it has ended", control_groups.remedy(pid))
        )
    found.update(pid=pid, start=start)
    lost = start_again(found, rehearsal=True)
    if lost and whole:
        raise HostError("process %d could not be restarted as it was: %s" % (pid, "; ".join(lost)))
    return found


def _told(error):
    return getattr(error, "strerror", None) or str(error)


def _read(pid):
    standing, origin = bounds.standing(pid), bounds.origin(pid)
    why = _more_rights(standing, origin)
    if why:
        raise HostError(why)  # the files of a container are not to be looked for on the host
    argv, environment = command.words(pid), command.environment(pid)
    return dict(
        inherited.read(pid),
        standing=standing,
        origin=origin,
        command=command.read(pid, argv, environment),
        env=environment,
        streams=streams.read(pid),
        cgroups=control_groups.kept(pid),
    )


def _more_rights(standing, origin):
    if origin["set_id"] or origin["secure"]:
        return "its program has more rights than its starter (set-user-id, set-group-id or file capabilities)"
    return bounds.why_not(standing, bounds.standing(), bounds.seccomp(1))


def _judged(found):
    """Why what was read of a process must not be started by us (text), or None."""
    why = _more_rights(found["standing"], found["origin"])
    why = why or ("its folder %s has been moved or removed" % printable(found["cwd"]) if found["cwd_moved"] else None)
    if why or found["standing"]["uid"][0] != 0:
        return why
    for path in command.files(
        found["command"], found["cwd"]
    ):  # who else could decide what root would run; others know who owns what they run
        why = trusted_paths.stranger(path, 0)
        if why:
            return "root runs %s, and %s" % (printable(path), why)
    return None


def captures(above):
    """The same of the processes ([pid, start]) above one that may end with it, the next one first, up to one that
    could not be started again.
    """
    found = []
    for pid, start in above:
        try:
            found.append(capture(pid, whole=False))
        except HostError:
            break
        if found[-1]["start"] != start:
            return found[:-1]
    return found


def keep(fault_id, captured):
    """Put aside what ``capture`` returned of a process, and after it what ``captures`` did; in memory too, as
    somebody may take the run folder away.
    """
    text = json.dumps({"form": FORM, "processes": captured})
    if len(text) > private_files.LARGEST:
        raise HostError(
            "process %d could not be restarted as it was: its command line and environment are too long to save"
            % captured[0]["pid"]
        )
    _known[fault_id] = captured
    private_files.write_private(path_of(fault_id), text, durable=False)


def kept(fault_id):
    """What was put aside ([captured]), or None."""
    found = private_files.read_json(path_of(fault_id))
    if found is None:
        return _known.get(fault_id)
    if found.get("form") == FORM:
        return found["processes"]
    raise HostError("the data saved for restarting the process is of another version of this collection")


def chosen(captured):
    """Which of a process and those above it must be started: the uppermost of those that are gone, up to the first
    that is still there.
    """
    best = captured[0]
    for each in captured[1:]:
        if processes.alive(each["pid"], each["start"]):
            break
        best = each
    return best


def start(captured):
    """Start it, detached, as a child of nobody; returns its pid once it runs its program. Raises HostError."""
    return start_again(captured)


def start_again(captured, rehearsal=False):
    """The same; a rehearsal does all of it but to become the program, and returns phrases of what could not be had
    again.
    """
    why = _judged(captured)
    if why:
        raise HostError("the process could not be restarted: %s" % why)
    reading, writing = os.pipe()
    middle = os.fork()
    if middle == 0:
        _middle(captured, writing, rehearsal)
    os.close(writing)
    os.waitpid(middle, 0)
    try:
        (pid, begun), said, over = _heard(reading)
    finally:
        os.close(reading)
    problems = [line for line in said.splitlines() if line]
    if over or (rehearsal and problems[-1:] != [_DONE]) or (problems and not rehearsal) or not pid:
        _end(pid, begun)
        words = "it took more than %g s" % START_S if over else printable(problems[0], 300) if problems else "no answer"
        raise HostError("the process could not be restarted: %s" % words)
    if rehearsal:
        return problems[:-1]
    _confirm(pid, begun, captured)
    return pid


def _end(pid, begun):
    if pid and begun is not None:
        processes.send(pid, begun, signal.SIGKILL)


def _heard(reading):
    """((pid, start), text, whether the time is over): the pipe ends when the program runs."""
    deadline = _wait.Deadline(START_S)
    text, who, over = b"", (None, None), False
    while len(text) < 65536:
        over = deadline.over or not select.select([reading], [], [], deadline.left)[0]
        piece = b"" if over else os.read(reading, 4096)
        if not piece:
            break
        text += piece
        head, end, _rest = text.partition(b"\n")
        if end and who[0] is None and head.isdigit():
            who = (int(head), processes.start_time(int(head)))
    return who, text.partition(b"\n")[2].decode("utf-8", "replace"), over


def _confirm(pid, begun, captured):
    """What runs now must be what was there before and may do no more; else it is ended."""
    try:
        same = (
            bounds.standing(pid) == captured["standing"]
            and bounds.origin(pid)["program"] == captured["origin"]["program"]
        )
    except HostError:
        return  # it has ended already: whoever waits for it will see
    if not same and processes.alive(pid, begun):
        _end(pid, begun)
        raise HostError("the process could not be restarted: the new process differs from the old one")


def _middle(captured, writing, rehearsal):
    """In the middle process: fork once more, so that init is the parent; then all that the process had, then the
    program.
    """
    status = 127
    try:
        os.setsid()
        if os.fork():
            status = 0
            return
        os.write(writing, b"%d\n" % os.getpid())
        _become(captured, writing, rehearsal)
        status = 0
    except BaseException as error:  # whatever it is: this process must never go on as what it was forked from
        os.write(writing, ("%s\n" % (str(error) or type(error).__name__).replace("\n", " ")).encode("utf-8", "replace"))
    finally:
        os._exit(status)


def _become(captured, writing, rehearsal):
    kept_open = {0, 1, 2, writing}
    for number in [int(name) for name in os.listdir("/proc/self/fd")]:
        if number not in kept_open:
            try:
                os.close(number)
            except OSError:
                pass  # the one that listed them
    os.set_inheritable(writing, False)
    standing = captured["standing"]
    control_groups.rejoin(captured["cgroups"])
    inherited.give(captured)
    if os.geteuid() == 0:
        os.setgroups(standing["groups"])
        os.setresgid(*[standing["gid"][0]] * 3)
        os.setresuid(*[standing["uid"][0]] * 3)
    why = bounds.more_than(bounds.standing(), standing)
    if why:
        raise HostError(why)
    inherited.enter(captured)
    problems = streams.attach(captured["streams"])
    if rehearsal:
        os.write(
            writing, "".join(printable(each, 200) + "\n" for each in problems + [_DONE]).encode("utf-8", "replace")
        )
        return
    command.run(captured["command"], captured["origin"]["program"], captured["env"])
