# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a fault, and whether anybody still does. Private to magsasa.chaos."""
from __future__ import annotations

from .. import _clock
from . import processes


def keepers(record):
    """(pid, start) of the processes that hold this fault and are alive."""
    found = [record.get(key) or {} for key in ("supervisor", "guardian")]
    return [(k["pid"], k["start"]) for k in found if k and processes.alive(k["pid"], k["start"])]


def orphaned(record):
    """Whether nobody holds this fault any more, or an earlier undo left something of it."""
    if record.get("boot_id") != _clock.boot_id() or record["state"] == "residue":
        return True
    writer = record.get("writer") or {}
    starting = record["state"] == "armed" and writer and processes.alive(writer["pid"], writer["start"])
    return not starting and not keepers(record)
