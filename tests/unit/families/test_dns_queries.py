# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to name servers as bytes, what the worker decides about each, and when it bit."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, MissingTool, NotHere, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families.dns import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._families._dns import datagram, judge, message, queries
from ansible_collections.magsasa.chaos.plugins.module_utils._host.packets import nfnetlink
from ansible_collections.magsasa.chaos.plugins.module_utils._host.counters import Counters

GIVEN = {key: spec.get("default") for key, spec in FAMILY.options.items()}
FACTS = {
    "path": "/etc/hosts", "before": {}, "defined": ["db"], "own": ["web1", "web1.example.org"], "nft": True, "uid": 0, "obstacle": "",
    "server": "192.0.2.1", "managers": ["9.2.0.192.in-addr.arpa"],
}  # fmt: skip
CLIENT, SERVER, STUB = (socket.inet_aton(each) for each in ("192.0.2.5", "192.0.2.1", "127.0.0.53"))


def parsed(**change):
    return dict(FAMILY.parse(dict(GIVEN, **dict({"action": "fail"}, **change))), force=False)


def planned(facts=(), **change):
    return FAMILY.plan(parsed(**change), dict(FACTS, **dict(facts)))


@pytest.mark.parametrize(
    "change, words",
    [
        (
            {"failure": "timeout", "action": "delay", "delay": "1s"},
            "failure: 'timeout' has no effect with action=delay",
        ),
        ({"delay": "1s"}, "delay: '1s' has no effect with action=fail"),
        ({"action": "delay"}, "delay: '' is missing"),
        ({"action": "delay", "delay": "0"}, "below the minimum"),
        ({"action": "delay", "delay": "31s"}, "above the maximum"),
        ({"action": "delay", "delay": "x"}, "is not a duration"),
        ({"via": "hosts_file"}, "via: 'hosts_file' cannot do action=fail"),
        ({"action": "block", "via": "queries", "names": ["a"]}, "via: 'queries' cannot do action=block"),
        ({"address": "10.0.0.1"}, "has no effect with action=fail"),
        ({"names": []}, "names: '' is missing"),
        ({"names": ["a.*.org"]}, "write \\*.example.org for all names below one"),
        ({"names": ["*"]}, "is not the name of a host"),
        ({"names": ["*."]}, "is not the name of a host"),
        ({"names": ["*.10.0.0.1 "], "action": "redirect", "via": "queries"}, "is not an address"),
        (
            {"action": "redirect", "names": ["*.example.org"], "address": "10.0.0.1"},
            "/etc/hosts does not support wildcards",
        ),
    ],
)
def test_bad_options(change, words):
    with pytest.raises(BadOption, match=words) as caught:
        parsed(**change)
    assert "\n" not in str(caught.value)


def test_the_plan_lets_the_worker_end_before_the_table_goes():
    plan = planned(names=["*.Example.org", "api"])
    assert [entry["op"] for entry in reversed(plan["steps"][0]["undo"])] == [
        "workers.finish",
        "workers.end",
        "nft.remove_table",
    ]
    assert plan["claims"] == ["name:*.example.org", "name:api", "DNS queries"]
    assert plan["requested"] == {"names": ["*.example.org", "api"], "failure": "nxdomain"}
    assert plan["steps"][0]["says"] == "answer queries for *.example.org, api with nxdomain"
    assert {"web1", "9.2.0.192.in-addr.arpa"} <= set(plan["steps"][0]["args"]["exempt"])
    assert planned(failure="timeout")["steps"][0]["says"] == "drop queries for all names"
    assert planned(action="delay", delay="200ms")["requested"] == {"names": "all", "delay_ms": 200.0}
    assert planned(action="redirect", via="queries", names=["a"], address="::1")["requested"] == {
        "names": ["a"],
        "addresses": ["::1"],
    }


@pytest.mark.parametrize(
    "facts, change, error, words",
    [
        ({}, {"names": ["web1"]}, Refused, "protected name"),
        ({}, {"names": ["localhost"]}, Refused, "protected name"),
        ({}, {"names": ["db"]}, Refused, "name in use"),
        ({"nft": False}, {}, MissingTool, "nft is not installed"),
        ({"uid": 1000}, {}, NotHere, "need root"),
        ({"obstacle": "no such thing"}, {}, NotHere, "no such thing"),
    ],
)
def test_what_would_not_work_is_refused(facts, change, error, words):
    with pytest.raises(error, match=words):
        planned(facts, **change)


@pytest.mark.parametrize(
    "names, name, meant",
    [
        ([], "anything.org", True),
        ([], "web1", False),
        ([], "web1.any.domain", False),
        ([], "9.2.0.192.in-addr.arpa", False),
        (["api.example.org"], "api.example.org", True),
        (["api.example.org"], "x.api.example.org", False),
        (["*.example.org"], "api.example.org", True),
        (["*.example.org"], "a.b.example.org", True),
        (["*.example.org"], "example.org", False),
        (["*.example.org"], "badexample.org", False),
        (["a", "*.b"], "c", False),
    ],
)
def test_which_names_are_meant(names, name, meant):
    assert queries.Wanted(names, FACTS["own"] + FACTS["managers"]).meant(name) is meant


def test_a_question_and_its_answers():
    asked = message.question(message.query(77, "Api.example.org", 4))
    assert (asked.number, asked.name, asked.kind) == (77, "api.example.org", 1)
    assert message.answer(message.reply(asked, 3)) == (77, 3, [])
    assert message.answer(message.reply(asked, 0, "10.0.0.9")) == (77, 0, ["10.0.0.9"])
    assert message.answer(message.reply(asked, 0, "::9")) == (77, 0, [])  # nothing of that kind
    assert message.answer(message.reply(message.question(message.query(1, "a", 6)), 0, "::9")) == (1, 0, ["::9"])
    assert message.reply(asked)[2:4] == b"\x81\x80" and message.question(message.reply(asked)) is None
    assert struct.pack("!I", 0) in message.reply(asked, 0, "10.0.0.9")[-14:]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 12,
        message.query(1, "a", 4)[:-1],
        message.query(1, "a", 4)[:2] + b"\x81" + message.query(1, "a", 4)[3:],
        b"\0\1\x28\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1",
        b"\0\1\1\0\0\2\0\0\0\0\0\0\1a\0\0\1\0\1",
        b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1",
        b"\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\3",
        b"\0\1\1\0\0\1\0\0\0\0\0\0" + b"\x3f" + b"a" * 63 + (b"\x3f" + b"b" * 63) * 3 + b"\1c\0\0\1\0\1",
    ],
)
def test_what_is_no_plain_question(data):
    assert message.question(data) is None


@given(some.binary(max_size=120))
def test_any_bytes_are_read_or_not(data):
    message.question(data)
    message.answer(data)
    datagram.parse(data)


@given(some.binary(max_size=80), some.sampled_from([4, 16]), some.integers(0, 65535), some.integers(0, 65535))
def test_a_packet_is_what_was_put_into_it(data, size, source, target):
    found = datagram.Datagram(bytes(range(size)), source, bytes(range(1, size + 1)), target, data)
    packet = datagram.build(found)
    assert datagram.parse(packet) == found and datagram.back(datagram.back(found, b""), data) == found
    if size == 4:
        assert sum(struct.unpack("!10H", packet[:20])) % 0xFFFF == 0


@pytest.mark.parametrize("change", [{6: 0x20}, {7: 1}, {9: 6}, {0: 0x44}, {24: 255}])
def test_a_packet_that_is_none_of_ours(change):
    packet = bytearray(datagram.build(datagram.Datagram(CLIENT, 1, SERVER, 53, b"abc")))
    for at, value in change.items():
        packet[at] = value
    assert datagram.parse(bytes(packet)) is None


def desk(**change):
    """(Desk, verdicts [(packet, lost)], answers [Datagram], counters)."""
    verdicts, answers, counted = [], [], Counters(queries.NAMES)
    args = dict(planned(**change)["steps"][0]["args"])
    made = queries.Desk(
        lambda packet, lost: verdicts.append((packet, lost)), answers.append, args, "check.invalid", counted
    )
    return made, verdicts, answers, counted


def packet(name="api.example.org", server=SERVER, port=53, version=4):
    return datagram.build(datagram.Datagram(CLIENT, 40000, server, port, message.query(5, name, version)))


def test_an_answer_comes_from_the_server_that_was_asked_and_the_question_is_lost():
    made, verdicts, answers, counted = desk(names=["api.example.org"], failure="refused")
    made.take(1, packet(), 0.0)
    made.take(2, packet("other.example.org"), 0.0)
    made.take(3, packet(port=123), 0.0)
    made.take(4, b"no packet", 0.0)
    assert verdicts == [(1, True), (2, False), (3, False), (4, False)]
    assert [each[:4] for each in answers] == [(SERVER, 53, CLIENT, 40000)] and message.answer(answers[0].data).code == 5
    assert {key: counted.figures()[key] for key in ("checks", "queries", "matched", "hit")} == {
        "checks": 0,
        "queries": 2,
        "matched": 1,
        "hit": 1,
    }


def test_a_lost_question_has_no_answer_and_a_redirected_one_the_address():
    made, verdicts, answers, _counted = desk(failure="timeout")
    made.take(1, packet(), 0.0)
    assert verdicts == [(1, True)] and not answers
    made, verdicts, answers, _counted = desk(
        action="redirect", via="queries", names=["*.example.org"], address="10.9.9.9"
    )
    made.take(1, packet(), 0.0)
    assert message.answer(answers[0].data).addresses == ["10.9.9.9"]


def test_a_held_question_goes_on_when_its_time_has_come_and_a_stub_is_not_held_twice():
    made, verdicts, answers, counted = desk(action="delay", delay="200ms")
    assert made.patience(0.0) is None
    made.take(1, packet(server=STUB), 10.0)
    assert made.patience(10.05) == pytest.approx(0.15) and not verdicts
    made.let_go(10.199)
    assert not verdicts
    made.let_go(10.2)
    made.take(2, packet(server=SERVER), 10.21)  # the stub asks its own server
    made.take(3, packet("other.org"), 10.21)
    assert verdicts == [(1, False), (2, False)] and not answers
    made.take(4, packet(server=SERVER), 13.0)
    made.take(5, packet("check.invalid"), 13.0)
    made.let_go(13.3)
    assert verdicts[2:] == [(3, False), (4, False), (5, True)] and message.answer(answers[0].data).code == 3
    assert counted.figures()["hit"] == counted.figures()["held"] == 3 and counted.figures()["checks"] == 1
    made.take(6, packet("last.org"), 20.0)
    made.end()
    assert verdicts[-1] == (6, False)


FIGURES = {"checks": 1, "queries": 3, "matched": 2, "hit": 2, "held": 0, "held_s": 0.0}


@pytest.mark.parametrize(
    "change, asked, figures, effect",
    [
        ({}, (message.Answer(1, 3, []), 0.01), {}, "confirmed"),
        ({}, (message.Answer(1, 3, []), 0.01), {"checks": 0}, "mismatch"),
        ({}, (message.Answer(1, 0, ["10.0.0.1"]), 0.01), {}, "mismatch"),
        ({}, (None, 1.0), {}, "mismatch"),
        ({"failure": "timeout"}, (None, 1.0), {}, "confirmed"),
        ({"failure": "timeout"}, (message.Answer(1, 3, []), 0.01), {}, "mismatch"),
        ({"action": "delay", "delay": "200ms"}, (message.Answer(1, 3, []), 0.201), {}, "confirmed"),
        ({"action": "delay", "delay": "200ms"}, (message.Answer(1, 3, []), 0.101), {}, "mismatch"),
        (
            {"action": "delay", "delay": "200ms"},
            (message.Answer(1, 3, []), 0.201),
            {"held": 10, "held_s": 9.0},
            "mismatch",
        ),
        ({"action": "delay", "delay": "200ms"}, (None, 1.2), {}, "mismatch"),
        (
            {"action": "redirect", "via": "queries", "names": ["a"], "address": "10.9.9.9"},
            (message.Answer(1, 0, ["10.9.9.9"]), 0.01),
            {},
            "confirmed",
        ),
        (
            {"action": "redirect", "via": "queries", "names": ["a"], "address": "10.9.9.9"},
            (message.Answer(1, 0, ["10.9.9.8"]), 0.01),
            {},
            "mismatch",
        ),
    ],
)
def test_whether_it_bit(change, asked, figures, effect):
    args = planned(**change)["steps"][0]["args"]
    assert judge.judge(args, dict(FIGURES, **figures), asked, "")["effect"] == effect
    assert judge.judge(args, FIGURES, asked, "rules are gone")["effect"] == "mismatch"


def test_rules():
    assert "bypass" in queries.text("magsasa_chaos_0123456789ab", "counter queue num 7 bypass")
    good = [{"chain": "act", "comment": "hit"}, {"chain": "output", "comment": "match"}]
    assert queries.difference(good) == "" and queries.difference(good[:1]) and queries.difference(good + good[:1])


def test_packets_that_the_kernel_hands_over():
    head = nfnetlink.attribute(1, struct.pack("!IHB", 9, 0x800, 3))
    data = nfnetlink.message(nfnetlink.PACKET, 0, 0, 2, 5, head + nfnetlink.attribute(10, b"content"))
    data += nfnetlink.message(nfnetlink.PACKET, 0, 0, 2, 5, nfnetlink.attribute(1, struct.pack("!IHB", 10, 0x800, 3)))
    assert list(nfnetlink.packets(data)) == [(9, b"content"), (10, b"")] and list(nfnetlink.packet_ids(data)) == [9, 10]
