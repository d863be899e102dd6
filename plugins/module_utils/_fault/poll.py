# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look of the conductor at a host: leases renewed, fault and probe seen, and at the end the samples collected.
Private to magsasa.chaos.
"""

from __future__ import annotations

import os
import time

from .. import _clock, _quantity, _wait
from .._ledger.ledger import Ledger
from .._life import turn
from .._probe import recorders as probes
from . import ledger_queries
from . import record as records

# at the end of the name: a second probe of the experiment, of an address that tells whether the service is alive
LIVE = ".live"
PAST = 50  # faults of one name, among which that of a run is looked for
NO_ROOM = "the ledger of the host had no room to record the revert; whoever held the fault writes it down when there is"
PAUSE_S = 0.02  # between two looks while the end of a fault is awaited
LONGEST_WAIT_S = 5.0  # a host is not held for longer


def take(wanted, keep=False):
    """Look once. ``wanted``: the options of the question, parsed (see ``parse``); ``keep``: collected samples stay on
    the host.

    Returns ``{fault, active, probe, renewed, recovered, collected, samples, summary, died, stopped, clock}``: ``fault``
    and ``probe`` are None when
    there is none of that name; ``recovered`` is None when nobody asked; ``stopped``: who halted the run here.
    """
    ledger = Ledger()
    if not keep:  # a module; the archive's own look is of a fault that is held, and is to cost little
        ledger_queries.sweep(ledger)
    run = wanted["run"]
    renewed = ledger_queries.renew([wanted["name"], wanted["name"] + LIVE], run) if wanted["renew"] else []
    if run and wanted["fault"]:
        turn.renew(ledger, run["id"])
    finish = wanted["finish"]
    deadline = _wait.Deadline(finish["wait_s"] if finish else 0.0)
    record, active = _fault(ledger, wanted)
    while finish and active and not deadline.over:
        time.sleep(PAUSE_S)
        record, active = _fault(ledger, wanted)
    answer = {"renewed": renewed, "recovered": None, "collected": False}
    if finish and not active:
        answer["recovered"] = _wait_until_well(ledger, wanted, record, deadline)
    if wanted["probe"]:
        answer["probe"] = probes.describe(ledger.folders.run, wanted["name"], wanted["window_s"], run)
    answer["stopped"] = ledger.halt_of(run["id"]) if run and wanted["fault"] else None
    if answer["recovered"] and answer.get("probe"):
        from .._probe import collect  # not at the top: most looks collect nothing

        answer["collected"], found = collect.stop(wanted["name"], keep=keep, run=run)
        answer.update(found)
    answer.update(fault=record, active=active, clock=dict(_clock.now(), boot_id=_clock.boot_id()))
    return answer


def _fault(ledger, wanted):
    """(public record or None, whether somebody still holds it) of the fault that is looked for."""
    if not wanted["fault"]:
        return None, False
    mine = records.of_run(wanted["run"])
    found = ledger.find(wanted["name"])
    if found and mine(found):
        undone = ledger.undone(found["id"])
        if undone:  # on a full disk only whoever holds it knows, and he goes on trying to write it down
            return records.public(dict(undone, notes=(undone.get("notes") or []) + [NO_ROOM])), False
        shown = ledger_queries.with_time(found)
        return shown, not shown["orphaned"]
    past = next(filter(mine, ledger.past(PAST, wanted["name"])), None)
    return (records.public(past) if past else None), False


def _wait_until_well(ledger, wanted, record, deadline):
    """Whether the service is well again after the fault; waits for that until ``deadline``."""
    if not wanted["probe"]:
        return True
    from . import recovery  # not at the top: most looks do not wait

    finish = wanted["finish"]
    moments = recovery.Moments(*(_moment(record, key) for key in ("armed_at", "injected_at", "reverted_at")))
    if not wanted["fault"]:  # it is on another host: what is known of it was told
        moments = recovery.Moments(finish["armed"], finish["began"], finish["ended"])
    path = os.path.join(probes.folder(ledger.folders.run, wanted["name"]), probes.SAMPLES)
    return recovery.wait(path, probes.read(ledger.folders.run, wanted["name"]), finish, moments, deadline.left)


def _moment(record, key):
    """Monotonic second of this boot; None when it is not known here, or was on another clock."""
    reading = (record or {}).get(key) or {}
    return reading.get("monotonic") if record and record.get("boot_id") == _clock.boot_id() else None


def _past(params, option):
    """Monotonic second of this boot that is the given time ago; None where it was not told."""
    if params.get(option) is None:
        return None
    return time.monotonic() - _quantity.duration(params[option], option)


def parse(params):
    """The options as ``take`` wants them, quantities in seconds, moments by the monotonic clock. Raises BadOption."""
    finish = None
    if params.get("wait") is not None:
        finish = {
            "wait_s": _quantity.duration(params["wait"], "wait", high=LONGEST_WAIT_S),
            "successes": max(1, int(params.get("successes") or 3)),
            "rate": min(max(float(params.get("rate") or 20.0), 0.01), 1000.0),
            "slow_ms": _quantity.duration(params["slow"], "slow") * 1000.0 if params.get("slow") else None,
            "armed": _past(params, "fault_armed_ago"),
            "began": _past(params, "fault_began_ago"),
            "ended": _past(params, "fault_ended_ago"),
        }
    return {
        "name": _quantity.name(params["name"]),
        "run": turn.parse(params.get("run")),
        "fault": bool(params.get("fault", True)),
        "probe": bool(params.get("probe", True)),
        "renew": bool(params.get("renew", False)),
        "window_s": _quantity.duration(params.get("window") or "5s", "window", low=0.1, high=600.0),
        "finish": finish,
    }
