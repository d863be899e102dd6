# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON that a service says of itself. Pure. Private to magsasa.chaos.

The parser of Python goes down one level of the C stack for each level of the document. The threads of a recorder have a
small
stack, and there a document of some thousand levels is no exception but the end of the process.
"""

from __future__ import annotations

import json
import re

DEEPEST = 64  # levels; health documents have two or three
# Strings are passed over whole. One that never ends reaches the end: no position is looked at twice.
_LEVELS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)


def parse(text):
    """The value of a JSON text, or None for what is none, and for one that is nested deeper than DEEPEST."""
    if text.count("{") + text.count("[") > DEEPEST and _depth(text) > DEEPEST:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _depth(text):
    """How deep brackets are nested, at most DEEPEST + 1."""
    depth = deepest = 0
    for found in _LEVELS.finditer(text):
        if found.group() in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > DEEPEST:
                break
        elif found.group() in "]}":
            depth -= 1
    return deepest
