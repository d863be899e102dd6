# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error of the lab."""

from __future__ import annotations


class LabError(Exception):
    """Its text is one sentence for a user: what is wrong, and what to do about it."""
