# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of AWX share."""

from __future__ import annotations

import pytest

from support.runner import update_project


@pytest.fixture(name="updated", scope="session")
def _updated(tmp_path_factory):
    """One project update serves all jobs, as in AWX."""
    return update_project(tmp_path_factory.mktemp("update"))
