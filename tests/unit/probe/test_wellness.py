# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that says it is ill is not taken for well, however it says so; and no illness is read into an answer that
says none.

The kind: two definitions of "well". Detection (identify) and checks (check_http) are asked the same questions here.
"""

from __future__ import annotations

import gzip
import json
import time
import zlib

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import identify
from ansible_collections.magsasa.chaos.plugins.module_utils._http import body_text
from ansible_collections.magsasa.chaos.plugins.module_utils._check import http, wellness
from ansible_collections.magsasa.chaos.plugins.module_utils._http.exchange import Response

DOWN = '{"status":"DOWN","checks":{"database":{"status":"DOWN"}}}'
UP = '{"status":"UP"}'


def deflated(data, form):
    packer = zlib.compressobj(9, zlib.DEFLATED, form)
    return packer.compress(data) + packer.flush()


def response(body, status=200, **headers):
    body = body if isinstance(body, (bytes, str)) else json.dumps(body)
    body = body.encode() if isinstance(body, str) else body
    return Response(
        status, "", {name.replace("_", "-"): value for name, value in headers.items()}, body, False, 0.01, None, None
    )


def checked(answer, **given):
    spec = dict({"status": [[200, 299]], "json": {}, "self_report": True}, **given)
    return http.judge(spec, answer)


ILL = [
    (DOWN, "DOWN"),
    ({"status": "Unhealthy"}, "Unhealthy"),
    ({"Status": "out_of_service"}, "out_of_service"),
    ({"status": "DOWN: the database is locked"}, "DOWN: the database is locked"),
    ({"status": "NOT_SERVING"}, "NOT_SERVING"),
    ({"health": "false", "reason": "no leader"}, "false"),
    ({"status": False}, "status: false"),
    ({"status": "fail", "releaseId": "1"}, "fail"),
    ({"status": 503, "error": "Service Unavailable"}, "status: 503"),
    ({"healthy": False}, "healthy: false"),
    ({"isHealthy": "no"}, "isHealthy: no"),
    ({"is_ready": False}, "is_ready: false"),
    ({"ok": 0}, "ok: 0"),
    ({"success": False, "message": "locked"}, "success: false"),
    ({"unhealthy": True}, "unhealthy: true"),
    ({"status": "UP", "healthy": False}, "healthy: false"),
    ({"health": {"status": "DOWN"}}, "DOWN"),
    ({"data": {"healthy": False}}, "healthy: false"),
    ({"status": {"overall": "critical"}}, "critical"),
    ({"error": "database is locked"}, "error: database is locked"),
    ({"data": None, "errors": [{"message": "no"}]}, 'errors: [{"message": "no"}]'),
    ({"checks": {"db": "down", "cache": "up"}}, "checks.db: down"),
    ({"checks": {"db": {"status": "fail"}}}, "checks.db: fail"),
    ({"checks": {"sql:connections": [{"status": "pass"}, {"status": "fail"}]}}, "checks.sql:connections: fail"),
    ({"checks": [{"name": "db", "status": "DOWN"}]}, "checks.0: DOWN"),
    ({"database": "disconnected", "version": "1"}, "database: disconnected"),
    ({"database": False}, "database: false"),
    ('"DOWN"', "DOWN"),
    ("false", "false"),
    ("Unhealthy", "Unhealthy"),
    ("DOWN\r\n", "DOWN"),
    ("ERROR - no connection to the database\n", "ERROR - no connection to the database"),
    ("Service Unavailable", "Service Unavailable"),
    ("503 Service Unavailable", "503 Service Unavailable"),
    ("The service is down.", "The service is down."),
    ("healthz check failed", "healthz check failed"),
    ("app: shop\nstatus: DOWN\n", "DOWN"),
    ("healthy=false", "false"),
    ("<health><status>DOWN</status></health>", "DOWN"),
    ('<?xml version="1.0"?><health status="DOWN"/>', "DOWN"),
    ("<!DOCTYPE html><html><head><title>Service Unavailable</title></head></html>", "Service Unavailable"),
    ("<p>Unhealthy</p>", "Unhealthy"),
    ('{"status": "DOWN", "log": "' + "x" * 70000, "DOWN"),  # cut off
    ('{"status": "DOWN", "deep": ' + "[" * 100 + "]" * 100 + "}", "DOWN"),
    ('{"version": 3, "status": "DOWN",}', "DOWN"),
    ({"error": True, "text": "no leader"}, "error: true"),
    ({"jsonrpc": "2.0", "id": 1, "error": {"message": "locked"}}, 'error: {"message": "locked"}'),
    ({"errors": {"database": "down"}}, 'errors: {"database": "down"}'),
    ({"data": {"error": {"code": 5, "reason": "full"}}}, 'error: {"code": 5, "reason": "full"}'),
    ({"message": "Internal Server Error"}, "message: Internal Server Error"),
    ({"title": "Service Unavailable", "instance": "/1"}, "title: Service Unavailable"),
    ("PHP Fatal error:  Uncaught Error", "PHP Fatal error: Uncaught Error"),
    ("Traceback (most recent call last):\n  x\n", "Traceback (most recent call last):"),
    ("no healthy upstream", "no healthy upstream"),
    ("<br />\n<b>Fatal error</b>:  Uncaught PDOException: locked in <b>/srv/x.php</b>", "Fatal error"),
    ("<html><body><h1>Whitelabel Error Page</h1><p>x</p></body></html>", "Whitelabel Error Page"),
    ("<html><head><title>We're sorry, but something went wrong</title>", "We're sorry, but something went wrong"),
    ("<html><title>Runtime Error</title><h1>Server Error in '/' Application.</h1>", "Runtime Error"),
    ("<html><title>HTTP Status 500 \u2013 Failure</title>", "HTTP Status 500 \u2013 Failure"),
    ("<html><title>Down for maintenance</title><p>x</p>", "Down for maintenance"),
]


@pytest.mark.parametrize("body, says", ILL, ids=[str(number) for number in range(len(ILL))])
def test_a_service_that_says_it_is_ill(body, says):
    """The kind: a 200 is believed whatever it says."""
    answer = response(body)
    assert [each.says for each in wellness.complaints(200, answer.body, {})][:1] == [
        says if len(says) <= 40 else says[:37] + "..."
    ]
    assert identify.verdict(answer) == "ill"
    assert checked(answer) == ("said_ill", "it answered 200 and reported %s" % says)
    assert checked(answer, self_report=False) == ("", "")


WELL = [
    "",
    "OK",
    "Down the rabbit hole: a shop for books",
    "errors: 0",
    "status: a word nobody knows",
    "null",
    "[]",
    "{}",
    UP,
    {"status": "warn"},
    {"status": "yellow"},
    {"status": {"a": 1}},
    {"status": 200},
    {"status": None},
    {"state": "serving", "errors": 0, "error": None, "failed": 0},
    {"error": "", "errors": []},
    {"status": "ok", "errors": ["seen yesterday"]},
    {"status": "UP", "components": {"db": {"status": "DOWN"}}},  # it judges about the whole itself
    {"status": "ok", "checks": {"cache": "down"}},
    {"success": 12, "available": 0},
    {"checks": {"db": "up"}, "cache": "down"},
    [{"status": "failed", "order": 7}],
    {"orders": [{"status": "failed"}]},
    {"deep": {"er": {"status": "DOWN"}}},
    "<html><title>Shop</title><body><nav>Down</nav><p>Offline</p></body></html>",
    "<health><status>UP</status></health>",
    "<feed><entry>status</entry></feed>",
    "Error handling is described below\n" + "x" * 5000,
    b"\xff\xfe\x00",
    b"\x89PNG\r\n\x1a\n\x00\x00",
    {"error": {"rate": "0.1%", "count": 3}, "message": "3 orders"},
    {"error": {}, "errors": {"last_hour": 0, "worst": "none"}},
    {"jsonrpc": "2.0", "id": 1, "error": None, "result": {"orders": 3}},
    {"title": "The service is unavailable to the king", "message": "Failed states"},
    "<b>Offers</b> of this week: what went down",
    "<html><title>Status 200 of 500 orders</title><h1>Errors of others</h1></html>",
]


@pytest.mark.parametrize("body", WELL, ids=[str(number) for number in range(len(WELL))])
def test_no_illness_is_read_into_an_answer(body):
    answer = response(body)
    assert (
        wellness.complaints(200, answer.body, {}) == ()
        and identify.verdict(answer) == "well"
        and checked(answer) == ("", "")
    )


FORMS = {
    "mark": lambda text: ("\ufeff" + text).encode(),
    "utf-16 with a mark": lambda text: text.encode("utf-16"),
    "utf-16-be with a mark": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
    "utf-32-be": lambda text: text.encode("utf-32-be"),
    "gzip without a header": lambda text: gzip.compress(text.encode()),
}
CODED = {
    "gzip": lambda text: gzip.compress(text.encode()),
    "x-gzip": lambda text: gzip.compress(text.encode()),
    "deflate": lambda text: zlib.compress(text.encode()),
    "Deflate": lambda text: deflated(text.encode(), -15),
    "deflate, gzip": lambda text: gzip.compress(zlib.compress(text.encode())),
    "identity": lambda text: text.encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text, well", [(DOWN, False), (UP, True), ("Unhealthy", False)])
def test_the_same_in_every_character_set(form, text, well):
    """The kind: a byte order mark before UP made a check say "the answer is not JSON", and one before DOWN made
    detection say healthy.
    """
    answer = response(FORMS[form](text))
    assert identify.verdict(answer) == ("well" if well else "ill")
    assert checked(answer)[0] == ("" if well else "said_ill")
    if text == UP:
        assert checked(answer, json={"status": "UP"}) == ("", "")
        assert identify.document(answer) == {"status": "UP"}


@pytest.mark.parametrize("coding", CODED)
@pytest.mark.parametrize("text, well", [(DOWN, False), (UP, True)])
def test_the_same_in_every_compression(coding, text, well):
    answer = response(CODED[coding](text), content_encoding=coding, content_type="application/json")
    assert identify.verdict(answer) == ("well" if well else "ill")
    assert checked(answer)[0] == ("" if well else "said_ill")


def test_character_set_of_the_header():
    assert (
        body_text.text("schlie\u00dfen".encode("latin-1"), {"content-type": "text/plain; charset=ISO-8859-1"})
        == "schlie\u00dfen"
    )
    for named in ("unicode_escape", "punycode", "no-such", "rot13", ""):
        assert body_text.text(b"\\u0041", {"content-type": "text/plain; charset=%s" % named}) == "\\u0041"


@pytest.mark.parametrize(
    "body, headers",
    [
        (b"anything", {"content-encoding": "br"}),
        (b"no gzip", {"content-encoding": "gzip"}),
        (b"no deflate", {"content-encoding": "deflate"}),
    ],
)
def test_what_cannot_be_read_says_nothing_and_is_no_json(body, headers):
    answer = Response(200, "", headers, body, False, 0.01, None, None)
    assert identify.verdict(answer) == "well" and checked(answer) == ("", "")
    assert checked(answer, json={"status": "UP"}) == ("assertion", "the answer is not JSON")


def test_a_small_body_that_unpacks_into_a_large_one_is_bounded():
    packed = gzip.compress(b"[" * 50_000_000)
    begun = time.process_time()
    assert len(body_text.text(packed, {"content-encoding": "gzip"})) == body_text.MOST_BYTES
    assert wellness.complaints(200, packed, {"content-encoding": "gzip"}) == ()
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    "piece",
    ["<a ", "<a>", " ", '"', "{", '{"a":', "status:", "a=' ", "<p> ", "<" + "a" * 30 + " ", "\n", "down ", "- "],
)
def test_no_text_takes_long(piece):
    """What a target says is looked at by expressions: none may take more than its length."""
    begun = time.process_time()
    for start in ("", "<", "{", "<p>"):
        wellness.read((start + piece * (65536 // len(piece))).encode(), {})
        wellness.read((start + piece * (4000 // len(piece))).encode(), {})
    assert time.process_time() - begun < 5


def test_only_an_answer_that_calls_itself_good_is_asked():
    assert identify.verdict(response(DOWN, 404)) is None
    assert checked(response(DOWN, 503), status=[[503, 503]]) == ("", "")
    assert checked(response(DOWN, 503)) == ("status", "it answered 503")


def test_what_the_caller_asks_for_is_no_complaint():
    """What is taken for ill can be overridden, statement by statement, and turned off."""
    assert checked(response(DOWN), json={"status": ["DOWN", "UP"]}) == ("", "")
    assert checked(response({"status": "DOWN", "healthy": False}), json={"status": "DOWN"}) == (
        "said_ill",
        "it answered 200 and reported healthy: false",
    )
    assert checked(response({"status": "DOWN", "version": 3}), json={"version": 3})[0] == "said_ill"
    assert checked(response({"health": {"status": "DOWN"}}), json={"health.status": "DOWN"}) == ("", "")


def test_every_answer_is_read_anew():
    """The reading of the last body is kept; the next one must not get it."""
    for text, kind in ((DOWN, "said_ill"), (DOWN, "said_ill"), (UP, ""), (DOWN, "said_ill"), ("", "")):
        assert checked(response(text))[0] == kind
