# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU load: its life, what ends it, what it refuses. How busy it makes the processors: tests/solo."""

from __future__ import annotations

import pytest

from support.faults import do_repeat_check_undo, fresh_state, killed_part_ends_all, parts, refused_rows

FAULT = {"name": "busy", "load": "30%", "duration": "60s"}


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


def test_life(state):
    do_repeat_check_undo("cpu_fault", FAULT, state)


@pytest.mark.parametrize("victim, cause", parts("chaos-cpu"))
def test_sigkill_of_any_part_ends_the_fault(state, victim, cause):
    killed_part_ends_all("cpu_fault", FAULT, state, victim, cause)


def test_bad_input(state):
    rows = [
        ({"load": None}, "load: '' is missing"),
        ({"load": "200%"}, "load: '200%'"),
        ({"load": "-5%"}, "load: '-5%'"),
        ({"load": "0"}, "load: '0'"),
        ({"load": "half"}, "load: 'half'"),
        ({"cores": 0}, "cores: '0'"),
        ({"cores": -1}, "cores: '-1'"),
        ({"cores": 4096}, "cores: '4096'"),
        ({"cores": "two"}, "cores"),
        ({"of": "moon"}, "of"),
        ({"ramp": "slowly"}, "ramp: 'slowly'"),
        ({"ramp": "-1s"}, "ramp: '-1s'"),
    ]
    refused_rows("cpu_fault", FAULT, rows, state)
