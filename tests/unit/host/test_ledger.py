# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record goes from the active ones to the past once, whoever is killed on the way."""

from __future__ import annotations

import os

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import ledger, private_files
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger.schema import SCHEMA

RECORD = {
    "schema": SCHEMA,
    "id": "3f9c1b0a77d2",
    "name": "cut",
    "family": "cpu",
    "state": "reverted",
    "undo": [],
    "steps": [],
    "claims": [],
}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """An empty ledger."""
    monkeypatch.setenv(private_files.OVERRIDE, str(tmp_path / "state"))
    made = ledger.Ledger()
    made.prepare()
    return made


def test_what_was_closed_by_one_who_was_killed_right_then_is_not_there_twice(book, monkeypatch):
    def die(*_paths):
        raise KeyboardInterrupt

    book.write(RECORD)
    with monkeypatch.context() as killed:
        killed.setattr(ledger.private_files, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            book.close(RECORD)
    assert book.read(RECORD["id"]) is not None
    other = dict(RECORD, id="000000000000", name="other")
    book.close(other)
    book.close(RECORD)
    with open(book.past_path) as past:
        assert len(past.readlines()) == 2
    assert [each["name"] for each in book.past()] == ["other", "cut"] and book.active() == []
    assert not os.path.exists(book.path(RECORD["id"]))
