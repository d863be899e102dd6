# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter that sums up the experiment records of a run."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import summary


def run_summary(records):
    """The report's summary of a list of experiment records."""
    if not isinstance(records, (list, tuple)) or not all(isinstance(r, dict) and "verdict" in r and "status" in r for r in records):
        raise AnsibleFilterError("run_summary: needs a list of experiment records as magsasa.chaos.slo_check returns them")
    try:
        return summary(list(records))
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError("run_summary: a record is not as magsasa.chaos.slo_check returned it (%s)" % error)


class FilterModule:
    """Filters of the collection over experiment records."""

    def filters(self):
        """Name to function."""
        return {"run_summary": run_summary}
