# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers by name: which addresses hosts and groups of the inventory become, and what is refused."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from ansible.errors import AnsibleUndefinedVariable

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _peers


class Unreadable(dict):
    """Variables of a host whose templates fail."""

    def get(self, key, default=None):
        raise AnsibleUndefinedVariable("'nothing' is undefined\n\x1b[31mhere")


MAPPED = str(ipaddress.ip_address("::ffff:192.0.2.12"))  # Python writes it with dots from 3.13 on
HOSTVARS = {
    "web1": {"ansible_host": "192.0.2.11"},
    "web2": {"ansible_host": "::ffff:192.0.2.12"},
    "six": {"ansible_host": "[2001:db8::6]"},
    "near": {"ansible_host": "fe80::7%eth0"},
    "db1": {"ansible_host": "db1.example"},
    "cache": {},
    "lost": {"ansible_host": "nowhere.example"},
    "odd": Unreadable(),
}
GROUPS = {"all": sorted(HOSTVARS), "web": ["web1", "web2"], "mine": ["web1"], "broken": ["web2", "lost"], "empty": []}
ME = "web1"
VARS = {"hostvars": HOSTVARS, "groups": GROUPS}
KNOWN = {"db1.example": ["192.0.2.20", "2001:db8::20"], "cache": ["192.0.2.30", "192.0.2.30"]}


@pytest.fixture(autouse=True)
def names(monkeypatch):
    def lookup(name, _port, **_more):
        if name not in KNOWN:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, 1, 6, "", (each, 0)) for each in KNOWN[name]]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


@pytest.mark.parametrize(
    "given, peers, named",
    [
        (["web2"], [MAPPED], {"web2": [MAPPED]}),
        (["six", "near"], ["2001:db8::6", "fe80::7"], {"six": ["2001:db8::6"], "near": ["fe80::7"]}),
        (["db1"], ["192.0.2.20", "2001:db8::20"], {"db1": ["192.0.2.20", "2001:db8::20"]}),
        (["cache"], ["192.0.2.30"], {"cache": ["192.0.2.30"]}),
        (["web"], [MAPPED], {"web": [MAPPED]}),  # the fault is on web1
        (["web1"], ["192.0.2.11"], {"web1": ["192.0.2.11"]}),
        ("cache, 198.51.100.0/24", ["192.0.2.30", "198.51.100.0/24"], {"cache": ["192.0.2.30"]}),
        (["cache", "192.0.2.30", "cache"], ["192.0.2.30"], {"cache": ["192.0.2.30"]}),
    ],
)
@pytest.mark.parametrize("option", ["peer", "to"])
def test_names_become_addresses(given, peers, named, option):
    arguments = {"name": "net", option: given}
    assert _peers.translate(arguments, VARS, ME) == ({"name": "net", option: peers}, named)
    assert arguments[option] == given  # the task's own


@pytest.mark.parametrize(
    "given",
    [None, [], 7, {"web": 1}, ["192.0.2.1/24", "192.0.2.300", "::/0", "fe80::1%eth0", "2001:DB8::/32", "192.0.2.1"]],
)
def test_what_has_no_name_is_left_to_the_module(given):
    arguments = {"peer": given}
    assert _peers.translate(arguments, VARS, ME) == (arguments, {})
    assert _peers.translate({}, VARS, ME) == ({}, {})


@pytest.mark.parametrize(
    "given, words",
    [
        (
            "db9",
            (
                "peer: 'db9' is not an IPv4 or IPv6 address or network, and not a host or group of the inventory; use"
                " an address"
            ),
        ),
        ("db9\x1b[31m\n", "peer: 'db9?[31m' is not"),
        ("mine", "peer: 'mine' is a group without other hosts than this one; "),
        ("empty", "peer: 'empty' is a group without other hosts than this one; "),
        (
            "lost",
            (
                "peer: 'lost' has no address: the controller cannot resolve its ansible_host 'nowhere.example'; set"
                " ansible_host of 'lost'"
            ),
        ),
        ("broken", "peer: 'broken' has the host 'lost', which has no address: "),
        ("odd", "peer: 'odd' has an ansible_host that cannot be read ('nothing' is undefined ?[31mhere); "),
    ],
)
def test_names_without_addresses_are_refused(given, words):
    with pytest.raises(BadOption) as caught:
        _peers.translate({"peer": ["192.0.2.1", given]}, VARS, ME)
    assert str(caught.value).startswith(words) and "\n" not in str(caught.value)
    assert caught.value.details["option"] == "peer"


def test_a_host_whose_name_is_not_known_to_the_resolver():
    hosts = {"hostvars": {"bare": {}}, "groups": {"all": ["bare"]}}
    with pytest.raises(
        BadOption, match="'bare' has no address: the controller cannot resolve its name; set ansible_host of 'bare'"
    ):
        _peers.translate({"to": "bare"}, hosts, ME)


def test_a_scenario_may_name_hosts_before_there_is_an_inventory():
    assert _peers.stand_in({"to": "db, 192.0.2.300"}) == {"to": ["192.0.2.1", "192.0.2.300"]}
    assert _peers.stand_in({"port": 80}) == {"port": 80}
