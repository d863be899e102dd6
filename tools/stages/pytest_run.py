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


def counts(report):
    """(passed, failed, skipped, {reason: how many}) of a JUnit report (path)."""
    failed = skipped = total = 0
    reasons = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        total += 1
        mark = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif mark is not None:
            skipped += 1
            reason = mark.get("message", "no reason given")
            reasons[reason] = reasons.get(reason, 0) + 1
    return total - failed - skipped, failed, skipped, reasons


def run(name, folder, more):
    """Run the tests below ``folder`` with the pytest options ``more``."""
    with tempfile.TemporaryDirectory(prefix="magsasa-chaos-tests-") as scratch:
        report = Path(scratch) / "report.xml"
        argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:pytest_ansible", "--junitxml", str(report), *more, folder]
        # For the programs that a test starts; pytest itself has the setting pythonpath.
        environment = dict(os.environ, PYTHONPATH=str(ROOT / ".collections"))
        code = subprocess.run(argv, cwd=ROOT, env=environment, check=False).returncode
        found = Found(*counts(report)[:3]) if report.exists() else Found()
        if report.exists():
            found.notes += ["%d skipped: %s" % (number, reason) for reason, number in counts(report)[3].items()]
    if code == NO_TESTS and more:
        found.notes.append("no test matches the pytest options")
    elif code != 0 and not found.failed:
        found.failed = 1
        found.notes.append("pytest ended with exit code %d before it had run the %s tests" % (code, name))
    return found
