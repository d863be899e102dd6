# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of a run as OpenMetrics text, for node_exporter's textfile collector or a Pushgateway. Pure. Private to
magsasa.chaos.

Names are stable and end in their unit: seconds, ratio (0 to 1), timestamp_seconds. Each experiment is named by host and
scenario.
Source of the form: OpenMetrics 1.0.
"""

from __future__ import annotations

import calendar
import time

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import text, view

MANY = 500  # experiments; of more the counts of each scenario stand for them
QUANTILES = (("p50_ms", "0.5"), ("p95_ms", "0.95"), ("p99_ms", "0.99"), ("max_ms", "1"))
FAMILIES = {  # name: (type, unit, what it says)
    "chaos_run": ("info", "", "The run."),
    "chaos_run_verdict": ("gauge", "", "1 for the verdict of the run, 0 for the others."),
    "chaos_run_score": ("gauge", "", "Score of the run, 0 to 100."),
    "chaos_run_started_timestamp_seconds": ("gauge", "seconds", "When the run started."),
    "chaos_run_finished_timestamp_seconds": ("gauge", "seconds", "When the run was over."),
    "chaos_run_experiments": ("gauge", "", "Experiments of the run by how they ended."),
    "chaos_run_faults": ("gauge", "", "Faults that were injected, by what became of what they touched."),
    "chaos_run_left_behind": ("gauge", "", "Things that are left on hosts."),
    "chaos_scenario_experiments": ("gauge", "", "Experiments of a scenario over all hosts by how they ended."),
    "chaos_experiment_verdict": ("gauge", "", "1 for how the experiment ended, 0 for the other verdicts."),
    "chaos_experiment_fault_confirmed": ("gauge", "", "1 when the fault was measured to have taken effect."),
    "chaos_experiment_put_back": ("gauge", "", "1 when all that the fault touched was put back."),
    "chaos_experiment_injected_timestamp_seconds": ("gauge", "seconds", "When the fault was injected."),
    "chaos_experiment_reverted_timestamp_seconds": ("gauge", "seconds", "When the fault was reverted."),
    "chaos_experiment_error_ratio": ("gauge", "ratio", "Probes that failed while the fault was held."),
    "chaos_experiment_availability_ratio": ("gauge", "ratio", "Time in which the service was available."),
    "chaos_experiment_latency_seconds": ("gauge", "seconds", "Latency of answered probes by phase and quantile."),
    "chaos_experiment_latency_impact_seconds": (
        "gauge",
        "seconds",
        "How much slower the median answer was under the fault.",
    ),
    "chaos_experiment_time_to_detect_seconds": ("gauge", "seconds", "From the injection to the first failed probe."),
    "chaos_experiment_recovery_seconds": ("gauge", "seconds", "From the revert to the recovery."),
    "chaos_experiment_mttr_seconds": ("gauge", "seconds", "Mean length of an outage."),
    "chaos_experiment_probes": ("gauge", "", "Probes by phase and outcome."),
    "chaos_experiment_objective_met": ("gauge", "", "1 when the objective was met, 0 when it was missed."),
}
VERDICTS = ("passed", "failed", "unknown")
METRICS = (  # metric of a record, family, divisor to the base unit
    ("error_rate_pct", "chaos_experiment_error_ratio", 100.0),
    ("availability_pct", "chaos_experiment_availability_ratio", 100.0),
    ("latency_impact_ms", "chaos_experiment_latency_impact_seconds", 1000.0),
    ("time_to_detect_s", "chaos_experiment_time_to_detect_seconds", 1.0),
    ("recovery_time_s", "chaos_experiment_recovery_seconds", 1.0),
    ("mttr_s", "chaos_experiment_mttr_seconds", 1.0),
)


def render(report, _digest=None):
    """The whole file."""
    samples = {name: {} for name in FAMILIES}
    _run(samples, report)
    cards = view.cards(report)
    for card in cards:
        key = (("ended", card["kind"]), ("scenario", card["record"]["scenario"]))
        counts = samples["chaos_scenario_experiments"]
        counts[_labels(key)] = counts.get(_labels(key), 0) + 1
        if len(cards) <= MANY:
            _experiment(samples, card)
    lines = []
    for name, (kind, unit, said) in FAMILIES.items():
        if samples[name]:
            lines += (
                ["# TYPE %s %s" % (name, kind)]
                + (["# UNIT %s %s" % (name, unit)] if unit else [])
                + ["# HELP %s %s" % (name, said)]
            )
            lines += [
                "%s%s %s" % (name + ("_info" if kind == "info" else ""), labels, _value(value))
                for labels, value in samples[name].items()
            ]
    return "\n".join(lines + ["# EOF"]) + "\n"


def _value(value):
    return "%d" % value if isinstance(value, (bool, int)) else repr(float(value))


def _labels(pairs):
    """{host="web1",scenario="cpu-light"}; what comes from elsewhere is one printable line, and its quotes are
    escaped.
    """
    written = (
        '%s="%s"' % (name, text.plain(value, 200).replace("\\", "\\\\").replace('"', '\\"')) for name, value in pairs
    )
    return "{%s}" % ",".join(written)


def _epoch(stamp):
    try:
        return calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ"))
    except (TypeError, ValueError):
        return None


def _run(samples, report):
    run, summary = report["run"], report["summary"]
    about = (
        ("id", run["id"]),
        ("intensity", run.get("intensity") or ""),
        ("version", (run.get("versions") or {}).get("magsasa.chaos") or ""),
    )
    samples["chaos_run"][_labels(about)] = 1
    for verdict in VERDICTS:
        samples["chaos_run_verdict"][_labels((("verdict", verdict),))] = int(summary["verdict"] == verdict)
    for name, value in (
        ("score", summary["score"]),
        ("started_timestamp_seconds", _epoch(run["started"])),
        ("finished_timestamp_seconds", _epoch(run["finished"])),
    ):
        if value is not None:
            samples["chaos_run_" + name][""] = value
    for state in ("passed", "failed_slo", "failed", "halted", "skipped", "refused", "planned"):
        word = {"failed_slo": "failed", "failed": "not_carried_out"}.get(state, state)
        samples["chaos_run_experiments"][_labels((("ended", word),))] = summary[state]
    for state, number in summary["touched"].items():
        if state != "faults":
            samples["chaos_run_faults"][_labels((("state", state),))] = number
    samples["chaos_run_left_behind"][""] = summary["residue"]


def _experiment(samples, card):
    record = card["record"]
    who = (("host", record["host"]), ("scenario", record["scenario"]))
    metrics, fault, window = record.get("metrics") or {}, record.get("fault") or {}, record.get("window") or {}

    def put(name, value, *more):
        if value is not None:
            samples[name][_labels(who + more)] = value

    for verdict in VERDICTS:
        put("chaos_experiment_verdict", int(record["verdict"] == verdict), ("verdict", verdict))
    if fault.get("injected_at"):
        put("chaos_experiment_fault_confirmed", int(fault.get("effect") == "confirmed"))
        put("chaos_experiment_put_back", int(view.back(record)[0] == "yes"))
    put("chaos_experiment_injected_timestamp_seconds", window.get("injected"))
    put("chaos_experiment_reverted_timestamp_seconds", window.get("reverted"))
    for key, name, divisor in METRICS:
        value = metrics.get(key)
        put(name, None if value is None else value / divisor)
    for phase, figures in (record.get("phases") or {}).items():
        for key, quantile in QUANTILES:
            put(
                "chaos_experiment_latency_seconds",
                None if figures[key] is None else figures[key] / 1000.0,
                ("phase", phase),
                ("quantile", quantile),
            )
        put("chaos_experiment_probes", figures["sent"] - figures["failed"], ("phase", phase), ("outcome", "good"))
        put("chaos_experiment_probes", figures["failed"], ("phase", phase), ("outcome", "failed"))
    for each in record["objectives"]:
        put(
            "chaos_experiment_objective_met",
            None if each["met"] is None else int(each["met"]),
            ("objective", each["name"]),
        )
