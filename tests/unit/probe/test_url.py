# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs: taken apart, refused in one sentence."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.module_utils._http import url


@pytest.mark.parametrize(
    "text, scheme, host, port, target, host_header",
    [
        ("http://localhost:5000/health", "http", "localhost", 5000, "/health", "localhost:5000"),
        ("HTTP://Example", "http", "example", 80, "/", "example"),
        ("https://h/a?b=c&d=%20e#part", "https", "h", 443, "/a?b=c&d=%20e", "h"),
        ("https://h:443/", "https", "h", 443, "/", "h"),
        ("http://[::1]:81/x", "http", "::1", 81, "/x", "[::1]:81"),
        ("http://h/caf\u00e9", "http", "h", 80, "/caf%C3%A9", "h"),
        ("http://b\u00fccher.example/", "http", "xn--bcher-kva.example", 80, "/", "xn--bcher-kva.example"),
        (" http://h/ ", "http", "h", 80, "/", "h"),
    ],
)
def test_parse(text, scheme, host, port, target, host_header):
    parsed = url.parse(text)
    assert parsed == (scheme, host, port, target, host_header, None)


def test_credentials_become_basic_auth():
    parsed = url.parse("http://us%40er:p%3Aw@h/")
    assert base64.b64decode(parsed.auth[len("Basic ") :]) == b"us@er:p:w"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        None,
        5,
        "localhost:5000",
        "ftp://h/",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://h:0/",
        "http://h:99999/",
        "http://h:x/",
        "http://h:-1/",
        "http://[::1/",
        "http://a b/",
        "http://h/\r\nX: y",
        "http://h/\x00",
        "http://" + "a" * 300 + "/",
        "http://h/" + "a" * 5000,
        "http://h_{}/",
        "http://\u2100/",
    ],
)
def test_bad_urls_are_one_sentence(text):
    with pytest.raises(BadOption) as caught:
        url.parse(text, "target_url")
    message = str(caught.value)
    assert message.startswith("target_url: ") and "\n" not in message and len(message) < 500


@pytest.mark.parametrize(
    "text", ["http://user:hunter2@h:99999/", "ftp://user:hunter2@h/", "http://user:hunter2@h/?token=hunter2 x"]
)
def test_messages_hold_no_secret(text):
    with pytest.raises(BadOption) as caught:
        url.parse(text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "location, leads",
    [
        ("/b", ("http://h:1/b", True)),
        ("b", ("http://h:1/a/b", True)),
        ("http://H:1/c", ("http://H:1/c", True)),
        ("http://h:2/", ("http://h:2/", False)),
        ("https://h/", ("https://h/", False)),
        ("http://other/", None),
        ("//other/x", None),
        ("ftp://h/", None),
        ("http://[", None),
    ],
)
def test_redirects_stay_on_the_host(location, leads):
    base = "http://h:1/a/"
    assert url.followed(base, url.parse(base), location) == leads
