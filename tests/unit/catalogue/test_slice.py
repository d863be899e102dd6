# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A slice of a sliced AWX job, by the variables that AWX gives a job."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.plugin_utils import _slice

ROWS = [
    ({}, None),
    ({"awx_job_template_name": "light"}, None),
    ({"awx_job_template_name": "light", "awx_workflow_job_name": "nightly"}, None),  # a job of a workflow
    ({"awx_job_template_name": "light", "awx_workflow_job_name": "light"}, "light"),
    ({"tower_job_template_name": "light", "tower_workflow_job_name": "light"}, "light"),
    ({"awx_job_slice_count": 4, "awx_job_template_name": "light"}, "light"),
    ({"awx_job_slice_count": "6", "awx_job_slice_number": "1"}, "a job template"),
    ({"awx_job_slice_count": 1, "awx_job_slice_number": 0}, None),
    ({"awx_job_slice_number": "2"}, "a job template"),
    ({"awx_job_slice_count": "many"}, None),
]


@pytest.mark.parametrize("variables, template", ROWS)
def test_a_slice_is_known_by_its_variables(variables, template):
    assert _slice.slice_of(variables) == template
    said = _slice.refusal(variables, False)
    assert (said is None) is (template is None) and _slice.refusal(variables, True) is None
    if said:
        assert said.startswith("refused by the slices guard: ") and template in said and "chaos_sliced=true" in said
