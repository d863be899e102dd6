# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Untrusted text made harmless, for Markdown, HTML and terminals; secrets taken out. Pure. Private to magsasa.chaos."""
from __future__ import annotations

import re

LONGEST = 500
_CREDENTIALS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@]*@")
_SECRET = re.compile(r"(?i)\b(password|passwd|pwd|secret|token|api[_-]?key|authorization)(\s*[=:]\s*)(?:(?:bearer|basic)\s+)?[^\s,;&\"']+")
_MARKDOWN = re.compile(r"([\\`*\[\]|~$]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z]))")


def plain(value, limit=LONGEST):
    """One line of printable text: no control or format characters, bounded, secrets redacted."""
    text = "" if value is None else str(value)
    text = "".join(c if c.isprintable() else " " for c in text[: limit * 4])
    text = redact(" ".join(text.split()))
    return text if len(text) <= limit else text[: limit - 3] + "..."


def redact(text):
    """Take credentials in URLs and ``password=...`` pairs out of a text."""
    text = _CREDENTIALS.sub(r"\1***@", text)
    return _SECRET.sub(r"\1\2***", text)


def markdown(value, limit=LONGEST):
    """A value as Markdown text that renders as itself: no markup, no HTML, no table break."""
    text = _MARKDOWN.sub(r"\\\1", plain(value, limit))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clean(value):
    """A JSON-able value with every text redacted and made printable, for report.json."""
    if isinstance(value, dict):
        return {plain(key, 100): clean(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(each) for each in value]
    if isinstance(value, str):
        return plain(value, 2000)
    return value if value is None or isinstance(value, (bool, int, float)) else plain(value)


def number(value, unit=""):
    """A figure with its unit: 4.21 -> "4.21 s"; None -> "-"."""
    if value is None:
        return "-"
    text = "%.0f" % value if abs(value) >= 100 else "%.3g" % value
    return text + (" " + unit if unit else "")
