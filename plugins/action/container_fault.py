# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of magsasa.chaos.container_fault: inventory guards first, then the module."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._fault_action import FaultAction


class ActionModule(FaultAction):
    """See FaultAction."""
