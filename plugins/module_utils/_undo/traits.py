# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be known of undo operations by whoever carries none out. Private to magsasa.chaos.

Whoever only starts a process, or tidies, is asked whether something stays after a boot, and would load and send every
operation for it.
"""

from __future__ import annotations

# Operations whose classes say ``outlives_boot = True``: what they undo is still there after a boot.
OUTLIVE_BOOT = frozenset(
    (
        "container.start",
        "file.contents",
        "file.cut",
        "file.permissions",
        "file.put_back",
        "file.remove",
        "folder.remove",
        "hosts.remove",
        "mysql.unlock",
        "postgres.allow",
        "service.start",
    )
)


def outlives_boot(entries):
    """Whether a host that goes down keeps something of what these undo entries undo."""
    return any(entry.get("op") in OUTLIVE_BOOT for entry in entries)
