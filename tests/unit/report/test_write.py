# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports on disk: one folder a run, whole files, latest; nothing of a report that could not be written."""

from __future__ import annotations

import hashlib
import json
import os
import re

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import write

from support import reports


def test_files(tmp_path):
    report = reports.report()
    target = write.write(report, str(tmp_path / "a" / "reports"))
    assert target == str(tmp_path / "a" / "reports" / reports.RUN["id"])
    assert sorted(os.listdir(target)) == [
        "report.html",
        "report.json",
        "report.json.sha256",
        "report.junit.xml",
        "report.md",
        "report.prom",
    ]
    assert json.load(open(os.path.join(target, "report.json"), encoding="utf-8")) == report
    assert open(os.path.join(target, "report.md"), encoding="utf-8").read().startswith("# Chaos report: failed\n")
    page = open(os.path.join(target, "report.html"), encoding="utf-8").read()
    assert hashlib.sha256(open(os.path.join(target, "report.json"), "rb").read()).hexdigest() in page
    assert os.readlink(tmp_path / "a" / "reports" / "latest") == reports.RUN["id"]


def test_a_second_run_never_overwrites_the_first(tmp_path):
    first = write.write(reports.report(), str(tmp_path))
    before = open(os.path.join(first, "report.json"), "rb").read()
    with pytest.raises(FileExistsError):
        write.write(reports.report([]), str(tmp_path))
    assert open(os.path.join(first, "report.json"), "rb").read() == before
    second = write.write(reports.report(id="20261124T220502Z-000000"), str(tmp_path))
    assert second != first and os.readlink(tmp_path / "latest") == "20261124T220502Z-000000"
    assert sorted(os.listdir(tmp_path)) == sorted([os.path.basename(first), os.path.basename(second), "latest"])


def test_somebodys_own_latest_stays(tmp_path):
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "mine").write_text("x")
    write.write(reports.report(), str(tmp_path))
    assert (tmp_path / "latest" / "mine").read_text() == "x"


def test_without_links_there_is_still_a_report(tmp_path, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "symlink", refuse)
    assert os.path.exists(os.path.join(write.write(reports.report(), str(tmp_path)), "report.md"))
    assert os.listdir(tmp_path) == [reports.RUN["id"]]


def test_nothing_is_left_of_a_report_that_could_not_be_written(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write.write(reports.report(), str(tmp_path))
    assert os.listdir(tmp_path) == []


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "reports").write_text("x")
    with pytest.raises(OSError):
        write.write(reports.report(), str(tmp_path / "reports"))


def test_run_ids_sort_by_time_and_differ():
    assert re.fullmatch(r"20261124T220501Z-[0-9a-f]{6}", write.run_id(1795557901))
    assert len({write.run_id(1795557901) for _turn in range(50)}) == 50


def test_a_journal_on_request(tmp_path):
    target = write.write(reports.report(), str(tmp_path), more=("journal.json",))
    assert json.load(open(os.path.join(target, "journal.json"), encoding="utf-8"))["deviated"] is True


def test_lists_of_figures_are_one_line_each_and_nothing_else_changes():
    hostile = reports.report(reports.hostile('",\n [\n 1,\n 2\n]'))
    for report in (
        reports.report(),
        hostile,
        {"a": [], "b": [1, None, -2.5e-07], "c": ["1", 2], "d": [[1, 2], [True, 3]]},
    ):
        text = write.as_json(report)
        assert json.loads(text) == report
        assert text == write._lines(report, 0) + "\n"  # experiment by experiment is the same as in one go
    assert '"b": [1, null, -2.5e-07]' in text and '"c": [\n' in text
    lines = [line for line in write.as_json(reports.report()).splitlines() if line.strip().startswith('"p95_ms": [')]
    assert lines and all(line.rstrip(",").endswith("]") for line in lines)
