# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools behind the two commands, as far as they are pure: exit codes, tables, the reading of other programs'
output.
"""

from __future__ import annotations

import inspect
import json
import sys
import tarfile

import list_scenarios
import play
import pytest
from stages import __main__ as main
from stages import checks, lanes, plan, pytest_run, sanity, site, summary, work
from stages.found import ROOT, Found
from support.waiting import wait_for


@pytest.mark.parametrize(
    "code, understood, ours",
    [
        (0, True, 0),
        (1, True, 1),
        (2, True, 3),
        (4, True, 4),
        (6, True, 3),
        (8, True, 3),
        (10, True, 3),
        (99, True, 130),
        (250, True, 1),
        (255, True, 1),
        (5, True, 2),
        (2, False, 2),
        (0, False, 0),
    ],
)
def test_exit_codes(code, understood, ours):
    assert play.exit_code(code, understood) == ours


SCENARIOS = [
    {"id": "a", "intensity": "light", "hold": "30s", "title": "A"},
    {
        "id": "b",
        "intensity": "heavy",
        "hold": "60s",
        "title": "B",
        "available": False,
        "unavailable_reason": "not built",
    },
    {"id": "c", "intensity": "extended", "hold": "5s", "title": "C"},
]


@pytest.mark.parametrize(
    "intensity, found",
    [
        (
            None,
            [
                ("a", "light", "30s", "A", "here"),
                ("b", "heavy", "60s", "B", "here"),
                ("c", "extended", "5s", "C", "here"),
            ],
        ),
        ("full", [("a", "light", "30s", "A", "here"), ("b", "heavy", "60s", "B", "here")]),
        ("smoke", [("a", "light", "3s", "A", "here"), ("b", "heavy", "3s", "B", "here")]),
        ("light", [("a", "light", "30s", "A", "here")]),
        ("extended", [("c", "extended", "5s", "C", "here")]),
        ("medium", []),
    ],
)
def test_scenarios_of_an_intensity(intensity, found):
    assert list(list_scenarios.rows(SCENARIOS, lambda each: "here", intensity)) == found


def test_what_is_not_available_says_why():
    assert list_scenarios.ability(SCENARIOS[1]) == "not available: not built"


def test_tables_line_up():
    assert list_scenarios.table([("a", "light", "30s", "A", "")]).splitlines()[1] == "a         light      30s   A"
    assert summary.table([("stage", "n"), ("x", "10")]) == "stage   n\nx      10"


JUNIT = """<testsuites><testsuite>
<testcase classname="tests.unit.test_x" name="a" time="1.5"/>
<testcase name="b"><failure message="x"/></testcase><testcase name="c"><error message="x"/></testcase>
<testcase name="d"><skipped message="needs root"/></testcase><testcase name="e"><skipped message="needs root"/></testcase>
</testsuite></testsuites>"""


def test_counts_of_a_pytest_run(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(JUNIT)
    found, reasons = pytest_run.read(report)
    assert (found.passed, found.failed, found.skipped, reasons) == (1, 2, 2, {"needs root": 2})
    assert found.tests[0] == [1.5, "test_x::a"] and len(found.tests) == 5


def results(tried_again):
    starved = Found(passed=2, tests=[[0.5, "b"], [3.0, "c"]], tried_again=["x: why"] * tried_again, cpu_s=2.0)
    return [
        ("unit", Found(passed=3, skipped=1, notes=["1 skipped: needs root"], tests=[[1.0, "a"]]), 4.0),
        ("solo", starved, 5.0),
    ]


def test_the_summary_names_what_was_skipped_tried_again_and_slow():
    lines = summary.text(results(1), 7.0).splitlines()
    assert [line.split() for line in lines if line.startswith(("unit ", "solo ", "all "))] == [
        ["unit", "4", "3", "0", "0", "1", "4", "s", "0", "s"],
        ["solo", "2", "2", "0", "1", "0", "5", "s", "2", "s"],
        ["all", "6", "5", "0", "1", "1", "7", "s", "2", "s"],
    ]
    assert "unit: 1 skipped: needs root" in lines and any(
        line.startswith("solo: retried") and "x: why" in line for line in lines
    )
    assert [line.split()[-1] for line in lines[2:5]] == ["c", "a", "b"]
    assert lines[-1] == "5 passed, 0 failed, 1 skipped in 7.00s" and summary.failures(results(1)) == 0


def test_the_work_of_a_run_is_in_its_summary():
    """Also where nobody counts, and what a stage has used comes from its programs."""
    assert work.parse("cpu  10 1 4 80 3 1 1 0 7 0\ncpu0 1 1 1 1\n") == (17, 100)
    share = work.Work().share()
    assert share is None or 0 <= share <= 1
    assert "at work for 37 % of the time" in summary.text(results(1), 7.0, 0.37)
    assert "at work" not in summary.text(results(1), 7.0)


def test_a_machine_that_starves_many_tests_shows_nothing():
    assert summary.failures(results(3)) == 0 and summary.failures(results(4)) == 1
    assert summary.text(results(4), 7.0).splitlines()[-1].startswith("5 passed, 1 failed")
    assert "4 tests were retried" in summary.text(results(4), 7.0)


SANITY = """Running sanity test "pep8"
ERROR: Found 1 pep8 issue(s) which need to be resolved:
ERROR: a.py:1:1: E303
Running sanity test "import"
WARNING: Skipping sanity test "import" on Python 3.14 because it could not be found.
WARNING: Reviewing previous 1 warning(s):
WARNING: Skipping sanity test "import" on Python 3.14 because it could not be found.
Running sanity test "pylint"
FATAL: The 2 sanity test(s) listed below (out of 3) failed. See error output above for details.
pep8
pylint
"""


def test_counts_of_a_sanity_run(capsys):
    found = Found()
    sanity.read_output(SANITY.splitlines(keepends=True), found)
    assert (found.passed, found.failed, found.skipped) == (1, 2, 1)
    assert "pep8 failed" in found.notes and "pylint failed" in found.notes
    assert "ERROR: a.py:1:1: E303" in capsys.readouterr().out


def test_what_is_said_elsewhere_is_not_said_twice_by_day(monkeypatch):
    files = ["noxfile.py", "plugins/modules/probe.py", "tests/unit/test_x.py", "README.md", "docs/x.md"]
    monkeypatch.setenv("CHAOS_NIGHTLY", "0")
    most, pylint = sanity.ways(files)
    skipped = [two for one, two in zip(most, most[1:]) if one == "--skip-test"]
    assert skipped == ["changelog", "ansible-doc", "pylint"]
    assert "antsibull-changelog" in inspect.getsource(checks.run) and "--fail-on-error" in inspect.getsource(site)
    assert pylint[2:] == ["--test", "pylint", "noxfile.py", "plugins/"]
    monkeypatch.setenv("CHAOS_NIGHTLY", "1")
    assert sanity.ways(files) == [[]]


def test_what_a_published_collection_may_not_hold(tmp_path):
    for name in ("README.md", "plugins/x.py", "plugins/__pycache__/x.pyc", "strange.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "roles").symlink_to(tmp_path)
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz") as archive:
        for name in ("README.md", "plugins", "roles", "strange.txt"):
            archive.add(tmp_path / name, name)
    assert set(checks.unexpected(tmp_path / "c.tar.gz")) == {
        "plugins/__pycache__",
        "plugins/__pycache__/x.pyc",
        "roles",
        "strange.txt",
    }


def test_every_stage_has_its_place_in_the_plan():
    placed = [name for _number, stages in plan.STEPS for name in stages]
    assert sorted(placed) == sorted(plan.STAGES) and len(set(placed)) == len(placed)
    assert set(plan.PATIENT) <= set(placed)
    assert plan.chosen(["vm", "lint", "unit"]) == [(2, ["unit", "lint"]), (1, ["vm"])]
    assert plan.chosen(["lab"]) == [(1, ["lab"])]
    assert [path for path in plan.FLEET + plan.FAULTS + plan.RUNS + plan.COMMANDS if not (ROOT / path).is_file()] == []


def test_stages_side_by_side_tell_what_each_found(capfd):
    """Two stages of one pytest option that matches no test: each says so, and a run of nothing else has failed."""
    results = lanes.run(["app", "matrix"], 2, ["-k", "no_such_test"])
    found = {name: each for name, each, _seconds in results}
    assert {name: (each.failed, each.notes) for name, each in found.items()} == dict.fromkeys(
        found, (0, ["no test matches the pytest options"])
    )
    assert set(found) == {"app", "matrix"} and "=== app ===" in capfd.readouterr().out
    assert summary.failures(results) == 1 and "this run tested nothing" in summary.text(results, 1.0)
    assert summary.failures([*results, ("lint", Found(passed=9), 1.0)]) == 1
    assert summary.failures([*results, ("unit", Found(passed=9, matched=True), 1.0)]) == 0


def test_a_stage_counts_what_its_programs_work_and_a_patient_one_gives_way(monkeypatch, tmp_path, capfd):
    def works(_more):
        found = Found()
        found.check("work", [sys.executable, "-S", "-c", "import time\nwhile time.process_time() < 0.3: pass"])
        return found

    gave_way = []
    monkeypatch.setattr(main.os, "nice", gave_way.append)
    for name in ("sanity", "solo"):
        monkeypatch.setitem(plan.STAGES, name, works)
        told = tmp_path / name
        assert main.main(["--only", name, "--found", str(told), "--"]) == 0
        assert 0.3 <= Found(**json.loads(told.read_text())).cpu_s < 3.0, told.read_text()
    assert gave_way == [plan.PATIENCE, 0]
    capfd.readouterr()


def test_a_stage_that_dies_is_a_failure(monkeypatch, capfd):
    monkeypatch.setattr(lanes.sys, "executable", "/bin/false")
    ((name, found, _seconds),) = lanes.run(["app"], 1, [])
    assert (name, found.failed) == ("app", 1) and "told nothing" in found.notes[0]
    capfd.readouterr()


@pytest.mark.parametrize("left", ["", '{"passed": 1', '{"passed": 1}'])
def test_a_stage_that_was_cut_off_is_a_failure_and_the_next_one_still_runs(left, monkeypatch, tmp_path, capfd):
    """Its figures are empty, half there, or there although it ended with an error."""
    program = tmp_path / "python"
    script = """#!/bin/sh
printf '%%s' '%s' > "$6"
[ "$4" = unit ] && printf '{"passed": 7}' > "$6"
[ "$4" = unit ] || exit 1
"""
    program.write_text(script % left)
    program.chmod(0o755)
    monkeypatch.setattr(lanes.sys, "executable", str(program))
    results = [(name, found.passed, found.failed) for name, found, _seconds in lanes.run(["app", "unit"], 1, [])]
    assert results == [("app", 0, 1), ("unit", 7, 0)]
    capfd.readouterr()


def test_a_lane_that_cannot_run_a_stage_says_why(monkeypatch, capfd):
    def full(*_given, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lanes.tempfile, "TemporaryDirectory", full)
    results = lanes.run(["app", "unit"], 2, [])
    assert [(name, found.failed) for name, found, _seconds in results] == [("app", 1), ("unit", 1)]
    assert all("No space left" in found.notes[0] for _name, found, _seconds in results)
    capfd.readouterr()


def test_a_lane_that_is_free_takes_the_next_stage(monkeypatch):
    """The first stage lasts until all others are over: the other lane has them all, and the results keep the order."""
    over, rest = [], ["b", "c", "d"]

    def apart(name, _more):
        assert name != "a" or wait_for(lambda: sorted(over) == rest)
        over.append(name)
        return Found()

    monkeypatch.setattr(lanes, "_apart", apart)
    assert [name for name, _found, _seconds in lanes.run(["a", *rest], 2, [])] == ["a", *rest] and over[-1] == "a"


def test_what_needs_the_sample_application_on_lab_hosts_is_in_one_stage():
    """To start it there takes as long as ten tests."""
    served = [path for path in (ROOT / "tests" / "lab").glob("test_*.py") if "served_lab" in path.read_text()]
    assert served and {str(path.relative_to(ROOT)) for path in served} <= set(plan.FLEET)
