# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this run is one slice of a sliced AWX job, which sees its groups cut down. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import printable


def slice_of(variables):
    """What job this is a slice of (text), or None. ``variables``: those of a host.

    AWX runs the slices of a job template as a workflow that is called as the template is, and tells a job both names;
    older and newer
    versions that tell number or count of slices are understood too.
    """
    for head in ("awx", "tower"):
        template, workflow = variables.get(head + "_job_template_name"), variables.get(head + "_workflow_job_name")
        if template and template == workflow:
            return str(template)
        if any(
            _above(variables.get(head + key), least)
            for key, least in (("_job_slice_count", 1), ("_job_slice_number", 0))
        ):
            return str(template or "a job template")
    return None


def _above(value, least):
    try:
        return int(value) > least
    except (TypeError, ValueError):
        return False


def refusal(variables, declared):
    """Why a slice is not run (one sentence), or None. ``declared``: the user knows what a slice means."""
    template = None if declared else slice_of(variables)
    if template is None:
        return None
    return (
        "refused by the slices guard: this job is one slice of '%s' and sees only its own hosts of each group, so all"
        " slices together could exceed chaos_max_percent of a group; declare the groups with chaos_fleet and name a"
        " chaos_keeper, use a job slice count of 1, or set chaos_sliced=true to lift this guard"
        % printable(template, 100)
    )
