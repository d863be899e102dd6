# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The artifact ``chaos`` of a job: bounded, the worst hosts first, and a sentence at every end."""

from __future__ import annotations

import json

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import summary
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import artifact

RUN = {"id": "20261124T220501Z-3fa9c1", "intensity": "light", "unreachable": [], "earlier": []}


def record(host, scenario, status="completed", verdict="passed", reason=""):
    return {
        "id": "%s@%s" % (scenario, host),
        "host": host,
        "scenario": scenario,
        "status": status,
        "verdict": verdict,
        "reason": reason,
        "fault": None,
    }


def made(records, **more):
    return artifact.build(dict(RUN, **more), summary(records), records)


def test_the_worst_hosts_come_first_and_those_of_a_host_stay_together():
    records = [
        record("a", "cpu"), record("a", "memory"),
        record("b", "cpu", "refused", "unknown", "refused by the run guard"), record("b", "memory"),
        record("c", "cpu"), record("c", "memory", verdict="failed", reason="p95"),
    ]  # fmt: skip
    told = [(each["host"], each["scenario"]) for each in made(records)["scenarios"]]
    assert told == [(host, scenario) for host in "cba" for scenario in ("cpu", "memory")]


@pytest.mark.parametrize("hosts", [3, 1000])
def test_it_is_bounded_and_counts_what_was_left_out(hosts):
    long = "x\u00fc" * 5000
    records = [record("web%04d" % n, "s%d" % m, reason=long if n % 2 else "") for n in range(hosts) for m in range(7)]
    bad = record("web0001", "crash", "failed", "unknown", "why")
    found = made(records + [bad], unreachable=["h%d" % n for n in range(500)], earlier=[long] * 500)
    assert len(json.dumps(found)) <= artifact.MOST_BYTES
    assert found["scenarios"][0]["host"] == "web0001" and found["sentence"] and found["verdict"] == "failed"
    assert len(found["scenarios"]) + found["scenarios_left_out"] == len(records) + 1
    named = {each["host"] for each in found["scenarios"]}
    assert len(named) + found["hosts_left_out"] == hosts
    assert found["unreachable"][-1] == "and 480 more" and len(found["earlier"]) == 21


def test_a_run_without_experiments_says_why():
    found = artifact.build(RUN, summary([]), [], reason="no host is left of the pattern 'x'")
    assert (found["verdict"], found["run"]) == ("unknown", RUN["id"])
    assert found["sentence"] == "nothing was tested: no host is left of the pattern 'x'"
    assert artifact.begun("id", "light")["sentence"].startswith("nothing was tested: ")


@pytest.mark.parametrize(
    "given, words, others",
    [
        ((None, None, True), "no report was written", "gone"),
        (("/r/1", None, False), "the report is in /r/1", "gone"),
        (("/r/1", None, True), "gone with the container of the job; chaos_report_to sends", "was sent"),
        (("/r/1", "https://h/x.tar.gz", True), "it was sent to https://h/x.tar.gz", "chaos_report_to"),
    ],
)
def test_it_says_where_the_report_is(given, words, others):
    found = artifact.place(*given)
    assert words in found["says"] and others not in found["says"]
    assert (found["folder"], found["sent"]) == given[:2]
