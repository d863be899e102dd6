# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database is opened with the rights of its owner alone, and only while it is the file that was known before."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pathlib
import pwd
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._check import check
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families._database import sqlite_locks
from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes
from ansible_collections.magsasa.chaos.plugins.module_utils._host.databases import sqlite_file
from ansible_collections.magsasa.chaos.plugins.module_utils._undo.operations.sqlite import Settle

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root opens a database of another user; run as root")
NOBODY = 65534
UNKNOWN = 54321  # a user and a group that the host does not know


@pytest.fixture(name="base")
def _base():
    """A database with a write-ahead log that nobody has open, in a folder that everybody can reach."""
    above = pathlib.Path(tempfile.mkdtemp(prefix="chaos-base-"))
    try:
        above.chmod(0o755)
        folder = above / "app"
        folder.mkdir()
        with contextlib.closing(sqlite3.connect(folder / "shop.db")) as made:
            made.execute("pragma journal_mode=wal")
            made.execute("create table t (n)")
        yield folder / "shop.db"
    finally:
        shutil.rmtree(above)


def give(base, uid, gid):
    os.chown(base.parent, uid, gid)
    os.chown(base, uid, gid)
    return sqlite_file.known(str(base))


def me(_path):
    """Who the child is, and what it holds open."""
    opened = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            opened.append(os.readlink("/proc/self/fd/" + name))
    return [list(os.getresuid()), list(os.getresgid()), sorted(os.getgroups()), opened]


def stay(_path):
    time.sleep(600)


@AS_ROOT
def test_the_child_has_the_rights_of_the_owner_and_no_file_of_ours(base, tmp_path):
    ours = tmp_path / "secret"
    ours.write_text("x")
    with ours.open():
        users, groups, more, opened = sqlite_file.run(str(base), give(base, NOBODY, NOBODY), 20.0, me)
    own = sorted(set(os.getgrouplist(pwd.getpwuid(NOBODY).pw_name, pwd.getpwuid(NOBODY).pw_gid)))
    assert (users, groups, more) == ([NOBODY] * 3, [pwd.getpwuid(NOBODY).pw_gid] * 3, own)
    assert str(ours) not in opened
    assert os.geteuid() == 0


@AS_ROOT
def test_an_owner_whom_the_host_does_not_know_gets_no_group_of_others(base):
    users, groups, more, _opened = sqlite_file.run(str(base), give(base, UNKNOWN, 0), 20.0, me)
    assert (users, groups, more) == ([UNKNOWN] * 3, [sqlite_file.NOBODY] * 3, [])


@AS_ROOT
def test_the_group_of_the_file_counts_only_for_its_members(base):
    foreign = next(each.gr_gid for each in grp.getgrall() if each.gr_gid not in (0, NOBODY))
    assert foreign not in sqlite_file.run(str(base), give(base, NOBODY, foreign), 20.0, me)[1]


def test_without_root_it_is_opened_as_it_is(base):
    """In a process that is not root, of a database that belongs to another user, too."""
    base.chmod(0o644)
    file = sqlite_file.known(str(base))
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        with contextlib.suppress(BaseException):
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            sqlite_file.guard(str(base), file, str(base))
            os.write(writing, json.dumps(sqlite_file.run(str(base), file, 20.0, me)[0]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as source:
        assert json.loads(source.read()) == [os.geteuid() or NOBODY] * 3
    os.waitpid(pid, 0)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"ino": 1}, "is another file than before (device and inode were"),
        ({"dev": 1}, "is another file than before"),
        ({"uid": 77}, "before to user 77"),
    ],
)
def test_another_file_is_not_opened(base, change, words):
    file = dict(sqlite_file.known(str(base)), **change)
    for call in (sqlite_file.verify, lambda *args: sqlite_file.run(*args, 20.0, me)):
        with pytest.raises(sqlite_file.Changed) as caught:
            call(str(base), file)
        assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_link_in_its_place_is_another_file(base):
    file = sqlite_file.known(str(base))
    base.rename(base.with_name("moved.db"))
    base.symlink_to("moved.db")
    with pytest.raises(sqlite_file.Changed):
        sqlite_file.run(str(base), file, 20.0, me)


def test_a_child_that_stays_is_killed(base):
    began = time.monotonic()
    with pytest.raises(sqlite_file.TooLate):
        sqlite_file.run(str(base), sqlite_file.known(str(base)), 0.3, stay)
    assert time.monotonic() - began < 60 and processes.children(os.getpid()) == []


def test_what_the_child_raises_is_told(base):
    with pytest.raises(HostError, match="division"):
        sqlite_file.run(str(base), sqlite_file.known(str(base)), 20.0, lambda path: 1 / 0)


@AS_ROOT
@pytest.mark.parametrize(
    "change, figure",
    [
        (lambda base: base.parent.chmod(0o777), "can be changed by everybody"),
        (lambda base: base.parent.chmod(0o1777), "can be written by others (mode 1777)"),
        (lambda base: os.chown(base.parent, NOBODY, 0), "belongs to nobody"),
        (lambda base: (os.chown(base.parent, 0, NOBODY), base.parent.chmod(0o770)), "can be changed by the group"),
        (lambda base: base.chmod(0o666), "can be changed by everybody"),
        (lambda base: os.symlink("x", str(base) + "-wal") or os.lchown(str(base) + "-wal", NOBODY, 0), "-wal belongs"),
        (lambda base: os.chown(base.parent.parent, NOBODY, 0), "belongs to nobody"),
        (lambda base: None, None),
    ],
)
def test_a_database_of_root_is_opened_only_where_root_alone_writes(base, change, figure):
    change(base)
    file = sqlite_file.known(str(base))
    if figure is None:
        assert sqlite_file.guard(str(base), file) is None and sqlite_file.run(str(base), file, 20.0, me)[0] == [0] * 3
        return
    for call in (sqlite_file.guard, lambda *args: sqlite_file.run(*args, 20.0, me)):
        with pytest.raises(Refused) as caught:
            call(str(base), file)
        said = str(caught.value)
        assert "refused by the ownership guard" in said and figure in said and "chown" in said and "\n" not in said


def test_settling_what_is_another_file_by_now_is_told_and_touches_nothing(base):
    pathlib.Path(str(base) + "-shm").touch()
    args = {"path": str(base), "file": dict(sqlite_file.known(str(base)), ino=1)}
    with pytest.raises(HostError, match="another file"):
        Settle.undo(args)
    assert "another file" in Settle.left(args)[0] and Settle.gone(args) == Settle.left(args)
    os.unlink(str(base) + "-shm")
    assert Settle.undo(args) is None and Settle.left(args) == []


def test_settling_by_a_record_of_an_earlier_version(base):
    crash = "import os, sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('select * from t').fetchall(); os._exit(0)"
    subprocess.run([sys.executable, "-S", "-c", crash, str(base)], check=True)
    assert os.path.exists(str(base) + "-shm")
    Settle.undo({"path": str(base)})
    assert Settle.left({"path": str(base)}) == []
    assert not os.path.exists(str(base) + "-shm")


def test_a_pipe_in_the_place_of_the_journal_holds_nobody_up(base):
    os.mkfifo(str(base) + "-journal")
    assert sqlite_file.run(str(base), sqlite_file.known(str(base)), 20.0, sqlite_locks.has_hot_journal) is False


def checked(base, **change):
    return check.run({"kind": "sql", "engine": "sqlite", "path": str(base), "timeout_s": 1.0, **change})


def test_a_check_that_is_held_up_ends_in_time(base):
    with contextlib.closing(sqlite3.connect(base)) as seen:
        seen.execute("pragma journal_mode=delete")
    os.mkfifo(str(base) + "-journal")
    began = time.monotonic()
    assert checked(base).error == "timeout"
    assert time.monotonic() - began < 60


@AS_ROOT
def test_a_check_reads_with_the_rights_of_the_owner(base):
    give(base, NOBODY, NOBODY)
    assert checked(base).ok
    base.chmod(0)
    outcome = checked(base)
    assert outcome.error == "unreachable" and "user 65534, who owns it" in outcome.detail


@AS_ROOT
def test_a_check_opens_no_database_of_root_beside_which_others_write(base):
    assert checked(base).ok
    link = base.parent.parent / "link.db"
    link.symlink_to(base)
    os.lchown(link, NOBODY, NOBODY)
    assert "ownership guard" in checked(link).detail
    base.parent.chmod(0o1777)
    outcome = checked(base)
    assert outcome.error == "unreachable" and "(mode 1777)" in outcome.detail
