# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may put another thing in the place of a path; and no state folder is kept where somebody else may."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import private_files, trusted_paths
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger.ledger import Ledger

NOBODY = 65534


@pytest.fixture(name="place")
def _place():
    """A folder that any user may walk through; pytest's own is closed."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-trusted-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def theirs(place):
    (place / "theirs").mkdir()
    os.chown(place / "theirs", NOBODY, NOBODY)
    return place / "theirs"


@pytest.mark.parametrize(
    "mode, words",
    [
        (0o755, None),
        (0o700, None),
        (0o1777, None),
        (0o777, "can be changed by everybody"),
        (0o757, "can be changed by everybody"),
    ],
)
def test_modes_of_a_folder_above(place, mode, words):
    (place / "above").mkdir()
    (place / "above").chmod(mode)
    (place / "above" / "own").mkdir()
    said = trusted_paths.stranger(str(place / "above" / "own"), os.geteuid())
    assert said is None if words is None else words in said


@pytest.mark.root
@pytest.mark.parametrize("uid, safe", [(0, False), (NOBODY, True)])
def test_a_folder_above_belongs_to_somebody(place, uid, safe):
    assert (trusted_paths.stranger(str(theirs(place) / "state"), uid) is None) is safe


@pytest.mark.root
def test_a_group_with_others_in_it_may_not_write(place):
    (place / "above").mkdir()
    (place / "above").chmod(0o775)
    assert trusted_paths.stranger(str(place / "above"), 0) is None  # the group of root
    os.chown(place / "above", 0, 12345)
    assert "can be changed by the group 12345" in trusted_paths.stranger(str(place / "above"), 0)


@pytest.mark.root
def test_links_are_followed_and_what_they_lead_through_counts(place):
    (place / "link").symlink_to(theirs(place) / "state")
    assert "theirs belongs to nobody" in trusted_paths.stranger(str(place / "link"), 0)
    (place / "up").symlink_to("theirs/../own")
    assert "theirs belongs to nobody" in trusted_paths.stranger(str(place / "up"), 0)
    (place / "circle").symlink_to(place / "circle")
    assert "circle" in trusted_paths.stranger(str(place / "circle"), 0)
    (place / "sticky").mkdir()
    (place / "sticky").chmod(0o1777)
    (place / "sticky" / "link").symlink_to(place)
    assert trusted_paths.stranger(str(place / "sticky" / "link"), 0) is None
    os.chown(place / "sticky" / "link", NOBODY, NOBODY, follow_symlinks=False)
    assert "link belongs to nobody" in trusted_paths.stranger(str(place / "sticky" / "link"), 0)


@pytest.mark.root
def test_no_state_folder_where_others_may_move_it_away(place):
    run = theirs(place) / "state" / "run"
    with pytest.raises(HostError, match="is not safe: .*theirs belongs to nobody"):
        private_files.prepare(str(run))
    assert not run.parent.exists()
    run.mkdir(mode=0o700, parents=True)
    assert not private_files.private(str(run))


@pytest.mark.root
def test_a_ledger_below_a_folder_of_others_is_not_read(place):
    folders = private_files.Folders(str(place / "run"), str(theirs(place) / "ledger"))
    faults = place / "theirs" / "ledger" / "faults"
    faults.mkdir(mode=0o700, parents=True)
    (faults.parent).chmod(0o700)
    (faults / "0123456789ab.json").write_text("{}")
    assert Ledger(folders).active() == []
    assert any("not a private folder" in said for said in Ledger(folders).unreadable())
