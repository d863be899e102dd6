# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single figures in words: numbers with units, counts, keys made readable. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._quantity import is_number

# The ends of keys, longest first, and their units.
UNITS = (
    ("_mib_per_s", "MiB/s"),
    ("_per_s", "/s"),
    ("_kbit", "kbit/s"),
    ("_mib", "MiB"),
    ("_bytes", "bytes"),
    ("_pct", "%"),
    ("_ms", "ms"),
    ("_s", "s"),
)


def number(value, unit=""):
    """ "50 %", "50.1 %", "1200 MiB"; "?" for what is no number."""
    if not is_number(value):
        return "?"
    if float(value) == int(value):
        text = "%d" % value
    elif unit.startswith("%"):
        text = ("%.2f" % value).rstrip("0").rstrip(".")  # 99.96 is not 100
    else:
        text = "%.0f" % value if abs(value) >= 1000 else "%.1f" % value if abs(value) >= 100 else "%.3g" % value
    return text + (" " + unit if unit else "")


def count(value, one, many=None):
    """ "1 core", "2 cores"."""
    return "%s %s" % (number(value), one if value == 1 else many or one + "s")


def share(part, whole, one):
    """ "61 of 1204 packets (5.07 %)"."""
    return "%s of %s (%s)" % (number(part), count(whole, one), number(100.0 * part / whole, "%"))


def over(seen):
    """ " over 30.0 s", or nothing."""
    return " over %.1f s" % seen["over_s"] if isinstance(seen.get("over_s"), (int, float)) else ""


def listed(values, most=4):
    """ "a, b and c", "a, b, c, d and 3 more"."""
    texts = [str(each) for each in values]
    if len(texts) > most:
        return "%s and %d more" % (", ".join(texts[:most]), len(texts) - most)
    return " and ".join([", ".join(texts[:-1])] + texts[-1:]) if len(texts) > 1 else "".join(texts)


def readable(mapping):
    """ "load 50 %, cores 2" of {"load_pct": 50, "cores": 2}; "" for nothing. Nested values are left to report.json."""
    return ", ".join(
        _pair(str(key), value)
        for key, value in (mapping or {}).items()
        if value is not None and not isinstance(value, (dict, list))
    )


def _pair(key, value):
    end, unit = next(((end, unit) for end, unit in UNITS if key.endswith(end)), ("", ""))
    name = key[: len(key) - len(end)].replace("_", " ")
    if isinstance(value, bool):
        return "%s: %s" % (name, "yes" if value else "no")
    if isinstance(value, (int, float)):
        return "%s %s" % (name, number(value, unit))
    return "%s %s" % (name, str(value))
