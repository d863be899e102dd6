# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets taken out of texts and data. Rather too much than too little. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import re

HIDDEN = "***"
_NAMES = "passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization|credentials?|cookie"
# No pattern begins with a repeated class: hostile text must not cost more than its length.
_IN_URL = re.compile(r"://(?:[^\s/?#\"'<>]{0,1000}@|[^\s/:@\"'<>]{0,200}:[^\s\"'<>]{0,1000}@)")
_PAIR = re.compile(
    r"(?i)((?:%s)[\w.-]{0,40}[\"']?\s{0,3}[=:]\s{0,3})(?:\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|(?:(?:bearer|basic|digest)\s+)?[^\s&\"']+)" % _NAMES
)
_FLAG = re.compile(r"(?i)(--?(?:[a-z0-9]{1,20}[_-]){0,3}(?:%s)\s+)(?!-)\S+" % _NAMES)
_BEARER = re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9+/=._~-]{8,}")
_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:(?!-----END).)*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?", re.DOTALL)
_SECRET_NAME = re.compile(r"(?i)%s" % _NAMES)


def redact(text):
    """A text without credentials in URLs, ``password=...`` pairs (also in JSON), ``--token ...`` options, bearer tokens, private keys."""
    text = _KEY.sub(HIDDEN, text)
    text = _IN_URL.sub("://%s@" % HIDDEN, text)
    text = _PAIR.sub(r"\1" + HIDDEN, text)
    text = _FLAG.sub(r"\1" + HIDDEN, text)
    return _BEARER.sub(r"\1" + HIDDEN, text)


def is_secret(name):
    """Whether a key's name says that its value is nobody's business."""
    return _SECRET_NAME.search(name) is not None
