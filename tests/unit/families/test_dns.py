# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names: what options mean, what the plan says, what it refuses."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, MissingTool, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families import dns
from ansible_collections.magsasa.chaos.plugins.module_utils._families.dns import FAMILY, MOST

GIVEN = {key: spec.get("default") for key, spec in FAMILY.options.items()}


def parsed(**change):
    return dict(
        FAMILY.parse(dict(GIVEN, **dict({"action": "block", "names": ["api.example.org"]}, **change))), force=False
    )


def planned(change=(), **options):
    facts = {
        "path": "/etc/hosts",
        "before": {},
        "defined": ["db"],
        "own": ["web1", "web1.example.org"],
        "writable": True,
        "getent": True,
        "mount": False,
    }
    return FAMILY.plan(parsed(**options), dict(facts, **dict(change)))


@pytest.mark.parametrize(
    "text, name",
    [
        ("api", "api"),
        ("API.Example.org.", "api.example.org"),
        (" a-b.c_d ", "a-b.c_d"),
        ("1a.b", "1a.b"),
        ("x" * 63, "x" * 63),
    ],
)
def test_names(text, name):
    assert parsed(names=[text])["names"] == [name]


def test_names_are_told_once():
    assert parsed(names=["b", "A", "a."])["names"] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "a#b",
        "a\nb",
        "-a",
        "a-",
        "a..b",
        "*.example.org",
        "10.0.0.1",
        "::1",
        "zürich",
        "x" * 64,
        "a." * 127 + "b",
        "http://a",
        "a/b",
        "a:1",
    ],
)
def test_what_is_no_name(text):
    with pytest.raises(BadOption, match="names"):
        parsed(names=[text])


@pytest.mark.parametrize(
    "change, words",
    [
        ({"action": None}, "action: '' is missing"),
        ({"names": None}, "names: '' is missing"),
        ({"names": []}, "names: '' is missing"),
        ({"names": ["a%d" % number for number in range(MOST + 1)]}, "too many"),
        ({"address": "10.0.0.1"}, "has no effect with action=block"),
        ({"action": "redirect"}, "is not an address"),
        ({"action": "redirect", "address": "db"}, "is not an address"),
        ({"action": "redirect", "address": "10.0.0.300"}, "is not an address"),
    ],
)
def test_bad_options(change, words):
    with pytest.raises(BadOption, match=words):
        parsed(**change)


@pytest.mark.parametrize("address, written", [("10.0.0.1", "10.0.0.1"), (" FE80::0:1 ", "fe80::1")])
def test_address(address, written):
    assert parsed(action="redirect", address=address)["addresses"] == [written]


def test_the_plan_has_its_undo_and_holds_the_names():
    plan = planned(names=["a.b", "c"])
    assert (
        [entry["op"] for entry in plan["steps"][0]["undo"]] == ["hosts.remove"]
        and plan["claims"] == ["name:a.b", "name:c"]
        and not plan["notes"]
    )
    with pytest.raises(
        Refused, match="a mount of its own"
    ):  # a container's: a kill in the middle of a change could not be undone
        planned({"mount": True})


@pytest.mark.parametrize(
    "name",
    ["localhost", "x.localhost", "localhost.localdomain", "ip6-loopback", "web1", "web1.example.org", "web1.other"],
)
def test_own_names_are_refused(name):
    with pytest.raises(Refused, match="protected name"):
        planned(names=["other", name])


@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"writable": False}, Refused, "permission guard"),
        ({"getent": False}, MissingTool, "getent is not installed"),
        ({"defined": ["api.example.org"]}, Refused, "defines api"),
    ],
)
def test_what_would_not_work_is_refused(change, error, words):
    with pytest.raises(error, match=words):
        planned(change)


@pytest.mark.parametrize(
    "text, server",
    [
        ("search example.org\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n", "192.0.2.1"),
        ("nameserver\n  nameserver\t2001:DB8::0:1  # ours\n", "2001:db8::1"),
        ("nameserver name\nnameserver 192.0.2.2", "192.0.2.2"),
        ("#nameserver 192.0.2.1\noptions nameserver 192.0.2.1\n", "127.0.0.1"),
        (None, "127.0.0.1"),
    ],
)
def test_the_server_that_is_asked_first(text, server, tmp_path, monkeypatch):
    place = tmp_path / "resolv.conf"
    if text is not None:
        place.write_text(text)
    monkeypatch.setattr(dns, "RESOLVERS", str(place))
    assert FAMILY.inspect(parsed(action="fail"))["server"] == server
