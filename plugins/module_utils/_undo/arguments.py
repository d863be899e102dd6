# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes that arguments of undo operations may have. Pure. Private to magsasa.chaos.

A ledger is data that root acts on. Whatever stands in it is checked before it is carried out: the operation must be
known, and each
argument must have the shape that the operation declares in its ``ARGS``, or ``OPTIONAL`` (``{argument: kind}``).
"""

from __future__ import annotations

import re

from .. import _quantity
from .._errors import HostError, printable

_ID = re.compile(r"[0-9a-f]{12}")
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]{0,254}")
_IFB = re.compile(r"ch[0-9a-f]{13}")  # of ours; others have names of their own
_TABLE = re.compile(r"magsasa_chaos_[0-9a-f]{12}")
LONGEST = 4096


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 64


def _is_path(value):
    return isinstance(value, str) and value.startswith("/") and "\0" not in value and len(value) <= LONGEST


def _is_text(value):
    return isinstance(value, str) and "\0" not in value and len(value) <= LONGEST


KINDS = {
    "bool": lambda value: isinstance(value, bool),
    "count": lambda value: _is_int(value) and value >= 0,
    "file": lambda value: isinstance(value, dict)
    and set(value) == {"dev", "ino", "uid"}
    and all(_is_int(each) and each >= 0 for each in value.values()),
    "ifb": lambda value: isinstance(value, str) and bool(_IFB.fullmatch(value)),
    "id": lambda value: isinstance(value, str) and bool(_ID.fullmatch(value)),
    "ip version": lambda value: _is_int(value) and value in (4, 6),
    "moment": lambda value: isinstance(value, dict) and all(map(_quantity.is_number, value.values())),
    "number": _quantity.is_number,
    "object": lambda value: isinstance(value, dict),
    "path": _is_path,
    "pid": lambda value: _is_int(value) and value > 1,
    "pair": lambda value: isinstance(value, list) and len(value) == 2 and all(map(_is_text, value)),
    "port": lambda value: _is_int(value) and 0 < value < 65536,
    "table": lambda value: isinstance(value, str) and bool(_TABLE.fullmatch(value)),
    "text": _is_text,
    "text or none": lambda value: value is None or _is_text(value),
    "unit": lambda value: isinstance(value, str) and bool(_UNIT.fullmatch(value)) and value not in (".", ".."),
}


def check(operation, args, fault_id=None):
    """Refuse arguments that ``operation`` does not take; with ``fault_id`` those, too, that name another fault.
    Raises HostError.
    """
    optional = getattr(operation, "OPTIONAL", {})
    if not isinstance(args, dict) or not set(operation.ARGS) <= set(args) <= set(operation.ARGS) | set(optional):
        raise HostError("its arguments are not valid")
    for name, kind in dict(operation.ARGS, **optional).items():
        if name in args and not KINDS[kind](args[name]):
            raise HostError("its argument %s is not valid: '%s'" % (name, printable(args[name])))
    if fault_id is not None and args.get("fault", fault_id) != fault_id:
        raise HostError("it belongs to another fault: '%s'" % printable(args["fault"]))
