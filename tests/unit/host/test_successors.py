# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When what was started again counts as being there."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._host import successors

OLD, FIRST, SECOND = (5, 10), (6, 2000), (7, 2010)


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([(OLD, 60.0)], OLD),
        ([(None, 0.0)], None),
        ([(FIRST, 0.01), (FIRST, 0.6), (FIRST, 1.1)], FIRST),
        ([(FIRST, 0.01), (None, 0.0)], None),
        ([(FIRST, 0.9), (SECOND, 0.01), (SECOND, 1.0)], SECOND),
        (itertools.cycle([(FIRST, 0.01), (SECOND, 0.02)]), None),
    ],
    ids=["never ended", "gone", "stays", "ends at once", "the second one stays", "none of them stays"],
)
def test_only_what_stays_is_there(monkeypatch, seen, found):
    now, looks, ages = [100.0], iter(seen), []

    def current(_marks):
        process, age = next(looks)
        ages.append(age)
        return process

    monkeypatch.setattr(successors, "current", current)
    monkeypatch.setattr(successors.processes, "age_s", lambda _start: ages[-1])
    monkeypatch.setattr(successors.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(successors.time, "monotonic", lambda: now[0])
    assert successors.staying({}, 1.0) == found
