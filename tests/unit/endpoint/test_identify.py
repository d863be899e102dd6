# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read out of an answer, and that nothing in it is trusted."""

from __future__ import annotations

import json

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import identify
from ansible_collections.magsasa.chaos.plugins.module_utils._http.exchange import Response


def response(body, status=200, headers=None):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, "", headers or {}, body, False, 0.01, None, None)


@pytest.mark.parametrize(
    "body, service, version",
    [
        ({"service": "shop", "version": "1.2"}, "shop", "1.2"),
        ({"name": "shop", "release": 7}, "shop", "7"),
        ({"app": " shop ", "build": 1.5}, "shop", "1.5"),
        ({"service": "", "application": "shop"}, "shop", None),
        ({"service": {"name": "x"}, "version": True}, None, None),
        ({"service": "a\nb\x1b[2J" + "x" * 500}, "a?b?[2J" + "x" * 70 + "...", None),
        (["shop"], None, None),
        (b"service: shop", None, None),
        (b"[" * 60000, None, None),
        (b'{"version": ' + b"9" * 60000 + b"}", None, None),
        (b'{"service": "\xff\xfe"}', "\ufffd\ufffd", None),
    ],
)
def test_name_and_version(body, service, version):
    said = identify.describe(response(body))
    assert (said["service"], said["version"]) == (service, version)


@pytest.mark.parametrize(
    "status, body, expected",
    [
        (200, {}, "well"),
        (204, {}, "well"),
        (200, {"status": "UP"}, "well"),
        (200, {"status": "a word nobody knows"}, "well"),
        (200, {"status": "Down"}, "ill"),
        (200, {"state": "unhealthy"}, "ill"),
        (200, {"status": {"a": 1}}, "well"),
        (503, {"status": "ok"}, "ill"),
        (500, {}, "ill"),
        (501, {}, None),
        (404, {"status": "ok"}, None),
        (301, {}, None),
        (401, {}, None),
    ],
)
def test_verdict(status, body, expected):
    assert identify.verdict(response(body, status)) == expected


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({}, None),
        ({"server": "gunicorn"}, "gunicorn"),
        ({"server": "Werkzeug/3.0 Python/3.13"}, "Flask development server"),
        ({"x-powered-by": "Express"}, "Express"),
        ({"server": "uvicorn"}, "uvicorn"),
        ({"server": "nginx/1.22"}, "nginx"),
        ({"server": "Mine\x00/1"}, "Mine?/1"),
    ],
)
def test_framework_of_headers(headers, expected):
    assert identify.framework(headers) == expected


@pytest.mark.parametrize(
    "argv, expected",
    [
        (["/usr/bin/python3", "-m", "gunicorn", "app:app"], "gunicorn"),
        (["/srv/venv/bin/python", "/srv/venv/bin/uvicorn", "app"], "uvicorn"),
        (["/usr/bin/node", "server.js"], "Node.js"),
        (["java", "-jar", "a.jar"], "Java"),
        (["gunicorn: master [app]"], "gunicorn"),
        (["python3", "server.py"], None),
        ([], None),
    ],
)
def test_framework_of_a_program(argv, expected):
    assert identify.program(argv) == expected


def known(**more):
    return dict({"status": None, "backend": None, "path": None, "host": None, "port": None}, **more)


@pytest.mark.parametrize(
    "body, expected",
    [
        ({}, None),
        ({"checks": {}}, None),
        (
            {"checks": {"database": {"status": "up", "backend": "sqlite", "path": "/a/b.db"}}},
            known(status="up", backend="sqlite", path="/a/b.db"),
        ),
        ({"database": "connected"}, known(status="connected")),
        ({"database": None}, None),
        (
            {"components": {"db": {"status": "UP", "details": {"database": "PostgreSQL"}}}},
            known(status="UP", backend="postgresql"),
        ),
        (
            {"checks": {"postgres": {"type": "postgresql+psycopg", "host": "db", "port": 5432}}},
            known(backend="postgresql", host="db", port=5432),
        ),
        ({"checks": {"db": {"engine": "MariaDB", "port": 99999}}}, known(backend="mysql")),
        ({"checks": {"db": {"backend": "sqlite", "path": "relative.db"}}}, known(backend="sqlite")),
        ({"checks": {"db": {"backend": "sqlite", "path": "/a\nb"}}}, known(backend="sqlite")),
        ({"checks": {"db": {"backend": ["sqlite"], "port": True}}}, known()),
        ({"checks": ["database"]}, None),
    ],
)
def test_database(body, expected):
    assert identify.database(body) == expected


def test_title():
    assert identify.describe(response(b"<html><title lang=en> Shop\n</title>"))["title"] == "Shop"
