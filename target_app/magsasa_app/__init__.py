# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MAGSASA-CARD ERP in small: the service that the chaos experiments of magsasa.chaos run against by default."""

from __future__ import annotations

__version__ = "1.0.0"
SERVICE = "magsasa-card-erp"
