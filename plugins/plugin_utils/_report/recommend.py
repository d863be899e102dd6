# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recommendations: what to change in the system, each tied to the figure that made it say so. Pure. Private to magsasa.chaos."""
from __future__ import annotations

SLOW_FAILURE_MS = 500.0
LATE_OBSERVER_MS = 20.0


def for_experiment(record):
    """``[{finding, figure, advice}]`` of one experiment record; empty when there is nothing to say."""
    found = []
    for rule in (_not_bitten, _slow_failures, _no_recovery, _slow_recovery, _errors_under_load, _latency_under_load, _late_observer, _left_behind):
        said = rule(record)
        if said:
            found.append(dict(zip(("finding", "figure", "advice"), said)))
    return found


def _objective(record, name):
    return next((each for each in record.get("objectives") or [] if each["name"] == name), {})


def _missed(record, *names):
    return [each for each in (_objective(record, name) for name in names) if each.get("met") is False]


def _not_bitten(record):
    fault = record.get("fault") or {}
    if record["status"] not in ("completed", "halted") or fault.get("effect") == "confirmed":
        return None
    return (
        "The fault is not known to have bitten, so this experiment says nothing.",
        "effect %s, measured %s" % (fault.get("effect"), _figures(fault.get("measured"))),
        fault.get("note") or "Run it on a quieter host, or ask for more than the host does by itself.",
    )


def _slow_failures(record):
    hold = (record.get("phases") or {}).get("hold") or {}
    if record.get("family") != "database" or not hold.get("failed") or (hold.get("p95_ms") or 0.0) <= SLOW_FAILURE_MS:
        return None
    kinds = (record.get("metrics") or {}).get("errors") or {}
    return (
        "Without its database the service fails slowly: callers wait and pile up.",
        "p95 %.0f ms during the outage, %d of %d probes failed (%s)" % (hold["p95_ms"], hold["failed"], hold["sent"], _figures(kinds)),
        "Bound every wait for the database: connect, lock and statement time-outs below 500 ms, and a circuit breaker that answers 503 with "
        "Retry-After at once while the database is gone.",
    )


def _no_recovery(record):
    metrics = record.get("metrics") or {}
    if not metrics.get("outages") or metrics.get("recovered"):
        return None
    advice = {
        "process": "Let something start the service again: a systemd unit with Restart=always, or a process supervisor.",
        "database": "Let the service drop dead connections and connect anew: pool pre-ping, a bounded pool time-out, no worker that waits for ever.",
    }.get(record.get("family"), "Find what keeps the service from working after the fault is gone: stuck workers, exhausted pools, full queues.")
    watched = (record.get("phases") or {}).get("recovery") or {}
    length = (watched.get("to") or 0.0) - (watched.get("from") or 0.0)
    return ("The service did not come back while it was watched.", "not well %.1f s after the fault was gone" % length, advice)


def _slow_recovery(record):
    if not (record.get("metrics") or {}).get("recovered"):
        return None
    late = _missed(record, "recovery_time") or _missed(record, "mttr")
    if not late:
        return None
    advice = {
        "process": "Shorten the way back: a supervisor with a short restart delay (RestartSec=1), a faster start, readiness only when it is true.",
        "database": "Re-check the database often while it is gone (every second), and keep connections from being handed out dead (pool pre-ping).",
    }.get(record.get("family"), "Look for queues that must drain and time-outs that must run out after the fault: bound both.")
    return ("Recovery takes too long.", "%s %.1f s, objective %g s" % (late[0]["name"], late[0]["measured"], late[0]["objective"]), advice)


def _errors_under_load(record):
    missed = _missed(record, "error_rate", "availability")
    if not missed or record.get("family") in ("process", "database"):
        return None
    kinds = (record.get("metrics") or {}).get("errors") or {}
    advice = {
        "cpu": "Keep the service from starving: CPUWeight or CPUQuota for its neighbours, more workers than blocking calls, load shedding before time-outs.",
        "memory": "Give the service a memory floor (MemoryLow), and its neighbours a limit (MemoryMax).",
        "disk": "Take synchronous writes out of the request path, or put them on a disk of their own; IOWeight for the service.",
    }.get(record.get("family"), "Find which calls fail under this fault and bound or retry them.")
    worst = missed[0]
    return (
        "Requests fail under this fault.",
        "%s %.1f %%, objective %g %% (%s)" % (worst["name"], worst["measured"], worst["objective"], _figures(kinds)),
        advice,
    )


def _latency_under_load(record):
    missed = _missed(record, "latency_impact", "p95")
    if not missed or (record.get("family") == "database" and _slow_failures(record)):
        return None
    worst = missed[0]
    return (
        "The service becomes too slow under this fault.",
        "%s %.0f ms, objective %g ms" % (worst["name"], worst["measured"], worst["objective"]),
        "Measure where the time goes under this fault; give the service its own share of the resource, and set time-outs that shed load early.",
    )


def _late_observer(record):
    late = (record.get("metrics") or {}).get("observer_late_p99_ms")
    if late is None or late <= LATE_OBSERVER_MS:
        return None
    return (
        "The probe itself was late, so latencies may be too high.",
        "p99 of its lateness %.1f ms" % late,
        "Probe from another host (chaos_observer) for exact latencies.",
    )


def _left_behind(record):
    left = (record.get("fault") or {}).get("residue")
    if not left:
        return None
    return ("Something of the fault is left on the host.", "; ".join(left), "Run playbooks/chaos_halt.yml on this host; it tries again.")


def _figures(mapping):
    return ", ".join("%s %s" % pair for pair in (mapping or {}).items()) or "nothing"
