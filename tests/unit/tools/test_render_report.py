# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report drawn again from its report.json: all forms, the file as it was, and one sentence for what is none."""

from __future__ import annotations

import hashlib
import json

import pytest
import render_report

from support import reports
from support.modules import ROOT

OLD = ROOT / "tests" / "unit" / "report" / "schema_1.json"
FORMS = {"report.html", "report.md", "report.junit.xml", "report.prom"}


@pytest.fixture(name="today")
def _today(tmp_path):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(reports.report()), encoding="utf-8")
    return path


def test_beside_the_file_which_stays_as_it_is(today):
    before = today.read_bytes()
    assert render_report.main(str(today)) == 0
    assert {path.name for path in today.parent.iterdir()} == FORMS | {"report.json"}
    assert today.read_bytes() == before and hashlib.sha256(before).hexdigest() in (
        today.parent / "report.html"
    ).read_text(encoding="utf-8")
    assert render_report.main(str(today)) == 0


def test_an_old_one_into_a_folder_of_its_own(tmp_path):
    target = tmp_path / "again"
    assert render_report.main(str(OLD), str(target)) == 0
    folder = target / json.loads(OLD.read_text(encoding="utf-8"))["run"]["id"]
    assert {path.name for path in folder.iterdir()} == FORMS | {"report.json"} and (
        folder / "report.json"
    ).read_bytes() == OLD.read_bytes()


def test_another_report_of_the_same_run_is_not_overwritten(tmp_path, today, capsys):
    assert render_report.main(str(today), str(tmp_path / "again")) == 0
    today.write_text(today.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert render_report.main(str(today), str(tmp_path / "again")) == 2
    assert "holds another report of this run already; name another folder with --report-dir" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content, words",
    [
        ("nope", "this is no JSON text that can be read"),
        ("\x1b[2J", "this is no JSON text that can be read"),
        ("[" * 100000, "this is no JSON text that can be read"),
        ("[]", "this is not a report that can be read"),
        ('{"schema": "magsasa.chaos/report/9"}', "this version reads magsasa.chaos/report/1"),
        ('{"schema": "magsasa.chaos/report/2", "run": {}, "experiments": []}', "this is not a whole report"),
    ],
)
def test_what_is_no_report_gets_one_sentence(tmp_path, capsys, content, words):
    path = tmp_path / "report.json"
    path.write_text(content, encoding="utf-8")
    assert render_report.main(str(path)) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1 and "Traceback" not in said and "\x1b" not in said
    assert [each.name for each in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize("key", ["summary", "experiments"])
@pytest.mark.parametrize("damage", [None, [], {}, "x", 7, [{}], [None]])
def test_a_damaged_one_gets_one_sentence(today, capsys, key, damage):
    report = json.loads(today.read_text(encoding="utf-8"))
    report[key] = damage
    today.write_text(json.dumps(report), encoding="utf-8")
    code = render_report.main(str(today))
    said = capsys.readouterr().err
    assert (code, damage) == (0, []) if code == 0 else (code == 2 and said.count("\n") == 1), said


def test_damage_within_an_experiment_gets_one_sentence_or_a_report(today, capsys):
    """Each part of an experiment taken away or replaced in turn: never a traceback."""
    report = json.loads(today.read_text(encoding="utf-8"))
    whole = json.dumps(dict(report, experiments=report["experiments"][:2]))
    keys = list(report["experiments"][1])
    for key in keys:
        for damage in (None, 7, "x", [7], {"x": 7}):
            report = json.loads(whole)
            report["experiments"][1][key] = damage
            today.write_text(json.dumps(report), encoding="utf-8")
            assert render_report.main(str(today)) in (0, 2), key
            said = capsys.readouterr().err
            assert said.count("\n") <= 1 and "Traceback" not in said


def test_an_id_that_leads_elsewhere_is_refused(today, tmp_path, capsys):
    report = json.loads(today.read_text(encoding="utf-8"))
    report["run"]["id"] = "../../x"
    today.write_text(json.dumps(report), encoding="utf-8")
    assert render_report.main(str(today), str(tmp_path / "again")) == 2
    assert "not of the form" in capsys.readouterr().err and not (tmp_path / "again").exists()
