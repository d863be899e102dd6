# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file with which the owner of a host denies every fault: while it is there, no other test may inject one here."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.faults import fresh_state
from support.modules import run_module

FAULT = {"name": "denied", "load": "10%", "of": "added", "cores": 1, "duration": "20s"}


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


@pytest.mark.root
def test_owner_of_the_host_has_the_last_word(state):
    deny = Path("/etc/magsasa-chaos/deny")
    if deny.exists():
        pytest.skip("this machine denies faults already")
    made = not deny.parent.exists()
    deny.parent.mkdir(exist_ok=True)
    deny.write_text("not today: month-end closing \x1b[31m\nsecond line\n")
    try:
        refused = run_module("cpu_fault", FAULT, state)
        assert refused["failed"] and "not today: month-end closing" in refused["msg"] and "second" not in refused["msg"]
        assert "\x1b" not in refused["msg"] and list(state.iterdir()) == []
    finally:
        deny.unlink()
        if made:
            deny.parent.rmdir()
    assert run_module("cpu_fault", dict(FAULT, duration="2s"), state)["changed"]
