# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Untrusted text made harmless, for Markdown, HTML, terminals and JSON. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import functools
import math
import re

from ansible_collections.magsasa.chaos.plugins.module_utils import _redact

LONGEST = 500
MOST = 2000  # entries of one list or mapping
DEEPEST = 12
_MARKDOWN = re.compile(r"([\\`*\[\]|~$]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z]))")
_MARKDOWN_START = re.compile(r"^([0-9]{0,9})([#+=.)-])")  # heading, list, rule


def plain(value, limit=LONGEST):
    """One line of printable text: no control or format characters, bounded, secrets redacted."""
    return _plain("" if value is None else str(value)[: limit * 4], limit)


@functools.lru_cache(maxsize=8192)  # the records of a fleet say the same things over and over
def _plain(text, limit):
    text = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    text = _redact.text(" ".join(text.split()))
    return text if len(text) <= limit else text[: limit - 3] + "..."


@functools.lru_cache(maxsize=2048)
def _key(key):
    """A key as it is shown, and whether its name says that its value is a secret."""
    shown = plain(key, 100)
    return shown, _redact.is_secret(shown)


def markdown(value, limit=LONGEST):
    """A value as Markdown text inside a line or a table's cell that renders as itself: no markup, no HTML, no table
    break.
    """
    text = _MARKDOWN.sub(r"\\\1", plain(value, limit))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def paragraph(value, limit=LONGEST):
    """The same for text with which a line begins: no heading, list or rule."""
    return _MARKDOWN_START.sub(r"\1\\\2", markdown(value, limit))


def clean(value, depth=0):
    """A JSON-able value with every text redacted and made printable, for report.json; bounded in depth and length."""
    if isinstance(value, (dict, list, tuple)) and depth >= DEEPEST:
        return "..."
    if isinstance(value, dict):
        pairs = [(_key(str(key)[:400]), each) for key, each in list(value.items())[:MOST]]
        return {
            key: (
                _redact.HIDDEN
                if secret and isinstance(each, (str, int, float)) and not isinstance(each, bool)
                else clean(each, depth + 1)
            )
            for (key, secret), each in pairs
        }
    if isinstance(value, (list, tuple)):
        return [clean(each, depth + 1) for each in value[:MOST]]
    if isinstance(value, str):
        return plain(value, 2000)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 1 << 63 else None
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return plain(value)


def number(value, unit=""):
    """A figure with its unit: 4.21 -> "4.21 s"; None -> "-". Percentages keep two decimals: 99.96 is not 100."""
    if value is None:
        return "-"
    if unit == "%":
        text = ("%.2f" % value).rstrip("0").rstrip(".")
    else:
        text = "%.0f" % value if abs(value) >= 100 else "%.3g" % value
    return text + (" " + unit if unit else "")
