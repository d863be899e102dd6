# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which control groups bound what is in them, and that nobody is started outside of one that did."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError
from ansible_collections.magsasa.chaos.plugins.module_utils._host import control_groups


@pytest.fixture(name="tree")
def _tree(tmp_path, monkeypatch):
    """A unified hierarchy of plain files."""
    (tmp_path / "cgroup.controllers").write_text("")
    monkeypatch.setattr(control_groups, "ROOT", str(tmp_path))
    monkeypatch.setattr(control_groups, "of", lambda pid: [["", "/ours" if pid == "self" else "/a/b"]])
    (tmp_path / "a" / "b").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "a", tmp_path / "a" / "b"):
        (folder / "cgroup.procs").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    "name, text, bounds",
    [
        ("memory.max", "max", False),
        ("memory.max", "1073741824", True),
        ("pids.max", "100", True),
        ("cpu.max", "max 100000", False),
        ("cpu.max", "50000 100000", True),
        ("io.max", "", False),
        ("io.max", "8:0 rbps=1048576", True),
        ("memory.limit_in_bytes", "9223372036854771712", False),
        ("cpu.cfs_quota_us", "-1", False),
        ("cpu.cfs_quota_us", "20000", True),
        ("devices.list", "a *:* rwm", False),
        ("devices.list", "c 1:3 rwm", True),
        ("cpuset.cpus", "", False),
        ("cpuset.cpus", "0", True),
    ],
)
def test_what_bounds(tree, name, text, bounds):
    (tree / "a" / "b" / name).write_text(text + "\n")
    assert control_groups.kept(1) == [["", "/a/b", ["a/b"] if bounds else []]]


@pytest.mark.parametrize(
    "path, bounding",
    [
        ("/system.slice/web.service", ["system.slice/web.service"]),
        ("/user.slice/user-7.slice/user@7.service/app.slice", []),
        ("/user.slice/user-7.slice/session-1.scope", []),
    ],
)
def test_services_bound_more_than_can_be_read_and_sessions_do_not(tree, monkeypatch, path, bounding):
    (tree / path.strip("/")).mkdir(parents=True)
    for folder in (tree / "user.slice" / "user-7.slice",):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pids.max").write_text("3000")
    monkeypatch.setattr(control_groups, "of", lambda pid: [["", path]])
    assert control_groups.kept(1) == [["", path, bounding]]


def test_it_joins_its_group(tree):
    control_groups.rejoin([["", "/a/b", ["a/b"]]])
    assert (tree / "a" / "b" / "cgroup.procs").read_text() == "0"


@pytest.mark.parametrize("bounding", [[], ["a"], ["a/b"]])
def test_what_is_gone_is_left_only_where_it_bounded_nothing(tree, bounding):
    (tree / "a" / "b" / "cgroup.procs").unlink()
    (tree / "a" / "b").rmdir()
    if bounding == ["a/b"]:
        with pytest.raises(HostError, match="its control group /a/b, which limited it, cannot be joined any more"):
            control_groups.rejoin([["", "/a/b", bounding]])
        assert (tree / "a" / "cgroup.procs").read_text() == ""
    else:
        control_groups.rejoin([["", "/a/b", bounding]])
        assert (tree / "a" / "cgroup.procs").read_text() == "0"


@pytest.mark.parametrize("tree_of, words", [([5, 6], "would end with it"), ([5], None)])
def test_a_bounding_unit_that_would_go_with_its_processes(tree, monkeypatch, tmp_path, tree_of, words):
    (tree / "one.scope").mkdir()
    (tree / "one.scope" / "cgroup.procs").write_text("5\n6\n")
    monkeypatch.setattr(control_groups.services, "RUNNING", str(tmp_path))
    monkeypatch.setattr(control_groups.processes, "below", lambda pid: tree_of[1:])
    said = control_groups.ends_with([["", "/one.scope", ["one.scope"]]], tree_of[0])
    assert said is None if words is None else words in said


@pytest.mark.parametrize(
    "text, words",
    [
        ("0::/system.slice/docker-12ab.scope", "magsasa.chaos.container_fault"),
        ("0::/machine.slice/libpod-12ab.scope", "magsasa.chaos.container_fault"),
        ("0::/system.slice/web.service", "magsasa.chaos.service_fault with unit: web.service"),
        ("0::/user.slice/user-7.slice/user@7.service/app.slice/mine.service", "use action=pause"),
        ("0::/", "use action=pause"),
    ],
)
def test_the_remedy_names_who_can_do_it(monkeypatch, tmp_path, text, words):
    (tmp_path / "cgroup").write_text(text)
    monkeypatch.setattr(
        "builtins.open", lambda path, real=open: real(tmp_path / "cgroup" if path == "/proc/7/cgroup" else path)
    )
    assert words in control_groups.remedy(7)
