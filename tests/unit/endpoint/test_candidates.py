# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports are asked, in which order, at which addresses."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import candidates
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.module_utils._host.listeners import Listener


@pytest.mark.parametrize(
    "ports, environ, discovered, expected",
    [
        ((), {}, (), [8000, 5000, 5001, 3000]),
        ((), {"APP_PORT": "5001"}, (), [5001, 8000, 5000, 3000]),
        ((), {"APP_PORT": "7001", "CHAOS_TARGET_PORT": "7000"}, (), [7000, 7001, 8000, 5000, 5001, 3000]),
        ((9, "10"), {"APP_PORT": "11"}, (), [11, 9, 10]),
        ((9, 9), {"APP_PORT": "", "PORT": "12"}, (8000, 9, 13), [9, 8000, 13]),
        ((), {}, (13, 3000), [8000, 5000, 5001, 3000, 13]),
    ],
)
def test_order_of_the_candidates(ports, environ, discovered, expected):
    assert [each.port for each in candidates.choose(None, ports, environ, discovered)] == expected


def test_what_the_user_named_is_marked():
    found = candidates.choose(None, (), {"APP_PORT": "3000"}, (13,))
    assert [(each.port, each.named, each.discovered) for each in found][0] == (3000, True, False)
    assert [each.port for each in found if each.named] == [3000]
    assert [each.port for each in found if each.discovered] == [13]


@pytest.mark.parametrize(
    "url, expected",
    [
        ("http://Shop:81", (81, "shop", "http", None, None)),
        ("https://shop/a?b=c", (443, "shop", "https", "/a?b=c", None)),
        ("http://[::1]:5000/", (5000, "::1", "http", None, None)),
        ("http://u:p@127.0.0.1:5000/x", (5000, "127.0.0.1", "http", "/x", "Basic dTpw")),
    ],
)
def test_a_url_is_the_only_candidate(url, expected):
    (found,) = candidates.choose(url, (1, 2), {"APP_PORT": "3"}, (4,))
    assert (found.port, found.host.lower(), found.scheme, found.path, found.auth) == expected and found.named


@pytest.mark.parametrize(
    "value", [0, 65536, 99999, -1, "", "80a", "8 0", True, None, 1.5, "\u0661\u0662", "1" * 5000, {"a": 1}]
)
@pytest.mark.parametrize("where", ["ports", "CHAOS_TARGET_PORT", "APP_PORT"])
def test_a_bad_port_is_named(where, value):
    if where != "ports" and not value:
        return  # an empty variable counts as unset
    given = ((value,), {}) if where == "ports" else ((), {where: value})
    with pytest.raises(BadOption, match="^%s: '.*is not a port; use a number from 1 to 65535" % where) as caught:
        candidates.choose(None, given[0], given[1], ())
    assert len(str(caught.value)) < 200


def test_too_many_named_ports_are_refused_but_not_too_many_that_listen():
    with pytest.raises(BadOption, match="64 at most"):
        candidates.choose(None, range(1, 66), {}, ())
    assert len(candidates.choose(None, range(1, 65), {}, range(100, 200))) == 164


@pytest.mark.parametrize("value", ["localhost", "127.0.0", "", "::1%", "1.2.3.4:80", "fe80::g"])
def test_a_bad_address_is_named(value):
    with pytest.raises(BadOption, match="^addresses: .* is not an IP address"):
        candidates.address(value)


@pytest.mark.parametrize(
    "value, expected", [(" 127.0.0.1 ", "127.0.0.1"), ("[::1]", "::1"), ("0:0:0:0:0:0:0:1", "::1")]
)
def test_addresses_get_their_usual_form(value, expected):
    assert candidates.address(value) == expected


@pytest.mark.parametrize("value", ["health", "", "//evil.example/x", "/a b", "/a\n", "/" + "a" * 200])
def test_a_bad_path_is_named(value):
    with pytest.raises(BadOption, match="^health_paths: .* is not a path"):
        candidates.health_path(value)


@pytest.mark.parametrize(
    "number, names, expected",
    [
        (8080, {"python"}, True),
        (8080, set(), True),
        (22, set(), False),
        (5432, {"x"}, False),
        (5544, {"postgres"}, False),
        (2222, {"sshd"}, False),
    ],
)
def test_what_may_be_http(number, names, expected):
    assert candidates.may_be_http(number, names) is expected


def rows(*listeners):
    """Listeners of port 80, and one of another port that must never matter."""
    return [Listener(address, 80, 100 + index, pids) for index, (address, pids) in enumerate(listeners)] + [
        Listener("0.0.0.0", 81, 99, [9])
    ]


@pytest.mark.parametrize(
    "listeners, addresses, expected",
    [
        (rows(), (), [(["127.0.0.1", "::1"], False, [])]),
        (rows(("127.0.0.1", [1])), (), [(["127.0.0.1"], True, [1])]),
        (rows(("0.0.0.0", [1])), (), [(["127.0.0.1"], True, [1])]),
        (rows(("::1", [1])), (), [(["::1"], True, [1])]),
        (rows(("::", [1])), (), [(["127.0.0.1", "::1"], True, [1])]),
        (rows(("0.0.0.0", [1]), ("::", [1])), (), [(["127.0.0.1", "::1"], True, [1])]),
        (rows(("0.0.0.0", [1]), ("::1", [2])), (), [(["127.0.0.1"], True, [1]), (["::1"], True, [2])]),
        (rows(("192.0.2.7", [1])), (), [(["192.0.2.7"], True, [1])]),
        (rows(("127.0.0.1", [1]), ("192.0.2.7", [2])), (), [(["127.0.0.1"], True, [1]), (["192.0.2.7"], True, [2])]),
        (rows(("127.0.0.1", [2]), ("127.0.0.1", [1])), (), [(["127.0.0.1"], True, [1, 2])]),
        (rows(("127.0.0.1", []), ("::1", [])), (), [(["127.0.0.1"], True, []), (["::1"], True, [])]),
        (rows(("127.0.0.1", [1])), ("192.0.2.7",), [(["192.0.2.7"], False, [])]),
        (rows(("0.0.0.0", [1])), ("192.0.2.7", "::1"), [(["192.0.2.7"], True, [1]), (["::1"], False, [])]),
    ],
)
def test_one_target_for_each_group_of_processes(listeners, addresses, expected):
    candidate = candidates.choose(None, (80,), {}, ())[0]
    assert [
        (each.addresses, each.listening, each.pids) for each in candidates.targets(candidate, listeners, addresses)
    ] == expected
