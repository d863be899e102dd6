# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that cannot be experimented on as it is: the reason, and what to do about it."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import ask, fitness

WELL = {
    "speaks": True,
    "error": None,
    "healthy": True,
    "status": 200,
    "verdict": "well",
    "health_url": "http://h:1/health",
    "login": False,
    "redirect": None,
}
ILL = dict(WELL, healthy=False, verdict="ill")
NONE = dict(WELL, healthy=False, verdict=None)


@pytest.mark.parametrize(
    "answer, certificate, words",
    [
        (dict(NONE, status=401), None, ["answers 401", "set chaos_probe headers"]),
        (dict(NONE, status=403), None, ["answers 403", "set chaos_probe headers"]),
        (dict(NONE, status=404), None, ["answers 404", "chaos_probe url (--probe URL)"]),
        (dict(ILL, says="DOWN"), None, ['answers 200 and says "DOWN"', "wait until it is healthy"]),
        (dict(ILL, status=503), None, ["answers 503", "wait until it is healthy"]),
        (dict(NONE, login=True, status=200), None, ["is a login page", "chaos_probe headers"]),
        (
            dict(NONE, redirect="https://sso.example/login", status=302),
            None,
            ["redirects to https://sso.example/login", "chaos_probe headers"],
        ),
        (dict(NONE, redirect="http://other:2/", status=302), None, ["redirects to http://other:2/", "chaos_probe url"]),
        (dict(NONE, error="timeout"), None, ["the answer is incomplete (timeout)"]),
        (dict(ask.silent("timeout"), url="http://h:1"), None, ["does not answer in time"]),
        (dict(ask.silent("garbage"), url="http://h:1"), None, ["gives no HTTP answer (garbage)"]),
        (
            WELL,
            "self-signed certificate",
            ["TLS certificate of http://h:1/health is not trusted (self-signed certificate)", "validate_certs: false"],
        ),
    ],
)
def test_the_reason_and_the_remedy(answer, certificate, words):
    said = fitness.complaint(answer, certificate)
    assert all(each in said for each in words), said


def test_nothing_is_said_of_a_service_that_is_well_and_no_secret_ever():
    assert fitness.complaint(WELL) is None
    assert "hunter2" not in fitness.complaint(dict(NONE, status=404, health_url="http://u:hunter2@h:1/x?key=hunter2"))


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/login?next=/health",
        "/users/sign_in",
        "/auth/realms/x/login",
        "/accounts/login/",
        "/oauth2/start",
        "/SSO",
        "/signin",
    ],
)
def test_paths_of_login_pages(path):
    assert fitness.is_login_path(path)


@pytest.mark.parametrize(
    "path", ["/health", "/blog/in", "/catalogin", "/authors", "/health?login=1", "/logistics", "/logout"]
)
def test_other_paths(path):
    assert not fitness.is_login_path(path)


def test_pages_that_ask_for_a_password():
    assert fitness.is_login_page(b'<form><input name="p"\n type = "password"></form>')
    assert not fitness.is_login_page(b'{"type": "password"} <input type="text">')
