# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readings of both clocks."""

from __future__ import annotations

import json
import re
import time

from ansible_collections.magsasa.chaos.plugins.module_utils import _clock


def test_now_reads_both_clocks():
    before = time.monotonic(), time.time()
    reading = _clock.now()
    after = time.monotonic(), time.time()
    assert before[0] - 1e-6 <= reading["monotonic"] <= after[0] + 1e-6
    assert before[1] - 1e-6 <= reading["wall"] <= after[1] + 1e-6
    assert json.loads(json.dumps(reading)) == reading


def test_later_moves_both_clocks_alike():
    assert _clock.later({"monotonic": 10.0, "wall": 1000.5}, 2.25) == {"monotonic": 12.25, "wall": 1002.75}
    assert _clock.later({"monotonic": 10.0, "wall": 1000.5}, -1) == {"monotonic": 9.0, "wall": 999.5}


def test_the_boot_has_one_identity():
    assert re.fullmatch(r"[0-9a-f-]{36}", _clock.boot_id())
    assert _clock.boot_id() == _clock.boot_id()


def test_no_proc_is_no_identity(monkeypatch):
    def refuse(*_arguments, **_named):
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", refuse)
    assert _clock.boot_id() == ""
