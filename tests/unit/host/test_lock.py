# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock whose folder its last user takes away, as a run does that ends when the next one begins."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import locks


def test_the_folder_is_made_again_where_the_caller_can(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(HostError, match="cannot be locked"):
        with locks.held(str(folder / "turn.lock")):
            pass
    with locks.held(str(folder / "turn.lock"), make=folder.mkdir):
        assert (folder / "turn.lock").exists()
        with pytest.raises(HostError, match="another process has locked"):
            with locks.held(str(folder / "turn.lock"), wait=0.0):
                pass
