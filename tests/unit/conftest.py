# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypothesis keeps its examples out of the checkout, and a slow machine is no failure. It is used here only, and takes as
long to load as pytest itself.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("suite", database=None, deadline=None)
settings.load_profile("suite")
