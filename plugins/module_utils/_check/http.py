# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP checks: status, what the service says of itself, fields of a JSON answer, a pattern in the body. Private to
magsasa.chaos.
"""

from __future__ import annotations

import json
import re

from .._errors import printable
from .._http import exchange
from . import wellness
from . import regex_timeout as patterns

MOST_BYTES = 64 * 1024  # of a body are looked at
MOST_AWAITED = 8 * 1024 * 1024  # bytes behind them that must come too: half an answer is none
SAID_ILL = "said_ill"  # kind of failure: a good status, and the service itself says that it is ill


class Check:
    """See check.Checker."""

    def __init__(self, spec, keepalive):
        self._spec = spec
        self._request = exchange.prepare(spec["url"], spec["method"], spec["headers"], spec["body"])
        self._session = exchange.Session(verify_tls=spec["verify_tls"], keepalive=keepalive)
        self._pattern = re.compile(spec["matches"].encode("utf-8")) if spec.get("matches") else None
        self._last = None

    def look(self, timeout_s):
        """(status, error, detail) of one exchange."""
        response = self._session.fetch(self._request, timeout_s, MOST_BYTES, self._spec["follow"], MOST_AWAITED)
        self._last = response
        if response.error:
            return response.status, response.error_kind, response.error
        error, detail = judge(self._spec, response, self._pattern)
        return response.status, error, detail

    def database(self):
        return database_status(_document(self._last)) if self._last is not None else None

    def close(self):
        self._session.close()


def judge(spec, response, pattern=None):
    """(error, detail) of an answer that came whole; ("", "") when it is as it should be."""
    if not any(low <= response.status <= high for low, high in spec["status"]):
        return "status", "it answered %d" % response.status
    if spec["json"]:
        document = _document(response)
        if document is None:
            return "assertion", "the answer is not JSON"
        for path, wanted in spec["json"].items():
            found = value_at(document, path)
            if not _same(found, wanted):
                return "assertion", "%s is %s" % (printable(path), _shown(found))
    error, detail = ("", "") if pattern is None else _matched(pattern, response)
    return (error, detail) if error else _heeded(spec, response, pattern)


def _matched(pattern, response):
    """(error, detail) of a pattern that must be in the body, as it came or without its compression and character
    set.
    """
    found = patterns.judge(pattern, response.body, "the body does not match")
    if found[0]:
        text = wellness.read(response.body, response.headers).text
        plain = response.body if text is None else text.encode("utf-8")
        if plain != response.body:
            return patterns.judge(pattern, plain, found[1])
    return found


def _heeded(spec, response, pattern):
    """(error, detail) by what the service says of itself; what the caller asked for in these very words is no
    complaint.
    """
    if spec.get("self_report", True):
        for complaint in wellness.complaints(response.status, response.body, response.headers):
            asked_for = (
                complaint.path in spec["json"]
                or pattern is not None
                and patterns.search(pattern, complaint.says.encode("utf-8"))
            )
            if not asked_for:
                return SAID_ILL, "it answered %d and reported %s" % (response.status, complaint.says)
    return "", ""


def _document(response):
    """The JSON document of an answer, or None."""
    return wellness.read(response.body, response.headers).document


_MISSING = object()


def value_at(document, path):
    """The value at a dotted path of keys and list positions, or a marker that equals nothing."""
    for part in path.split("."):
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isdigit() and len(part) < 10 and int(part) < len(document):
            document = document[int(part)]
        else:
            return _MISSING
    return document


def _same(found, wanted):
    """Equal as values or as text (options may arrive as text); a list of wanted values means one of them."""
    if found is _MISSING:
        return False
    if isinstance(wanted, list):
        return any(_same(found, each) for each in wanted)
    if isinstance(found, (dict, list)):
        return False
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool) or _text(found) == _text(wanted)


def _text(value):
    """A JSON scalar as text: true, null, 3, up."""
    return value if isinstance(value, str) else json.dumps(value)


def _shown(found):
    if found is _MISSING:
        return "missing"
    return "not a plain value" if isinstance(found, (dict, list)) else "'%s'" % printable(_text(found), 60)


_HOLDERS = ("checks", "components", "dependencies", "services", "details", "status")
_DATABASES = ("database", "db", "postgres", "postgresql", "mysql", "mariadb", "sqlite", "sql")


def database_status(document):
    """The state of a database in the usual forms of a health document (text such as "up"), or None.

    Known: ``{database: up}``, ``{checks: {database: {status: up}}}``, Spring Boot's ``components.db.status`` and
    ``{checks: {"postgres:connections": [{status: pass}]}}`` (draft-inadarei-api-health-check).
    """
    if not isinstance(document, dict):
        return None
    for holder in [document] + [document.get(key) for key in _HOLDERS]:
        if not isinstance(holder, dict):
            continue
        for key, value in holder.items():
            if key.partition(":")[0].lower() in _DATABASES:
                text = _state(value)
                if text is not None:
                    return text
    return None


def _state(value):
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = next((value[key] for key in ("status", "state", "healthy", "ok", "up") if key in value), None)
    if value is None or isinstance(value, (dict, list)):
        return None
    return printable(_text(value), 60)
