# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look of ``watch`` at a host: leases renewed, fault and probe seen, and at the end the samples collected. Private to magsasa.chaos.

The same code answers as a module and, much cheaper, as an entry of the runtime archive that a running fault or probe keeps on
the host: no payload crosses the wire then, and nothing of Ansible is loaded.
"""

from __future__ import annotations

import json
import os
import sys
import time

from .. import _clock, _quantity, _wait
from .._life import turn
from .._ledger import private_files
from .._ledger.ledger import Ledger
from .._probe import live
from .._probe import recorders as probes
from . import ledger_queries
from . import record as records

LIVE = ".live"  # at the end of the name: a second probe of the experiment, of an address that tells whether the service is alive
PAST = 50  # faults of one name, among which that of a run is looked for
PAUSE_S = 0.02  # between two looks while the end of a fault is awaited
LONGEST_WAIT_S = 5.0  # a host is not held for longer
MOST_INPUT = 64 * 1024


def take(wanted, keep=False):
    """Look once. ``wanted``: the options of the module experiment_step, parsed (see ``parse``); ``keep``: collected samples stay on the host.

    Returns ``{fault, active, probe, renewed, recovered, collected, samples, summary, died, stopped, again, clock}``: ``fault`` and ``probe`` are None when
    there is none of that name; ``recovered`` is None when nobody asked; ``stopped``: who halted the run here;
    ``again`` is an argv that answers the same question.
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
    answer["again"] = _again(ledger.folders.run)
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
        shown = ledger_queries.with_time(found)
        return shown, not shown["orphaned"]
    past = next(filter(mine, ledger.past(PAST, wanted["name"])), None)
    return (records.public(past) if past else None), False


def _wait_until_well(ledger, wanted, record, deadline):
    """Whether the last probes since the end of the fault were good ones; waits for that until ``deadline``."""
    if not wanted["probe"]:
        return True
    began, since = _moment(record, "injected_at"), _moment(record, "reverted_at")
    if not wanted["fault"]:  # it is on another host: what is known of it was told
        began, since = wanted["finish"]["began"], wanted["finish"]["ended"]
    path = os.path.join(probes.folder(ledger.folders.run, wanted["name"]), probes.SAMPLES)
    told = probes.read(ledger.folders.run, wanted["name"])
    while True:
        if _well(path, told, wanted["finish"], began, since):
            return True
        if deadline.over:
            return False
        time.sleep(PAUSE_S)


def _moment(record, key):
    """Monotonic second of this boot; None when it is not known here, or was on another clock."""
    reading = (record or {}).get(key) or {}
    return reading.get("monotonic") if record and record.get("boot_id") == _clock.boot_id() else None


def _well(path, told, finish, began, since):
    """As the judge will see it: the newest probes in the order in which they were due are good, and all were due after the end of the fault.

    They must not be slow either, where a probe failed before: only what was out has to come back. While a probe that was due is unanswered,
    nobody knows whether it failed. ``told``: what the recorder said of itself.
    """
    begin = since if since is not None else time.monotonic() - (finish["successes"] + 1) / finish["rate"]
    awaited = begin - ((told or {}).get("timeout_s") or 0.0)
    try:
        ended = sorted(live.ended_since(path, awaited), key=lambda sample: sample.intended_s)
    except OSError:
        return False
    newest = [sample for sample in ended if sample.intended_s >= begin][-finish["successes"] :]
    if len(newest) < finish["successes"] or not all(sample.ok for sample in newest):
        return False
    slow_ms = finish["slow_ms"]
    latest = max(newest[-1].intended_s, time.monotonic() - live.WRITTEN_S - (slow_ms or 0.0) / 1000.0)
    if told and told.get("alive") and told.get("first") and told.get("rate"):
        if live.unanswered(path, told["first"], told["rate"], awaited, latest):  # nobody knows yet whether it failed
            return False
    if slow_ms is None or began is None or all(sample.latency_ms <= slow_ms for sample in newest):
        return True
    return all(sample.ok for sample in live.ended_since(path, began))


def _again(run):
    """argv that takes the next step through a runtime archive that is on this host anyway, or None."""
    lib = os.path.join(run, "lib")
    if not (private_files.private(run) and private_files.private(lib)):  # somebody else's: its archives are not ours to run
        return None
    try:
        archives = [os.path.join(lib, name) for name in os.listdir(lib) if name.endswith(".pyz")]
        newest = max(archives, key=os.path.getmtime)
    except (OSError, ValueError):
        return None
    return [sys.executable, "-I", "-S", "-B", newest, "step", "-"]


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


def main(_argument, _ready):
    """Entry of the runtime archive: options as JSON on stdin, the answer as one line of JSON on stdout."""
    wanted = parse(json.loads(sys.stdin.read(MOST_INPUT)))
    answer = take(wanted, keep=True)
    try:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    finally:
        if answer["collected"]:  # only now: nothing that fails before may lose the samples
            from .._probe import collect

            collect.forget(wanted["name"])
    return 0
