# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory: options, the guard, the room that control groups leave, and when memory is given back."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families.memory import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._families._memory import headroom, hold

MIB = 1024 * 1024
GIB = 1024 * MIB
GIVEN = {"size": "256M", "ramp": "0s", "reserve": None, "back_off": True}
FACTS = {"total": 16 * GIB, "available": 8 * GIB, "limited_by": "host"}


def planned(facts=None, **change):
    return FAMILY.plan(FAMILY.parse(dict(GIVEN, **change)), dict(FACTS, **(facts or {})))


@pytest.mark.parametrize(
    "change, option",
    [
        ({"size": None}, "size"),
        ({"size": "15M"}, "size"),
        ({"size": "0%"}, "size"),
        ({"size": "101%"}, "size"),
        ({"size": "x"}, "size"),
        ({"ramp": "x"}, "ramp"),
        ({"reserve": "x"}, "reserve"),
        ({"reserve": "150%"}, "reserve"),
    ],
)
def test_bad_options(change, option):
    with pytest.raises(BadOption) as caught:
        FAMILY.parse(dict(GIVEN, **change))
    assert caught.value.details["option"] == option


@pytest.mark.parametrize(
    "change, facts, size, reserve",
    [
        ({}, {}, 256 * MIB, 16 * GIB // 10),
        ({}, {"total": 2 * GIB, "available": GIB}, 256 * MIB, 512 * MIB),
        ({"size": "25%"}, {}, 2 * GIB, 16 * GIB // 10),
        ({"reserve": "1G"}, {}, 256 * MIB, GIB),
        ({"reserve": "50%"}, {"total": 8 * GIB}, 256 * MIB, 4 * GIB),
        ({"reserve": "0", "size": "8G"}, {}, 8 * GIB, 0),
    ],
)
def test_plan(change, facts, size, reserve):
    found = planned(facts, **change)
    (step,) = found["steps"]
    assert (step["args"]["size"], step["args"]["reserve"]) == (size, reserve)
    assert found["requested"]["size_mib"] == pytest.approx(size / MIB, abs=0.1)
    assert step["undo"] == [{"op": "workers.end", "args": {"fault": "$ID"}}] and found["claims"] == ["memory"]


@pytest.mark.parametrize(
    "change, facts, key",
    [
        ({"size": "7G"}, {}, "reserve"),
        ({"size": "100%"}, {}, "reserve"),
        ({"reserve": "7.9G"}, {}, "reserve"),
        ({"size": "9G"}, {}, None),
        ({"size": "9G", "reserve": "0"}, {}, None),
        ({}, {"available": 600 * MIB, "limited_by": "control group"}, "reserve"),
    ],
)
def test_guard_names_the_figures_and_the_key(change, facts, key):
    with pytest.raises(Refused) as caught:
        planned(facts, **change)
    assert caught.value.details["key"] == key
    assert "is available (%s)" % dict(FACTS, **facts)["limited_by"] in str(caught.value)


def test_share_that_is_next_to_nothing():
    with pytest.raises(BadOption, match="size: '1%' is only 10.2MiB here"):
        planned({"available": GIB}, size="1%")


def test_what_a_user_must_know_is_noted():
    assert planned()["notes"] == []
    assert "back_off is off" in planned(back_off=False)["notes"][0]
    assert "control group" in planned({"limited_by": "control group"})["notes"][0]


# -- room

V1_STAT = "cache 5\ntotal_inactive_file 1000\ntotal_active_file 500\ninactive_file 7\n"
V2_STAT = "anon 5\ninactive_file 1000\nactive_file 500\n"


def group(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


@pytest.mark.parametrize(
    "text, limited, available",
    [
        ("4:memory:/a/b\n0::/\n", ["v1/a/b", "v1/a"], 1000 - 800 + 1500),
        ("4:cpu,memory:/a\n0::/\n", ["v1/a"], 2000 - 900 + 1500),
        ("4:memory:/\n0::/\n", [], None),
        ("0::/s/u\n", ["v2/s/u", "v2/s"], 3000 - 100 + 1500),
        ("0::/../..\n", [], None),
        ("", [], None),
    ],
)
def test_limits_of_control_groups(tmp_path, text, limited, available):
    none = str(2**63 - 4096)
    group(tmp_path / "v1", memory__limit_in_bytes=none)
    group(tmp_path / "v1/a", memory__limit_in_bytes="2000\n", memory__usage_in_bytes="900\n", memory__stat=V1_STAT)
    group(tmp_path / "v1/a/b", memory__limit_in_bytes="1000\n", memory__usage_in_bytes="800\n", memory__stat=V1_STAT)
    group(tmp_path / "v2/s", memory__max="9000\n", memory__high="max\n", memory__current="100\n", memory__stat=V2_STAT)
    group(
        tmp_path / "v2/s/u", memory__max="max\n", memory__high="3000\n", memory__current="100\n", memory__stat=V2_STAT
    )
    found = headroom.groups(text, str(tmp_path / "v1"), (str(tmp_path / "v2"),))
    assert [folder for folder, _layout in found] == [str(tmp_path / each) for each in limited]
    if found:
        assert headroom.group_headroom(*found[0])[1] == available


@pytest.mark.parametrize("path", ["/x", "//x", "/", "relative", "/../up"])
def test_any_path_of_a_group_comes_to_an_end(tmp_path, path):
    assert headroom.groups("1:memory:%s\n" % path, str(tmp_path), ()) == []


@pytest.mark.parametrize(
    "text, pct",
    [
        ("some avg10=12.50 avg60=1.00 avg300=0.10 total=99\nfull avg10=99.00 avg60=0 avg300=0 total=0\n", 12.5),
        ("", None),
        ("full avg10=99.00 avg60=0 avg300=0 total=0\n", None),
    ],
)
def test_pressure(text, pct):
    assert headroom.pressure(text) == pct


def test_taken_counts_what_a_process_fills():
    code = "import sys; kept = bytearray(b'x' * %d); print(flush=True); sys.stdin.read()" % (64 * MIB)
    process = subprocess.Popen([sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        in_memory, in_swap = headroom.taken(process.pid)
        assert 64 * MIB <= in_memory + in_swap < 160 * MIB
        assert headroom.resident(process.pid) + in_swap >= 64 * MIB
    finally:
        process.communicate()
    assert headroom.taken(process.pid) == (0, 0) and headroom.resident(process.pid) == 0


# -- giving back

TAKE, WAIT = ("take", 0, 0), ("wait", 0, 0)


@pytest.mark.parametrize(
    "available, stalled, held, wanted, answer",
    [
        (1000, 0.0, 0, 100, TAKE),
        (500, 0.0, 0, 100, WAIT),  # a piece of 10 would leave 490, less than the reserve
        (509, 0.0, 0, 100, WAIT),
        (510, 0.0, 0, 100, TAKE),
        (505, 0.0, 96, 100, TAKE),  # only the rest is needed
        (1000, 0.0, 100, 100, WAIT),
        (499, 0.0, 100, 100, ("give back", 1, 1)),
        (100, 0.0, 100, 100, ("give back", 400, 1)),
        (100, 0.0, 0, 100, WAIT),
        (1000, 10.0, 50, 100, ("give back", 10, 2)),
        (1000, 10.0, 900, 1000, ("give back", 90, 2)),
        (1000, 10.0, 0, 100, WAIT),
        (1000, 9.9, 50, 100, TAKE),
    ],
)
def test_first_decision(available, stalled, held, wanted, answer):
    assert hold.BackOff(500, 10).decide(0.0, available, stalled, held, wanted) == answer


def test_taken_again_only_after_a_rest_and_with_room_to_spare():
    policy = hold.BackOff(500, 10)
    assert policy.decide(0.0, 490, 0.0, 100, 100)[0] == "give back"
    assert policy.decide(1.9, 1000, 0.0, 90, 100) == WAIT  # rest
    assert policy.decide(2.1, 525, 0.0, 90, 100) == WAIT  # 525 - 10 - 2 * 10 is less than 500
    assert policy.decide(2.1, 530, 0.0, 90, 100) == TAKE
    assert policy.decide(2.1, 530, 5.0, 90, 100) == WAIT  # tasks still wait for memory


def test_pressure_is_relieved_once_a_second():
    policy = hold.BackOff(0, 10)
    answers = [policy.decide(second, 1000, 50.0, 100, 100)[0] for second in (0.0, 0.5, 0.9, 1.0, 1.5, 2.1)]
    assert answers == ["give back", "wait", "wait", "give back", "wait", "give back"]


def test_holder_takes_whole_pages_and_gives_whole_pieces_back():
    shared = hold.Shared()
    holder = hold.Holder(shared, 10 * MIB)
    goal = 10 * MIB + 5000
    while holder.take(goal):
        pass
    assert [len(piece) for piece in holder.pieces] == [4 * MIB, 4 * MIB, 2 * MIB + 4096]
    assert shared.get("held") == holder.held == 10 * MIB + 4096
    assert all(any(piece[at : at + 4096]) for piece in holder.pieces for at in range(0, len(piece), 4096))
    holder.give_back(1, 1)
    assert (shared.get("held"), shared.get("given_back"), shared.get("back_offs"), shared.get("why")) == (
        8 * MIB,
        2 * MIB + 4096,
        1,
        1,
    )
    holder.give_back(100 * MIB, 2)
    assert (shared.get("held"), holder.pieces) == (0, [])
    holder.give_back(1, 1)
    assert shared.get("back_offs") == 2


@pytest.mark.parametrize(
    "size, chunk", [(16 * MIB, 4 * MIB), (8 * GIB, 4 * MIB), (9 * GIB, 5 * MIB), (100 * GIB, 50 * MIB)]
)
def test_size_of_a_piece(size, chunk):
    assert hold.Holder(hold.Shared(), size).chunk == chunk
