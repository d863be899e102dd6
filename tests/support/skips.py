# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test whose machine lacks something is skipped and says so; with CI=true, where nobody reads skips, it fails."""

from __future__ import annotations

import os

import pytest

# What a test is about does not exist on a machine that has more, or is set up differently: it lacks nothing.
NOTHING_LACKS = (
    "the kernel here has netem",
    "psql is where this test cannot hide it",
    "this host has systemd; ",
    "this is not a git checkout",
    "this machine denies faults already",
    "only from 3.11 on ",
    "ansible-core before 2.19 has none",
)


def failure(reason):
    """What a skip for this reason is reported as (text), or None where it stays a skip."""
    reason = reason.removeprefix("Skipped: ")
    if os.environ.get("CI") != "true" or reason.startswith(NOTHING_LACKS):
        return None
    return "skipped, which CI=true does not allow: %s" % reason


@pytest.hookimpl(wrapper=True, trylast=True)  # before those that decide what is retried
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        told = failure(reason)
        if told:
            report.outcome, report.longrepr = "failed", told
    return report
