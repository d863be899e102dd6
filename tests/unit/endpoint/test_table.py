# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table for people."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import table


def entry(**more):
    plain = {
        "port": 8000,
        "score": 85,
        "step": "identified",
        "service": "shop",
        "version": "1",
        "process": {"name": "gunicorn", "pid": 7},
    }
    return dict(plain, reasons=["default port", "+10 something listens"], **more)


def test_lines_stand_in_columns_and_the_taken_one_is_marked():
    worse = dict(
        entry(), port=80, score=0, step="none", service=None, version=None, process=None, reasons=["nothing listens"]
    )
    assert table.lines([entry(), worse]) == [
        "   PORT  SCORE  STEP        SERVICE  PROCESS       REASONS",
        ">  8000  85     identified  shop 1   gunicorn (7)  default port; +10 something listens",
        "   80    0      none        -        -             nothing listens",
    ]
    assert not table.lines([worse])[1].startswith(">")
    assert len(table.lines([])) == 1
