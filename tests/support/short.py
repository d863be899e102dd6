# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario in the form of the catalogue that takes seconds and little of the machine."""

from __future__ import annotations

SHORT = {
    "id": "memory-short",
    "title": "32 MB of memory are taken",
    "hypothesis": "The service keeps its error rate.",
    "family": "memory",
    "intensity": "light",
    "hold": "2s",
    "options": {"size": "32M"},
    "objectives": {"error_rate": "5%"},
}
