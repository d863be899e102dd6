# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what was done to files of others: exact, twice as good as once, and never over what others wrote."""

from __future__ import annotations

import os

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError
from ansible_collections.magsasa.chaos.plugins.module_utils._host import pinned_files
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import private_files
from ansible_collections.magsasa.chaos.plugins.module_utils._undo.operations import kept_files
from ansible_collections.magsasa.chaos.plugins.module_utils._undo.operations.kept_files import (
    Contents,
    Cut,
    Permissions,
    PutBack,
)

FAULT = "0123456789ab"
ORIGINAL = bytes(range(256)) * 48  # three blocks


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file with times of long ago; its folder and the state of the collection are the test's own."""
    monkeypatch.setenv("MAGSASA_CHAOS_STATE", str(tmp_path / "state"))
    (tmp_path / "state" / "ledger" / "faults").mkdir(parents=True, mode=0o700)
    path = tmp_path / "f"
    path.write_bytes(ORIGINAL)
    path.chmod(0o640)
    os.utime(path, ns=(10**18 + 1, 10**18 + 2))
    return path


def facts(path):
    return {"path": str(path), "ino": path.stat().st_ino, "fault": FAULT, "before": pinned_files.metadata(str(path))}


def same_as(path, before):
    """Content and metadata; read before it is looked at, so that only the undo can have put the access time back."""
    found = pinned_files.metadata(str(path))
    return path.read_bytes() == ORIGINAL and found == before


def undone(operation, args):
    """Undo, and once more."""
    operation.undo(args)
    assert operation.left(args) == []
    operation.undo(args)
    assert operation.left(args) == []


# -- first bytes overwritten


def corrupt(path, size, write=None):
    args = dict(facts(path), size=size)
    private_files.write_private(kept_files.kept(FAULT), ORIGINAL[:size])
    with path.open("r+b") as target:
        target.write(pinned_files.junk(FAULT, size)[: size if write is None else write])
    return args


@pytest.mark.parametrize("size", [1, 100, 4096, 4097, len(ORIGINAL)])
def test_contents_come_back_with_their_times(file, size):
    args = corrupt(file, size)
    assert file.read_bytes() != ORIGINAL and Contents.left(args)
    undone(Contents, args)
    assert same_as(file, args["before"]) and not os.path.exists(kept_files.kept(FAULT))


@pytest.mark.parametrize("write", [0, 4096, 8192])
def test_a_write_that_was_cut_short(file, write):
    args = corrupt(file, len(ORIGINAL), write)
    undone(Contents, args)
    assert same_as(file, args["before"])


def test_nothing_was_kept_so_nothing_was_done(file):
    args = dict(facts(file), size=100)
    undone(Contents, args)
    assert same_as(file, args["before"])


def test_what_others_wrote_into_it_stays(file):
    args = corrupt(file, len(ORIGINAL))
    with file.open("r+b") as target:
        target.seek(5000)
        target.write(b"theirs")
    undone(Contents, args)
    found = file.read_bytes()
    assert found[:4096] == ORIGINAL[:4096] and found[8192:] == ORIGINAL[8192:] and found[5000:5006] == b"theirs"
    assert file.stat().st_mtime_ns != args["before"]["mtime_ns"]


@pytest.mark.parametrize("shorter", [0, 10, 4096])
def test_a_file_that_others_cut_stays_cut(file, shorter):
    args = corrupt(file, len(ORIGINAL))
    os.truncate(file, shorter)
    undone(Contents, args)
    assert file.stat().st_size == shorter


@pytest.mark.parametrize("operation", ["contents", "cut", "permissions"])
def test_a_file_that_was_replaced_is_not_touched(file, tmp_path, operation):
    (tmp_path / "new").write_bytes(pinned_files.junk(FAULT, 100))
    if operation == "contents":
        args = corrupt(file, 100)
    elif operation == "cut":
        args = dict(facts(file), at=0, ours={"junk": 100})
    else:
        args = dict(facts(file), after={"mode": 0o600})
        (tmp_path / "new").chmod(0o600)
    os.rename(tmp_path / "new", file)
    before = pinned_files.metadata(str(file))
    undone({"contents": Contents, "cut": Cut, "permissions": Permissions}[operation], args)
    assert pinned_files.metadata(str(file)) == before and file.read_bytes() == pinned_files.junk(FAULT, 100)


def test_a_link_in_its_place_is_not_followed(file, tmp_path):
    args = corrupt(file, 100)
    os.rename(file, tmp_path / "other")
    file.symlink_to(tmp_path / "other")
    undone(Contents, args)
    assert (tmp_path / "other").read_bytes()[:100] == pinned_files.junk(FAULT, 100)


# -- appended


def append(path, ours, write=None):
    args = dict(facts(path), at=len(ORIGINAL), ours=ours)
    with path.open("ab") as target:
        target.write(Cut.added(args)[:write])
    return args


@pytest.mark.parametrize("ours", [{"text": "x"}, {"text": "zwölf\n"}, {"junk": 1}, {"junk": 100000}])
@pytest.mark.parametrize("write", [None, 1, 0])
def test_what_was_appended_goes(file, ours, write):
    args = append(file, ours, write)
    assert bool(Cut.left(args)) == (write != 0)
    undone(Cut, args)
    assert same_as(file, args["before"])


def test_what_others_appended_stays(file):
    args = append(file, {"text": "ours\n"})
    with file.open("ab") as target:
        target.write(b"theirs\n" * 1000)
    undone(Cut, args)
    assert file.read_bytes() == ORIGINAL + b"theirs\n" * 1000
    assert file.stat().st_mtime_ns != args["before"]["mtime_ns"]


def test_a_log_that_was_rotated_in_place_stays(file):
    args = append(file, {"text": "ours\n"})
    file.write_bytes(b"new log\n")
    undone(Cut, args)
    assert file.read_bytes() == b"new log\n"


# -- permissions


@pytest.mark.parametrize(
    "after", [{"mode": 0}, {"mode": 0o4777}, {"uid": 1234}, {"gid": 4321}, {"mode": 0o600, "uid": 1, "gid": 2}]
)
@pytest.mark.parametrize("before", [0o640, 0o6755])
def test_permissions_come_back(file, after, before):
    if os.geteuid() and set(after) - {"mode"}:
        pytest.skip("only root gives files away")
    file.chmod(before)
    args = dict(facts(file), after=after)
    if "uid" in after or "gid" in after:
        os.chown(file, after.get("uid", -1), after.get("gid", -1))
    if "mode" in after:
        file.chmod(after["mode"])
    assert Permissions.left(args)
    undone(Permissions, args)
    assert same_as(file, args["before"])


def test_permissions_that_others_set_meanwhile_stay(file):
    args = dict(facts(file), after={"mode": 0})
    file.chmod(0o444)
    undone(Permissions, args)
    assert file.stat().st_mode & 0o777 == 0o444


# -- moved aside


def aside(path):
    return path.parent / kept_files.aside(FAULT)


def test_a_file_comes_back_as_the_same_file(file):
    args, before = {"path": str(file), "fault": FAULT}, facts(file)
    os.rename(file, aside(file))
    assert PutBack.left(args)
    undone(PutBack, args)
    assert same_as(file, before["before"]) and file.stat().st_ino == before["ino"] and not aside(file).exists()


def test_what_was_made_in_its_place_is_kept_and_told(file):
    args, before = {"path": str(file), "fault": FAULT}, facts(file)
    os.rename(file, aside(file))
    file.write_text("new")
    with pytest.raises(HostError, match="created again"):
        PutBack.undo(args)
    assert PutBack.left(args) == [] and same_as(file, before["before"])
    assert [path.read_text() for path in file.parent.glob("f.made-during-*")] == ["new"]


def test_put_back_never_writes_over(file):
    (file.parent / "g").write_text("theirs")
    with pinned_files.folder(str(file)) as parent, pytest.raises(FileExistsError):
        kept_files.move(parent, "f", "g")
    assert (file.parent / "g").read_text() == "theirs" and file.exists()


def test_a_folder_that_is_gone_needs_nothing(file):
    undone(PutBack, {"path": str(file.parent / "gone" / "f"), "fault": FAULT})


def test_extended_attributes_are_kept_where_the_file_system_has_them(file, monkeypatch):
    monkeypatch.setattr(os, "listxattr", lambda name: ["user.note"])
    monkeypatch.setattr(os, "getxattr", lambda name, key: b"\0" + key.encode("ascii"))
    assert pinned_files.metadata(str(file))["attributes"] == {"user.note": "00757365722e6e6f7465"}
    assert [line.rpartition(" ")[0] for line in pinned_files.described(str(file))[2:]] == ["attribute user.note"]

    def none_here(name):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "listxattr", none_here)
    assert pinned_files.metadata(str(file))["attributes"] == {} and len(pinned_files.described(str(file))) == 2
