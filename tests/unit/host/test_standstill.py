# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process in a frozen control group, of either version: it stands, and is let go without touching other groups."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._host import standstill

PID = 4242
WHOSE = "magsasa-chaos"


@pytest.fixture(name="world")
def _world(tmp_path, monkeypatch):
    """``world(controllers, path)`` -> folder of the group that the process is in; no real group is looked at."""
    groups = []
    monkeypatch.setattr(standstill.control_groups, "of", lambda pid: groups)
    monkeypatch.setattr(standstill.control_groups, "mounted", lambda controllers: str(tmp_path))
    monkeypatch.setattr(standstill.processes, "state", lambda pid: "S")
    monkeypatch.setattr(standstill, "V1", str(tmp_path))

    def make(controllers, path):
        groups.append((controllers, path))
        (tmp_path / path.strip("/")).mkdir(parents=True, exist_ok=True)
        return tmp_path / path.strip("/")

    return make


@pytest.mark.parametrize(
    "state, stands", [("FROZEN", True), ("FREEZING", True), ("THAWED", False), ("", False)], ids=str
)
def test_of_version_1(world, tmp_path, state, stands):
    group = world("freezer", "/a/b")
    (group / "freezer.state").write_text(state + "\n")
    (tmp_path / "cgroup.procs").write_text("")
    assert standstill.stands(PID) is stands
    standstill.release(PID, WHOSE)
    assert (tmp_path / "cgroup.procs").read_text() == (str(PID) if stands else "")
    assert (group / "freezer.state").read_text() == state + "\n", "the group is somebody's"


@pytest.mark.parametrize("file, text", [("cgroup.freeze", "1\n"), ("cgroup.events", "populated 1\nfrozen 1\n")])
def test_of_version_2(world, file, text):
    outer = world("", "/system.slice")
    inner = world("", "/system.slice/%s-1.service" % WHOSE)
    (inner / file).write_text(text)
    assert standstill.stands(PID)
    standstill.release(PID, WHOSE)
    assert (inner / "cgroup.freeze").read_text() == "0" and not (outer / "cgroup.freeze").exists()


def test_a_group_of_somebody_else_stays_frozen(world):
    group = world("", "/theirs")
    (group / "cgroup.freeze").write_text("1")
    assert standstill.stands(PID)
    standstill.release(PID, WHOSE)
    assert (group / "cgroup.freeze").read_text() == "1"


def test_other_hierarchies_do_not_count(world):
    (world("cpu", "/a") / "cgroup.freeze").write_text("1")
    assert not standstill.stands(PID)


@pytest.mark.parametrize("state, stands", [("T", True), ("t", True), ("S", False), ("R", False), ("Z", False)])
def test_a_stopped_process_stands(world, monkeypatch, state, stands):
    monkeypatch.setattr(standstill.processes, "state", lambda pid: state)
    assert standstill.stands(PID) is stands
