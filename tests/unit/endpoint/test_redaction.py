# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret of a command line gets into a result."""

from __future__ import annotations

import time

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint.redaction import command_line

SECRET = "hunter2"


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
def test_secrets_are_hidden(argv, expected):
    assert command_line(argv) == expected


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
def test_the_rest_stays(argv, expected):
    assert command_line(argv) == expected


@pytest.mark.parametrize("long", ["x" * 100000, "pass" * 25000, "pass " * 20000, "-pass=" * 16000, "://" * 30000])
def test_it_is_bounded_in_length_and_time(long):
    began = time.process_time()
    assert len(command_line([long, "--password", SECRET])) <= 160
    assert time.process_time() - began < 5  # it takes milliseconds; what is quadratic takes minutes
