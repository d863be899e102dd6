# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a recorder, end it and collect what it saw, look at it while it runs. Private to magsasa.chaos."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import uuid
from collections import Counter

from .. import _quantity
from .._errors import BadOption, ChaosError
from .._host import launch, lock, state
from .._host.ledger import Ledger
from . import samples
from . import spec as specs
from . import state as probes

FASTEST = 1000.0  # probes a second
SLOWEST = 0.05
MOST_IN_FLIGHT = 1024
LINGER_S = 600.0  # how long samples wait to be collected after max_duration


def parse(params):
    """The JSON-able spec of a recorder from the options of the probe module. Raises BadOption."""
    rate = params["rate"]
    if not (math.isfinite(rate) and SLOWEST <= rate <= FASTEST):
        raise BadOption("rate", "%g" % rate, "is not a usable rate", "use %g to %g probes a second" % (SLOWEST, FASTEST))
    timeout = _quantity.duration(params["timeout"], "timeout", low=0.01, high=60.0)
    lasts = _quantity.duration(params["max_duration"], "max_duration", low=1.0, high=86400.0)
    if rate * lasts > samples.MOST:
        longest = _quantity.show_duration(math.floor(samples.MOST / rate))
        raise BadOption("max_duration", params["max_duration"], "makes more than %d samples at %g/s" % (samples.MOST, rate), "use %s or less" % longest)
    bound = params["max_in_flight"]
    if bound is None:
        bound = min(max(math.ceil(2 * rate * timeout), 4), 256)
    if not 1 <= bound <= MOST_IN_FLIGHT:
        raise BadOption("max_in_flight", bound, "is not a usable bound", "use 1 to %d" % MOST_IN_FLIGHT)
    check = specs.parse(params, timeout)
    if check["kind"] in ("command", "sql") and bound > 64:
        bound = 64  # each one may be a process
    spec = {
        "name": _quantity.name(params["name"]),
        "check": check,
        "target": specs.describe(check),
        "rate": rate,
        "max_in_flight": bound,
        "max_duration_s": lasts,
        "linger_s": LINGER_S,
        "lease_s": None if params["lease"] is None else _quantity.duration(params["lease"], "lease", low=1.0, high=86400.0),
        "keepalive": params["keepalive"],
    }
    text = json.dumps(spec, sort_keys=True)
    return dict(spec, fingerprint=hashlib.sha256(text.encode("utf-8")).hexdigest())


@contextlib.contextmanager
def _alone(run):
    """One start or stop at a time on this host; leaves no lock file."""
    path = os.path.join(state.prepare(run), "probes.lock")
    with lock.held(path, wait=30.0):
        try:
            yield
        finally:
            state.remove(path)


def start(spec, check_mode=False):
    """Start the recorder of ``spec`` unless it runs already; returns ``(changed, description)``. Raises ChaosError."""
    ledger = Ledger()
    run = ledger.folders.run
    name = spec["name"]
    planned = {"name": name, "running": False, "target": spec["target"], "rate": spec["rate"]}
    if check_mode:
        same = _same_runs(run, spec)
        return not same, probes.describe(run, name, 5.0) if same else planned
    try:
        with _alone(run):
            if not _same_runs(run, spec):
                probes.discard(run, name)  # one that died or is over: nobody collected it
                _launch(run, spec)
                return True, probes.describe(run, name, 5.0)
            return False, probes.describe(run, name, 5.0)
    except ChaosError:
        ledger.tidy()
        raise


def _launch(run, spec):
    state.prepare(os.path.join(run, "probes"))
    where = state.prepare(probes.folder(run, spec["name"]))
    path = os.path.join(where, probes.SPEC)
    identity = uuid.uuid4().hex[:12]
    try:
        state.write_private(path, json.dumps(dict(spec, id=identity)), durable=False)
        # Two malloc arenas in all: every thread would otherwise take one of its own.
        launch.detach("probe", path, {probes.MARK: identity, "MALLOC_ARENA_MAX": "2"})
    except ChaosError:
        probes.end_marked(identity)
        probes.remove(run, spec["name"])
        raise


def _same_runs(run, spec):
    """Whether this very probe runs. Raises ChaosError when another one of that name does."""
    found = probes.read(run, spec["name"])
    if not found or not found["alive"] or found.get("ended"):
        return False
    if found.get("fingerprint") != spec["fingerprint"]:
        raise BadOption(
            "name",
            spec["name"],
            "is a probe that runs with other options (%s at %g/s)" % (found.get("target"), found.get("rate", 0)),
            "stop it first, or use another name",
        )
    return True


def stop(name, check_mode=False):
    """End the recorder and take away what it left on the host.

    Returns ``(changed, {"samples", "summary", "died"})``; samples and summary are None when there was no such probe.
    """
    ledger = Ledger()
    run = ledger.folders.run
    _quantity.name(name)
    if check_mode or not os.path.isdir(probes.folder(run, name)):
        return os.path.isdir(probes.folder(run, name)), {"samples": None, "summary": None, "died": False}
    with _alone(run):
        where = probes.folder(run, name)
        told = probes.read(run, name)
        if told is None:
            return False, {"samples": None, "summary": None, "died": False}
        probes.end(run, name)
        rows = samples.read(os.path.join(where, probes.SAMPLES))
        ended = state.read_json(os.path.join(where, probes.SUMMARY))
        if ended is None and told.get("id"):
            probes.end_marked(told["id"])  # what a killed recorder was running
        result = {"samples": samples.pack(rows), "summary": summarise(rows, told, ended), "died": ended is None}
        probes.remove(run, name)
    ledger.tidy()
    return True, result


def summarise(rows, told, ended):
    """Figures over all samples, with what the recorder said about itself."""
    shown = samples.figures(rows)
    late = sorted(sample.late_ms for sample in rows)
    for key, share in (("late_p50_ms", 0.50), ("late_p99_ms", 0.99), ("late_max_ms", 1.0)):
        shown[key] = samples.percentile(late, share)
    shown["errors"] = dict(Counter(sample.error for sample in rows if sample.error).most_common(20))
    shown["first_s"] = rows[0].intended_s if rows else None
    shown["last_s"] = rows[-1].intended_s if rows else None
    span = rows[-1].intended_s - rows[0].intended_s if len(rows) > 1 else 0
    shown["rate"] = told.get("rate")
    shown["achieved_rate"] = round((len(rows) - 1) / span, 3) if span > 0 else None
    for key in ("target", "max_in_flight", "boot_id", "started_at"):
        shown[key] = told.get(key)
    for key in ("ended_by", "ended_at", "unfinished", "unwritten", "cpu_s", "max_rss_kib", "threads", "urgent"):
        shown[key] = (ended or {}).get(key)
    return shown


def look(name, window_s):
    """The recorder's description with its live figures, or None."""
    return probes.describe(Ledger().folders.run, _quantity.name(name), window_s)
