# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run probes: checked with one sentence, put together from run and scenario, and without secrets in any
message.
"""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _probing

SERVICE = {"url": "http://127.0.0.1:8000", "health_url": "http://127.0.0.1:8000/health"}
SECRET = "Kanarie7f3a9Xq"


@pytest.mark.parametrize(
    "probe, words",
    [
        ("[1", "chaos_probe: '...' is not a mapping"),
        ([1], "is not a mapping"),
        ({"ulr": "/x"}, "'ulr' is not a valid key; did you mean 'url'?"),
        ({"expect": {"code": 200}}, "chaos_probe.expect: 'code' is not a valid key; use status, json, matches"),
        ({"expect": 200}, "chaos_probe.expect"),
        ({"headers": ["a"]}, "chaos_probe.headers"),
        ({"headers": {"X-Key": SECRET + "\n"}}, "chaos_probe.headers"),
        ({"url": "ftp://x/"}, "chaos_probe.url"),
        ({"url": "http://u:%s@h:99999/" % SECRET}, "chaos_probe.url"),
        ({"rate": "fast"}, "chaos_probe.rate: 'fast' is not a rate"),
        ({"rate": 0.1}, "chaos_probe.rate: '0.1' is not a rate"),
        ({"timeout": "30 parsecs"}, "chaos_probe.timeout: '30 parsecs' is not a duration"),
        ({"expect": {"status": "20x"}}, "chaos_probe.status"),
        ({"expect": {"matches": "("}}, "chaos_probe.matches"),
    ],
)
def test_what_means_nothing_is_one_sentence(probe, words):
    with pytest.raises(ChaosError) as caught:
        _probing.check(probe)
    assert words in str(caught.value) and "\n" not in str(caught.value) and SECRET not in str(caught.value)


def test_the_health_address_is_the_default_and_a_path_is_one_of_the_service():
    for probe, url in [
        ({}, SERVICE["health_url"]),
        ({"url": "/orders"}, "http://127.0.0.1:8000/orders"),
        ({"url": "https://shop/"}, "https://shop/"),
    ]:
        assert _probing.options(probe, SERVICE, 20, "2s") == {
            "url": url,
            "method": "GET",
            "validate_certs": True,
            "rate": 20,
            "timeout": "2s",
        }


def test_options_of_the_probe():
    given = {
        "body": {"a": 1},
        "headers": {"X": 1},
        "expect": {"status": [200, "404"], "json": {"a.b": "c"}, "matches": "x"},
        "validate_certs": "no",
        "rate": 5,
    }
    made = _probing.options(given, SERVICE, 20, "2s")
    assert (made["method"], made["body"], made["headers"]) == (
        "POST",
        '{"a": 1}',
        {"X": "1", "Content-Type": "application/json"},
    )
    assert (made["status"], made["json"], made["matches"], made["validate_certs"], made["rate"]) == (
        ["200", "404"],
        {"a.b": "c"},
        "x",
        False,
        5,
    )
    assert _probing.options({"expect": {"status": "200-299, 404"}}, SERVICE, 20, "2s")["status"] == ["200-299", "404"]
    assert _probing.check(given) and _probing.given("{url: /x}") == {"url": "/x"} and _probing.given("") == {}


def test_a_scenario_comes_before_the_run():
    run = {"url": "/a", "headers": {"A": "1", "B": "2"}, "body": "x", "method": "PUT", "rate": 3}
    assert _probing.merged(run, {}) == run
    assert _probing.merged(run, {"headers": {"B": "3"}}) == dict(run, headers={"A": "1", "B": "3"})
    assert _probing.merged(run, {"url": "/b"}) == {
        "url": "/b",
        "headers": {"A": "1", "B": "2"},
        "rate": 3,
    }, "a body of one address is none of another"


@pytest.mark.parametrize(
    "url, origin",
    [
        ("http://localhost:5001/orders", "http://localhost:5001"),
        ("https://[::1]/x", "https://[::1]:443"),
        ("http://192.0.2.7/", ""),
        ("http://shop/", ""),
        ("/orders", ""),
        ("nonsense", ""),
        (None, ""),
    ],
)
def test_a_probe_of_this_machine_names_the_service(url, origin):
    assert _probing.origin({"url": url}) == origin


def test_headers_go_to_the_service_of_the_probe_only():
    probe = {"headers": {"X-Key": SECRET}}
    for url, target, goes in [
        ("", "http://h:1", True),
        ("/x", "http://h:1", True),
        ("http://h:1/x", "http://h:1", True),
        ("http://h:2/x", "http://h:1", False),
        ("https://h:1/x", "http://h:1", False),
        ("", "", False),
    ]:
        assert bool(_probing.detection_headers(dict(probe, url=url), target)) == goes, (url, target)


def test_what_was_tested_is_told_without_secrets():
    tested = _probing.tested
    process = {"pid": 7, "name": "gunicorn", "command": "gunicorn app", "user": "www", "unit": None, "workers": [8]}
    endpoint = dict(
        SERVICE,
        service="shop",
        version="1",
        framework="gunicorn",
        process=process,
        step="identified",
        why="found on default port 8000",
    )
    found = tested(endpoint, {"url": "http://u:%s@h/x?token=%s" % (SECRET, SECRET), "method": "POST"})
    assert found["probed"] == "POST http://h/x?token=..." and SECRET not in str(found)
    assert (found["service"], found["process"]["pid"], found["step"], found["why"]) == (
        "shop 1",
        7,
        "identified",
        "found on default port 8000",
    )
    assert tested({}, {}) == {} and tested(SERVICE)["probed"] == SERVICE["health_url"]
