# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter that sums up the experiment records of a run."""

from __future__ import annotations

import os

from ansible.errors import AnsibleFilterError
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import outcome
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import summary
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import RUN
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import artifact


def run_summary(records, details=False):
    """The report's summary of a list of experiment records; with ``details`` the id of the run, and each scenario
    with its verdict and reason.
    """
    if not isinstance(records, (list, tuple)) or not all(
        isinstance(r, dict) and "verdict" in r and "status" in r for r in records
    ):
        raise AnsibleFilterError("run_summary: needs a list of experiment records from magsasa.chaos.slo_check")
    try:
        found = summary(list(records))
        return dict(found, **_details(records)) if details else found
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError("run_summary: a record is not as returned by magsasa.chaos.slo_check (%s)" % error)


def _details(records):
    """What remains of a run where its files do not: bounded, without what the service said at length."""
    kept, left_out = artifact.scenarios(records)
    return {"run": os.environ.get(RUN), "scenarios": kept, "scenarios_left_out": left_out}


def run_complaint(records, fail_on_breach=True, allow_untested=False):
    """Why these records are no success; "" when they are."""
    return outcome.complaint(records, run_summary(records)["sentence"], fail_on_breach, allow_untested)


def run_untested(records, dry_run=False, allow_untested=False):
    """Why a run with all these records is none at all; "" when something was tested, or in a dry run would be."""
    return outcome.untested(records, run_summary(records)["sentence"], dry_run, allow_untested)


class FilterModule:
    """Filters of the collection over experiment records."""

    def filters(self):
        """Name to function."""
        return {"run_summary": run_summary, "run_complaint": run_complaint, "run_untested": run_untested}
