# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk: a file system that is as full as asked, and nothing of a fault afterwards. What a load does: tests/solo."""

from __future__ import annotations

import os
import stat

import pytest

from support.faults import (
    do_repeat_check_undo,
    end,
    fresh_state,
    inject,
    killed_part_ends_all,
    ledger,
    left,
    parts,
    refused_rows,
    wait_for,
)
from support.modules import run_module
from support.small_disk import fill, io, mounted

MIB = 1024 * 1024


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


def free(place):
    """Bytes that statvfs calls available."""
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


# -- load


def test_files_are_ours_alone_and_take_their_room_at_once(state, place):
    fault = inject("disk_fault", io(place, workers=3, rate="64K"), state)
    found = sorted(place.iterdir())
    assert [each.name for each in found] == [".magsasa-chaos-%s-%d" % (fault["id"], number) for number in range(3)]
    for each in found:
        assert stat.S_IMODE(each.stat().st_mode) == 0o600 and each.stat().st_blocks * 512 >= 4 * MIB
    end("disk_fault", "load", state)


@pytest.mark.parametrize("victim, cause", parts("chaos-disk"))
def test_sigkill_of_any_part_ends_the_load(state, place, victim, cause):
    killed_part_ends_all("disk_fault", io(place, workers=2, rate="4M"), state, victim, cause)
    assert list(place.iterdir()) == []


def test_life_of_a_load(state, place):
    do_repeat_check_undo("disk_fault", io(place, rate="4M"), state)


# -- fill


def test_fill_takes_what_was_asked(state, place):
    """What is free then is seen below, on file systems that nobody else writes to."""
    fault = inject("disk_fault", fill(place, size="50M"), state)
    assert fault["effect"] == "confirmed"
    (made,) = place.iterdir()
    assert abs(made.stat().st_blocks * 512 - 50 * MIB) <= MIB
    end("disk_fault", "full", state)
    assert not made.exists()


@pytest.mark.parametrize("victim, cause", parts("chaos-disk")[:2])
def test_sigkill_of_any_part_empties_the_disk(state, place, victim, cause):
    killed_part_ends_all("disk_fault", fill(place, size="20M"), state, victim, cause)
    assert list(place.iterdir()) == []


def test_life_of_a_fill(state, place):
    do_repeat_check_undo("disk_fault", fill(place, size="20M"), state)


@pytest.mark.root
@pytest.mark.parametrize(
    "kind, asked",
    [
        ("ext4", {"size": "50%"}),
        ("ext4", {"leave_free": "0"}),
        ("ext2", {"size": "40M"}),
        ("ext2", {"leave_free": "12M"}),
        pytest.param("ext4", {"size": "40M"}, marks=pytest.mark.nightly),
        pytest.param("ext4", {"leave_free": "12M"}, marks=pytest.mark.nightly),
        pytest.param("ext2", {"size": "50%"}, marks=pytest.mark.nightly),
        pytest.param("ext2", {"leave_free": "0"}, marks=pytest.mark.nightly),
    ],
)
def test_small_file_system_within_one_mib(state, tmp_path, kind, asked):
    """ext2 knows no fallocate: there a worker writes."""
    with mounted(tmp_path, kind) as point:
        before, total = free(point), os.statvfs(point).f_blocks * os.statvfs(point).f_frsize
        fault = inject("disk_fault", fill(point, reserve="0", **asked), state)
        assert fault["measured"]["backend"] == ("writing" if kind == "ext2" else "fallocate")
        wanted = {"40M": before - 40 * MIB, "50%": before - total // 2, "12M": 12 * MIB, "0": 0}[
            list(asked.values())[0]
        ]
        assert abs(free(point) - wanted) <= MIB, (free(point), wanted, fault)
        assert fault["effect"] == "confirmed", fault
        if wanted == 0:
            with pytest.raises(OSError), open(point / "one-more", "wb") as target:
                target.write(bytes(2 * MIB))
                target.flush()
            (point / "one-more").unlink(missing_ok=True)
        end("disk_fault", "full", state)
        assert abs(free(point) - before) <= MIB // 8


@pytest.mark.root
def test_worker_that_writes_a_fill_ends_it_when_killed(state, tmp_path):
    with mounted(tmp_path, "ext2") as point:
        killed_part_ends_all("disk_fault", fill(point, size="30M", reserve="0"), state, *parts("chaos-disk")[2])
        assert sorted(each.name for each in point.iterdir()) == ["lost+found"]


@pytest.mark.root
def test_file_system_that_is_full_before_the_end_is_put_back(state, tmp_path):
    """ext2 needs blocks of its own for every MiB, so that all of what is free is more than it can give to a file."""
    with mounted(tmp_path, "ext2") as point:
        before = free(point)
        failed = run_module("disk_fault", fill(point, size=str(before), reserve="0"), state)
        assert failed["failed"] and "No space left on device" in failed["msg"] and "\n" not in failed["msg"]
        assert wait_for(lambda: not left(state))
        assert free(point) == before and ledger(state)[-1]["revert_cause"] == "failed"


@pytest.mark.root
def test_blocks_of_root_are_never_taken(state, tmp_path):
    with mounted(tmp_path, "ext4", options=("-m", "20")) as point:
        found = os.statvfs(point)
        kept = (found.f_bfree - found.f_bavail) * found.f_frsize
        assert kept > 10 * MIB
        inject("disk_fault", fill(point, leave_free="0", reserve="0"), state)
        now = os.statvfs(point)
        assert now.f_bfree * now.f_frsize >= kept - MIB
        end("disk_fault", "full", state)


@pytest.mark.root
def test_the_ledger_can_always_be_written(tmp_path):
    with mounted(tmp_path, "ext4") as point, fresh_state(point) as state:
        refused = run_module("disk_fault", fill(point, leave_free="2M", reserve="0", force=True), state)
        assert refused["failed"] and refused["msg"].startswith("refused by the ledger guard"), refused
        inject("disk_fault", fill(point, leave_free="9M", reserve="0"), state)
        final = end("disk_fault", "full", state)
        assert final["revert_cause"] == "absent" and final["residue"] == []


def test_reserve_is_kept_with_the_figures(state, place):
    for options in (io(place, workers=2), fill(place, size="20M"), fill(place, leave_free="1M")):
        refused = run_module("disk_fault", dict(options, reserve="100%"), state)
        assert (
            refused["failed"] and refused["msg"].startswith("refused by the disk guard") and refused["key"] == "reserve"
        )
    default = {key: value for key, value in fill(place, leave_free="512M").items() if key != "reserve"}
    refused = run_module("disk_fault", default, state)
    assert refused["failed"] and refused["key"] == "reserve"  # 1 GiB stays unless told otherwise
    beyond = run_module("disk_fault", dict(fill(place, size="900T"), reserve="0"), state)
    assert beyond["failed"] and "less than what is free" in beyond["msg"]
    assert list(state.iterdir()) == []


@pytest.mark.root
def test_memory_is_no_disk(state, tmp_path):
    with mounted(tmp_path, "tmpfs", 64) as point:
        for options in (io(point), fill(point, size="8M")):
            refused = run_module("disk_fault", options, state)
            assert refused["failed"] and "memory and not a disk" in refused["msg"] and refused["key"] == "force"
        fault = inject("disk_fault", fill(point, size="8M", force=True), state)
        assert fault["effect"] == "confirmed" and any("uses memory" in note for note in fault["notes"])
        end("disk_fault", "full", state)


def test_a_link_in_the_way_is_not_followed(state, place):
    """A folder that is named through a link is used where it really is; what the undo names is the real place."""
    other = place.parent / "link"
    other.symlink_to(place)
    fault = inject("disk_fault", fill(other, size="4M"), state)
    assert fault["requested"]["path"] == str(place)
    other.unlink()
    end("disk_fault", "full", state)


def test_bad_input(state, place):
    (place.parent / "file").write_text("")
    (place.parent / "read-only").mkdir()
    rows = [
        ({"path": "var/tmp"}, "path: 'var/tmp' is not an absolute path"),
        ({"path": "/not/there"}, "path: '/not/there' cannot be used"),
        ({"path": str(place.parent / "file")}, "is not a folder"),
        ({"path": "/proc"}, "path: '/proc' is on a file system that cannot store files; name a folder on a disk"),
        ({"path": "/var/tmp/\n\x1b[2J"}, "path:"),
        ({"action": "melt"}, "action"),
        ({"workers": 0}, "workers: '0'"),
        ({"workers": 65}, "workers: '65'"),
        ({"mode": "think"}, "mode"),
        ({"fsync": "perhaps"}, "fsync"),
        ({"block_size": "1"}, "block_size: '1'"),
        ({"block_size": "1G"}, "block_size: '1G'"),
        ({"block_size": "big"}, "block_size: 'big'"),
        ({"file_size": "1K"}, "file_size: '1K'"),
        ({"file_size": "-1M"}, "file_size: '-1M'"),
        ({"rate": "fast"}, "rate: 'fast'"),
        ({"rate": "0"}, "rate: '0'"),
        ({"size": "1M"}, "size: '1M' has no effect with action=io"),
        ({"leave_free": "1M"}, "leave_free: '1M' has no effect with action=io"),
        ({"reserve": "110%"}, "reserve: '110%'"),
        ({"reserve": "some"}, "reserve: 'some'"),
    ]
    refused_rows("disk_fault", io(place), rows, state)


def test_bad_input_of_a_fill(state, place):
    rows = [
        ({}, "size: '' is missing"),
        ({"size": "1M", "leave_free": "1M"}, "given together with leave_free"),
        ({"size": "much"}, "size: 'much'"),
        ({"size": "0"}, "size: '0'"),
        ({"size": "0%"}, "size: '0%'"),
        ({"size": "200%"}, "size: '200%'"),
        ({"leave_free": "-1"}, "leave_free: '-1'"),
        ({"leave_free": "120%"}, "leave_free: '120%'"),
        ({"leave_free": "900T", "reserve": "0"}, "leave_free: '900TiB' is more than"),
        ({"size": "1M", "workers": 2}, "workers: '2' has no effect with action=fill"),
        ({"size": "1M", "rate": "1M"}, "rate: '1M' has no effect with action=fill"),
        ({"size": "1M", "fsync": True}, "fsync: 'True' has no effect with action=fill"),
    ]
    refused_rows("disk_fault", fill(place), rows, state)
