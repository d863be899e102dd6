# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk: a load that the device itself shows."""

from __future__ import annotations

import os
import time

import pytest

from support.faults import end, fresh_state, inject, pids
from support.small_disk import io


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


@pytest.fixture(name="place")
def _place(tmp_path):
    folder = tmp_path / "place"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []


def device(place):
    """(sectors read, sectors written, flushes) of the block device under a folder, from /proc/diskstats."""
    number = os.stat(place).st_dev
    with open("/proc/diskstats") as source:
        for line in source:
            fields = line.split()
            if (int(fields[0]), int(fields[1])) == (os.major(number), os.minor(number)):
                return [int(fields[column]) for column in (5, 9, 18)]
    pytest.skip("the file system of the tests is on no block device of its own")


def over(place, seconds=2.0):
    """What the device did in the next seconds, by second."""
    before = device(place)
    time.sleep(seconds)
    return [(new - old) / seconds for new, old in zip(device(place), before)]


@pytest.mark.parametrize("mode, columns", [("write", (1, 2)), ("read", (0,)), ("mixed", (0, 1, 2))])
def test_load_is_seen_by_the_device(state, place, mode, columns):
    fault = inject("disk_fault", io(place, mode=mode, workers=2, rate="4M"), state)
    assert len(pids(state, fault, "chaos-disk")) == 2 and len(list(place.iterdir())) == 2
    during = over(place)
    # 4 MiB/s are 8192 sectors and 64 blocks a second, in the directions of the mode
    share = 0.5 if mode == "mixed" else 1.0
    for column in columns:
        assert during[column] > 0.5 * share * (64 if column == 2 else 8192), (mode, column, during)
    final = end("disk_fault", "load", state)
    assert final["effect"] == "confirmed" and final["measured"]["device"]
    for key, asked in (("write_mib_s", mode != "read"), ("read_mib_s", mode != "write")):
        assert final["measured"][key] == pytest.approx(4 * share if asked else 0, abs=1.0)


@pytest.mark.nightly
def test_without_fsync_the_disk_still_gets_the_load(state, place):
    inject("disk_fault", io(place, fsync=False, workers=1, rate="8M"), state)
    during = over(place, 4.0)
    assert during[1] > 4096 and during[2] < 64
    assert end("disk_fault", "load", state)["effect"] == "confirmed"


def test_rate_that_the_disk_cannot_give_is_a_mismatch(state, place):
    inject("disk_fault", io(place, rate="900G"), state)
    time.sleep(1.5)
    final = end("disk_fault", "load", state)
    assert final["effect"] == "mismatch" and "rate" in final["note"]
