# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What real faults measure every second is in their final record, and means what the report says it does."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import series

from support.faults import inject, ledger
from support.waiting import wait_for

FAULTS = [
    ("cpu_fault", {"load": "20%", "of": "added", "cores": 1}, {"host_load_pct", "own_load_pct"}),
    ("memory_fault", {"size": "24M"}, {"held_mib", "available_mib"}),
    (
        "disk_fault",
        {"workers": 1, "mode": "write", "fsync": True, "rate": "1M", "file_size": "4M"},
        {"write_mib_s", "fsyncs_s"},
    ),
]


def values(lines, key):
    (line,) = [each for each in lines["lines"] if each["key"] == key]
    return [value for value in line["values"] if value is not None], line


@pytest.fixture(name="records", scope="module")
def _records(tmp_path_factory):
    """Final records of three faults that are held side by side, each for 4 s."""
    state = tmp_path_factory.mktemp("state")
    for module, options, _keys in FAULTS:
        inject(module, dict(options, name=module, duration="4s"), state)
    assert wait_for(lambda: len(ledger(state)) == 3, 90)
    return {record["name"]: record for record in ledger(state)}


@pytest.mark.parametrize("module, options, keys", FAULTS, ids=[row[0] for row in FAULTS])
def test_the_series_is_in_the_record(records, module, options, keys):
    record = records[module]
    lines, note = series.of(record)
    assert note == "" and keys <= {line["key"] for line in lines["lines"]}
    at = lines["at_s"]
    assert len(at) >= 3 and at == sorted(at) and at[-1] < 60
    held = record["reverted_at"]["monotonic"] - record["injected_at"]["monotonic"]
    assert at[-1] <= held + 1
    assert all(len(line["values"]) == len(at) and line["label"] for line in lines["lines"])


def test_what_it_says_is_what_was_measured(records):
    own, line = values(series.of(records["cpu_fault"])[0], "own_load_pct")
    assert line["asked"] == 20.0 and line["unit"] == "%"
    measured = records["cpu_fault"]["measured"]["own_load_pct"]
    assert abs(sum(own) / len(own) - measured) < 8, (
        own,
        measured,
    )  # two ways to the same mean; the pieces are not all of a length
    held, line = values(series.of(records["memory_fault"])[0], "held_mib")
    assert line["asked"] == 24.0 and held[-1] == pytest.approx(records["memory_fault"]["measured"]["held_mib"], abs=0.2)
    written, line = values(series.of(records["disk_fault"])[0], "write_mib_s")
    assert line["asked"] == 1.0 and max(written) > 0
    assert sum(written) / len(written) == pytest.approx(records["disk_fault"]["measured"]["write_mib_s"], rel=0.5)
