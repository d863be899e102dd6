# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test got of the machine while it ran, and what becomes of one that failed for want of it.

A failed test is tried again once (pytest-rerunfailures, ``--only-rerun Starved``) when the machine, by its own count,
did not give it what it
needs; nothing else is ever tried again. Each such test is a property of the report, and tools/stages counts them: more
than three fail the run.
"""

from __future__ import annotations

import os
import time

import pytest

PRESSURE = "/proc/pressure/cpu"
# Share of a test's time in which some process waited for a processor. On an idle machine of two cores a test of a fault
# is below 0.15, its own
# work included; beside two processes that always run it is above 0.6.
SCARCE = 0.4
_FAILED, _FAILED_NOW = pytest.StashKey(), pytest.StashKey()


class Starved(Exception):
    """The machine did not give a test what it needs: nothing that is tested is at fault."""


def waited_s():
    """Seconds since boot in which at least one process waited for a processor, or None where the kernel does not
    count them (Linux 4.20, PSI).
    """
    try:
        with open(PRESSURE, encoding="ascii") as source:
            return int(source.readline().rpartition("total=")[2]) / 1e6
    except (OSError, ValueError):
        return None


class Witness:
    """Reads the kernel's count before and after."""

    def __init__(self):
        self._began, self._waited = time.monotonic(), waited_s()

    def scarcity(self):
        """Share (0 to 1) of the time since the beginning in which somebody waited for a processor; 0 where nobody
        counts.
        """
        now = waited_s()
        if now is None or self._waited is None:
            return 0.0
        return min(1.0, (now - self._waited) / max(0.001, time.monotonic() - self._began))


def _raise(error, witness):
    """Raise the error, or what it became where processors were scarce: a test that was starved, with the error as
    the cause.
    """
    share = witness.scarcity()
    if isinstance(error, (Starved, pytest.skip.Exception)) or share < SCARCE:
        raise error
    raise Starved(
        "for %.0f %% of the time somebody waited for a processor: %s" % (100 * share, _first_line(error))
    ) from error


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    witness = Witness()
    try:
        return (yield)
    except (Exception, pytest.fail.Exception) as error:
        return _raise(error, witness)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef, request):
    witness = Witness()
    try:
        return (yield)
    except (Exception, pytest.fail.Exception) as error:
        return _raise(error, witness)


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    wrong = call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception)
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or wrong
    item.stash[_FAILED_NOW] = wrong or (call.when != "setup" and item.stash.get(_FAILED_NOW, False))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    """A test that failed half way leaves what it would have ended: that is no failure of its own, which would keep one
    that was starved from being tried again.
    """
    try:
        return (yield)
    except (Exception, pytest.fail.Exception) as error:
        if not item.stash.get(_FAILED_NOW, False):
            raise
        item.add_report_section("teardown", "left by the failed test", str(error)[:4000])
    return None


def failed(request):
    """Whether the test of a fixture's ``request`` has failed, in any try: what it left running must not fail the
    next one.
    """
    return request.node.stash.get(_FAILED, False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    """Say it where everybody looks, at once."""
    if report.outcome == "rerun":
        _TRIED.append((report.nodeid, _reason(report)))


_TRIED = []


def _reason(report):
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    return str(getattr(crash, "message", "") or "").splitlines()[0][:300] if crash else ""


def pytest_terminal_summary(terminalreporter):
    """What was tried again, for the reader and for tools/stages."""
    for nodeid, reason in _TRIED:
        terminalreporter.write_line("tried again: %s: %s" % (nodeid, reason))
    target = os.environ.get("CHAOS_TRIED_AGAIN")
    if target:
        with open(target, "w", encoding="utf-8") as told:
            told.writelines("%s: %s\n" % each for each in _TRIED)
