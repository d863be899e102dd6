# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk: options, guards, what a mount and a device are, and when a load or a fill counts as confirmed."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families.disk import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._families._disk import files, fill, io, space

MIB = 1024 * 1024
GIB = 1024 * MIB
NOTHING = {key: None for key in FAMILY.options}
IO = dict(NOTHING, action="io", path="/data")
FILL = dict(NOTHING, action="fill", path="/data", size="2G")
FACTS = {
    "path": "/data/app",
    "dev": 65024,
    "mount": "/data",
    "type": "ext4",
    "device": [254, 0],
    "total": 100 * GIB,
    "free": 20 * GIB,
    "holds_ledger": False,
}


def planned(given, facts=None, force=False, **change):
    options = dict(FAMILY.parse(dict(given, **change)), force=force)
    return FAMILY.plan(options, dict(FACTS, **(facts or {})))


@pytest.mark.parametrize(
    "given, change, option",
    [
        (IO, {"workers": 0}, "workers"),
        (IO, {"workers": 65}, "workers"),
        (IO, {"block_size": "511"}, "block_size"),
        (IO, {"block_size": "65M"}, "block_size"),
        (IO, {"file_size": "32K"}, "file_size"),
        (IO, {"rate": "1023"}, "rate"),
        (IO, {"size": "1G"}, "size"),
        (IO, {"leave_free": "1G"}, "leave_free"),
        (IO, {"reserve": "x"}, "reserve"),
        (FILL, {"size": None}, "size"),
        (FILL, {"leave_free": "1G"}, "size"),
        (FILL, {"size": "0"}, "size"),
        (FILL, {"workers": 1}, "workers"),
        (FILL, {"fsync": False}, "fsync"),
        (FILL, {"mode": "read"}, "mode"),
    ],
)
def test_bad_options(given, change, option):
    with pytest.raises(BadOption) as caught:
        FAMILY.parse(dict(given, **change))
    assert caught.value.details["option"] == option


def test_defaults_of_a_load():
    found = FAMILY.parse(IO)
    assert {key: found[key] for key in ("workers", "mode", "fsync", "block_size", "file_size", "rate")} == {
        "workers": 1,
        "mode": "write",
        "fsync": True,
        "block_size": 65536,
        "file_size": 64 * MIB,
        "rate": None,
    }
    assert FAMILY.parse(dict(IO, block_size="3000", file_size="10000"))["file_size"] == 9000


def test_load_removes_its_files_when_its_workers_are_gone():
    (step,) = planned(IO, workers=2)["steps"]
    names = ["/data/app/.magsasa-chaos-$ID-0", "/data/app/.magsasa-chaos-$ID-1"]
    assert step["args"]["files"] == names
    # undone in reverse order
    assert step["undo"] == [{"op": "file.remove", "args": {"path": name, "fault": "$ID"}} for name in names] + [
        {"op": "workers.end", "args": {"fault": "$ID"}}
    ]


@pytest.mark.parametrize(
    "change, need",
    [
        ({}, 2 * GIB),
        ({"size": "10%"}, 10 * GIB),
        ({"size": None, "leave_free": "15G"}, 5 * GIB),
        ({"size": None, "leave_free": "10%"}, 10 * GIB),
        ({"size": "20G", "reserve": "0"}, 20 * GIB),
    ],
)
def test_fill_size(change, need):
    found = planned(FILL, **change)
    assert found["steps"][0]["args"]["size"] == need and found["claims"] == ["disk fill of /data"]


@pytest.mark.parametrize(
    "given, change, facts, key",
    [
        (IO, {"workers": 64, "file_size": "300M"}, {}, "reserve"),
        (IO, {}, {"total": GIB, "free": 800 * MIB}, "reserve"),  # 1 GiB stays unless told otherwise
        (FILL, {"size": "16G"}, {}, "reserve"),  # 5 % are 5 GiB
        (FILL, {"size": None, "leave_free": "1G"}, {}, "reserve"),
        (FILL, {"reserve": "95%"}, {}, "reserve"),
        (FILL, {"size": "21G", "reserve": "0"}, {}, None),
        (FILL, {"size": "20G", "reserve": "0"}, {"holds_ledger": True}, None),
        (IO, {}, {"type": "tmpfs"}, "force"),
        (FILL, {}, {"type": "ramfs"}, "force"),
    ],
)
def test_guards_name_the_key(given, change, facts, key):
    with pytest.raises(Refused) as caught:
        planned(given, facts, **change)
    assert caught.value.details["key"] == key


def test_force_does_not_lift_the_ledger_guard():
    with pytest.raises(Refused, match="ledger"):
        planned(FILL, {"holds_ledger": True}, force=True, size="20G", reserve="0")
    assert planned(FILL, {"holds_ledger": True}, size=str(20 * GIB - 8 * MIB), reserve="0")


def test_memory_with_force_is_noted():
    assert "uses memory" in planned(IO, {"type": "tmpfs"}, force=True)["notes"][0]
    assert "cannot be determined" in planned(IO, {"device": None})["notes"][0]


@pytest.mark.parametrize("change", [{"leave_free": "20G"}, {"leave_free": "50%"}])
def test_fill_that_is_there_already(change):
    with pytest.raises(BadOption, match="is more than the free 20GiB"):
        planned(FILL, size=None, **change)


MOUNTS = r"""
22 1 254:0 / / rw - ext4 /dev/vda rw
23 22 254:16 / /data rw shared:1 - xfs /dev/vdb rw
24 23 0:30 / /data/with\040space rw - tmpfs tmpfs rw
25 22 254:32 / /data rw - btrfs /dev/vdc rw
broken line
"""


@pytest.mark.parametrize(
    "path, point, kind",
    [
        ("/", "/", "ext4"),
        ("/database", "/", "ext4"),
        ("/data", "/data", "btrfs"),  # mounted over the other one
        ("/data/app", "/data", "btrfs"),
        ("/data/with space/x", "/data/with space", "tmpfs"),
    ],
)
def test_mount_of(path, point, kind):
    found = space.mount_of(path, 0, MOUNTS)
    assert (found["point"], found["type"]) == (point, kind)


@pytest.mark.parametrize(
    "dev, source, device",
    [
        (os.makedev(254, 3), "", [254, 3]),
        (os.makedev(0, 44), "overlay", None),
        (os.makedev(0, 44), "/dev/null", None),
        (os.makedev(0, 44), "/dev/none", None),
    ],
)
def test_block_device(dev, source, device):
    assert space.block_device(dev, source) == device


@pytest.mark.parametrize(
    "device, name, flushes",
    [([254, 0], "vda", 9), ([254, 1], "vda1", None), ([8, 0], None, None), (None, None, None)],
)
def test_diskstats(device, name, flushes):
    text = " 254 0 vda 1 2 10 4 5 6 20 8 0 3500 11 0 0 0 0 9 1\n 254 1 vda1 1 2 10 4 5 6 20 8 0 3500 11\n"
    found = space.diskstats(device, text)
    if name is None:
        assert found is None
    else:
        assert found == {"name": name, "read": 5120, "written": 10240, "busy_s": 3.5, "flushes": flushes}


def readings(own, device, kernel=None, seconds=10.0):
    """Two readings: (written, read) MiB in between by the workers, the device and the kernel's count for the
    workers.
    """

    def reading(at, share):
        return {
            "at": at,
            "own": {"written": own[0] * MIB * share, "read": own[1] * MIB * share, "syncs": 100 * share},
            "kernel": (
                kernel
                and {
                    "written": own[0] * MIB * share,
                    "read": own[1] * MIB * share,
                    "stored_written": kernel[0] * MIB * share,
                    "stored_read": kernel[1] * MIB * share,
                }
            ),
            "device": (
                device
                and {
                    "name": "vda",
                    "written": device[0] * MIB * share,
                    "read": device[1] * MIB * share,
                    "busy_s": 5.0 * share,
                    "flushes": None,
                }
            ),
        }

    return reading(0.0, 0), reading(seconds, 1)


@pytest.mark.parametrize(
    "mode, own, device, kernel, rate, fsync, effect",
    [
        ("write", (100, 0), (100, 0), None, None, True, "confirmed"),
        ("write", (100, 0), (40, 0), None, None, True, "mismatch"),
        ("write", (100, 0), (0, 100), None, None, True, "mismatch"),
        ("read", (0, 100), (0, 100), None, None, True, "confirmed"),
        ("read", (0, 100), (0, 1), None, None, True, "mismatch"),  # from memory
        ("mixed", (50, 50), (50, 50), None, None, True, "confirmed"),
        ("mixed", (50, 50), (100, 0), None, None, True, "mismatch"),
        ("write", (100, 0), None, (100, 0), None, True, "confirmed"),  # no device: the kernel's count
        ("write", (100, 0), None, (0, 0), None, True, "mismatch"),
        ("write", (100, 0), None, None, None, True, "inconclusive"),
        ("write", (0, 0), (0, 0), None, None, True, "inconclusive"),
        ("write", (100, 0), (100, 0), None, 10 * MIB, True, "confirmed"),
        ("write", (80, 0), (80, 0), None, 10 * MIB, True, "mismatch"),
        ("write", (100, 0), (0, 0), None, None, False, "inconclusive"),  # the first round is not over
        ("write", (200, 0), (0, 0), None, None, False, "mismatch"),
    ],
)
def test_load_is_judged_by_what_reached_the_disk(mode, own, device, kernel, rate, fsync, effect):
    args = {"mode": mode, "rate": rate, "fsync": fsync, "file_size": 64 * MIB, "files": ["one"]}
    found = io.judge(*readings(own, device, kernel), args)
    assert found["effect"] == effect and bool(found["note"]) == (effect != "confirmed")


def test_figures_of_a_load():
    args = {"mode": "write", "rate": None, "fsync": True, "file_size": 64 * MIB, "files": ["one"]}
    assert io.judge(*readings((100, 0), (110, 1), (200, 0)), args)["measured"] == {
        "over_s": 10.0,
        "fsyncs_s": 10.0,
        "write_mib_s": 10.0,
        "read_mib_s": 0.0,
        "device": "vda",
        "device_write_mib_s": 11.0,
        "device_read_mib_s": 0.1,
        "device_busy_pct": 50.0,
    }


@pytest.mark.parametrize(
    "leave_free, taken, free, effect",
    [
        (None, 100 * MIB, 0, "confirmed"),
        (None, 101 * MIB, 0, "confirmed"),
        (None, 98 * MIB, 0, "mismatch"),
        (10 * MIB, 0, 10 * MIB, "confirmed"),
        (10 * MIB, 0, 12 * MIB, "mismatch"),
        (10 * MIB, 0, 8 * MIB, "mismatch"),
    ],
)
def test_fill_is_judged_by_what_it_takes_or_leaves(leave_free, taken, free, effect):
    assert fill.judge({"size": 100 * MIB, "leave_free": leave_free}, taken, free)["effect"] == effect


@pytest.mark.parametrize("error", [0, errno.ENOSPC])
def test_a_worker_that_failed_is_why_the_load_is_not_there(error):
    figures = io.Figures(1)
    figures.put(0, "written", 64 * MIB)
    figures.put(0, "errno", error)
    first = {"at": 0.0, "own": dict.fromkeys(("written", "read", "syncs"), 0), "kernel": None, "device": None}
    args = {"mode": "write", "rate": None, "fsync": True, "file_size": 64 * MIB, "files": ["one"], "device": None}
    found = io.measure(
        SimpleNamespace(memory={"figures": figures, "pids": [os.getpid()], "args": args, "first": first})
    )
    assert ("a worker failed: No space left on device" == found["note"]) == bool(error)
    assert found["effect"] == ("mismatch" if error else "inconclusive")  # nobody counted before


@pytest.mark.parametrize("refused", [None, errno.EINVAL, errno.EOPNOTSUPP])
def test_what_is_read_is_read_also_where_there_is_no_way_past_the_cache(refused, tmp_path, monkeypatch):
    def reopen(name, flags=0):
        if refused:
            raise OSError(refused, os.strerror(refused))
        return os.open(name, os.O_RDWR | os.O_CLOEXEC)

    monkeypatch.setattr(files, "reopen", reopen)
    name = str(tmp_path / "one")
    descriptor = files.create(name)
    try:
        os.pwrite(descriptor, b"a" * 4096 + b"b" * 4096, 0)
        reader = io.Reader(descriptor, name, 4096)
        assert (reader.read(4096), bytes(reader.view[:2])) == (4096, b"bb")
        assert (reader.read(0), bytes(reader.view[:2])) == (4096, b"aa")
    finally:
        os.close(descriptor)


def test_create_never_follows_or_takes_over(tmp_path):
    name = str(tmp_path / "x")
    os.close(files.create(name))
    with pytest.raises(FileExistsError):
        files.create(name)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        files.create(str(link))
    assert not (tmp_path / "elsewhere").exists()
    link.unlink()
    link.symlink_to(name)
    with pytest.raises(OSError):
        files.reopen(str(link))


def test_allocate_and_write_take_the_room(tmp_path):
    first, second = str(tmp_path / "a"), str(tmp_path / "b")
    descriptor = files.create(first)
    if files.allocate(descriptor, 0, 3 * MIB):
        assert files.taken(first) >= 3 * MIB and os.fstat(descriptor).st_size == 3 * MIB
    os.close(descriptor)
    descriptor = files.create(second)
    files.write(descriptor, 2 * MIB + 5)
    os.fsync(descriptor)
    assert os.fstat(descriptor).st_size == 2 * MIB + 5 and files.taken(second) >= 2 * MIB
    os.close(descriptor)
    assert files.taken(str(tmp_path / "none")) == 0


def test_write_stops_when_the_room_is_used_up(tmp_path):
    rooms = iter([3 * MIB, 100, 0])
    descriptor = files.create(str(tmp_path / "a"))
    files.write(descriptor, 10 * MIB, lambda: next(rooms))
    assert os.fstat(descriptor).st_size == MIB + 100
    os.close(descriptor)
