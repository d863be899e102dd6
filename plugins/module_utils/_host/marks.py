# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How what belongs to a fault is told from everything else on a host. Private to magsasa.chaos."""

from __future__ import annotations

MARK = "MAGSASA_CHAOS_FAULT"  # in the environment of everything that a fault starts
KEEPERS = ("chaos-fault", "chaos-guardian")  # names (comm) of the two processes that carry the undo out
UNIT = "magsasa-chaos-%s.service"  # the unit of systemd that holds a fault, by the fault's id
