# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fault made is found wherever its folders went: by a descriptor, or by a search; what cannot be told is
never taken for gone.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError
from ansible_collections.magsasa.chaos.plugins.module_utils._host import moved_paths
from ansible_collections.magsasa.chaos.plugins.module_utils._undo.operations.files import RemoveFile
from ansible_collections.magsasa.chaos.plugins.module_utils._undo.operations.limits import RemoveFolder

ID = "0123456789ab"


@pytest.fixture(params=["held", "not held"])
def place(request, tmp_path, monkeypatch):
    """(folder, file of a fault, what is known of its folder), on a file system that is searched through in no time."""
    monkeypatch.setattr(moved_paths, "_held", {})
    small = Path("/dev/shm") if Path("/dev/shm").is_dir() else tmp_path
    top = Path(tempfile.mkdtemp(dir=small))
    folder = top / "some" / "data"
    folder.mkdir(parents=True)
    path = folder / (".magsasa-chaos-%s-0" % ID)
    path.write_bytes(b"x" * 100000)
    if request.param == "held":
        moved_paths.hold(str(path))
    yield folder, path, moved_paths.of(str(folder))
    for descriptor in moved_paths._held.values():
        os.close(descriptor)
    shutil.rmtree(top)


MOVES = {
    "nothing": lambda folder: folder,
    "renamed": lambda folder: folder.rename(folder.with_name("other")),
    "moved elsewhere": lambda folder: folder.rename(folder.parents[1] / "deep"),
    "its parent renamed": lambda folder: folder.parent.rename(folder.parents[1] / "new") / "data",
}


@pytest.mark.parametrize("move", MOVES)
def test_a_file_goes_wherever_its_folder_went(place, move):
    folder, path, known = place
    now = MOVES[move](folder)
    args = {"path": str(path), "fault": ID, "place": known}
    assert RemoveFile.left(args) == ["file %s still exists" % (now / path.name)]
    RemoveFile.undo(args)
    assert RemoveFile.left(args) == [] and list(now.iterdir()) == []


def test_what_somebody_removed_is_gone(place):
    _folder, path, known = place
    path.unlink()
    assert RemoveFile.left({"path": str(path), "fault": ID, "place": known}) == []


def test_a_folder_that_was_removed_with_it_is_gone_too(place):
    folder, path, known = place
    path.unlink()
    folder.rmdir()
    assert RemoveFile.left({"path": str(path), "fault": ID, "place": known}) == []


def test_what_cannot_be_searched_through_is_not_gone(place, monkeypatch):
    folder, path, known = place
    MOVES["moved elsewhere"](folder)
    monkeypatch.setattr(moved_paths, "_held", {})
    monkeypatch.setattr(moved_paths, "SEARCH_S", -1.0)
    with pytest.raises(HostError, match="remove that file wherever it is"):
        RemoveFile.left({"path": str(path), "fault": ID, "place": known})
    with pytest.raises(HostError, match="not mounted"):
        moved_paths.find(str(path), ID, dict(known, dev=1))


def test_a_folder_of_ours_under_another_name_is_found_by_who_holds_it(tmp_path, monkeypatch):
    monkeypatch.setattr(moved_paths, "_held", {})
    folder = tmp_path / (".magsasa-chaos-%s-inodes" % ID)
    folder.mkdir()
    (folder / "0").touch()
    descriptor = moved_paths.hold(str(folder))
    folder.rename(tmp_path / "mine")
    args = {"path": str(folder), "fault": ID, "place": moved_paths.of(str(tmp_path))}
    RemoveFolder.undo(args)
    os.close(descriptor)
    assert list(tmp_path.iterdir()) == []
