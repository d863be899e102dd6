# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a fault undoes it from memory, again and again, and writes it down when he can; a line in the past is
the only answer that it is done.
"""

from __future__ import annotations

import os
import shutil

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError
from ansible_collections.magsasa.chaos.plugins.module_utils._host import journal
from ansible_collections.magsasa.chaos.plugins.module_utils._life import fault_unit, revert, runtime_archive, tidying
from ansible_collections.magsasa.chaos.plugins.module_utils._undo import registry
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import ledger as ledgers, private_files
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger.schema import SCHEMA

ID = "3f9c1b0a77d2"


class Undo:
    """An operation that fails a number of times."""

    ARGS = {"fault": "id"}
    fails, carried_out, owner_gone = 0, 0, False

    @classmethod
    def undo(cls, args):
        cls.carried_out += 1

    @classmethod
    def left(cls, args):
        return ["it is in"] if cls.carried_out <= cls.fails else []

    @classmethod
    def gone(cls, args):
        return ["its owner took it away"] if cls.owner_gone else []


@pytest.fixture(name="book")
def _book(tmp_path, monkeypatch):
    monkeypatch.setenv(private_files.OVERRIDE, str(tmp_path / "state"))
    (tmp_path / "state").mkdir(mode=0o700)
    monkeypatch.setattr(journal, "note", lambda record, event: None)
    monkeypatch.setattr(fault_unit, "end_retries", lambda fault_id: None)
    monkeypatch.setattr(revert, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(revert, "LONGEST_PAUSE_S", 0.002)
    for name, value in (("fails", 0), ("carried_out", 0), ("owner_gone", False)):
        monkeypatch.setattr(Undo, name, value)
    registry.OPERATIONS["test.undo"] = Undo
    made = ledgers.Ledger()
    made.prepare()
    yield made
    del registry.OPERATIONS["test.undo"]


def record():
    entries = [{"op": "test.undo", "args": {"fault": ID}}]
    return {
        "schema": SCHEMA,
        "id": ID,
        "name": "held",
        "family": "cpu",
        "state": "active",
        "undo": entries,
        "steps": [],
        "claims": [],
        "before": {},
    }


def spoil(book, how):
    for path in (book.path(ID), book.copy(ID)):
        if how == "torn":
            with open(path, "r+b") as target:
                target.truncate(40)
        elif how == "linked":
            os.link(path, path + ".other")
        elif how == "removed":
            os.unlink(path)
    if how == "no ledger":
        shutil.rmtree(book.folders.ledger)
        os.unlink(book.copy(ID))


@pytest.mark.parametrize("how", ["whole", "torn", "linked", "removed", "no ledger"])
def test_it_is_undone_from_memory(book, how):
    held = record()
    book.write(held)
    spoil(book, how)
    assert revert.revert(book, ID, "deadline") is None or how == "whole", "who holds nothing cannot"
    Undo.carried_out = 0
    final = revert.until_done(book, held, "deadline")
    if how == "whole":
        assert final is None and Undo.carried_out == 0, "the past says that it is undone"
    else:
        assert (final["state"], Undo.carried_out) == ("reverted", 1)
    assert [each["id"] for each in book.past()] == [ID] and book.active() == []
    assert not os.path.exists(book.path(ID)) and not os.path.exists(book.copy(ID))


@pytest.mark.parametrize("path", ["path", "copy"])
def test_the_copy_stands_in_for_a_record_that_is_spoilt(book, path):
    book.write(record())
    os.unlink(getattr(book, path)(ID))
    assert [each["id"] for each in book.active()] == [ID] and book.unreadable() == []
    revert.revert(book, ID, "halt")
    assert book.active() == [] and [each["id"] for each in book.past()] == [ID]


def test_an_undo_that_fails_is_tried_again(book):
    Undo.fails = 3
    held, seen = record(), []
    book.write(held)
    final = revert.until_done(book, held, "deadline", tell=lambda: seen.append(book.read(ID)["state"]))
    assert seen == ["active"] + 3 * ["residue"] and final["state"] == "reverted" and Undo.carried_out == 4


def test_it_is_undone_once_and_written_down_when_there_is_room(book, monkeypatch):
    held, full = record(), []
    book.write(held)
    append = book._append

    def no_room(line):
        full.append(line)
        if len(full) < 3:
            raise OSError(28, "No space left on device")
        append(line)

    monkeypatch.setattr(book, "_append", no_room)
    final = revert.until_done(book, held, "deadline")
    assert (final["state"], Undo.carried_out, len(full)) == ("reverted", 1, 3) and [
        each["id"] for each in book.past()
    ] == [ID]


def test_what_its_owner_took_away_is_closed_with_that_reason(book):
    Undo.fails, Undo.owner_gone = 10, True
    book.write(record())
    spool = os.path.join(book.folders.run, ID + ".spool")
    private_files.write_private(spool, "{}")
    final = revert.revert(book, ID, "halt")
    assert (final["state"], final["residue"], final["differences"]) == ("reverted", [], ["its owner took it away"])
    assert book.active() == [] and not os.path.exists(spool)


def test_an_archive_that_is_damaged_and_as_long_is_written_anew(tmp_path):
    path = runtime_archive.install(str(tmp_path / "run"))
    with open(path, "r+b") as target:
        good = target.read()
        target.seek(len(good) // 2)
        target.write(b"\0" * 64)
    assert runtime_archive.install(str(tmp_path / "run")) == path
    with open(path, "rb") as source:
        assert source.read() == good


def test_nothing_is_left_of_the_folders(book):
    tidying.tidy(book)
    assert not os.path.exists(book.folders.run) and not os.path.exists(book.folders.ledger)


def test_a_ledger_that_takes_nothing_lets_nothing_begin(book, monkeypatch):
    def full(*_given):
        raise HostError("no room")

    monkeypatch.setattr(private_files, "write_private", full)
    with pytest.raises(HostError):
        book.write(record())
    assert book.active() == [] and os.listdir(book.folders.run) == []
