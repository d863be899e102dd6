# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations, sizes, percentages, signals and names as users write them. Private to magsasa.chaos."""

from __future__ import annotations

import math
import re
import signal

from ._errors import BadOption

_NUMBER = r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_DURATION_PART = re.compile(_NUMBER + r"\s*(us|ms|s|m|h|d)")
_DURATION_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(_NUMBER + r"\s*([kKmMgGtT]?)(i?[bB])?")
_SIZE_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_RATE = re.compile(_NUMBER + r"\s*([kmg]?)bit(/s|ps)?")
_RATE_UNITS = {"": 1e0, "k": 1e3, "m": 1e6, "g": 1e9}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_NOT_ENDING = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT)
LONGEST_TEXT = 64  # longer than any sensible quantity; keeps the patterns away from hostile input


def _text(value):
    """The text of a value that may be a quantity, or None: booleans and containers never are."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= LONGEST_TEXT and text.isascii() else None


def _bounded(number, value, option, low, high, show):
    if low is not None and number < low:
        raise BadOption(option, value, "is below the minimum of %s" % show(low), "use %s or more" % show(low))
    if high is not None and number > high:
        raise BadOption(option, value, "is above the maximum of %s" % show(high), "use %s or less" % show(high))
    return number


def is_number(value, below=1 << 64):
    """Whether a value that somebody else wrote is a finite number, smaller than ``below`` on either side of 0; a
    boolean is none.
    """
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < below and math.isfinite(value)
    )


def _plain(text):
    """A finite, non-negative plain number, or None."""
    if not re.fullmatch(_NUMBER, text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def duration(value, option="duration", low=0.0, high=None):
    """Seconds (float) of "200ms", "30s", "1m30s", "5m"; a bare number or numeric text is seconds.

    Raises BadOption naming ``option``; ``low`` and ``high`` are inclusive bounds in seconds.
    """
    text = _text(value)
    seconds = _plain(text) if text else None
    if seconds is None and text:
        parts = _DURATION_PART.findall(text)
        if parts and not _DURATION_PART.sub("", text).strip():
            seconds = sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts)
    if seconds is None:
        raise BadOption(
            option, value, "is not a duration", "write a number with a unit (us, ms, s, m, h, d), such as 30s or 1m30s"
        )
    return _bounded(seconds, value, option, low, high, show_duration)


def size(value, option="size", low=0, high=None):
    """Bytes (int) of "256MB", "256M", "1GiB", "4096"; units are powers of 1024, as in Ansible's human_to_bytes."""
    text = _text(value)
    match = _SIZE.fullmatch(text) if text else None
    if not match:
        raise BadOption(option, value, "is not a size", "write a number with a unit (K, M, G or T), such as 256M")
    number = int(float(match.group(1)) * 1024 ** _SIZE_UNITS[match.group(2).lower()])
    return _bounded(number, value, option, low, high, show_size)


def rate(value, option="rate", low=None, high=None):
    """Bits per second (float) of "10mbit", "1.5gbit", "512kbit"; units are powers of 1000, as tc has them.

    A number without a unit is refused: some would mean bytes.
    """
    text = _text(value)
    match = _RATE.fullmatch(text.lower()) if text else None
    if not match:
        raise BadOption(
            option, value, "is not a rate", "write a number with a unit (kbit, mbit or gbit), such as 10mbit"
        )
    return _bounded(float(match.group(1)) * _RATE_UNITS[match.group(2)], value, option, low, high, show_rate)


def percent(value, option="percent", low=0.0, high=100.0):
    """Percentage (float) of "50%", "50", 50; bounds are inclusive."""
    text = _text(value)
    number = _plain(text[:-1].strip() if text and text.endswith("%") else text) if text else None
    if number is None:
        raise BadOption(
            option, value, "is not a percentage", "write a number from %g to %g, such as 50%%" % (low, high)
        )
    return _bounded(number, value, option, low, high, lambda figure: "%g%%" % figure)


def is_percent(value):
    """Whether a value is written as a percentage ("50%"), for options that take a size or a share."""
    return isinstance(value, str) and value.strip().endswith("%")


def name(value, option="name"):
    """An identity that is also used as a file name: letters, digits, dot, dash, underscore; at most 63."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise BadOption(
            option,
            value,
            "is not a valid name",
            "use 1 to 63 letters, digits, dots, dashes or underscores, starting with a letter or digit",
        )
    return value


def ending_signal(text, option="signal"):
    """Number of a signal that ends a process: "KILL", "sigterm", "15"."""
    plain = text.strip()
    if plain.isascii() and plain.isdigit() and len(plain) < 20:
        number = int(plain)
    else:
        name = plain.upper()
        number = getattr(signal, name if name.startswith("SIG") else "SIG" + name, None)
        number = number if isinstance(number, signal.Signals) else None  # SIG_IGN is no signal
    if number not in list(signal.Signals) or number in _NOT_ENDING:
        raise BadOption(option, text, "is not a signal that ends a process", "use a signal such as KILL or TERM")
    return int(number)


def show_duration(seconds):
    """Short text of a duration: "200ms", "30s", "1m30s"."""
    if seconds < 1 and seconds > 0:
        return "%gms" % round(seconds * 1000, 3)
    if seconds < 60:
        return "%gs" % round(seconds, 3)
    whole = int(round(seconds))
    parts = [(whole // 3600, "h"), (whole % 3600 // 60, "m"), (whole % 60, "s")]
    return "".join("%d%s" % part for part in parts if part[0])


def show_size(count):
    """Short text of a size: "256MiB"."""
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if count >= 1024**power:
            return "%g%s" % (round(count / 1024**power, 1), unit)
    return "%dB" % count


def show_rate(bits):
    """Short text of a rate: "10mbit"."""
    for unit in ("g", "m", "k"):
        if bits >= _RATE_UNITS[unit]:
            return "%g%sbit" % (round(bits / _RATE_UNITS[unit], 3), unit)
    return "%gbit" % bits
