# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files: what options mean, what the plan says, what it refuses."""

from __future__ import annotations

import grp
import os
import subprocess

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families.file import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._families._file import find, owners

GIVEN = {key: spec.get("default") for key, spec in FAMILY.options.items()}
BEFORE = {"mode": 0o644, "uid": 0, "gid": 0, "atime_ns": 1, "mtime_ns": 2, "attributes": {}}


def parsed(force=False, **change):
    return dict(FAMILY.parse(dict(GIVEN, **dict({"action": "remove", "path": "/srv/f"}, **change))), force=force)


def facts(**change):
    base = {
        "path": "/srv/f",
        "dev": 5,
        "ino": 7,
        "size": 10000,
        "names": 1,
        "before": BEFORE,
        "uid": 0,
        "read_only": False,
        "locked": {"file": None, "folder": None},
        "wanted": {},
    }
    return dict(
        base,
        **dict(
            {
                "usable": {"folder": True, "file": True},
                "protected": find.protected(),
                "homes": ["/users/me"],
                "writers": [],
            },
            **change,
        ),
    )


MODES = {"permissions": {"mode": "0000"}}


def planned(found=None, **change):
    return FAMILY.plan(parsed(**change), found or facts())


@pytest.mark.parametrize("text, path", [("/a/b", "/a/b"), ("//a//b/", "/a/b"), ("/a/../b", "/b"), ("/a b/ü", "/a b/ü")])
def test_path(text, path):
    assert parsed(path=text)["path"] == path


@pytest.mark.parametrize("text", [None, "", "a", "./a", "~/a", "/a\0b"])
def test_bad_path(text):
    with pytest.raises(BadOption, match="path"):
        parsed(path=text)


@pytest.mark.parametrize(
    "text, mode", [("0000", 0), ("644", 0o644), ("0644", 0o644), ("4755", 0o4755), (" 600 ", 0o600)]
)
def test_mode(text, mode):
    assert parsed(action="permissions", mode=text)["mode"] == mode


@pytest.mark.parametrize("text", ["", "8", "888", "u=rw", "-644", "77777", 420, 0, True, ["0644"], "²²²"])
def test_bad_mode(text):
    with pytest.raises(BadOption, match="mode"):
        parsed(action="permissions", mode=text)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"action": None}, "action: '' is missing"),
        ({"mode": "0644"}, "mode: '0644' has no effect"),
        ({"size": "1K"}, "size: '1K' has no effect"),
        ({"action": "corrupt", "content": "x"}, "content: 'x' has no effect"),
        ({"action": "permissions"}, "at least one of"),
        ({"action": "append", "size": "1K", "content": "x"}, "give one of them"),
        ({"action": "append", "content": ""}, "is empty"),
        ({"action": "append", "content": "x" * 65537}, "longer than"),
        ({"action": "corrupt", "size": "0"}, "below the minimum"),
        ({"action": "corrupt", "size": "17M"}, "above the maximum"),
        ({"action": "corrupt", "size": "lots"}, "not a size"),
    ],
)
def test_bad_options(change, words):
    with pytest.raises(BadOption, match=words):
        parsed(**change)


@pytest.mark.parametrize(
    "change, op",
    [
        ({}, "file.put_back"),
        ({"action": "corrupt"}, "file.contents"),
        ({"action": "append"}, "file.cut"),
        ({"action": "append", "content": "x\n"}, "file.cut"),
    ],
)
def test_every_action_has_its_undo(change, op):
    plan = planned(**change)
    (chosen,) = plan["steps"]
    assert (
        [each["op"] for each in chosen["undo"]] == [op]
        and chosen["do"] == plan["action"]
        and plan["claims"] == ["file:/srv/f", "file:5:7"]
    )


def test_corrupt_takes_no_more_than_there_is():
    assert planned(facts(size=100), action="corrupt", size="4K")["requested"]["size"] == 100
    with pytest.raises(BadOption, match="is empty"):
        planned(facts(size=0), action="corrupt")


def test_permissions_undo_what_was_asked_for():
    plan = planned(facts(wanted={"mode": 0, "uid": 9}), action="permissions", mode="0000", owner="9")
    (entry,) = plan["steps"][0]["undo"]
    assert entry["args"]["after"] == {"mode": 0, "uid": 9} and entry["args"]["before"] == BEFORE
    assert plan["requested"] == {"path": "/srv/f", "mode": "0000", "uid": "9"}
    with pytest.raises(BadOption, match="already has"):
        planned(facts(wanted={"mode": 0o644}), action="permissions", mode="0644")


@pytest.mark.parametrize(
    "path",
    "/ /proc/1/status /sys/kernel /dev/sda /etc /etc/ssh/sshd_config /etc/shadow /etc/sudoers.d/x /usr /usr/bin/env"
    " /lib/x /boot/vmlinuz /var/lib/magsasa-chaos/x /var/lib /run/magsasa-chaos /etc/magsasa-chaos/deny /users"
    " /users/me /users/me/.ssh/authorized_keys /srv/.ssh/id /etc/fstab".split(),
)
@pytest.mark.parametrize("force", [False, True])
def test_protected_whatever_is_forced(path, force):
    if not path.startswith(("/var/lib", "/run")) or os.geteuid() == 0:
        with pytest.raises(Refused, match="protected file"):
            planned(facts(path=path), force=force, path=path)


@pytest.mark.parametrize(
    "path",
    "/etc/app.conf /etc/sshx /procx/f /usr/local/etc/app /usr/share/app/x /opt/app/lib /users/me/f /users/mexico"
    " /var/www /var/lib/app/x".split(),
)
def test_not_protected(path):
    assert planned(facts(path=path), path=path)


@pytest.mark.parametrize(
    "change, words",
    [({"writers": ["process 3 (db)"]}, r"open for writing in process 3 \(db\)"), ({"names": 2}, "has 2 names")],
)
def test_files_in_use_need_force(change, words):
    with pytest.raises(Refused, match=words):
        planned(facts(**change))
    assert len(planned(facts(**change), force=True)["notes"]) == 1


@pytest.mark.parametrize(
    "action, change, allowed",
    [
        ("remove", {"usable": {"folder": False, "file": True}}, False),
        ("remove", {"usable": {"folder": True, "file": False}}, True),
        ("corrupt", {"usable": {"folder": True, "file": False}}, False),
        ("permissions", {"wanted": {"mode": 0}}, False),
        ("permissions", {"wanted": {"mode": 0}, "uid": 5, "before": dict(BEFORE, uid=5)}, True),
    ],
)
def test_without_root(action, change, allowed):
    found = facts(**dict({"uid": 5}, **change))
    options = {"mode": "0000"} if action == "permissions" else {}
    if allowed:
        assert planned(found, action=action, **options)
    else:
        with pytest.raises(Refused, match="permission guard"):
            planned(found, action=action, **options)


def test_a_file_system_that_cannot_be_written():
    with pytest.raises(BadOption, match="read-only"):
        planned(facts(read_only=True))


@pytest.mark.parametrize("mark, words", [("+i", "immutable"), ("+a", "only to be appended to")])
def test_a_file_that_even_root_cannot_change_is_told_by_the_plan(tmp_path, mark, words):
    path = tmp_path / "locked"
    path.write_text("x" * 10)
    if subprocess.run(["chattr", mark, path], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("no root here, or a file system without attributes")
    try:
        found = find.inspect(str(path))
    finally:
        subprocess.run(["chattr", "-ia", path], check=True)
    for action in ("remove", "permissions", "corrupt", "append"):
        with pytest.raises(BadOption, match="^path: '%s' is %s \\(chattr" % (path, words)):
            planned(facts(locked=found["locked"], path=str(path)), action=action, **MODES.get(action, {}))
    folder = facts(locked={"file": None, "folder": found["locked"]["file"]})
    assert planned(folder, action="append")
    with pytest.raises(BadOption, match="^path: '/srv' is %s" % words):
        planned(folder)


def test_links_and_what_is_no_file_are_told(tmp_path):
    (tmp_path / "f").write_text("x")
    (tmp_path / "link").symlink_to("f")
    (tmp_path / "folder").mkdir()
    (tmp_path / "way").symlink_to("folder")
    (tmp_path / "folder" / "g").write_text("x")
    for name, words in (
        ("link", "symbolic link"),
        ("way/g", "symbolic link"),
        ("none", "No such file"),
        ("folder", "not a regular file"),
        ("f/x", "Not a directory"),
    ):
        with pytest.raises(BadOption, match=words):
            find.inspect(str(tmp_path / name))
    assert find.inspect(str(tmp_path / "folder"), regular=False)["ino"] == (tmp_path / "folder").stat().st_ino


def test_who_writes_is_seen(tmp_path):
    path = tmp_path / "f"
    path.write_text("x")
    with path.open():
        assert find.inspect(str(path))["writers"] == []
    with path.open("a"):
        assert find.inspect(str(path))["writers"][0].startswith("process %d (" % os.getpid())


def test_an_owner_is_a_name_or_a_number():
    root = grp.getgrgid(0).gr_name
    assert [owners.user(text) for text in (None, "root", "0", "12345")] == [None, 0, 0, 12345]
    assert [owners.group(text) for text in (None, root, "0", "12345")] == [None, 0, 0, 12345]
    for text in ("9" * 10, "no such name", "\u0663", "a\0"):
        with pytest.raises(BadOption, match="is not known on this host"):
            owners.user(text)
