# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report.json that an earlier version wrote can be drawn by this one."""

from __future__ import annotations

import json
import pathlib

import jsonschema
import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import markdown, terminal, write
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.upgrade import upgraded

from support import reports
from support.modules import ROOT

OLD = json.loads((pathlib.Path(__file__).parent / "schema_1.json").read_text(encoding="utf-8"))


def test_the_first_schema_is_read():
    report = upgraded(OLD)
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(report)] == []
    assert [(each["verdict"], each["metrics"]) for each in report["experiments"]] == [
        (each["verdict"], each["metrics"]) for each in OLD["experiments"]
    ]
    assert report["summary"]["score"] == OLD["summary"]["score"] and report["run"]["id"] == OLD["run"]["id"]
    assert report["experiments"][0]["timeline"] is None
    assert "load 50 %" in markdown.render(report) and terminal.render(report)
    assert set(write.files(report)) >= {"report.json", "report.md"}


def test_a_report_of_today_stays_as_it_is():
    report = reports.report()
    assert upgraded(json.loads(json.dumps(report))) == report


@pytest.mark.parametrize(
    "given, sentence",
    [
        (None, "not a report that can be read"),
        ([], "not a report that can be read"),
        ({"schema": "magsasa.chaos/report/9"}, "its schema is 'magsasa.chaos/report/9'"),
        ({"schema": "magsasa.chaos/report/1"}, "not a whole report"),
        (dict(OLD, run={}), "not a whole report"),
        (dict(OLD, experiments=[{}]), "not a whole report"),
    ],
)
def test_what_is_no_report_is_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        upgraded(given)
    assert "\n" not in str(caught.value)
