# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of one experiment from the options of slo_check."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError, MissingTool, NotHere
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import pack
from ansible_collections.magsasa.chaos.plugins.plugin_utils._experiment import judge

from support.samples import OUTAGE, fault, series

SCENARIO = {
    "id": "cpu-light",
    "title": "Half busy",
    "hypothesis": "It holds.",
    "family": "cpu",
    "intensity": "light",
    "hold": "10s",
}
QUIET = pack(series(100, 130))


def given(**more):
    return dict({"scenario": SCENARIO, "samples": QUIET, "fault": fault()}, **more)


def test_passed():
    record = judge(given(observer="watcher"), "web1")
    expected = {
        "id": "cpu-light@web1",
        "host": "web1",
        "observer": "watcher",
        "scenario": "cpu-light",
        "status": "completed",
        "verdict": "passed",
        "reason": "",
        "title": "Half busy",
        "hypothesis": "It holds.",
        "family": "cpu",
        "intensity": "light",
        "hold": "10s",
        "recommendations": [],
    }
    assert {key: record[key] for key in expected} == expected
    assert [(each["name"], each["met"]) for each in record["objectives"]] == [
        ("availability", True),
        ("error_rate", True),
        ("latency_impact", True),
        ("recovery_time", True),
        ("mttr", None),
    ]
    assert record["fault"]["measured"] == {"load_pct": 50.2} and "who" not in record["fault"]


def test_failed():
    record = judge(given(samples=pack(series(100, 130, [(111.0, 125.0, OUTAGE)])), successes="2"), "web1")
    assert (record["status"], record["verdict"], record["reason"]) == (
        "completed",
        "failed",
        "missed: availability, errors, latency impact, MTTR",
    )
    assert record["metrics"]["recovery_time_s"] == 5.0


def test_without_samples_nothing_is_known():
    record = judge(given(samples=None), "web1")
    assert (record["status"], record["verdict"], record["metrics"]) == ("completed", "unknown", {})
    assert record["objectives"] and all(each["met"] is None for each in record["objectives"])


@pytest.mark.parametrize(
    "more, status, verdict, reason",
    [
        ({"skipped": "needs root; use become: true"}, "skipped", "unknown", "needs root; use become: true"),
        (
            {"refused": "refused by the memory guard: 100 MiB free"},
            "refused",
            "unknown",
            "refused by the memory guard: 100 MiB free",
        ),
        (
            {"failed": "refused by the memory guard: 100 MiB free"},
            "refused",
            "unknown",
            "refused by the memory guard: 100 MiB free",
        ),
        ({"failed": "no space left"}, "failed", "unknown", "no space left"),
        ({"fault": None}, "failed", "unknown", "no fault was injected"),
        ({"fault": fault(error="the worker would not start")}, "failed", "unknown", "the worker would not start"),
        ({"fault": fault(injected_at=None)}, "failed", "unknown", "the fault was never injected"),
        (
            {"fault": fault(revert_cause="worker_died")},
            "failed",
            "unknown",
            "the fault ended early (a worker of it had died)",
        ),
        (
            {"fault": fault(revert_cause=None, state="active")},
            "failed",
            "unknown",
            "the fault was still active when its host was last seen",
        ),
        ({"fault": fault(residue=["/tmp/x"])}, "failed", "unknown", "left behind: /tmp/x"),
        ({"fault": fault(residue=["/tmp/x"]), "failed": "a task failed"}, "failed", "unknown", "left behind: /tmp/x"),
        (
            {"fault": fault(differences=["/etc/hosts: now 'x'"])},
            "failed",
            "unknown",
            "differs from before: /etc/hosts: now 'x'",
        ),
        ({"fault": fault(differences=["d"], residue=["/tmp/x"])}, "failed", "unknown", "left behind: /tmp/x"),
        ({"fault": fault(state="planned", injected_at=None, reverted_at=None)}, "planned", "unknown", ""),
        (
            {"halted": "error rate 80 % reached the halt limit of 50 %"},
            "halted",
            "failed",
            "error rate 80 % reached the halt limit of 50 %",
        ),
        (
            {"fault": fault(revert_cause="halt_condition", halted_by="error rate 80 %")},
            "halted",
            "failed",
            "error rate 80 %",
        ),
        ({"fault": fault(revert_cause="halt")}, "halted", "unknown", "it was halted before its end"),
        (
            {"fault": fault(effect="mismatch", note="the host was busy")},
            "completed",
            "unknown",
            "the fault did not take effect as asked (mismatch: the host was busy)",
        ),
        (
            {"fault": fault(effect="inconclusive", note="no packet has passed")},
            "completed",
            "unknown",
            "there is no evidence that the fault took effect (inconclusive: no packet has passed)",
        ),
    ],
)
def test_status_and_verdict(more, status, verdict, reason):
    record = judge(given(**more), "web1")
    assert (record["status"], record["verdict"], record["reason"]) == (status, verdict, reason)


def test_each_of_several_faults_that_one_probe_watched_has_a_baseline_of_its_own():
    """Three faults, 20 s apart; the second one's neighbours are no part of its baseline and of its recovery."""
    faults = [fault(injected=110 + 20 * n, reverted=115 + 20 * n, id="%012d" % n) for n in range(3)]
    watched = pack(series(100, 170, [(110, 115, OUTAGE), (151, 155, OUTAGE)]))
    probe = {"ended_by": "stopped", "due": 1400, "rate": 20.0, "boot_id": "b0"}
    judged = [judge(given(samples=watched, fault=each, others=faults, probe=probe), "web1") for each in faults]
    assert [each["verdict"] for each in judged] == ["failed", "passed", "failed"], [each["reason"] for each in judged]
    edges = [(each["phases"]["baseline"]["from"], each["phases"]["recovery"]["to"]) for each in judged]
    assert edges == [(100.0, 129.75), (115.0, 149.75), (135.0, 169.95)]
    assert [each["metrics"]["doubt"] for each in judged] == ["", "", ""]
    alone = judge(given(samples=watched, fault=faults[1], probe=probe), "web1")
    assert alone["phases"]["baseline"]["failed"] == 100  # without knowing of the others


@pytest.mark.parametrize(
    "more, sentence",
    [
        ({"scenario": None}, "scenario: 'None' is not a scenario"),
        ({"scenario": {"title": "x"}}, "scenario: "),
        ({"scenario": {"id": 5}}, "scenario: "),
        ({"scenario": dict(SCENARIO, objectives={"p95": "soon"})}, "objectives.p95: 'soon' is not a duration"),
        ({"samples": {"encoding": "zip"}}, "samples: this is not the result of a probe"),
        ({"samples": "text"}, "samples: this is not the result of a probe"),
        ({"liveness": [1]}, "liveness: this is not the result of a probe"),
        ({"fault": "cpu"}, "fault: 'cpu' is not a fault record"),
        ({"fault": fault(injected_at="now")}, "fault.injected_at: 'now' is not a reading of a clock"),
        ({"phases": {"hold_from": 1}}, "phases: "),
        ({"probe": "fast"}, "probe: 'fast' is not the summary of a probe"),
        ({"others": "all"}, "others: 'all' is not a list of fault records"),
        ({"successes": 0}, "successes: '0' is not a number of probes"),
        ({"successes": "many"}, "successes: 'many' is not a number of probes"),
    ],
)
def test_bad_input_is_one_sentence(more, sentence):
    with pytest.raises(ChaosError) as caught:
        judge(given(**more), "web1")
    assert str(caught.value).startswith(sentence) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "said, status",
    [
        (str(NotHere("packet rules need root", "use become: true")), "skipped"),
        (str(MissingTool("nft", "drop packets")), "skipped"),
        ("refused by the scope guard: 1; set force to lift this guard", "refused"),
        ("something else cannot run here: no", "failed"),
    ],
)
def test_what_a_host_cannot_do_is_skipped_and_not_failed(said, status):
    record = judge(given(failed=said, fault=None), "web1")
    assert (record["status"], record["verdict"], record["reason"]) == (status, "unknown", said)


def test_a_wave_of_many_names_some_and_counts_all():
    hosts = ["web%03d" % number for number in range(300)]
    few = judge(given(wave={"number": 1, "of": 2, "hosts": hosts[:20]}), "web1")["wave"]
    assert few == {"number": 1, "of": 2, "hosts": hosts[:20]}
    many = judge(given(wave={"number": 1, "of": 2, "hosts": hosts}), "web1")["wave"]
    assert many == {"number": 1, "of": 2, "hosts": hosts[:20], "host_count": 300}
