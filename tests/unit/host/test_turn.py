# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The turn of a host whose holder was killed."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils import _clock
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import ledger as ledgers, private_files
from ansible_collections.magsasa.chaos.plugins.module_utils._life import turn


@pytest.fixture(name="book")
def _book(tmp_path, monkeypatch):
    """A ledger with the turn of a run, and its runtime archive, whose holder is no more."""
    monkeypatch.setenv(private_files.OVERRIDE, str(tmp_path))
    made = ledgers.Ledger()
    where = os.path.join(made.folders.run, "turn")
    for folder in (made.folders.run, where, os.path.join(made.folders.run, "lib")):
        private_files.prepare(folder)
    told = {"id": "aaaaaaaaaaaa", "by": "me", "pid": 1, "start": 1, "boot_id": _clock.boot_id()}
    private_files.write_private(os.path.join(where, turn.TOLD), json.dumps(told), durable=False)
    private_files.write_private(os.path.join(made.folders.run, "lib", "0" * 16 + ".pyz"), "", durable=False)
    assert turn.holder(made.folders.run) is None
    return made


@pytest.mark.parametrize("who", ["aaaaaaaaaaaa", None])
def test_a_run_whose_holder_was_killed_leaves_nothing_when_it_gives_the_turn_back(book, who):
    assert turn.release(book, who) is None and not os.path.exists(book.folders.run)


@pytest.mark.parametrize("who, check", [("bbbbbbbbbbbb", False), ("aaaaaaaaaaaa", True), (None, True)])
def test_what_is_of_another_run_or_only_checked_stays(book, who, check):
    assert turn.release(book, who, check) is None and os.path.exists(os.path.join(book.folders.run, "turn", turn.TOLD))
