# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the breaker opens, and what has to happen until it closes."""

from __future__ import annotations

import threading

from magsasa_app.breaker import Breaker
from running import wait_for


class Away(Exception):
    """The database is away."""


def test_opens_after_failures_in_a_row_only():
    breaker = Breaker(lambda: None, failures=3, recheck_s=60)
    for _each in range(5):
        breaker.failed("slow")
        breaker.failed("slow")
        breaker.succeeded()
    assert breaker.closed
    for _each in range(3):
        breaker.failed("slow")
    assert not breaker.closed


def test_closes_when_the_check_passes_and_starts_counting_anew():
    there, renewed, checks = threading.Event(), [], []

    def check():
        checks.append(1)
        if not there.is_set():
            raise Away()

    breaker = Breaker(check, failures=2, recheck_s=0.01, on_close=lambda: renewed.append(breaker.closed))
    breaker.open("gone")
    wait_for(lambda: len(checks) > 3, 20, "some checks")
    assert not breaker.closed and not renewed
    there.set()
    wait_for(lambda: breaker.closed, 20, "the breaker to close")
    assert renewed == [False]  # what hangs is left behind before the first request comes through
    breaker.failed("slow")
    assert breaker.closed


def test_stays_open_when_renewing_fails():
    tries = []

    def renew():
        tries.append(1)
        if len(tries) < 3:
            raise RuntimeError("no thread to be had")

    breaker = Breaker(lambda: None, recheck_s=0.01, on_close=renew)
    breaker.open("gone")
    wait_for(lambda: breaker.closed, 20, "the breaker to close")
    assert len(tries) == 3


def test_one_check_at_a_time():
    running, most = [], []
    hold = threading.Event()

    def check():
        running.append(1)
        most.append(len(running))
        hold.wait(20)
        running.pop()

    breaker = Breaker(check, failures=1, recheck_s=0.01)
    for _each in range(20):
        breaker.failed("hangs")
        breaker.open("hangs")
    wait_for(lambda: most, 20, "a check")
    hold.set()
    wait_for(lambda: breaker.closed, 20, "the breaker to close")
    assert max(most) == 1
