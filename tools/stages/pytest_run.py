# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage that is a folder of pytest tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from .found import ROOT, Found

NO_TESTS = 5  # pytest's exit code when it collected none
# Only a test that the machine starved is tried again, and only once: see tests/support/surroundings.py.
TRY_AGAIN = ("--reruns", "1", "--only-rerun", "Starved")


def read(report):
    """Found of a JUnit report (path), and {reason of a skip: how many}."""
    found, reasons = Found(), {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        found.tests.append(
            [
                float(case.get("time", 0)),
                "%s::%s" % (case.get("classname", "").rpartition(".")[2], case.get("name", "")),
            ]
        )
        mark = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            found.failed += 1
        elif mark is not None:
            found.skipped += 1
            reason = mark.get("message", "no reason given")
            reasons[reason] = reasons.get(reason, 0) + 1
        else:
            found.passed += 1
    return found, reasons


def run(name, folders, more):
    """Run the tests below ``folders`` (paths and options) with the pytest options ``more``."""
    with tempfile.TemporaryDirectory(prefix="magsasa-chaos-tests-") as scratch:
        report, told = Path(scratch) / "report.xml", Path(scratch) / "tried-again"
        argv = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:pytest_ansible",
            *TRY_AGAIN,
            "--junitxml",
            str(report),
            *more,
            *folders,
        ]
        # PYTHONPATH is for the programs that a test starts; pytest itself has the setting pythonpath.
        environment = dict(os.environ, PYTHONPATH=str(ROOT / ".collections"), CHAOS_TRIED_AGAIN=str(told))
        code = subprocess.run(argv, cwd=ROOT, env=environment, check=False).returncode
        found, reasons = read(report) if report.exists() else (Found(), {})
        found.tried_again = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    found.notes += ["%d skipped: %s" % (number, reason) for reason, number in reasons.items()]
    found.matched = code != NO_TESTS
    if code == NO_TESTS and more:
        found.notes.append("no test matches the pytest options")
    elif code != 0 and not found.failed:
        found.failed = 1
        found.notes.append("pytest ended with exit code %d before it had run the %s tests" % (code, name))
    return found
