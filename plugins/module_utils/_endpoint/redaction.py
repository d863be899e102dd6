# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines for results: without what looks like a secret, on one line, bounded. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import re

from .._errors import printable

LONGEST = 160
_WORD = r"(?:pass|pwd|secret|token|credential|auth|bearer|cookie|(?:api|access|private|secret|signing|encryption)[_-]?key)"
_NAMED = re.compile(r"(?i)" + _WORD)
_OPTION = re.compile(r"-{1,2}[A-Za-z0-9_.-]+")
# "password: x", "token=x", '"secret": "x"', "?api_key=x" and "--password x" inside one argument
_INSIDE = re.compile(r"(?i)([\w.-]*" + _WORD + r"[\w.-]*[\"']?(?:\s*[:=]\s*[\"']?|\s+))(?:(?:basic|bearer)\s+)?[^\s\"',;&}]+")
_LONG_WORD = re.compile(r"[\w.-]{100,}")  # _INSIDE takes the square of a word's length, and what a process calls itself is untrusted
_CREDENTIALS = re.compile(r"(://)[^/@\s]*@")
HIDDEN = "***"


def command_line(argv):
    """One line for people of a list of arguments."""
    shown = []
    hide = False
    for argument in (_LONG_WORD.sub(_shortened, each) for each in argv):
        if hide and not argument.startswith("-"):
            shown.append(HIDDEN)
            hide = False
            continue
        hide = bool(_OPTION.fullmatch(argument) and _NAMED.search(argument))
        name, equals, _value = argument.partition("=")
        if equals and _NAMED.search(name) and not re.search(r"\s|://", name):
            argument = name + "=" + HIDDEN
        shown.append(argument if hide else _inside(argument))
    return printable(" ".join(shown), LONGEST)


def _shortened(found):
    return found.group()[:97] + "..."


def _inside(argument):
    return _CREDENTIALS.sub(r"\1" + HIDDEN + "@", _INSIDE.sub(r"\1" + HIDDEN, argument))
