# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets do not get into a report, wherever they stand."""

from __future__ import annotations

import time

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.redact import is_secret, redact


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
    assert "hunter2" not in redact(text) and "er2" not in redact(text)
    assert "***" in redact(text)


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
    assert redact(text) == text


def test_what_surrounds_a_secret_stays():
    assert redact("postgresql://app:hunter2@db/shop is gone") == "postgresql://***@db/shop is gone"
    assert redact("curl --token hunter2 http://x/") == "curl --token *** http://x/"
    assert redact("/?token=hunter2&page=2") == "/?token=***&page=2"


@pytest.mark.parametrize("unit", ["a", "://", ":// :", "password", "password=", '"', "--a-", "-----BEGIN PRIVATE KEY-----", "bearer ", "token\\\\"])
def test_hostile_text_costs_no_more_than_its_length(unit):
    """Work that grows with the square of the length would take minutes."""
    began = time.process_time()
    redact((unit * 100000)[:100000])
    assert time.process_time() - began < 20


def test_names():
    assert all(map(is_secret, ("password", "DB_PASSWORD", "apiKey", "api_key", "client-secret", "Authorization", "X-Auth-Token")))
    assert not any(map(is_secret, ("load_pct", "name", "path", "passed", "key")))
