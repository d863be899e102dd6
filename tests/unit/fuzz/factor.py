# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile input. By day a short form of each; with CHAOS_NIGHTLY=1 the long one."""

from __future__ import annotations

import os

NIGHTLY = bool(os.environ.get("CHAOS_NIGHTLY"))
FACTOR = 20 if NIGHTLY else 1  # how many times as many examples
