# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What families trace is what their phrases can label: a figure that nobody can name is drawn by nobody."""

from __future__ import annotations

import importlib

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._life.figures_over_time import of_measured
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import phrases

from . import test_phrases as table

BY_ITSELF = {
    "cpu": {"host_load_pct", "own_load_pct"},
    "disk": {"write_mib_s", "read_mib_s", "fsyncs_s", "device_busy_pct", "filled_mib", "free_mib"},
}
WITHOUT = {"file", "service", "host"}  # something is done once


class Context:
    """As a family sees it."""

    def __init__(self, record):
        self.record, self.memory = record, {"bytes": 5}


@pytest.mark.parametrize(
    "row", [row for row in table.ROWS if row[0] not in BY_ITSELF and row[3]], ids=lambda row: "%s-%s" % row[:2]
)
def test_each_figure_has_a_label(row):
    family = importlib.import_module(
        "ansible_collections.magsasa.chaos.plugins.module_utils._families." + row[0]
    ).FAMILY
    record = table.record_of(row)
    told = (
        family.trace(Context(record))
        if hasattr(family, "trace")
        else of_measured(getattr(family, "traced", {}), record["measured"])
    )
    keys = {key for kind in told.values() for key, value in kind.items() if value is not None}
    known = phrases.lines(record)
    assert keys <= set(known), (keys, known)
    assert all(line.label and "_" not in line.label + line.unit for line in known.values())
    assert (
        bool(keys) is not (row[0] in WITHOUT)
        or not known
        or row[1] in ("outage", "pause", "refuse", "lock", "exhaust", "block")
    )


@pytest.mark.parametrize("family", sorted(BY_ITSELF))
def test_those_that_count_by_themselves(family):
    known = {key for row in table.ROWS if row[0] == family for key in phrases.lines(table.record_of(row))}
    assert known == BY_ITSELF[family]


def test_who_has_no_series_says_so():
    for row in table.ROWS:
        family = importlib.import_module(
            "ansible_collections.magsasa.chaos.plugins.module_utils._families." + row[0]
        ).FAMILY
        assert (hasattr(family, "trace") or hasattr(family, "traced")) is (row[0] not in WITHOUT)
        if row[0] in WITHOUT:
            assert phrases.lines(table.record_of(row)) == {}
