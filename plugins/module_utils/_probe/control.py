# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a recorder, look at it while it runs. Private to magsasa.chaos."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time

from .. import _quantity, _wait
from .._errors import BadOption, ChaosError, Refused
from .._life import launch, tidying, turn
from .._ledger import private_files
from .._ledger.ledger import Ledger
from . import samples
from .._check import spec as specs
from . import recorders as probes

FASTEST = 1000.0  # probes a second
SLOWEST = 0.05
MOST_IN_FLIGHT = 1024
LINGER_S = 600.0  # how long samples wait to be collected after max_duration


def _travels():
    """Never called: the recorder travels with any module that starts one, for its runtime archive."""
    from . import recorder  # noqa: F401  pylint: disable=unused-import


def parse(params):
    """The JSON-able spec of a recorder from the options of the probe module. Raises BadOption."""
    rate = params["rate"]
    if not (math.isfinite(rate) and SLOWEST <= rate <= FASTEST):
        raise BadOption("rate", "%g" % rate, "is not a valid rate", "use %g to %g probes a second" % (SLOWEST, FASTEST))
    timeout = _quantity.duration(params["timeout"], "timeout", low=0.01, high=60.0)
    lasts = _quantity.duration(params["max_duration"], "max_duration", low=1.0, high=86400.0)
    if rate * lasts > samples.MOST:
        longest = _quantity.show_duration(math.floor(samples.MOST / rate))
        raise BadOption(
            "max_duration",
            params["max_duration"],
            "would make more than %d samples at %g/s" % (samples.MOST, rate),
            "use %s or less" % longest,
        )
    bound = params["max_in_flight"]
    if bound is None:
        bound = min(max(math.ceil(2 * rate * timeout), 4), 256)
    if not 1 <= bound <= MOST_IN_FLIGHT:
        raise BadOption("max_in_flight", bound, "is not a valid limit", "use 1 to %d" % MOST_IN_FLIGHT)
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
        "lease_s": (
            None if params["lease"] is None else _quantity.duration(params["lease"], "lease", low=1.0, high=86400.0)
        ),
        "keepalive": params["keepalive"],
    }
    text = json.dumps(spec, sort_keys=True)
    return dict(spec, run=turn.parse(params.get("run")), fingerprint=hashlib.sha256(text.encode("utf-8")).hexdigest())


def start(spec, check_mode=False):
    """Start the recorder of ``spec`` unless it runs already; returns ``(changed, description)``. Raises ChaosError."""
    ledger = Ledger()
    run = ledger.folders.run
    name = spec["name"]
    planned = {"name": name, "running": False, "target": spec["target"], "rate": spec["rate"]}
    if check_mode:
        same = _same_runs(run, spec)
        return not same, probes.describe(run, name, 5.0) if same else planned
    mine = spec["run"]
    if mine and mine["turn"]:
        turn.take(ledger, mine)
    try:
        _await_foreign(run, spec)
        with probes.alone(run):
            if not _same_runs(run, spec):
                probes.discard(run, name)  # one that died or is over: nobody collected it
                _launch(run, spec)
                return True, probes.describe(run, name, 5.0)
            return False, probes.describe(run, name, 5.0)
    except ChaosError:
        tidying.tidy(ledger)
        raise


def _launch(run, spec):
    private_files.prepare(os.path.join(run, "probes"))
    where = private_files.prepare(probes.folder(run, spec["name"]))
    path = os.path.join(where, probes.SPEC)
    identity = os.urandom(6).hex()
    try:
        private_files.write_private(
            path, json.dumps(dict(spec, id=identity, run=turn.owner(spec["run"]))), durable=False
        )
        # Two malloc arenas in all: every thread would otherwise take one of its own.
        launch.detach("probe", path, {probes.MARK: identity, "MALLOC_ARENA_MAX": "2"})
    except ChaosError:
        probes.end_marked(identity)
        probes.remove(run, spec["name"])
        raise


def _await_foreign(run, spec):
    """Give a recorder of this name that another run has the time to end (its lease may be running out).
    ``_same_runs`` refuses it then.
    """
    deadline = _wait.Deadline((spec["run"] or {}).get("wait_s", 0.0))
    while not deadline.over:
        found = probes.read(run, spec["name"])
        if not found or not found["alive"] or found.get("ended") or not turn.foreign(found, spec["run"]):
            return
        time.sleep(turn.PAUSE_S)


def _same_runs(run, spec):
    """Whether this very probe runs. Raises ChaosError when another one of that name does."""
    found = probes.read(run, spec["name"])
    if not found or not found["alive"] or found.get("ended"):
        return False
    if turn.foreign(found, spec["run"]):
        remedy = "wait until it ends, or use another name"
        raise Refused("run", "probe '%s' on this host belongs to %s" % (spec["name"], turn.whose(found)), remedy=remedy)
    if found.get("fingerprint") != spec["fingerprint"]:
        raise BadOption(
            "name",
            spec["name"],
            "is already running with other options (%s at %g/s)" % (found.get("target"), found.get("rate", 0)),
            "stop it first, or use another name",
        )
    return True


def look(name, window_s):
    """The recorder's description with its live figures, or None."""
    return probes.describe(Ledger().folders.run, _quantity.name(name), window_s)
