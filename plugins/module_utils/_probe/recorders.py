# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorders of a host as their folders tell: ``<run>/probes/<name>/``. Private to magsasa.chaos."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from .. import _clock, _quantity, _wait
from .._errors import BadOption, HostError, printable
from .._host import processes
from .._life import turn
from .._ledger import locks, private_files
from . import live

RECORDER = "recorder.json"  # written by the recorder: pid, start, boot_id, what it does, when it began
SPEC = "spec.json"  # read and removed by the recorder: it may hold secrets
SAMPLES = "samples.tsv"
FORGET_S = 0.5  # what a recorder may take to end when nobody wants its samples
MARK = "MAGSASA_CHAOS_PROBE"  # in the environment of a recorder and of whatever it runs
SUMMARY = "summary.json"  # written by the recorder when it ends
REASONS = "reasons.json"  # written by the recorder: why probes failed
KEPT = "kept"  # there when its samples are kept after its end, until whoever asked for them has them
LEASE = "lease"  # holds the monotonic second of the last renewal


@contextlib.contextmanager
def alone(run):
    """One start or stop at a time on this host; leaves no lock file."""
    path = os.path.join(private_files.prepare(run), "probes.lock")
    with locks.held(path, wait=30.0):
        try:
            yield
        finally:
            private_files.remove(path)


def folder(run, name):
    """Where the recorder ``name`` keeps its files."""
    return os.path.join(run, "probes", name)


def read(run, name):
    """What the recorder ``name`` said about itself, with ``alive``; None when there is none."""
    where = folder(run, name)
    if not (
        private_files.private(run) and private_files.private(os.path.dirname(where)) and private_files.private(where)
    ):
        return None
    found = private_files.read_json(os.path.join(where, RECORDER)) or {}
    here = found.get("boot_id") == _clock.boot_id()
    found["alive"] = bool(
        here and isinstance(found.get("pid"), int) and processes.alive(found["pid"], found.get("start"))
    )
    return found


def names(run):
    """Names of the recorders that have a folder, sorted; none in a run folder that is not ours alone."""
    if not private_files.private(run):
        return []
    try:
        entries = sorted(os.listdir(os.path.join(run, "probes")))
    except OSError:
        return []
    return [entry for entry in entries if _is_name(entry) and os.path.isdir(folder(run, entry))]


def _is_name(entry):
    try:
        return bool(_quantity.name(entry))
    except BadOption:
        return False


def describe(run, name, window_s, owner=None):
    """One recorder as status and fault_info show it; None when there is none, or none of the experiment ``owner``."""
    found = read(run, name)
    if found is None or (owner and turn.foreign(found, owner)):
        return None
    shown = {"name": name, "running": found["alive"] and not found.get("ended")}
    for key in ("pid", "target", "rate", "started_at"):
        shown[key] = found.get(key)
    shown["window_s"] = window_s
    shown.update(
        live.window(os.path.join(folder(run, name), SAMPLES), window_s)
        or {"sent": 0, "failed": 0, "error_rate_pct": None, "p50_ms": None}
    )
    shown["why"] = why(run, name)
    shown["overdue"] = _overdue(os.path.join(folder(run, name), SAMPLES), found, shown) if shown["running"] else 0
    return shown


def _overdue(path, told, shown):
    """How many probes are under way for far longer than the answers in the window took."""
    first, rate, now = told.get("first"), told.get("rate"), time.monotonic()
    if not first or not rate:
        return 0
    late = now - live.WRITTEN_S - 2.0 * (shown.get("p95_ms") or 0.0) / 1000.0
    try:
        return len(live.unanswered(path, first, rate, now - (told.get("timeout_s") or 0.0) - live.WRITTEN_S, late))
    except OSError:
        return 0


def why(run, name):
    """In words why most of the failed probes of a recorder failed; None when none did, or nobody told."""
    told = (private_files.read_json(os.path.join(folder(run, name), REASONS)) or {}).get("reasons")
    first = told[0] if isinstance(told, list) and told and isinstance(told[0], dict) else {}
    return printable(first.get("detail") or first.get("error") or "", 120) or None


def list_probes(run, window_s=5.0):
    """Every recorder that has a folder, also one that has died, with its live figures."""
    shown = [describe(run, name, window_s) for name in names(run)]
    return [each for each in shown if each is not None]


def renew(run, wanted=None, owner=None):
    """Renew the lease of the recorders of this host (or those named, or of the experiment ``owner``); returns their
    names.

    One without a lease is left alone.
    """
    done = []
    for name in names(run):
        found = read(run, name) if wanted is None or name in wanted else None
        if found and found["alive"] and found.get("lease_s") and not (owner and turn.foreign(found, owner)):
            private_files.write_private(
                os.path.join(folder(run, name), LEASE), "%.6f" % time.monotonic(), durable=False
            )
            done.append(name)
    return done


def lease_over(where, lease_s, since, now):
    """Whether the recorder in folder ``where`` has a lease that nobody renewed in time; ``since``: when it began."""
    if not lease_s:
        return False
    try:
        with open(os.path.join(where, LEASE)) as source:
            since = max(since, float(source.read(32)))
    except (OSError, ValueError):
        pass
    return now - since > lease_s


def end(run, name, patience=5.0):
    """End the recorder's process and wait, also for the answers that it awaits; returns whether it ran."""
    found = read(run, name)
    if not found or not found["alive"]:
        return False
    limit = found.get("timeout_s")
    processes.end(found["pid"], found["start"], patience + (limit if isinstance(limit, (int, float)) else 0.0))
    return True


def end_and_keep(run, name, patience=5.0):
    """The same, but the recorder stays with what it recorded until that is taken away, or its lease is over: whoever
    collects may be killed before he has it all.
    """
    found = read(run, name)
    if not found or not found["alive"] or found.get("ended"):
        return
    where, limit = folder(run, name), found.get("timeout_s")
    with contextlib.suppress(HostError):  # a full disk: then it does not stay
        private_files.write_private(os.path.join(where, KEPT), "", durable=False)
    patience += limit if isinstance(limit, (int, float)) else 0.0
    if processes.send(found["pid"], found["start"], signal.SIGTERM):
        processes.send(found["pid"], found["start"], signal.SIGCONT)
        if not _wait.until(lambda: _has_ended(run, name), patience, 0.002, longest=0.05):
            processes.end(found["pid"], found["start"], 0.0)


def _has_ended(run, name):
    found = read(run, name)
    return not found or not found["alive"] or bool(found.get("ended"))


def end_marked(identity):
    """End what still runs of the recorder with this identity: programs of its checks, or itself before it told its
    pid.
    """
    for pid, start in processes.marked(MARK, identity):
        if pid != os.getpid():
            processes.send(pid, start, signal.SIGKILL)


def remove(run, name):
    """Take the recorder's folder away; it is private and ours as a whole."""
    where, found = folder(run, name), read(run, name)
    private_files.remove_folder(where)
    private_files.remove_if_empty(os.path.dirname(where))
    if found and found["alive"] and found["pid"] != os.getpid():  # one that kept them
        processes.end(found["pid"], found["start"], FORGET_S)


def discard(run, name):
    """End a recorder and forget what it recorded; what it still awaits is not waited for."""
    found = read(run, name)
    if found and found["alive"]:
        processes.end(found["pid"], found["start"], FORGET_S)
        if found.get("id"):
            end_marked(found["id"])  # programs of its checks
    remove(run, name)
