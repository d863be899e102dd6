# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services: what options mean, what the plan says, what it refuses."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families.service import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._families._service import units

GIVEN = {key: spec.get("default") for key, spec in FAMILY.options.items()}
RUNNING = {
    "Id": "web.service",
    "Names": "web.service www.service",
    "LoadState": "loaded",
    "ActiveState": "active",
    "MainPID": "0",
    "Restart": "always",
    "InvocationID": "ab12",
}


def parsed(**change):
    return dict(FAMILY.parse(dict(GIVEN, **dict({"action": "stop", "unit": "web"}, **change))), force=False)


def unit(**change):
    return units.read(dict(RUNNING, **change), change.get("Id", "web.service"))


def around(found=None, triggers=(), dependents=(), carriers=(), folder=False):
    return {
        "unit": found or unit(),
        "triggers": list(triggers),
        "dependents": list(dependents),
        "carriers": list(carriers),
        "folder": folder,
    }


def planned(facts=None, **change):
    return FAMILY.plan(parsed(**change), facts or around())


def undone(plan):
    return [(each["op"], each["args"]["unit"]) for each in plan["steps"][0]["undo"]]


@pytest.mark.parametrize(
    "text, name",
    [
        ("web", "web.service"),
        (" web.service ", "web.service"),
        ("a@1", "a@1.service"),
        (r"dev-\x2d", r"dev-\x2d.service"),
        ("x.y", "x.y.service"),
    ],
)
def test_unit_name(text, name):
    assert parsed(unit=text)["unit"] == name


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "a b",
        "../web",
        "web/x",
        "-ü",
        "a@",
        "a@.service",
        "x" * 201,
        "web.socket",
        "multi-user.target",
        "a\nb",
    ],
)
def test_what_is_no_service(text):
    with pytest.raises(BadOption, match="unit"):
        parsed(unit=text)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"action": None}, "action: '' is missing"),
        ({"signal": "TERM"}, "signal: 'TERM' has no effect"),
        ({"action": "mask", "whom": "all"}, "whom: 'all' has no effect"),
        ({"action": "kill", "signal": "STOP"}, "is not a signal"),
    ],
)
def test_bad_options(change, words):
    with pytest.raises(BadOption, match=words):
        parsed(**change)


def test_stop_starts_again_what_was_active_and_nothing_else():
    plan = planned(
        around(
            triggers=[unit(Id="web.socket"), unit(Id="web.timer", ActiveState="inactive")],
            dependents=[unit(Id="proxy.service"), unit(Id="idle.service", ActiveState="inactive")],
        )
    )
    # Undone from the last to the first: starts allowed, sockets before the service that they hand over to, what needs
    # it at the end.
    assert undone(plan) == [
        ("service.start", "proxy.service"),
        ("service.start", "web.service"),
        ("service.start", "web.socket"),
        ("service.unblock", "web.service"),
    ]
    assert plan["steps"][0]["args"]["triggers"] == ["web.socket"]
    assert {"service:web.service", "service:proxy.service", "service:web.socket"} <= set(
        plan["claims"]
    ) and "service:idle.service" not in plan["claims"]
    assert not plan["event"]


def test_mask_of_what_does_not_run_starts_nothing():
    assert undone(planned(around(unit(ActiveState="inactive")), action="mask")) == [("service.unblock", "web.service")]


def test_a_folder_that_was_there_stays():
    assert [planned(around(folder=there)).get("steps")[0]["undo"][-1]["args"]["folder"] for there in (True, False)] == [
        False,
        True,
    ]


@pytest.mark.parametrize("restart, count", [("no", 1), ("always", 0)])
def test_kill_says_when_systemd_would_not_start_it(restart, count):
    plan = planned(around(unit(MainPID="1", Restart=restart)), action="kill")
    assert len(plan["notes"]) == count and plan["event"] and "process:1" in plan["claims"]


@pytest.mark.parametrize(
    "names",
    [
        "ssh.service",
        "sshd.service",
        "x.service ssh.service",
        "ssh@0-1.service",
        "systemd-journald.service",
        "dbus.service",
        "dbus-broker.service",
        "user@0.service",
        "NetworkManager.service",
        "networking.service",
    ],
)
@pytest.mark.parametrize("action", ["stop", "kill", "restart", "mask"])
def test_protected(action, names):
    with pytest.raises(Refused, match="protected service"):
        planned(around(unit(Id=names.split()[0], Names=names, MainPID="1")), action=action)


@pytest.mark.parametrize(
    "names", ["sshguard.service", "networkd-dispatcher.service", "mydbus.service", "web-systemd-x.service"]
)
def test_not_protected(names):
    assert planned(around(unit(Id=names, Names=names)))


def test_what_carries_this_task_is_refused():
    with pytest.raises(Refused, match="part of this task"):
        planned(around(carriers=["www.service"]))


@pytest.mark.parametrize(
    "name, words", [("ssh.service", "needed to reach this host"), ("multi-user.target", "a target")]
)
def test_what_would_take_a_protected_one_along_is_refused(name, words):
    with pytest.raises(Refused, match=words):
        planned(around(dependents=[unit(Id=name, Names=name)]))
    assert planned(around(dependents=[unit(Id=name, Names=name, ActiveState="inactive")]))


@pytest.mark.parametrize(
    "change, words",
    [
        ({"LoadState": "not-found"}, "not known"),
        ({"LoadState": "masked"}, "cannot be started by systemd"),
        ({"ActiveState": "inactive"}, "is not running"),
        ({"ActiveState": "failed"}, "is not running"),
        ({"ActiveState": "activating"}, "is not running"),
        ({"Transient": "yes"}, "transient"),
        ({"RefuseManualStart": "yes"}, "must not be started manually"),
        ({"RefuseManualStop": "yes"}, "must not be stopped manually"),
    ],
)
def test_what_could_not_be_put_back_is_refused(change, words):
    with pytest.raises((BadOption, Refused), match=words):
        planned(around(unit(**change)))


def test_kill_needs_a_main_process():
    with pytest.raises(BadOption, match="no main process"):
        planned(action="kill")


def test_what_another_fault_holds_down_is_a_conflict_and_not_a_mistake():
    held = unit(
        ActiveState="inactive", DropInPaths="/run/systemd/system/web.service.d/zz-magsasa-chaos-0123456789ab.conf"
    )
    assert "service:web.service" in planned(around(held))["claims"]
