# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in a run, told to whoever shows it while it runs. Private to magsasa.chaos.

Actions run in workers, which must not write to the terminal. They append one JSON line an event to a private file of
the
run; a callback reads it. Nobody listens: nothing is written. Events say what is going on, the report says what was: a
lost
event changes no verdict, so nothing here ever raises.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
import time

from ansible_collections.magsasa.chaos.plugins.plugin_utils import _probing
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import rows, text

FILE = "MAGSASA_CHAOS_EVENTS"  # variable of the environment: "<pid of ansible-playbook>:<path>"
STOP = ".stop"  # beside the file while somebody has asked the run to end early (Ctrl-C)

# Fields of each event beside "event" and "at" (seconds since 1970). A field may be missing or null: not known.
EVENTS = {
    # A run begins; later ones of the same run fill in what the first did not know. scenarios: [{id, title, hold_s}];
    # waves: of each scenario, as far as the inventory tells
    "run": "intensity target service scenarios hosts host_count waves baseline_s estimated_s lease_s dry_run".split(),
    # What will be tested on one host (found: in words, with how it was found and why), or the reason why nothing is
    "host": "host target service found reason".split(),
    # A sentence that is worth a line before the scenarios begin; now: while somebody waits for what it says
    "note": "host text now".split(),
    # A scenario begins on the hosts of a wave
    # run_hosts: how many the run has
    "scenario": "scenario wave waves hosts host_count run_hosts baseline_s hold_s".split(),
    # One of its phases begins: baseline, inject, hold, recovery, collect
    "phase": "scenario phase seconds".split(),
    # What is seen just now, the worst of all hosts; effect: what the fault measures of itself, a few words
    "tick": "scenario phase left_s error_rate_pct p50_ms p95_ms effect lost".split(),
    # The experiment of one host has a record. word: passed, failed, unknown, skipped, refused, planned, broken;
    # run_hosts: how many hosts will have one, also of those on which nothing runs
    "ended": "scenario host status verdict word figure reason run_hosts".split(),
    # A fault is undone before its time
    "halt": "scenario host why".split(),
    # A fault is being put back (done: false) or is gone (done: true); within_s: when it ends by itself at the latest
    "back": "scenario host done within_s".split(),
    # The run is over
    "end": "verdict sentence".split(),
}
PHASES = ("baseline", "inject", "hold", "recovery", "collect")
LONGEST_LINE = 16384  # bytes
LONGEST_TEXT = 300
MOST_ENTRIES = 200  # of a list
FIRST_HOSTS = 4  # nothing names more
MOST_BYTES = 64 << 20  # of the file


def listen(folder=None):
    """Make the file, for the callback in the process of ansible-playbook. Returns its path, or None where it cannot
    be made.
    """
    try:
        handle, path = tempfile.mkstemp(prefix="magsasa-chaos-events-", dir=folder)
    except OSError:
        return None
    os.close(handle)
    os.environ[FILE] = "%d:%s" % (os.getpid(), path)
    return path


def forget(path):
    """Remove the file; nobody listens any more."""
    if os.environ.get(FILE, "").partition(":")[2] == path:
        del os.environ[FILE]
    for each in (path + STOP, path):
        try:
            os.unlink(each)
        except OSError:
            pass


def _path():
    """The file of this run; None where nobody listens. An ansible-playbook that was started by a task of this one
    is another run.
    """
    owner, _colon, path = os.environ.get(FILE, "").partition(":")
    return path if path and owner in (str(os.getppid()), str(os.getpid())) else None


_NARRATORS = []  # who says the events of this process where no callback shows those of the run


def narrate(narrator):
    """Have ``narrator.take(event)`` say what this process tells, where no callback does. Once for each process."""
    if not _NARRATORS:
        _NARRATORS.append(narrator)


def heard():
    """Whether somebody shows the events of this run, so that nothing else need be printed."""
    return bool(_NARRATORS) or _path() is not None


def tell(event, **fields):
    """Append one event. Fields that are not in EVENTS are a mistake of the caller and left out."""
    path = _path()
    try:
        line = encode(event, fields, time.time())
        if path is None:
            for narrator in _NARRATORS:
                narrator.take(decode(line))
            return
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if os.fstat(handle).st_size + len(line) <= MOST_BYTES:
                os.write(
                    handle, line
                )  # one write to a file that is opened for appending: lines of several workers never mix
        finally:
            os.close(handle)
    except (OSError, ValueError):  # ValueError: a number of more digits than Python writes out
        pass


def encode(event, fields, now):
    """The line (bytes) of an event: bounded, without control characters. Pure."""
    kept = {key: _clean(fields[key]) for key in EVENTS[event] if fields.get(key) is not None}
    line = json.dumps(dict(kept, event=event, at=round(now, 3)), allow_nan=False).encode("ascii") + b"\n"
    if len(line) > LONGEST_LINE and len(kept.get("hosts") or ()) > FIRST_HOSTS:  # names of a fleet: host_count counts
        kept["hosts"] = kept["hosts"][:FIRST_HOSTS]
        line = json.dumps(dict(kept, event=event, at=round(now, 3)), allow_nan=False).encode("ascii") + b"\n"
    if len(line) > LONGEST_LINE:
        kept = {key: value for key, value in kept.items() if not isinstance(value, list)}
        line = json.dumps(dict(kept, event=event, at=round(now, 3)), allow_nan=False).encode("ascii") + b"\n"
    return line


def _clean(value, depth=2):
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return value if abs(value) < 1 << 53 else None  # neither endless nor NaN
    if isinstance(value, (list, tuple)) and depth:
        return [_clean(each, depth - 1) for each in value[:MOST_ENTRIES]]
    if isinstance(value, dict) and depth:
        return {text.plain(key, 40): _clean(value[key], depth - 1) for key in list(value)[:20]}
    return text.plain(value, LONGEST_TEXT)


def decode(line):
    """The event (dict) of a line, or None for one that is none. Pure."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("event") not in EVENTS or not isinstance(found.get("at"), (int, float)):
        return None
    return found


class Reader:
    """Reads what was appended since the last look."""

    def __init__(self, path):
        self._path = path
        self._offset = 0
        self._rest = b""

    def read(self, most=1 << 20):
        """The events (list of dicts) that are new, in order."""
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return []
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return []
            data = os.pread(handle, most, self._offset)
        finally:
            os.close(handle)
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            self._rest = b""
        return [event for event in map(decode, lines) if event is not None]


def ask_to_stop(path, why):
    """Ask the run to put back what is in and to end, from the process that listens; ``why`` stands in the report.
    The first who asks counts.
    """
    if os.path.lexists(path + STOP):
        return
    try:
        handle = os.open(
            path + STOP + ".new", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            os.write(handle, text.plain(why, LONGEST_TEXT).encode("utf-8"))
        finally:
            os.close(handle)
        os.rename(path + STOP + ".new", path + STOP)  # it is there with its reason, or not at all
    except OSError:
        pass


def stop_asked():
    """Why the run is to end early (a few words, such as "Ctrl-C"), or None. Whoever waits asks this at least every
    second.
    """
    path = _path()
    if path is None:
        return None
    try:
        with open(path + STOP, encoding="utf-8") as source:
            return text.plain(source.read(LONGEST_TEXT), LONGEST_TEXT) or "somebody"
    except (OSError, ValueError):
        return None


def detected(host, endpoint, able):
    """Tell what will be tested on a host and what will be left out: ``endpoint`` as the detection found it,
    ``able``: ``{scenario: {can, ...}}``.
    """
    try:
        target = _probing.tested(endpoint)
        words = rows.tested([{"host": host, "target": dict(target, probed=target["url"])}])[0][1] if target else None
        lacking = [name for name, found in (able or {}).items() if found.get("can") is False]
    except (AttributeError, TypeError, ValueError):  # a host that says anything
        return
    tell("host", host=host, target=target.get("url"), service=target.get("service"), found=words)
    if lacking:
        tell(
            "note",
            host=host,
            text="%d of %d scenarios cannot run here: %s" % (len(lacking), len(able), ", ".join(lacking[:20])),
        )


def ended(record, run_hosts=None):
    """Tell of the experiment of one host that has its record. ``run_hosts``: how many hosts the run has."""
    objectives = record.get("objectives") or []
    missed = [each for each in objectives if each["met"] is False]
    measured = [each for each in objectives if each["met"]]
    tell(
        "ended",
        scenario=record["scenario"],
        host=record["host"],
        status=record["status"],
        verdict=record["verdict"],
        word=rows.word(record).lower(),
        figure="; ".join(rows.objective(each) for each in missed or measured[:1]) or None,
        reason=record.get("reason") or None,
        run_hosts=run_hosts,
    )
