# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a service says of itself that it is ill: the one definition, for detection, checks and probes alike. Pure.
Private to magsasa.chaos.

A service may answer 200 and say DOWN. docs/design.md, section 6, is the definition in words; the tables below are the
words. Three rules keep it
from seeing illness everywhere: only statements about the whole count, those about parts only where there is none about
the whole; a word that
nobody knows is no illness; and what a page says in its running text is not read.
"""

from __future__ import annotations

import json
import re
from collections import namedtuple

from .._errors import printable
from .._http import body_text
from .._http import bounded_json as documents

# path: dotted keys of the statement, "" in plain text; says: the statement in its own words, short and printable
Complaint = namedtuple("Complaint", "path says")
# text: of the body, None when it cannot be read; document: its JSON value or None; complaints: tuple of Complaint, none
# when it does not say so
Reading = namedtuple("Reading", "text document complaints")

ILL = frozenset(
    (
        "down|fail|fails|failed|failing|failure|error|errors|erroring|unhealthy|not"
        " healthy|ill|sick|degraded|critical|fatal|red|unavailable|not available|out of service|outofservice|not"
        " ok|notok|nok|ko|bad|broken|dead|not alive|offline|crashed|not ready|notready|unready|not serving|not"
        " running|not operational|not up|disconnected|not connected|unreachable|lost|timeout|timed out|outage|major"
        " outage|partial outage|locked|stopped|stopping|shutting down|starting|starting"
        " up|initializing|maintenance|under maintenance|service unavailable|temporarily unavailable|internal server"
        " error|bad gateway|gateway timeout|gateway time out|health check failed|check failed|fatal"
        " error|php fatal error|parse error|php parse error|uncaught exception|traceback|no healthy upstream|upstream"
        " connect error or disconnect/reset before headers"
    ).split("|")
)
STATEMENTS = frozenset(  # keys whose value is a word, or false
    "status state health healthstatus overall overallstatus overallstate condition result outcome availability"
    " servingstatus servicestatus".split()
)
NUMBERS = frozenset("healthy ishealthy ok isok up isup alive isalive".split())  # flags that may be 0 or 1
FLAGS = frozenset(
    "healthy ishealthy ok isok up isup alive isalive live ready isready success available serving operational online"
    " passing".split()
)
ILL_FLAGS = frozenset("unhealthy down isdown failed failing degraded unavailable broken".split())
CODES = frozenset("status statuscode httpstatus".split())  # keys that may hold an HTTP status of their own
ERRORS = frozenset("error errors".split())
MESSAGES = frozenset("message msg detail title".split())  # may be the reason phrase of a failure, and nothing else
DESCRIBES = MESSAGES | frozenset("reason description".split())  # what an error is, in the object of one
PHRASES = frozenset(("internal server error", "bad gateway", "service unavailable", "gateway timeout"))
WRAPPERS = frozenset(
    "health healthcheck status state data result response".split()
)  # hold the statement one level further down
PARTS = frozenset("checks components dependencies services details entries results health status database db".split())
DATABASES = frozenset("database db postgres postgresql mysql mariadb sqlite sql".split())
_FALSE = frozenset(("false", "no", "0", "off"))
_TRUE = frozenset(("true", "yes", "1"))
_NO_ERROR = frozenset(("", "none", "no", "null", "false", "0", "ok"))
_NO_COUNT = frozenset(("0", "none", "no", "null"))
_LONGEST_WORD = 80
_LONGEST_SHOWN = 40
_MOST_KEYS = 200  # of one object are looked at
_MOST_TEXT = 4096  # a longer text is a page and no statement
_MOST_LINES = 50
_ENDS_WORD = re.compile(r"[:;,.!|(\[{]|\s[-\u2013\u2014]\s")  # "DOWN: the database is locked"
_SUBJECT = re.compile(
    r"(?:[45][0-9]{2} )?(?:the"
    r" )?(?:(?:service|server|app|application|system|site|database|db|healthz?|livez?|readyz?|status|state) (?:is )?)?"
)
_LINE = re.compile(r"\s*\"?([A-Za-z][A-Za-z _-]{0,30}?)\"?\s*[:=]\s*([^\r\n]{1,80})")
_MEMBER = re.compile(
    r"\s*[{,]\s*\"([^\"\\]{1,60})\"\s*:\s*(\"[^\"\\]{0,80}\"|-?[0-9.eE+-]{1,20}|true|false|null)(?=\s*[,}])"
)
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!doctype\s+html|<html|<head|<body|<h[1-6]|<p\b|<div|<title)", re.I
)
_ELEMENT = re.compile(r"<([A-Za-z][\w.-]{0,40})(?:\s[^<>]{0,400})?>([^<>]{1,80})</")
_ATTRIBUTE = re.compile(r"\s([A-Za-z][\w.-]{0,40})\s*=\s*[\"']([^\"'<>]{1,80})[\"']")
_PAGE_TEXT = re.compile(r">([^<>]{1,120})<")
_HEADINGS = re.compile(r"<(?:title|h1)(?:\s[^<>]{0,200})?>([^<>]{1,120})<", re.I)
_LEAD = re.compile(
    r"\s*(?:<br ?/?>\s*)*<b>([^<>]{1,40})</b>", re.I
)  # with which PHP begins what it has to complain about
_OF_ERROR_PAGE = re.compile(
    r"something went wrong|error (?:has )?occurred|unexpected error|error page|runtime error|fatal error"
    r"|server error in|(?:^|http )(?:status|error)(?: code)? [45][0-9]{2}\b|down for maintenance|maintenance mode"
    r"|server is down"
)

_latest = ((None, None, None), None)  # what was read last: a service that is probed says the same again and again


def read(body, headers):
    """The Reading of a body (bytes) with its headers ({lower-case name: text}). Bounded, and nothing in it is
    trusted.
    """
    global _latest
    key = (body, headers.get("content-encoding"), headers.get("content-type"))
    known, reading = _latest
    if known != key:
        reading = _read(body, headers)
        _latest = (key, reading)  # one assignment: other threads see the old pair or the new one
    return reading


def complaints(status, body, headers):
    """Complaints of an answer. Only one that calls itself good (2xx) is asked: another status says it all."""
    return read(body, headers).complaints if 200 <= status < 300 and body else ()


def _read(body, headers):
    text = body_text.text(body, headers)
    if text is None:
        return Reading(None, None, ())
    document = documents.parse(text)
    if document is not None:
        return Reading(text, document, tuple(_of_document(document)))
    start = text.lstrip()[:1]
    if start == "{":  # cut off, nested too deep, or not quite JSON
        leading = {}
        at = 0
        match = _MEMBER.match(text)
        while match and len(leading) < _MOST_KEYS:
            leading[match.group(1)] = json.loads(match.group(2)) if match.group(2)[0] in '"tfn' else None
            at = match.end()
            match = _MEMBER.match(text, at)
        return Reading(text, None, tuple(_of_document(leading)))
    return Reading(text, None, tuple(_of_markup(text) if start == "<" else _of_text(text)))


def _of_document(document):
    """Complaints of a JSON value: a list is no health document, a bare word or false is one."""
    if isinstance(document, dict):
        found, stated = _of_whole(document, "")
        return found if stated else _of_parts(document)
    if document is False or isinstance(document, str) and _is_ill(document):
        return [Complaint("", _shown(document))]
    return []


def _of_whole(document, above):
    """(complaints, whether there was any statement) about the service as a whole; ``above``: the path of this
    object.
    """
    found, stated, errors = [], False, []
    for key, value in list(document.items())[:_MOST_KEYS]:
        plain = _plain(key)
        path = above + key
        if isinstance(value, dict) and plain in ERRORS and _is_error(value):
            errors.append(Complaint(path, "%s: %s" % (_shown(key), _shown(value))))
        elif isinstance(value, dict):
            if plain in WRAPPERS and not above:
                inner, inner_stated = _of_whole(value, path + ".")
                found += inner
                stated = stated or inner_stated
            continue
        ill = _judged(plain, value)
        if ill is not None:
            stated = True
            if ill:
                found.append(
                    Complaint(
                        path,
                        (
                            _shown(value)
                            if plain in STATEMENTS and isinstance(value, str)
                            else "%s: %s" % (_shown(key), _shown(value))
                        ),
                    )
                )
        elif plain in ERRORS and _is_error(value):
            errors.append(Complaint(path, "%s: %s" % (_shown(key), _shown(value))))
        elif plain in MESSAGES and isinstance(value, str) and _word(value) in PHRASES:
            errors.append(Complaint(path, "%s: %s" % (_shown(key), _shown(value))))
    return (found, True) if stated else (errors, bool(errors))


def _judged(plain, value):
    """Whether a statement says ill; None when this is no statement. ``plain``: its key in small letters."""
    if value is None or isinstance(value, list):
        return None
    if isinstance(value, str):
        word = _word(value)
        if plain in STATEMENTS or plain in FLAGS:
            if plain in CODES and _is_code(word):
                return True
            return (_is_ill(value) or word in _FALSE) if word else None
        return word in _TRUE if plain in ILL_FLAGS else None
    if plain in FLAGS:
        return value is False or value == 0 and plain in NUMBERS
    if plain in ILL_FLAGS:
        return value is True or value == 1
    if plain in STATEMENTS or plain in CODES:
        return not value if isinstance(value, bool) else True if plain in CODES and _is_code(value) else None
    return None


def _of_parts(document):
    """Complaints of the parts that a health document without a statement about the whole tells of."""
    found = []
    for key, value in list(document.items())[:_MOST_KEYS]:
        plain = _plain(key)
        if plain.partition(":")[0] in DATABASES and _part_is_ill(value):
            found.append(_of_part(key, value))
        elif plain in PARTS and isinstance(value, dict):
            found += [
                _of_part("%s.%s" % (key, name), part)
                for name, part in list(value.items())[:_MOST_KEYS]
                if _part_is_ill(part)
            ]
        elif plain in PARTS and isinstance(value, list):
            found += [
                _of_part("%s.%d" % (key, number), part)
                for number, part in enumerate(value[:_MOST_KEYS])
                if isinstance(part, dict) and _part_is_ill(part)
            ]
    return found


def _part_is_ill(value):
    if isinstance(value, list):
        return any(_part_is_ill(each) for each in value[:_MOST_KEYS] if isinstance(each, dict))
    if isinstance(value, dict):
        return bool(_of_whole(value, "")[0])
    return value is False or isinstance(value, str) and (_is_ill(value) or _word(value) in _FALSE)


def _of_part(path, value):
    if isinstance(value, list):
        value = next(each for each in value if isinstance(each, dict) and _part_is_ill(each))
    said = _of_whole(value, "")[0][0].says if isinstance(value, dict) else _shown(value)
    return Complaint(path, "%s: %s" % (_shown(path), said))


def _of_text(text):
    """Complaints of plain text: its first line is the statement, or lines such as "status: DOWN" are."""
    if len(text) > _MOST_TEXT:
        return []
    lines = [line.strip() for line in text.splitlines() if line.strip()][:_MOST_LINES]
    if not lines:
        return []
    if _is_ill(lines[0]) or len(lines) == 1 and _word(lines[0]) in ("false", "no"):
        return [Complaint("", _shown(lines[0]))]
    stated = [_LINE.fullmatch(line) for line in lines]
    return _stated((match.group(1), match.group(2).strip("\"', ")) for match in stated if match)


def _of_markup(text):
    """Complaints of XML: elements and attributes with the keys of a statement. Of a page: its title and main
    heading, no more.
    """
    text = text[:_MOST_TEXT]
    if _PAGE.match(text):
        texts = [match.group(1) for match in _PAGE_TEXT.finditer(text) if match.group(1).strip()]
        headings = texts if len(texts) == 1 else [match.group(1) for match in _HEADINGS.finditer(text)]
        return [Complaint("", _shown(each)) for each in headings if _is_ill(each) or _heads_error_page(each)][:1]
    lead = _LEAD.match(text)
    if lead:
        return [Complaint("", _shown(lead.group(1)))] if _is_ill(lead.group(1)) else []
    pairs = [match.groups() for match in _ELEMENT.finditer(text)] + [
        match.groups() for match in _ATTRIBUTE.finditer(text)
    ]
    return _stated(pairs[:_MOST_KEYS])


def _heads_error_page(heading):
    """Whether a heading is that of the page with which a framework or a proxy reports a failure."""
    return bool(_OF_ERROR_PAGE.search(" ".join(heading.lower().split())))


def _stated(pairs):
    return [Complaint("", _shown(value)) for key, value in pairs if _judged(_plain(key), value)]


def _plain(key):
    """A key in small letters, without what people put between its words."""
    return key.lower().replace("_", "").replace("-", "").replace(" ", "")


def _word(value):
    return " ".join(value[: _LONGEST_WORD * 2].lower().replace("_", " ").replace("-", " ").split()).strip(" .!\"'*")


def _is_ill(value):
    """Whether a text says that something is ill: a word of ILL, also one with a reason behind it or the thing in
    front of it.
    """
    head, *reason = _ENDS_WORD.split(value, 1)
    for part in (
        value,
        head if not reason or _word(reason[0]) not in _NO_COUNT else "",
    ):  # "errors: 0" says that there are none
        word = _word(part)
        if len(word) <= _LONGEST_WORD and (word in ILL or word[_SUBJECT.match(word).end() :] in ILL):
            return True
    match = _LINE.fullmatch(value.strip()) if len(value) <= _LONGEST_WORD else None
    return bool(match and _plain(match.group(1)) in STATEMENTS and _word(_ENDS_WORD.split(match.group(2), 1)[0]) in ILL)


def _is_code(value):
    """Whether a value is an HTTP status of failure."""
    if isinstance(value, str):
        value = int(value) if len(value) == 3 and value.isdigit() else 0
    return isinstance(value, int) and 400 <= value <= 599


def _is_error(value):
    if isinstance(value, str):
        return _word(value) not in _NO_ERROR
    if isinstance(value, dict):  # as of JSON-RPC; one that only counts is none
        return any(
            isinstance(each, str) and (_is_ill(each) or (_plain(key) in DESCRIBES and _is_error(each)))
            for key, each in list(value.items())[:_MOST_KEYS]
        )
    return value is True or isinstance(value, list) and bool(value)


def _shown(value):
    text = value if isinstance(value, str) else json.dumps(value)
    return printable(" ".join(text[:400].split()), _LONGEST_SHOWN)
