# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of nftables that are ours: made as a whole, read as JSON, removed as a whole. Private to magsasa.chaos.

Nothing here ever flushes, or touches a table that does not carry our name.
"""

from __future__ import annotations

import json
import re

from ... import _cmd
from ..._errors import HostError, MissingTool, printable

PURPOSE = "set packet rules"
_OURS = re.compile(r"magsasa_chaos_[0-9a-f]{12}")


def program():
    """Path of nft; raises MissingTool."""
    found = _cmd.which("nft")
    if found is None:
        raise MissingTool("nft", PURPOSE)
    return found


def obstacle():
    """Why tables cannot be read here (the kernel, the permission, a build without JSON), as nft says it, or "" ."""
    try:
        _json(["list", "tables"])
    except HostError as error:
        return str(error)
    return ""


def objection(text):
    """What the kernel says against a text of commands (it is tried and taken back before it takes effect), or "" ."""
    done = _cmd.run([program(), "-c", "-f", "-"], stdin=text, check=False)
    return "" if not done.rc else printable((done.stderr.strip().splitlines() or ["nft failed"])[0], 200)


def _ours(table):
    if not _OURS.fullmatch(table):
        raise HostError("table '%s' does not belong to this collection" % table)
    return table


def _json(arguments):
    said = _cmd.run([program(), "-j"] + arguments).stdout
    try:
        return json.loads(said)["nftables"]
    except (ValueError, KeyError, TypeError):
        raise HostError("nft did not answer in JSON; its build lacks JSON support, or its answer is too long")


def rows(arguments):
    """What nft lists, as it gives it in JSON: ``[{kind: {...}}]``. Raises HostError."""
    return [row for row in _json(arguments) if isinstance(row, dict)]


def there(table):
    """Whether a table of ours exists."""
    rows = [row["table"] for row in _json(["list", "tables"]) if "table" in row]
    return any((row.get("family"), row.get("name")) == ("inet", _ours(table)) for row in rows)


def load(table, text):
    """Carry out a text of nft commands about one new table of ours: wholly or not at all (one transaction of the
    kernel).
    """
    _ours(table)
    _cmd.run([program(), "-f", "-"], stdin=text)


def read(table):
    """Rules of a table of ours as nft gives them: ``[{"chain", "comment", "expr"}]``, in their order. Raises
    HostError when it is gone.
    """
    rows = _json(["list", "table", "inet", _ours(table)])
    return [row["rule"] for row in rows if "rule" in row]


def of_others():
    """{"FAMILY NAME": lines} of every table that is not ours, without counters and without the elements of sets,
    which come and go.
    """
    said = _cmd.run([program(), "--stateless", "--terse", "list", "ruleset"], timeout=5.0).stdout
    if len(said) >= _cmd.OUTPUT_LIMIT:
        raise HostError("there are too many rules to compare")
    found = {}
    lines = None
    for line in said.splitlines():
        if line.startswith("table "):
            lines = found.setdefault(line[len("table ") :].rstrip(" {"), [])
        elif lines is not None and line.strip():
            lines.append(line.strip())
    return {name: rows for name, rows in found.items() if not _OURS.fullmatch(name.rpartition(" ")[2])}


def remove(table):
    """Delete a table of ours; one that is gone is no error."""
    if there(table):
        done = _cmd.run([program(), "delete", "table", "inet", _ours(table)], check=False)
        if done.rc and there(table):
            raise HostError("table %s could not be deleted: %s" % (table, done.stderr.strip()[:200]))
