# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts: what the options mean, what the plan says, what it refuses. Nothing here carries a plan out."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, NotHere, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families.host import ACTIONS, FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._host import containers

FACTS = {"uid": 0, "systemd": True, "container": False, "sysrq": True, "panic_s": 10}


def planned(action="reboot", force=True, delay="2s", **change):
    return FAMILY.plan(dict(FAMILY.parse({"action": action, "delay": delay}), force=force), dict(FACTS, **change))


@pytest.mark.parametrize("action", ACTIONS)
def test_without_force_nothing_goes_down(action):
    with pytest.raises(Refused, match="refused by the host guard.*force"):
        planned(action, force=False)


@pytest.mark.parametrize(
    "action, backend, says",
    [
        ("reboot", "systemctl", "reboot"),
        ("shutdown", "systemctl", "shut"),
        ("panic", "sysrq", "panic"),
        ("reset", "sysrq", "power"),
    ],
)
def test_plans(action, backend, says):
    found = planned(action, delay="5s")
    (step,) = found["steps"]
    assert (found["backend"], found["event"], found["claims"]) == (backend, True, ["boot"])
    assert says in step["says"] and "5 s after the answer" in step["says"] and step["undo"] == []
    assert ("this collection cannot start the host again" in found["notes"]) is (action == "shutdown")


@pytest.mark.parametrize(
    "action, change, error, says",
    [
        ("reboot", {"uid": 1000}, NotHere, "become"),
        ("panic", {"container": True}, NotHere, "container"),
        ("reset", {"container": True}, NotHere, "container"),
        ("reset", {"sysrq": False}, NotHere, "sysrq"),
        ("panic", {"panic_s": 0}, Refused, "kernel.panic"),
        ("panic", {"panic_s": None}, Refused, "kernel.panic"),
        ("reboot", {"systemd": False}, NotHere, "systemd"),
    ],
)
def test_refusals(action, change, error, says):
    with pytest.raises(error, match=says):
        planned(action, **change)


def test_a_container_may_reboot():
    assert planned("reboot", container=True)["backend"] == "systemctl"


@pytest.mark.parametrize(
    "given", [{"action": None}, {"delay": "0.5s"}, {"delay": "61s"}, {"delay": "soon"}, {"delay": ""}]
)
def test_bad_options(given):
    with pytest.raises(BadOption, match=next(iter(given))):
        FAMILY.parse(dict({"action": "reboot", "delay": "2s"}, **given))


@pytest.mark.parametrize(
    "environment, inside", [(b"PATH=/bin\0container=lxc\0", True), (b"PATH=/bin\0incontainer=1\0", False), (b"", False)]
)
def test_containers_by_the_environment_of_process_1(tmp_path, environment, inside):
    (tmp_path / "environ").write_bytes(environment)
    assert containers.inside(marks=(), environment=str(tmp_path / "environ")) is inside


def test_containers_by_a_mark(tmp_path):
    (tmp_path / "mark").touch()
    assert containers.inside(marks=(str(tmp_path / "mark"),), environment=str(tmp_path / "none"))
    assert not containers.inside(marks=(str(tmp_path / "other"),), environment=str(tmp_path / "none"))
