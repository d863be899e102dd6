# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who takes a host's turn, and how long the run is expected to take. Private to magsasa.chaos."""

from __future__ import annotations

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, printable
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _runs

AROUND_S = 5.0  # what an experiment takes beside its baseline and its hold


def run_of(given, task_vars, host):
    """The option ``run`` for whoever takes the turn; ``given``: scenarios, baseline, lease, wait, force. Raises
    BadOption.
    """
    try:
        force = boolean(given.get("force") or False)
    except TypeError:
        raise BadOption("chaos_run_force", given["force"], "is neither true nor false", "write true or false")
    baseline = _quantity.duration(given.get("baseline") or "10s", "chaos_baseline")
    holds = [
        _quantity.duration(each.get("hold") or "0s", "hold")
        for each in given.get("scenarios") or ()
        if isinstance(each, dict)
    ]
    expected = "%gs" % min(sum(each + baseline + AROUND_S for each in holds), 86400.0)
    return _runs.run(
        task_vars, host, True, force=force, lease=given.get("lease"), wait=given.get("wait"), expected=expected
    )


def run_lease_s(given):
    """The lease of a run in seconds; None without one."""
    return _quantity.duration(given["lease"], "lease") if given.get("lease") else None


def reason(told):
    """Why a turn was not to be had (a sentence), from a host's answer that says so."""
    said = printable(str(told.get("msg") or "no reason given"), 2000)
    return said if said.startswith("refused by") else "the host could not be reserved for this run (%s)" % said
