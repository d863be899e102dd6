# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients send, checked: each error is one sentence that names the field and says what is wrong."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask import request

# Numbers of rows are 32 bits in PostgreSQL.
BIGGEST = 2**31 - 1


class BadRequest(Exception):
    """What a client sent cannot be used; the text says what and why."""


def _shown(value):
    return "".join(c if c.isprintable() else "?" for c in str(value)[:40])


def body(*names):
    """The JSON object of the request, with all of these names."""
    try:
        sent = request.get_json(silent=True)
    except RecursionError:
        sent = None
    if not isinstance(sent, dict):
        raise BadRequest("the body must be a JSON object, sent as application/json")
    missing = [name for name in names if name not in sent]
    if missing:
        raise BadRequest("%s: is missing" % missing[0])
    return sent


def whole(name, value, low, high):
    """A whole number, also as text."""
    digits = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10 and low <= int(digits) <= high):
        raise BadRequest("%s: '%s' is not a whole number from %d to %d" % (name, _shown(value), low, high))
    return int(digits)


def text(name, value, longest):
    """A text without control characters, stripped."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= longest or not value.strip().isprintable():
        raise BadRequest("%s: must be a printable text of 1 to %d characters" % (name, longest))
    return value.strip()


def amount(name, value, below):
    """A Decimal with two places, from 0.01 up to less than ``below``."""
    try:
        found = (
            Decimal(str(value))
            if isinstance(value, (int, float, str)) and not isinstance(value, bool)
            else Decimal("NaN")
        )
        found = found.quantize(Decimal("0.01")) if found.is_finite() and abs(found) < below else Decimal(0)
    except InvalidOperation:
        found = Decimal(0)
    if not 0 < found < below:
        raise BadRequest("%s: '%s' is not an amount from 0.01 to less than %d" % (name, _shown(value), below))
    return found
