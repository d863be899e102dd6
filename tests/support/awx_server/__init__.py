# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWX of its API alone, for tests of what sets it up: it keeps what it is given, and refuses what AWX refuses."""

from __future__ import annotations

from support.awx_server.server import Awx

__all__ = ["Awx"]
