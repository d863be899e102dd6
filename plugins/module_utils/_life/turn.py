# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's turn: one run at a time experiments on it. Private to magsasa.chaos.

A small process holds the turn (``<run>/turn/``) and goes when the run gives it back, or when nobody has renewed it for
its lease: a
controller that died keeps nobody out for longer. A run is ``{"id", "by", "host", "experiment", "force"}``, filled in on
the controller.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import time

from .. import _clock, _quantity, _wait
from .._errors import BadOption, ChaosError, Refused, printable
from .._ledger import locks, private_files
from .._host import processes
from . import tidying

TOLD, SPEC, LEASE = "turn.json", "spec.json", "lease"
MARK = "MAGSASA_CHAOS_TURN"
LOOK_S = 0.5  # how often the holder looks at its lease
PAUSE_S = 0.2  # between two tries of somebody who waits
KEY = "force (for a whole run chaos_run_force=true)"
TRUE = ("true", "yes", "on", "y", "t", "1")
ID = re.compile(r"[0-9a-f]{12}")


def parse(given):
    """The run that a module was told of, or None. Raises BadOption."""
    if not given:
        return None
    if not isinstance(given.get("id"), str) or not ID.fullmatch(given["id"]):
        raise BadOption(
            "run", given.get("id"), "is not the identity of a run", "leave it out; the controller fills it in"
        )
    run = {
        "id": given["id"],
        "by": printable(given.get("by") or "somebody", 120),
        "host": printable(given.get("host") or "", 100),
    }
    run.update({key: str(given.get(key)).lower() in TRUE for key in ("experiment", "force", "turn")})
    run["lease_s"] = _quantity.duration(given.get("lease") or "15s", "run.lease", low=1.0, high=3600.0)
    run["wait_s"] = _quantity.duration(given.get("wait") or "0s", "chaos_run_wait", high=3600.0)
    run["expected_s"] = _quantity.duration(given.get("expected") or "0s", "run.expected")
    return run


def owner(run):
    """What of a run goes into a record."""
    return {key: run[key] for key in ("id", "by", "host", "experiment")} if run else None


def foreign(record, run):
    """Whether a record (fault or recorder) is an experiment's and ``run`` (or None) is another one, or the other
    way round.
    """
    theirs = record.get("run") if isinstance(record.get("run"), dict) else {}
    mine = run or {}
    return bool(theirs.get("experiment") or mine.get("experiment")) and theirs.get("id") != mine.get("id")


def whose(record):
    """The run of a record, for a sentence."""
    theirs = record.get("run") if isinstance(record.get("run"), dict) else {}
    return "run %s of %s" % (printable(theirs.get("id") or "?", 12), printable(theirs.get("by") or "somebody", 120))


def machine():
    """What tells this machine from another: boot and process space. Containers on one kernel are machines of their
    own, two names of one machine are not.
    """
    try:
        space = os.readlink("/proc/1/ns/pid") if os.geteuid() == 0 else os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return "%s/%s" % (_clock.boot_id(), space)


def place():
    """The same, of one of several states that somebody keeps apart on a machine: each has a turn of its own."""
    apart = os.environ.get(private_files.OVERRIDE)
    return "%s %s" % (machine(), apart) if apart else machine()


def holder(run_folder):
    """What the run that holds the turn said of itself, or None when nobody does."""
    where = os.path.join(run_folder, "turn")
    if not (private_files.private(run_folder) and private_files.private(where)):
        return None
    told = private_files.read_json(os.path.join(where, TOLD)) or {}
    here = told.get("boot_id") == _clock.boot_id() and isinstance(told.get("pid"), int)
    return told if here and processes.alive(told["pid"], told.get("start")) else None


def admit(ledger, run, force=False):
    """Refuse while another run has the turn of this host. Raises Refused."""
    told = None if force or (run or {}).get("force") else holder(ledger.folders.run)
    if told and told.get("id") != (run or {}).get("id"):
        raise Refused("run", _sentence(told), KEY)


def take(ledger, run):
    """Take the turn for ``run``, or renew it; returns whether it is held (not with ``force`` beside another's).
    Raises Refused.
    """
    halted = ledger.halt_of(run["id"])
    if halted:
        raise Refused("halt", halted, remedy="start a new run")
    private_files.prepare(ledger.folders.run)
    deadline = _wait.Deadline(run["wait_s"])
    while True:
        with _alone(ledger.folders.run):
            other = _other(ledger, run)
            if other is None:
                _hold(ledger, run)
                return True
        if run["force"]:
            return False
        same = (holder(ledger.folders.run) or {}).get("id") == run[
            "id"
        ]  # the same run by another name of this machine: waiting is of no use
        if same or deadline.over:
            tidying.tidy(ledger)
            raise Refused("run", other, KEY)
        time.sleep(PAUSE_S)


def renew(ledger, identity):
    """The run is still there. Does nothing when the turn is not its."""
    told = holder(ledger.folders.run)
    if told and told.get("id") == identity:
        private_files.write_private(
            os.path.join(ledger.folders.run, "turn", LEASE), "%.6f" % time.monotonic(), durable=False
        )


def release(ledger, identity=None, check_mode=False):
    """Give the turn back (or take it away: without an identity whoever has it); returns what its holder had said,
    or None.
    """
    told = holder(ledger.folders.run)
    if told is None and not check_mode and _killed(ledger.folders.run, identity):
        with _alone(ledger.folders.run):
            if holder(ledger.folders.run) is None:
                private_files.remove_folder(os.path.join(ledger.folders.run, "turn"))
        tidying.tidy(ledger)
    if told is None or identity not in (None, told.get("id")):
        return None
    if not check_mode:
        with _alone(ledger.folders.run):
            processes.end(told["pid"], told["start"], 5.0)
            private_files.remove_folder(os.path.join(ledger.folders.run, "turn"))
        tidying.tidy(ledger)
    return told


def _killed(run_folder, identity):
    """Whether a holder that is no more left its folder, and held the turn for this run (None: for anybody)."""
    where = os.path.join(run_folder, "turn")
    if not (private_files.private(run_folder) and private_files.private(where)):
        return False
    return identity is None or (private_files.read_json(os.path.join(where, TOLD)) or {}).get("id") == identity


@contextlib.contextmanager
def _alone(run_folder):
    path = os.path.join(run_folder, "turn.lock")
    with locks.held(path, wait=30.0, make=lambda: private_files.prepare(run_folder)):
        try:
            yield
        finally:
            private_files.remove(path)


def _other(ledger, run):
    """Why the turn is not to be had (a sentence's middle), or None."""
    told = holder(ledger.folders.run)
    if told and told.get("id") == run["id"] and told.get("host") != run["host"]:
        return "%s and %s in the inventory are the same machine, and this run already experiments on it as %s" % tuple(
            printable(each, 100) for each in (run["host"], told.get("host"), told.get("host"))
        )
    if told and told.get("id") != run["id"]:
        return _sentence(told)
    for record in ledger.active():
        if (record.get("run") or {}).get("id") != run["id"]:
            until = (record.get("deadline") or {}).get("wall")
            ends = ", until %s at the latest" % moment(until) if until else ""
            return "fault '%s' of %s is active on this host%s" % (printable(record["name"], 63), whose(record), ends)
    return None


def _hold(ledger, run):
    """Renew what is held, or start the holder."""
    where = os.path.join(ledger.folders.run, "turn")
    told = holder(ledger.folders.run)
    if told:
        renew(ledger, run["id"])
        return
    private_files.remove_folder(where)  # of one that was killed
    private_files.prepare(where)
    now = time.time()
    spec = dict(
        owner(run), lease_s=run["lease_s"], since=now, until=now + run["expected_s"] if run["expected_s"] else None
    )
    from . import launch  # only here: looking should not load how things are started

    try:
        private_files.write_private(os.path.join(where, SPEC), json.dumps(spec), durable=False)
        launch.detach("turn", os.path.join(where, SPEC), {MARK: run["id"]})
    except ChaosError:
        private_files.remove_folder(where)
        raise


def moment(wall):
    """A time of day as a sentence has it."""
    return (
        time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(wall))
        if isinstance(wall, (int, float))
        else "an unknown time"
    )


def _sentence(told):
    until = told.get("until")
    ends = (
        "is expected to end at about %s" % moment(until)
        if until
        else "keeps it while it renews its lease of %g s" % (told.get("lease_s") or 0)
    )
    return "%s has reserved this host since %s and %s" % (whose({"run": told}), moment(told.get("since")), ends)


def main(spec_path, ready):
    """Entry of the runtime archive: hold the turn until SIGTERM, the end of the lease, or until the folder is gone."""
    spec = private_files.read_json(spec_path)
    if spec is None:
        raise ValueError("the spec of the turn cannot be read")
    private_files.remove(spec_path)
    where = os.path.dirname(spec_path)
    processes.set_process_name("chaos-turn")
    from .._ledger.ledger import Ledger  # loaded now: the archive may be gone at the end

    ledger = Ledger()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    told = dict(spec, pid=os.getpid(), start=processes.start_time(os.getpid()), boot_id=_clock.boot_id())
    private_files.write_private(os.path.join(where, TOLD), json.dumps(told), durable=False)
    ready({"pid": told["pid"]})
    began = time.monotonic()
    while not select.select([reading], [], [], LOOK_S)[0]:
        if (private_files.read_json(os.path.join(where, TOLD)) or {}).get("pid") != told["pid"]:
            return 0
        if time.monotonic() - _renewed(where, began) > spec["lease_s"]:
            private_files.remove_folder(where)
            tidying.tidy(ledger)
            return 0
    return 0  # whoever ended us takes the folder away


def _renewed(where, began):
    try:
        with open(os.path.join(where, LEASE)) as source:
            return max(began, float(source.read(32)))
    except (OSError, ValueError):
        return began
