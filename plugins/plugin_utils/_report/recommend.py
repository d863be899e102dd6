# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recommendations: what to change in the system, each tied to the figure that made it say so. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._judge import objectives
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import phrases, rows

SLOW_FAILURE_MS = 500.0
LATE_OBSERVER_MS = 20.0
_TOO_SLOW = (
    "Measure where the time goes under this fault; give the service its own share of the resource, and set time-outs"
    " that shed load early."
)
_BACK = {
    "process": (
        "Let something start the service again at once: a systemd unit with Restart=always and a short RestartSec, or a"
        " process supervisor."
    ),
    "database": (
        "Let the service drop dead connections and connect anew: pool pre-ping, a bounded pool time-out, no worker that"
        " waits for ever."
    ),
}
_BACK_SOONER = {
    "process": (
        "Shorten the way back: a supervisor with a short restart delay (RestartSec=1), a faster start, readiness only"
        " when it is true."
    ),
    "database": (
        "Check the database often while it is gone (every second), and never hand out a dead connection (pool"
        " pre-ping)."
    ),
}
_UNDER_LOAD = {
    "cpu": (
        "Keep the service from starving: CPUWeight for it or CPUQuota for its neighbours, more workers than blocking"
        " calls, load shedding before time-outs."
    ),
    "memory": "Give the service a memory floor (MemoryLow), and its neighbours a limit (MemoryMax).",
    "disk": (
        "Take synchronous writes out of the request path, or put them on a disk of their own; raise IOWeight of the"
        " service."
    ),
    "network": (
        "Keep connections open, set them up again at once when they break, and answer without what is far away where"
        " that is possible."
    ),
    "http": (
        "Let callers try again what may be tried again, a bounded number of times with a growing pause, and stop asking"
        " for a while when errors pile up (circuit breaker)."
    ),
    "dns": (
        "Keep names that were found for as long as they may be kept (a caching stub), keep connections open, and bound"
        " the time of a look-up."
    ),
}


_PILED_UP = (
    "Shed load before it piles up: a bounded queue that answers 503 with Retry-After when it is full, a limit on"
    " requests at once, and a time-out towards whatever is slow that is shorter than the callers'. Retries and longer"
    " time-outs would make it worse."
)
_LOST_ALONE = (
    "Retry what may be retried, a bounded number of times, with a growing pause and a budget for all retries together;"
    " a time-out for each try that is well below that of the whole call."
)


def for_experiment(record):
    """``[{finding, figure, advice}]`` of one experiment record; empty when there is nothing to say."""
    rules = (_left_behind, _different, _not_bitten, _slow_failures, _silent, _no_recovery)
    rules += (_brought_back, _slow_recovery, _errors_under_load, _too_slow, _late_observer)
    return [dict(zip(("finding", "figure", "advice"), said)) for said in (rule(record) for rule in rules) if said]


def _metrics(record):
    return record.get("metrics") or {}


def _phase(record, name):
    return (record.get("phases") or {}).get(name) or {}


def _bitten(record):
    return (record.get("fault") or {}).get("effect") == "confirmed"


def _missed(record, *names):
    """The first objective of these names that was missed, or None."""
    return next(
        (
            each
            for each in record.get("objectives") or []
            if each["met"] is False and each["name"].partition(" in ")[0] in names
        ),
        None,
    )


def _left_behind(record):
    left = (record.get("fault") or {}).get("residue")
    if not left:
        return None
    return (
        "Something of the fault is left on the host.",
        "; ".join(str(each) for each in left),
        "Run the playbook magsasa.chaos.chaos_halt on this host; it tries again.",
    )


def _different(record):
    found = (record.get("fault") or {}).get("differences")
    if not found or (record.get("fault") or {}).get("residue"):
        return None
    again = (record["fault"].get("measured") or {}).get("started_by") == "this fault"
    if again and all("'started by: " in str(each) for each in found):
        return (
            "The process runs again, but no longer as a child of what had started it.",
            "; ".join(str(each) for each in found),
            (
                "This fault itself started it again, as nothing else did. Have a service manager start the service, or"
                " something that starts it again when it ends; or freeze it instead (action pause)."
            ),
        )
    return (
        "What the fault touched is not as it was before, though the fault itself is undone.",
        "; ".join(str(each) for each in found),
        (
            "Find out who changed it meanwhile: if it was the system under test, it reacts to this fault in a way that"
            " stays; if nobody did, report it."
        ),
    )


def _not_bitten(record):
    fault = record.get("fault") or {}
    if record["status"] not in ("completed", "halted") or _bitten(record):
        return None
    found = "There is no evidence that the fault took effect"
    if fault.get("effect") == "mismatch":
        found = "The fault did not take effect as asked"
    return (
        found + ", so this experiment is inconclusive.",
        "%s: %s" % (phrases.of(fault).sentence, fault.get("effect")),
        fault.get("note") or "Run it on a quieter host, or ask for more than the host does by itself.",
    )


def _slow_failures(record):
    hold = _phase(record, "hold")
    if record.get("family") != "database" or not _bitten(record) or not hold.get("failed"):
        return None
    p95, timed_out = hold.get("p95_ms"), (_metrics(record).get("errors") or {}).get("timeout")
    if (p95 or 0.0) <= SLOW_FAILURE_MS and not timed_out:
        return None
    slow = "p95 %.0f ms of %d answers" % (p95, hold["answered"]) if p95 is not None else "no answer"
    return (
        "Without its database the service fails slowly: callers wait and pile up.",
        "%s during the outage, %d of %d probes failed (%s)"
        % (slow, hold["failed"], hold["sent"], rows.failures(_metrics(record))),
        (
            "Bound every wait for the database: connect, lock and statement time-outs below 500 ms, and a circuit"
            " breaker that answers 503 with Retry-After at once while the database is gone."
        ),
    )


def _silent(record):
    missed = _missed(record, "liveness")
    if not missed:
        return None
    return (
        "The service stopped answering at all, not even with a refusal.",
        "%.1f %% of the probes were answered, objective %g %%" % (missed["measured"], missed["objective"]),
        (
            "Keep answering while a dependency is gone: a liveness address that asks nobody else, workers that never"
            " wait without a bound, no exit on its loss."
        ),
    )


def _no_recovery(record):
    metrics = _metrics(record)
    if metrics.get("revived_by_undo") or not objectives.never_recovered(metrics, record.get("phases") or {}):
        return None
    watched = _phase(record, "recovery")
    length = (watched.get("to") or 0.0) - (watched.get("from") or 0.0)
    default = (
        "Find what keeps the service from working after the fault is gone: stuck workers, exhausted pools, full queues."
    )
    return (
        "The service did not come back while it was watched.",
        "not well %.1f s after the fault was gone" % length,
        _BACK.get(record.get("family"), default),
    )


def _brought_back(record):
    """A killed service that was down until the undo started it: nothing of its own brings it back."""
    metrics = _metrics(record)
    if not metrics.get("revived_by_undo"):
        return None
    lasted = (metrics["outages"][-1] if metrics.get("outages") else {}).get("duration_s")
    return (
        "Nothing started the service again; the end of the experiment did.",
        "down for %.1f s, until then" % lasted if lasted is not None else "down until then",
        _BACK["process"],
    )


def _slow_recovery(record):
    late = _missed(record, "recovery_time", "mttr")
    if not late or late["measured"] is None or _brought_back(record):
        return None
    advice = _BACK_SOONER.get(
        record.get("family"),
        "Look for queues that must drain and time-outs that must run out after the fault: bound both.",
    )
    return (
        "Recovery takes too long.",
        "%s %.1f s, objective %g s" % (rows.label(late["name"]), late["measured"], late["objective"]),
        advice,
    )


def _errors_under_load(record):
    missed = _missed(record, "error_rate", "availability")
    if not missed or missed["measured"] is None:
        return None
    figure = "%s %.1f %%, objective %g %% (%s)" % (
        rows.label(missed["name"]),
        missed["measured"],
        missed["objective"],
        rows.failures(_metrics(record)),
    )
    more, advice = _of_time_outs(_metrics(record))
    if advice is None:
        advice = _UNDER_LOAD.get(
            record.get("family"),
            "Find which calls fail under this fault; bound them, retry them, or answer without them.",
        )
    return ("Requests fail under this fault.", figure + more, advice)


def _of_time_outs(metrics):
    """(figure, advice) where most failures are time-outs: what helps against single lost answers makes an overload
    worse. ("", None) otherwise.
    """
    found = metrics.get("time_outs") or {}
    alone, crowded = found.get("alone") or 0, found.get("crowded") or 0
    if 2 * (alone + crowded) < sum((metrics.get("errors") or {}).values()) or not alone + crowded:
        return "", None
    if crowded > alone:
        piled = "; %d of them while others waited too, up to %d in flight at once, %d before" % (
            crowded,
            found["in_flight_max"],
            found["in_flight_before"],
        )
        return piled, _PILED_UP
    return "; %d of them while most others were answered in time" % alone, _LOST_ALONE


def _too_slow(record):
    missed = _missed(record, "latency_impact", "p95", "p99")
    if not missed or _slow_failures(record):
        return None
    if missed["measured"] is None:
        figure = "%s never: none of %d probes was answered (%s)" % (
            rows.label(missed["name"]),
            _metrics(record).get("sent") or 0,
            rows.failures(_metrics(record)),
        )
        advice = "Find what keeps it from answering; a refusal with a reason, at once, is better than none."
        return ("The service does not answer under this fault.", figure, advice)
    figure = "%s %.0f ms, objective %g ms" % (rows.label(missed["name"]), missed["measured"], missed["objective"])
    return ("The service becomes too slow under this fault.", figure, _TOO_SLOW)


def _late_observer(record):
    metrics = _metrics(record)
    late = metrics.get("observer_late_p99_ms")
    if late is None or late <= LATE_OBSERVER_MS:
        return None
    return (
        "The probe itself was late, so latencies may be too high.",
        "p99 of its lateness %.1f ms, %d probes more than 20 ms late" % (late, metrics.get("observer_late") or 0),
        "Probe from another host (chaos_observer) for exact latencies.",
    )
