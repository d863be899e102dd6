# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of ours in a hosts file: in, out, and nothing else touched."""

from __future__ import annotations

import os

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._host import hosts_file
from ansible_collections.magsasa.chaos.plugins.module_utils._undo.operations.hosts import Remove

FAULT, OTHER = "0123456789ab", "ba9876543210"
FORMS = [
    b"",
    b"127.0.0.1 localhost\n",
    b"127.0.0.1 localhost",
    b"# c\r\n1.2.3.4\ta b # d\r\n\r\n",
    b"\xff\xfe x\n\n\n",
    b"1.1.1.1 x # magsasa-chaos\n",
]


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("MAGSASA_CHAOS_STATE", str(tmp_path / "state"))
    (tmp_path / "state" / "run").mkdir(parents=True, mode=0o700)
    (tmp_path / "etc").mkdir()
    return tmp_path / "etc" / "hosts"


def put(path, fault=FAULT, name="api"):
    """Lines of a fault in; returns the arguments of its undo."""
    args = {"path": str(path), "fault": fault, "before": hosts_file.read(str(path))[1]}
    hosts_file.change(str(path), fault, lambda data: hosts_file.line("10.0.0.1", name, fault) + data)
    return args


def undone(args):
    assert Remove.left(args)
    for _again in range(2):
        Remove.undo(args)
        assert Remove.left(args) == []


@pytest.mark.parametrize("content", FORMS)
def test_in_and_out(file, content):
    file.write_bytes(content)
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, 12, 34)
    os.utime(file, ns=(10**18 + 1, 10**18 + 2))
    before = os.stat(file)
    args = put(file)
    during = os.stat(file)
    assert file.read_bytes() == b"10.0.0.1 api # magsasa-chaos 0123456789ab\n" + content
    assert (during.st_mode, during.st_uid, during.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    undone(args)
    after = os.stat(file)
    assert (after.st_mode, after.st_uid, after.st_gid, after.st_mtime_ns, after.st_atime_ns) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
        before.st_mtime_ns,
        before.st_atime_ns,
    )
    assert file.read_bytes() == content and sorted(os.listdir(file.parent)) == ["hosts"]


def test_what_others_wrote_meanwhile_stays(file):
    file.write_bytes(b"1.1.1.1 a\n2.2.2.2 b\n")
    args = put(file)
    file.write_bytes(file.read_bytes().replace(b"1.1.1.1 a\n", b"") + b"3.3.3.3 c\n")
    undone(args)
    assert file.read_bytes() == b"2.2.2.2 b\n3.3.3.3 c\n"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_faults_go_in_any_order(file, order):
    file.write_bytes(b"1.1.1.1 a\n")
    both = [put(file), put(file, OTHER, "db")]
    undone(both[order[0]])
    assert Remove.left(both[order[1]])
    undone(both[order[1]])
    assert file.read_bytes() == b"1.1.1.1 a\n"


def test_what_a_killed_run_left_beside_it_goes(file):
    file.write_bytes(b"1.1.1.1 a\n")
    args = put(file)
    (file.parent / (".magsasa-chaos-%s.hosts" % FAULT)).write_bytes(b"half")
    undone(args)
    assert os.listdir(file.parent) == ["hosts"]


def test_a_file_that_is_gone_needs_nothing(file):
    file.write_bytes(b"")
    args = put(file)
    file.unlink()
    Remove.undo(args)
    assert Remove.left(args) == [] and os.listdir(file.parent) == []


def test_a_link_is_not_followed(file, tmp_path):
    (tmp_path / "other").write_bytes(b"1.1.1.1 a\n")
    file.symlink_to(tmp_path / "other")
    with pytest.raises(OSError):
        hosts_file.read(str(file))


@pytest.mark.parametrize(
    "data, found",
    [
        (b"1.1.1.1 a B.c # d\n#2.2.2.2 e\n", {"a", "b.c"}),
        (b"1.1.1.1\tx.\r\n\n  ::1  y", {"x", "y"}),
        (b"10.0.0.1 api # magsasa-chaos 0123456789ab\n", set()),
        (b"", set()),
    ],
)
def test_names_of_others(data, found):
    assert hosts_file.names(data) == found
