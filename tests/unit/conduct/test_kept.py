# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run keeps of the first contact with a host, and tells of it."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.plugin_utils import _needs
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import kept

ENDPOINT = {"url": "http://127.0.0.1:8000", "not_well": ""}
CANNOT = "cannot run here: nft is not installed"
RESULT = {
    "found": {"endpoint": ENDPOINT, "refusal": "", "sentence": "http://127.0.0.1:8000 (shop)"},
    "able": {"scenarios": {"one": {"can": True}, "two": {"can": False, "why": CANNOT}}, "host": {"root": True}},
    "held": True,
    "refused": "",
    "lost": "",
    "earlier": "",
    "again": ["python3"],
    "machine": "m1",
}
NOTHING = dict(RESULT, found={"endpoint": None, "refusal": "no service was found"}, able=None, held=False, again=None)


def test_a_host_that_is_well():
    found = kept.of(RESULT)
    assert found == {
        "endpoint": ENDPOINT,
        "unfit": "",
        "unable": {"two": CANNOT},
        "turn": True,
        "contact": {"again": ["python3"], "refused": "", "lost": "", "machine": "m1", "earlier": ""},
    }
    assert kept.told("web1", found, RESULT, number=2) == [
        "web1: testing http://127.0.0.1:8000 (shop)",
        "web1: 1 of 2 scenarios cannot run here",
        "two: " + CANNOT,
    ]
    user = dict(RESULT, able=dict(RESULT["able"], host={"root": False}), earlier="run 1 was cut off")
    assert kept.told("web1", kept.of(user), user, number=2)[1] == "web1: run 1 was cut off"
    assert kept.told("web1", kept.of(user), user, number=2)[-1] == kept.ROOT


@pytest.mark.parametrize(
    "result, probed, why",
    [
        (NOTHING, False, "no service was found"),
        (dict(RESULT, found=None, lost="web1 was not reached: no route", able=None), False, "web1 was not reached"),
        (dict(RESULT, found={"endpoint": dict(ENDPOINT, not_well="it says DOWN")}), False, "it says DOWN"),
        (dict(RESULT, found={"endpoint": dict(ENDPOINT, not_well="it says DOWN")}), True, ""),
        (dict(RESULT, found={"endpoint": "text", "refusal": "odd"}), False, "odd"),
    ],
)
def test_a_host_that_cannot_be_tested(result, probed, why):
    found = kept.of(result, probed=probed)
    assert found["unfit"].startswith(why) and bool(found["unfit"]) == bool(why)
    if why:
        assert kept.told("web1", found, result, number=2) == ["web1: " + found["unfit"]]


def test_the_sample_application_takes_the_place():
    second = dict(RESULT, found={"endpoint": dict(ENDPOINT, url="http://127.0.0.1:9")})
    found = kept.of(second, first=dict(NOTHING, earlier="run 1 was cut off"))
    assert (found["endpoint"]["url"], found["unfit"], found["turn"]) == ("http://127.0.0.1:9", "", True)
    assert found["contact"]["earlier"] == "run 1 was cut off"
    assert kept.told("web1", found, second, NOTHING, 2)[0].startswith(
        "web1: testing the sample application at http://127.0.0.1:9: no service was found"
    )
    planned = {"planned": True, "url": ""}
    dry = kept.of(dict(RESULT, found=None, held=False), first=NOTHING, planned=planned)
    assert (dry["endpoint"], dry["unfit"], dry["turn"]) == (planned, "", False)


def test_lines_of_many_hosts_are_bounded():
    hosts = {"web%d" % number: {"__preflight_contacted": {"told": ["line %d" % number]}} for number in range(103)}
    lines = _needs.told(dict(hosts, closed={}), [*hosts, "closed"])
    assert lines[0] == "line 0" and lines[-1] == "and 3 more hosts" and len(lines) == 101
    assert _needs.told({"closed": {}}, ["closed"]) == []
