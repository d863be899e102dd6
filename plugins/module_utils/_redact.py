# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets taken out of texts, command lines, URLs and data: one list of words for all. Pure. Private to magsasa.chaos.

Rather too much than too little. No pattern begins with a repeated class: hostile text must not cost more than its
length.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from ._errors import printable

HIDDEN = "***"
# A name that contains one of these holds a secret: in options, variables, JSON, headers, queries and the keys of a
# report.
_WORDS = (
    r"(?:pass(?!ed|es|ing|eng|iv|age)|pwd|secret|token|credential|bearer|cookie|signature|auth(?!or(?!i[sz]))"
    r"|(?:api|access|private|secret|signing|encryption|account|shared|master|license)[_-]?key)"
)
# These words are too common for that. They name a secret only at the end of a name in the query of a URL.
_QUERY_WORDS = r"(?:key|sig|session(?:[_-]?id)?)"
SHORTEST = (
    8  # characters of a secret in a query: whatever is hidden is hidden in the whole result, and "1" is in every one
)
LONGEST = 160  # characters of a command line as it is shown
_LONGEST_ARGUMENT = 2000  # what of one argument can matter for that

_NAME = re.compile("(?i)" + _WORDS)
_QUERY_NAME = re.compile(r"(?i)(?:.*[_-])?\w*%s" % _QUERY_WORDS)
_IN_URL = re.compile(r"://(?:[^\s/?#\"'<>]{0,1000}@|[^\s/:@\"'<>]{0,200}:[^\s\"'<>]{0,1000}@)")
_VALUE = r"(?:\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|(?:(?:bearer|basic|digest)\s+)?[^\s&\"',;}]+)"
_PAIR = re.compile(r"(?i)(%s[\w.-]{0,40}[\"']?\s{0,3}[=:]\s{0,3})(%s)" % (_WORDS, _VALUE))
_IN_QUERY = re.compile(r"(?i)([?&][\w.-]{0,40}%s=)[^\s&\"'#]+" % _QUERY_WORDS)
_FLAG = re.compile(r"(?i)(--?(?:[a-z0-9]{1,20}[_-]){0,3}%s[\w-]{0,20}\s+)(?!-)\S+" % _WORDS)
_SCHEME = re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9+/=._~-]{8,}")
_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:(?!-----END).)*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?", re.DOTALL
)
_TITLE = re.compile(r"(?i)(%s[\w.-]{0,40}\s+)(?!-)\S+" % _WORDS)
_OPTION = re.compile(r"-{1,2}[A-Za-z0-9_.-]+")
_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]*@")


def text(value):
    """A text without credentials in URLs, ``password=...`` pairs (also in JSON), ``--token ...`` options, bearer
    tokens, private keys.
    """
    value = _KEY.sub(HIDDEN, value)
    value = _IN_URL.sub("://%s@" % HIDDEN, value)
    value = _PAIR.sub(_hidden_value, value)
    value = _IN_QUERY.sub(r"\1" + HIDDEN, value)
    value = _FLAG.sub(r"\1" + HIDDEN, value)
    return _SCHEME.sub(r"\1" + HIDDEN, value)


def _hidden_value(pair):
    """A pair with its value hidden; quotes stay."""
    quote = pair.group(2)[0] if pair.group(2)[0] in "\"'" else ""
    return pair.group(1) + quote + HIDDEN + quote


def is_secret(name):
    """Whether a key's name says that its value is a secret."""
    return _NAME.search(name) is not None


def command_line(argv):
    """One line for people of a list of arguments, bounded."""
    arguments = []
    hide = False
    for argument in (each[:_LONGEST_ARGUMENT] for each in argv):
        if hide and not argument.startswith("-"):
            arguments.append(HIDDEN)
            hide = False
            continue
        hide = bool(_OPTION.fullmatch(argument) and is_secret(argument))
        name, equals, _value = argument.partition("=")
        if equals and is_secret(name) and not re.search(r"\s|://", name):
            argument = name + "=" + HIDDEN
        # A process that gives itself a title may write "password x" without any dash.
        arguments.append(argument if hide else _TITLE.sub(r"\1" + HIDDEN, text(argument)))
    return printable(" ".join(arguments), LONGEST)


def url(value):
    """The URL for a message: without user and password, without the values of its query, on one line, bounded."""
    value = _CREDENTIALS.sub("", str(value))
    if _split(value) is None:  # whatever is before the last @ may be a password with a character that belongs in no URL
        scheme, mark, rest = value.partition("://")
        value = scheme + mark + rest.rpartition("@")[2]
    address, mark, query = value.partition("?")
    if mark:
        query = "&".join(
            pair.partition("=")[0] + ("=..." if "=" in pair else "") for pair in query.partition("#")[0].split("&")
        )
    return printable(address + mark + query, 200)


def _split(value):
    """The URL taken apart, or None where it is none."""
    try:
        parts = urlsplit(str(value))
        return parts if parts.port is None or parts.port else None
    except ValueError:
        return None


def secrets_of_url(value):
    """Secrets written into a URL, as written and decoded, for whoever hides them (list of texts).

    The password, or the user of an http URL without one: many services take a key as the user. The values of a query
    whose names say so,
    unless they are short. Where it is no URL, whatever is in front of the last @.
    """
    value = str(value)
    parts = _split(value)
    if parts is None:
        before = value.partition("://")[2].rpartition("@")[0]
        secrets = [before.partition(":")[2] or before]
    else:
        secrets = [parts.password or (parts.username if parts.scheme in ("http", "https") else "") or ""]
        pairs = [pair.partition("=") for pair in parts.query.split("&")]
        secrets += [
            each
            for name, _mark, each in pairs
            if (is_secret(name) or _QUERY_NAME.fullmatch(name)) and len(each) >= SHORTEST
        ]
    return sorted({each for secret in secrets for each in (secret, unquote(secret)) if each})
