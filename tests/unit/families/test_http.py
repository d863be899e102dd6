# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP faults: what options mean, what the plan says, what it refuses, which requests are meant, and when it bit."""

from __future__ import annotations

import random

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import (
    BadOption,
    HostError,
    MissingTool,
    NotHere,
    Refused,
)
from ansible_collections.magsasa.chaos.plugins.module_utils._families.http import FAMILY, reach
from ansible_collections.magsasa.chaos.plugins.module_utils._families._http import choice, counts, judge, rules
from ansible_collections.magsasa.chaos.plugins.module_utils._http.framing import Request

GIVEN = {key: spec.get("default") for key, spec in FAMILY.options.items()}
FACTS = {
    "ipv6": True,
    "nft": True,
    "ss": True,
    "uid": 0,
    "obstacle": "",
    "addresses": ["0.0.0.0"],
    "servers": ["gunicorn"],
    "control": [22],
}


def parsed(**change):
    return dict(
        FAMILY.parse(dict(GIVEN, **dict({"action": "status", "status": 503, "port": 8000}, **change))), force=False
    )


def planned(facts=(), **options):
    return FAMILY.plan(parsed(**options), dict(FACTS, **dict(facts)))


@pytest.mark.parametrize(
    "change, words",
    [
        ({"action": None, "status": None}, "action: '' is missing"),
        ({"port": None}, "port: '' is missing"),
        ({"port": 0}, "port: '0' is not a port"),
        ({"port": 65536}, "is not a port"),
        ({"port": -1}, "is not a port"),
        ({"status": None}, "status: '' is missing"),
        ({"status": 101}, "not the status of a whole answer"),
        ({"status": 600}, "not the status of a whole answer"),
        ({"action": "abort"}, "status: '503' has no effect with action=abort"),
        ({"action": "delay", "status": None}, "delay: '' is missing"),
        ({"action": "delay", "status": None, "delay": "soon"}, "is not a duration"),
        ({"delay": "0"}, "below the minimum"),
        ({"delay": "6m"}, "above the maximum"),
        ({"percent": "0"}, "below the minimum"),
        ({"percent": "101%"}, "above the maximum"),
        ({"percent": "few"}, "is not a percentage"),
        ({"path": []}, "empty list"),
        ({"path": ["api"]}, "is not a path"),
        ({"path": ["/a b"]}, "is not a path"),
        ({"path": ["/ä"]}, "is not a path"),
        ({"path": ["/a\n"]}, "is not a path"),
        ({"path": ["/" + "a" * 256]}, "is not a path"),
        ({"path": ["/a%d" % number for number in range(21)]}, "too many"),
        ({"method": []}, "empty list"),
        ({"method": ["get"]}, "is not a method"),
        ({"method": ["GET POST"]}, "is not a method"),
        ({"method": [""]}, "is not a method"),
    ],
)
def test_bad_options(change, words):
    with pytest.raises(BadOption, match=words) as caught:
        parsed(**change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change, action",
    [
        ({"action": None}, "status"),
        ({"action": None, "status": None, "delay": "1s"}, "delay"),
        ({"delay": "1s"}, "status"),
    ],
)
def test_the_action_may_follow_from_its_figure(change, action):
    assert parsed(**change)["action"] == action


def test_the_plan_takes_the_table_away_first_and_says_what_it_does():
    plan = planned(percent="10%", method=["POST"], path=["/api"], delay="1s")
    assert [entry["op"] for entry in reversed(plan["steps"][0]["undo"])] == [
        "nft.remove_table",
        "workers.finish",
        "workers.end",
    ]
    assert plan["steps"][0]["says"] == "answer 503 after 1000 ms to 10 % of the requests (POST) to port 8000 of /api"
    assert plan["requested"] == {
        "port": 8000,
        "requests_pct": 10.0,
        "delay_ms": 1000.0,
        "status": 503,
        "paths": ["/api"],
        "methods": ["POST"],
    }
    assert plan["claims"] == FAMILY.claims(parsed()) == ["http port 8000"] and len(plan["notes"]) == 3
    assert "::1" in planned({"ipv6": False})["notes"][2]
    assert len(planned(reset_existing=True)["steps"]) == 2 and len(planned(reset_existing=True)["notes"]) == 2


@pytest.mark.parametrize(
    "facts, options, error, words",
    [
        ({"control": [22, 8000]}, {}, Refused, "control connection"),
        ({"servers": ["sshd-session"]}, {}, Refused, "control connection"),
        ({"addresses": []}, {}, Refused, "nothing listens on port 8000"),
        ({"nft": False}, {}, MissingTool, "nft is not installed"),
        ({"ss": False}, {"reset_existing": True}, MissingTool, "ss is not installed"),
        ({"uid": 1000}, {}, NotHere, "needs root"),
        ({"obstacle": "no such thing"}, {}, NotHere, "no such thing"),
    ],
)
def test_what_would_not_work_or_lock_the_owner_out_is_refused(facts, options, error, words):
    with pytest.raises(error, match=words):
        planned(facts, **options)


@pytest.mark.parametrize(
    "paths, target, meant",
    [
        ([], "/anything", True),
        (["/api"], "/api", True),
        (["/api"], "/api/", True),
        (["/api"], "/api/a/b?c=d", True),
        (["/api"], "/apis", False),
        (["/api/"], "/api", True),
        (["/api"], "/other/api", False),
        (["/"], "/x", True),
        (["/api/*/items"], "/api/7/items", True),
        (["/api/*/items"], "/api/7/items/1", False),
        (["*.css"], "/a/b.css?v=1", True),
        (["/a[12]"], "/a2", True),
        (["/a?"], "/ab", True),
        (["/api"], "http://host:8000/api/x", True),
        (["/api"], "http://host", False),
        (["*"], "*", True),
        (["/a", "/b"], "/b", True),
        (["/a.c"], "/abc", False),
    ],
)
def test_paths(paths, target, meant):
    assert choice.Choice(paths, [], 100).matches(Request("GET", target, 0, False)) is meant


def test_methods_and_the_share():
    chosen = choice.Choice([], ["POST", "PUT"], 25, random.Random(7).random)
    assert [chosen.matches(Request(each, "/", 0, False)) for each in ("POST", "PUT", "GET")] == [True, True, False]
    assert 2200 < sum(chosen.hit() for _each in range(10000)) < 2800
    assert all(choice.Choice([], [], 100).hit() for _each in range(100))


@pytest.mark.parametrize(
    "status, method, last, head, body",
    [
        (
            503,
            "GET",
            False,
            b"HTTP/1.1 503 Service Unavailable",
            b"503 Service Unavailable (injected by magsasa.chaos)\n",
        ),
        (503, "HEAD", False, b"HTTP/1.1 503 Service Unavailable", b""),
        (204, "GET", True, b"HTTP/1.1 204 No Content", b""),
        (599, "GET", True, b"HTTP/1.1 599 Injected", b"599 Injected (injected by magsasa.chaos)\n"),
    ],
)
def test_our_answer(status, method, last, head, body):
    found, _blank, said = choice.answer(status, method, last).partition(b"\r\n\r\n")
    assert found.startswith(head + b"\r\n") and said == body and (b"Connection: close" in found) is last
    assert method == "HEAD" or status == 204 or b"Content-Length: %d" % len(body) in found


def test_rules_exempt_the_worker_first_and_leave_out_a_family_that_is_not_there():
    both = rules.numbered(rules.plan(8000), {4: 5001, 6: 6001})
    assert [label for label, _text in both] == ["exempt worker", "hit ipv4", "hit ipv6"]
    assert "127.0.0.1:5001" in both[1][1] and "[::1]:6001" in both[2][1]
    one = rules.numbered(rules.plan(8000), {4: 5001})
    assert [label for label, _text in one] == ["exempt worker", "hit ipv4"]
    text = rules.text("magsasa_chaos_0123456789ab", one)
    assert text.startswith("create table inet magsasa_chaos_0123456789ab\n") and "flush" not in text
    read = [
        {"comment": label, "expr": [{"tproxy": {}}] if "tproxy" in rule else [{"accept": None}]} for label, rule in one
    ]
    assert rules.difference(one, read) == ""
    assert (
        rules.difference(one, read[::-1])
        and rules.difference(one, read[:1])
        and rules.difference(one, [dict(each, expr=[]) for each in read])
    )


def figures(**change):
    return dict(
        {name: 0 for name in counts.NAMES},
        connections=5,
        requests=1000,
        matched=1000,
        hit=100,
        held=0,
        held_s=0.0,
        **change,
    )


@pytest.mark.parametrize(
    "change, options, effect, words",
    [
        ({}, {"percent": "10%"}, "confirmed", "100 of 1000"),
        ({"hit": 200}, {"percent": "10%"}, "mismatch", "200 of 1000"),
        ({"hit": 0}, {"percent": "10%"}, "inconclusive", "by chance none was hit"),
        ({"matched": 20, "hit": 5}, {"percent": "10%"}, "confirmed", "5 of 20"),
        ({"matched": 0, "hit": 0}, {}, "inconclusive", "no selected request"),
        ({"requests": 0, "matched": 0, "hit": 0, "unread": 3}, {}, "mismatch", "not HTTP/1.1"),
        (
            {"hit": 1000, "held": 1000, "held_s": 201.0},
            {"action": "delay", "status": None, "delay": "200ms"},
            "confirmed",
            "201 ms",
        ),
        (
            {"hit": 1000, "held": 1000, "held_s": 260.0},
            {"action": "delay", "status": None, "delay": "200ms"},
            "mismatch",
            "260 ms",
        ),
        ({"hit": 1000}, {}, "confirmed", "1000 of 1000"),
        ({"hit": 999}, {}, "mismatch", "999 of 1000"),
    ],
)
def test_whether_it_bit(change, options, effect, words):
    counted = dict(figures(), **change)
    found = judge.judge(parsed(**options), counted, "")
    assert found["effect"] == effect and words in found["note"], found
    assert judge.judge(parsed(**options), counted, "rules are gone")["effect"] == "mismatch"


def test_counts_are_seen_by_whoever_shares_them():
    counted = counts.new()
    counted.add("requests")
    counted.add("held_s", 0.25)
    assert (
        counted.figures()["requests"] == 1
        and counted.figures()["held_s"] == 0.25
        and set(counted.figures()) == set(counts.NAMES)
    )


def test_a_service_that_no_connection_of_ours_reaches_by_the_worker_is_an_error():
    with pytest.raises(HostError, match="reached the worker"):
        reach({"addresses": ["127.0.0.1"], "port": 1}, counts.new())
