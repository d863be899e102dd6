# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets get into no text, command line, URL or report, wherever they stand."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils import _redact


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://app:hunter2@db/shop",
        "postgresql://app:hunt@er2@db/shop",
        "postgresql://app:hunter2/x@db/shop",
        "https://hunter2@host/",
        "password=hunter2",
        "db_password: hunter2",
        "PGPASSWORD=hunter2 psql",
        "DB_PASSWD='hunter2 and more'",
        '{"password": "hunter2"}',
        '{"api_key":"hunter2","x":1}',
        "{'client_secret': 'hunter2'}",
        '{"password": "a \\"hunter2"}',
        "Authorization: Bearer hunter2",
        "authorization: Basic hunter2",
        "curl -H Bearer hunter2hunter2",
        "--password hunter2 -v",
        "--vault-token hunter2",
        "?access_token=hunter2&x=1",
        "Set-Cookie: hunter2",
        "-----BEGIN RSA PRIVATE KEY----- hunter2 -----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY----- hunter2",
    ],
)
def test_hidden(text):
    assert "hunter2" not in _redact.text(text) and "er2" not in _redact.text(text)
    assert "***" in _redact.text(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "p95 480 ms (at most 500 ms)",
        "http://localhost:5000/health?x=1",
        "refused by the memory guard: 100 MiB free",
        "me@example.org",
        "a -> b: c",
        "load=50%",
    ],
)
def test_left_alone(text):
    assert _redact.text(text) == text


def test_what_surrounds_a_secret_stays():
    assert _redact.text("postgresql://app:hunter2@db/shop is gone") == "postgresql://***@db/shop is gone"
    assert _redact.text("curl --token hunter2 http://x/") == "curl --token *** http://x/"
    assert _redact.text("/?token=hunter2&page=2") == "/?token=***&page=2"


@pytest.mark.parametrize(
    "unit",
    ["a", "://", ":// :", "password", "password=", '"', "--a-", "-----BEGIN PRIVATE KEY-----", "bearer ", "token\\\\"],
)
def test_hostile_text_costs_no_more_than_its_length(unit):
    """Work that grows with the square of the length would take minutes."""
    began = time.process_time()
    _redact.text((unit * 100000)[:100000])
    assert time.process_time() - began < 20


def test_names():
    assert all(
        map(
            _redact.is_secret,
            ("password", "DB_PASSWORD", "apiKey", "api_key", "client-secret", "Authorization", "X-Auth-Token"),
        )
    )
    assert not any(map(_redact.is_secret, ("load_pct", "name", "path", "passed", "key")))


@pytest.mark.parametrize(
    "argv, expected",
    [
        (["app", "--password=hunter2"], "app --password=***"),
        (["app", "--password", "hunter2", "x"], "app --password *** x"),
        (["app", "--db-password", "hunter2"], "app --db-password ***"),
        (["app", "-token", "hunter2"], "app -token ***"),
        (["app", "PGPASSWORD=hunter2"], "app PGPASSWORD=***"),
        (["app", "--api-key=hunter2", "--port=80"], "app --api-key=*** --port=80"),
        (["app", "postgres://bob:hunter2@db/shop"], "app postgres://***@db/shop"),
        (["app", "--db=postgres://bob:hunter2@db/shop"], "app --db=postgres://***@db/shop"),
        (["app", "http://h/?access_token=hunter2&a=b"], "app http://h/?access_token=***&a=b"),
        (["curl", "-H", "Authorization: Bearer hunter2"], "curl -H Authorization: ***"),
        (["app", '{"password": "hunter2", "a": 1}'], 'app {"password": "***", "a": 1}'),
        (["app: worker --password hunter2 --x"], "app: worker --password *** --x"),
        (["app", "secret: hunter2"], "app secret: ***"),
    ],
)
def test_secrets_of_a_command_line_are_hidden(argv, expected):
    assert _redact.command_line(argv) == expected


@pytest.mark.parametrize(
    "argv, expected",
    [
        ([], ""),
        (["gunicorn", "-w", "2", "app:create()"], "gunicorn -w 2 app:create()"),
        (["python", "-m", "monkey", "server.py", "--keep=1"], "python -m monkey server.py --keep=1"),
        (["java", "-Dport=80", "-jar", "a.jar"], "java -Dport=80 -jar a.jar"),
        (["app", "--no-password", "--port", "80"], "app --no-password --port 80"),
        (["a\nb\x1b[31m"], "a?b?[31m"),
    ],
)
def test_the_rest_of_a_command_line_stays(argv, expected):
    assert _redact.command_line(argv) == expected


@pytest.mark.parametrize("long", ["x" * 100000, "pass" * 25000, "pass " * 20000, "-pass=" * 16000, "://" * 30000])
def test_a_command_line_is_bounded_in_length_and_time(long):
    began = time.process_time()
    assert len(_redact.command_line([long, "--password", "hunter2"])) <= 160
    assert time.process_time() - began < 5  # it takes milliseconds; what is quadratic takes minutes


@pytest.mark.parametrize(
    "text, shown",
    [
        ("http://u:p@h/x?token=abc&full", "http://h/x?token=...&full"),
        ("http://h/x", "http://h/x"),
        ("http://u:p@ss@h/", "http://h/"),
        ("http://u:p/q@h/", "http://h/"),
        ("postgresql://u:p@h/db", "postgresql://h/db"),
        ("http://h/\x1b[31m", "http://h/?[31m"),
    ],
)
def test_a_url_is_shown_without_secrets(text, shown):
    assert _redact.url(text) == shown


@pytest.mark.parametrize(
    "text, secrets",
    [
        ("http://u:p%40ss@h/", ["p%40ss", "p@ss"]),
        ("http://k3y@h/", ["k3y"]),
        ("postgresql://u@h/db", []),
        ("http://h/?api_key=abcdefgh&page=2&access-token=d%2Fefghijk", ["abcdefgh", "d%2Fefghijk", "d/efghijk"]),
        ("http://h/?author=somebody-else&design=a-long-value&key=1", []),
        ("http://u:p/q@h/", ["p/q"]),
        ("http://u:p@[::1", ["p"]),
        ("http://u:p@h:99999/", ["p"]),
        ("http://h/", []),
        ("http://[", []),
    ],
)
def test_secrets_of_a_url_are_known_in_both_forms(text, secrets):
    assert _redact.secrets_of_url(text) == secrets


NAMES = [
    "password",
    "passphrase",
    "db_pass",
    "pwd",
    "client_secret",
    "token",
    "credentials",
    "auth",
    "Authorization",
    "bearer",
    "cookie",
]
NAMES += ["signature", "api_key", "access-key", "private_key", "signing_key", "encryption-key"]


@pytest.mark.parametrize("name", NAMES)
def test_every_place_knows_the_same_words(name):
    """One list: what is hidden in a report is hidden in a command line and in a URL, and the other way round."""
    assert _redact.is_secret(name)
    shown = [
        _redact.text("%s=hunter2hunter2" % name),
        _redact.text(json.dumps({name: "hunter2"})),
        _redact.text("x --%s hunter2" % name),
    ]
    shown += [_redact.command_line(["x", "--" + name, "hunter2"]), _redact.command_line(["x", "%s=hunter2" % name])]
    shown += [_redact.url("http://h/?%s=hunter2hunter2" % name), _redact.text("http://h/?%s=hunter2hunter2&x=1" % name)]
    assert [each for each in shown if "hunter2" in each] == []
    assert _redact.secrets_of_url("http://h/?%s=hunter2hunter2" % name) == ["hunter2hunter2"]


def test_words_of_a_query_alone_are_hidden_there():
    assert _redact.text("see http://h/?x=1&key=hunter2&page=2") == "see http://h/?x=1&key=***&page=2"
    assert _redact.text("key=chaos_force") == "key=chaos_force"


def test_the_words_stand_in_one_file():
    """A second list of words would sooner or later differ from the first."""
    root = Path(__file__).parents[2] / "plugins"
    lists = [
        str(path)
        for path in root.rglob("*.py")
        if re.search(r"pwd[|)].*secret|secret\|.*token|token\|.*secret", path.read_text())
    ]
    assert [Path(path).name for path in lists] == ["_redact.py"]
