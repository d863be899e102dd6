# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over the hosts of a run: which steps of the roles any of them needs, and what was told of them."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils import _needs


class FilterModule:
    """Filters of the collection over the hosts of a run."""

    def filters(self):
        """Name to function."""
        return {"run_needs": _needs.of, "told_of_hosts": _needs.told}
