# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for a probe that runs on another host than its target."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import probe as probe_name, seen_from


@pytest.mark.parametrize(
    "url, seen",
    [
        ("http://127.0.0.1:5000/health", "http://192.0.2.7:5000/health"),
        ("http://localhost:5000/health?a=b", "http://192.0.2.7:5000/health?a=b"),
        ("http://[::1]:5000/", "http://192.0.2.7:5000/"),
        ("https://me:secret@127.0.0.1/x", "https://me:secret@192.0.2.7/x"),
        ("http://web1.example:8080/", "http://web1.example:8080/"),
        ("http://198.51.100.4/", "http://198.51.100.4/"),
    ],
)
def test_a_loopback_address_becomes_the_hosts(url, seen):
    assert seen_from(url, "watcher", "web1", "192.0.2.7") == seen
    assert seen_from(url, "web1", "web1", "192.0.2.7") == url


def test_an_ipv6_address_gets_its_brackets():
    assert seen_from("http://127.0.0.1:5000/", "watcher", "web1", "2001:db8::7") == "http://[2001:db8::7]:5000/"


def test_what_is_no_url_is_one_sentence():
    with pytest.raises(BadOption, match="^url: 'http://x:99999/' is not a URL"):
        seen_from("http://x:99999/", "watcher", "web1", "192.0.2.7")


def test_probes_of_several_targets_have_names_of_their_own():
    assert probe_name("cpu-light", "web1") == probe_name("cpu-light", "web1", "web1") == "cpu-light"
    hosts = ["web1", "web-1", "web:1", "2001:db8::7", "a" * 80 + "1", "a" * 80 + "2", "é", "ü"]
    names = [probe_name("cpu-light", host, "watcher") for host in hosts]
    assert len(set(names)) == len(hosts)
    assert all(_quantity.name(name) == name for name in names)
    assert names[0] == "cpu-light.web1"
