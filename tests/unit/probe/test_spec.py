# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a check: every kind parsed, every wrong value one sentence, no secret shown."""

from __future__ import annotations

import json

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.module_utils._check import spec
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import control


def options(**given):
    found = {name: option.get("default") for name, option in spec.OPTIONS.items()}
    found.update(given)
    return found


def recorder(**given):
    more = {
        "name": "p",
        "rate": 20.0,
        "timeout": "2s",
        "max_duration": "30m",
        "max_in_flight": None,
        "lease": None,
        "keepalive": False,
        "url": "http://h/",
    }
    return options(**dict(more, **given))


@pytest.mark.parametrize(
    "given, expected, shown",
    [
        (
            {"url": "http://u:pw@h/x?k=v", "status": ["200", "300-399"]},
            {"kind": "http", "status": [[200, 200], [300, 399]], "method": "GET"},
            "http://h/x?k=...",
        ),
        (
            {"url": "http://h/", "method": "head", "headers": {"X": 5}},
            {"method": "HEAD", "headers": {"X": "5"}},
            "HEAD http://h/",
        ),
        ({"tcp": "[::1]:5432"}, {"kind": "tcp", "host": "::1", "port": 5432}, "tcp [::1]:5432"),
        ({"tcp": "db:1", "matches": "^SSH"}, {"host": "db", "port": 1, "matches": "^SSH"}, "tcp db:1"),
        (
            {"command": ["/bin/x", "secret"], "rc": [0, 3]},
            {"kind": "command", "argv": ["/bin/x", "secret"], "rc": [0, 3]},
            "command /bin/x",
        ),
        (
            {"database": "sqlite:////var/a b.db"},
            {"kind": "sql", "engine": "sqlite", "path": "/var/a b.db"},
            "sqlite /var/a b.db",
        ),
        (
            {"database": "postgresql+psycopg://u:p%40w@h:5433/shop"},
            {"engine": "postgresql", "host": "h", "port": 5433, "user": "u", "password": "p@w", "dbname": "shop"},
            "postgresql h/shop",
        ),
        (
            {"database": "postgresql:///shop?host=/run/pg"},
            {"host": "/run/pg", "port": None, "password": None},
            "postgresql /run/pg/shop",
        ),
        ({"url": "http://h/", "max_latency": "500ms"}, {"max_latency_s": 0.5, "timeout_s": 2.0}, "http://h/"),
    ],
)
def test_kinds(given, expected, shown):
    parsed = spec.parse(options(**given), 2.0)
    assert {key: parsed[key] for key in expected} == expected
    assert spec.describe(parsed) == shown
    assert json.loads(json.dumps(parsed)) == parsed


@pytest.mark.parametrize(
    "given, option",
    [
        ({}, "url"),
        ({"url": "http://h:99999/"}, "url"),
        ({"url": "http://h/", "method": "GE T"}, "method"),
        ({"url": "http://h/", "headers": {"X\r\nY": "1"}}, "headers"),
        ({"url": "http://h/", "headers": {"X": "1\r\nY: 2"}}, "headers"),
        ({"url": "http://h/", "headers": {"Content-Length": "1"}}, "headers"),
        ({"url": "http://h/", "status": ["999"]}, "status"),
        ({"url": "http://h/", "status": ["300-200"]}, "status"),
        ({"url": "http://h/", "status": ["ok"]}, "status"),
        ({"url": "http://h/", "json": {"": 1}}, "json"),
        ({"url": "http://h/", "json": {"a..b": 1}}, "json"),
        ({"url": "http://h/", "json": {"a": {"b": 1}}}, "json"),
        ({"url": "http://h/", "json": {"a": float("nan")}}, "json"),
        ({"url": "http://h/", "matches": "("}, "matches"),
        ({"url": "http://h/", "matches": "a" * 2000}, "matches"),
        ({"url": "http://h/", "max_latency": "30 parsecs"}, "max_latency"),
        ({"tcp": "host"}, "tcp"),
        ({"tcp": "host:0"}, "tcp"),
        ({"tcp": "host:99999"}, "tcp"),
        ({"tcp": "a b:1"}, "tcp"),
        ({"tcp": "h:1", "json": {"a": 1}}, "json"),
        ({"command": [""]}, "command"),
        ({"command": ["a\0b"]}, "command"),
        ({"command": ["a"], "rc": []}, "rc"),
        ({"command": ["a"], "headers": {"X": "secret"}}, "headers"),
        ({"database": "mysql://h/x"}, "database"),
        ({"database": "sqlite:///relative.db"}, "database"),
        ({"database": "postgresql://h:port/x"}, "database"),
    ],
)
def test_wrong_values_are_one_sentence(given, option):
    with pytest.raises(BadOption) as caught:
        spec.parse(options(**given), 2.0)
    message = str(caught.value)
    assert message.startswith(option + ": ") and "\n" not in message and "secret" not in message


@pytest.mark.parametrize("text", ["postgresql://u:hunter2@h:port/x", "mysql://u:hunter2@h/x"])
def test_database_passwords_are_not_shown(text):
    with pytest.raises(BadOption) as caught:
        spec.parse(options(database=text), 2.0)
    assert "hunter2" not in str(caught.value)


def test_secrets_of_options():
    assert spec.secrets(options(url="http://u:hunter2@h/")) == ["hunter2"]
    assert spec.secrets(options(database="postgresql://u:hunter2@h/x")) == ["hunter2"]


@pytest.mark.parametrize(
    "given, option",
    [
        ({"rate": 0.0}, "rate"),
        ({"rate": -5.0}, "rate"),
        ({"rate": 1001.0}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"rate": float("inf")}, "rate"),
        ({"timeout": "0s"}, "timeout"),
        ({"timeout": "2 parsecs"}, "timeout"),
        ({"max_duration": "0s"}, "max_duration"),
        ({"max_duration": "2d"}, "max_duration"),
        ({"rate": 1000.0, "max_duration": "20m"}, "max_duration"),
        ({"max_in_flight": 0}, "max_in_flight"),
        ({"max_in_flight": 5000}, "max_in_flight"),
        ({"name": "../x"}, "name"),
        ({"name": ""}, "name"),
    ],
)
def test_wrong_recorders_are_one_sentence(given, option):
    with pytest.raises(BadOption) as caught:
        control.parse(recorder(**given))
    assert str(caught.value).startswith(option + ": ")


@pytest.mark.parametrize(
    "given, bound",
    [
        ({}, 80),
        ({"rate": 1.0, "timeout": "100ms"}, 4),
        ({"rate": 1000.0, "max_duration": "1m"}, 256),
        ({"max_in_flight": 7}, 7),
        ({"url": None, "command": ["true"]}, 64),
    ],
)
def test_bound_of_probes_in_flight(given, bound):
    assert control.parse(recorder(**given))["max_in_flight"] == bound


def test_fingerprint_tells_specs_apart():
    assert control.parse(recorder())["fingerprint"] == control.parse(recorder())["fingerprint"]
    assert control.parse(recorder())["fingerprint"] != control.parse(recorder(rate=21.0))["fingerprint"]


@pytest.mark.parametrize("body, sent", [("text", "text"), ({"pin": 1}, '{"pin": 1}'), ([1], "[1]"), (None, None)])
def test_a_body_is_text_or_json_whatever_a_template_made_of_it(body, sent):
    params = dict(
        {key: each.get("default") for key, each in spec.OPTIONS.items()}, url="http://h/", method="POST", body=body
    )
    assert spec.parse(params, 1.0)["body"] == sent


def test_what_a_body_holds_is_a_secret_unless_it_is_short():
    assert spec.secrets({"body": {"a": "hunter2hunter2", "b": ["short", "another secret"]}}) == [
        "hunter2hunter2",
        "another secret",
    ]
    assert spec.secrets({"body": '{"pin": "1234"}'}) == ['{"pin": "1234"}']
