# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a record of the ledger has the form that its readers rely on. Pure. Private to magsasa.chaos.

A file that was damaged, or written by another version, must neither end a sweep nor be acted on.
"""

from __future__ import annotations

import re

from .. import _quantity

SCHEMA = 1
ID = re.compile(r"[0-9a-f]{12}")
_MOMENTS = ("armed_at", "injected_at", "reverted_at", "deadline")
_KEEPERS = ("supervisor", "guardian", "writer")
_FAMILY = re.compile(r"[a-z]{1,32}")
STATES = ("planned", "armed", "active", "reverted", "residue")
EFFECTS = ("confirmed", "mismatch", "inconclusive")  # inconclusive: there is no evidence that the fault took effect


def problem(record, fault_id=None):
    """Why the record cannot be used, as the end of a sentence; None for one that can. ``fault_id``: what its file
    is called after.
    """
    if not isinstance(record, dict):
        return "is incomplete, or not a private file of this user"
    if record.get("schema") != SCHEMA or isinstance(record.get("schema"), bool):
        return "has a format that this version does not know"
    if (
        not isinstance(record.get("id"), str)
        or not ID.fullmatch(record["id"])
        or record["id"] != (fault_id or record["id"])
    ):
        return "is not the record of the fault in its name"
    for key in ("name", "state", "family"):
        if not isinstance(record.get(key), str):
            return "has no %s" % key
    if not _FAMILY.fullmatch(record["family"]):  # it becomes the name of an import
        return "does not name a family"
    if record["state"] not in STATES:
        return "is in a state that this version does not know"
    for key, good in _PARTS.items():
        if not good(record.get(key)):
            return "is damaged at '%s'" % key
    return None


def _is_number(value):
    return _quantity.is_number(value, below=1 << 62)


def _is_moment(value):
    return value is None or (
        isinstance(value, dict) and all(_is_number(value.get(key)) for key in ("monotonic", "wall"))
    )


def _is_keeper(value):
    if not value:
        return True
    return (
        isinstance(value, dict)
        and _is_number(value.get("pid"))
        and "start" in value
        and (value["start"] is None or _is_number(value["start"]))
    )


def _is_entry(value):
    return isinstance(value, dict) and isinstance(value.get("op"), str) and isinstance(value.get("args"), dict)


def _is_step(value):
    return (
        isinstance(value, dict)
        and isinstance(value.get("says"), str)
        and "tool" in value
        and _are(_is_entry, value.get("undo"))
    )


def _are(kind, values):
    return isinstance(values, list) and all(kind(each) for each in values)


def _is_text(value):
    return isinstance(value, str)


_PARTS = {"undo": lambda value: _are(_is_entry, value), "steps": lambda value: _are(_is_step, value)}
_PARTS.update({key: _is_moment for key in _MOMENTS})
_PARTS.update({key: _is_keeper for key in _KEEPERS})
_PARTS.update({key: lambda value: value is None or _are(_is_text, value) for key in ("residue", "claims", "notes")})
_PARTS["lease_s"] = lambda value: value is None or _is_number(value)
_PARTS["who"] = lambda value: value is None or isinstance(value, dict)
