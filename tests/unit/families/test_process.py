# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: what options mean, what the plan says, what it refuses."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families.process import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._host import listeners, processes
from ansible_collections.magsasa.chaos.plugins.module_utils._host import inherited
from ansible_collections.magsasa.chaos.plugins.module_utils._host.systemd import protected_units
from ansible_collections.magsasa.chaos.plugins.module_utils._host.systemd.services import unit_in

GIVEN = {key: spec.get("default") for key, spec in FAMILY.options.items()}
MARKS = {
    "pid": 10,
    "start": 5,
    "command": "d",
    "ports": [80],
    "old": [[10, 5]],
    "since": 9,
    "boot": "b",
    "parent": None,
}


def parsed(**change):
    return dict(FAMILY.parse(dict(GIVEN, **dict({"action": "kill", "pid": 10}, **change))), force=False)


def found(**change):
    one = {
        "pid": 10,
        "program": "web",
        "restartable": True,
        "unit": None,
        "around": {"dependents": [], "carriers": []},
        "transient": None,
        "tree": [[10, 5, "S", 0, None], [11, 6, "S", 0, None]],
        "marks": MARKS,
    }
    one.update(obstacle=None, remedy=None, lost=[], at_terminal=False, kept=False, above=[])
    return dict(one, **change)


def planned(options, *processes, uid=0):
    return FAMILY.plan(options, {"found": list(processes), "matching": len(processes), "uid": uid})


@pytest.mark.parametrize(
    "action, given, number",
    [
        ("kill", None, 9),
        ("restart", None, 15),
        ("kill", "term", 15),
        ("kill", "SIGHUP", 1),
        ("kill", "2", 2),
        ("kill", "SEGV", 11),
        ("kill", " int ", 2),
    ],
)
def test_signal(action, given, number):
    assert parsed(action=action, signal=given)["signal"] == number


@pytest.mark.parametrize(
    "text",
    ["STOP", "CONT", "TSTP", "0", "-9", "65", "999999999999999999999", "²", "KILLL", "_DFL", "SIG_IGN", "Signals", ""],
)
def test_what_ends_no_process_is_no_signal(text):
    if text == "":
        assert parsed(signal=text)["signal"] == signal.SIGKILL
        return
    with pytest.raises(BadOption, match="signal"):
        parsed(signal=text)


@pytest.mark.parametrize("port, number", [(80, 80), ("8000", 8000), (" 65535 ", 65535)])
def test_port(port, number):
    assert parsed(pid=None, port=port)["target"] == {"port": number}


@pytest.mark.parametrize("port", [0, 65536, -1, "²", "80.0", 1.5, True, [80], "9" * 400])
def test_bad_port(port):
    with pytest.raises(BadOption, match="port"):
        parsed(pid=None, port=port)


@pytest.mark.parametrize("change", [{"pid": None}, {"port": 80}, {"pattern": "x", "pid": None, "pid_file": "/x"}])
def test_exactly_one_target(change):
    with pytest.raises(BadOption, match="exactly one of"):
        parsed(**change)


def test_pause_undoes_what_it_stops_and_no_more():
    steps = planned(
        parsed(action="pause"), found(tree=[[10, 5, "S", 0, None], [11, 6, "T", 0, None], [12, 7, "R", 0, None]])
    )["steps"]
    assert steps[0]["args"]["processes"] == [[10, 5], [12, 7]]
    assert [each["args"] for each in steps[0]["undo"]] == [{"pid": 10, "start": 5}, {"pid": 12, "start": 7}]


def test_pause_without_tree_touches_the_process_alone():
    steps = planned(parsed(action="pause", tree=False), found())["steps"]
    assert steps[0]["args"] == {"root": 10, "processes": [[10, 5]], "tree": False} and len(steps[0]["undo"]) == 1


@pytest.mark.parametrize("action, do", [("kill", "kill"), ("restart", "restart")])
def test_event_is_undone_by_starting_it_again(action, do):
    plan = planned(parsed(action=action), found())
    (step,) = plan["steps"]
    assert plan["event"] and step["do"] == do and step["args"]["capture"]
    assert step["undo"] == [{"op": "process.ensure_running", "args": {"name": "web", "fault": "$ID", "marks": MARKS}}]


NEVER, IF_KILLED, ALWAYS = ({"killed": killed, "ended": ended} for killed, ended in ((0, 0), (1, 0), (1, 1)))


@pytest.mark.parametrize(
    "change, transient, accepted",
    [
        ({}, NEVER, False),
        ({}, IF_KILLED, True),
        ({"signal": "TERM"}, IF_KILLED, False),
        ({"signal": "TERM"}, ALWAYS, True),
        ({"action": "restart"}, NEVER, True),
        ({"action": "restart", "signal": "KILL"}, IF_KILLED, True),
        ({"action": "restart"}, ALWAYS, True),
    ],
)
def test_a_transient_unit_must_be_one_that_systemd_starts_again(change, transient, accepted):
    one = found(unit="run-1.service", transient=transient)
    if accepted:
        assert planned(parsed(**change), one)["steps"]
        return
    with pytest.raises(Refused, match="run-1.service, a transient unit, which ceases to exist.*Restart=always"):
        planned(parsed(**change), one)


@pytest.mark.parametrize(
    "grace, respawn, words",
    [
        ("5m", "3s", "grace: '5m' .* may take 5m3s, and it must be over within 40 s"),
        ("10s", "31s", "respawn_within: '31s' .* may take 41s"),
        ("37s", "3s", None),
    ],
)
def test_a_restart_must_fit_into_an_injection(grace, respawn, words):
    given = {"grace": grace, "respawn_within": respawn}
    assert parsed(**given)["grace_s"]  # a kill has no grace
    if words is None:
        assert parsed(action="restart", **given)["grace_s"] == 37
        return
    with pytest.raises(BadOption, match=words):
        parsed(action="restart", **given)


@pytest.mark.parametrize("action, do", [("kill", "kill"), ("restart", "unit_restart")])
def test_service_is_left_to_systemd(action, do):
    (step,) = planned(parsed(action=action), found(unit="web.service", restartable=False))["steps"]
    assert step["do"] == do and not step["args"]["capture"]
    assert step["undo"] == [{"op": "service.start", "args": {"unit": "web.service"}}]


@pytest.mark.parametrize("action", ["kill", "restart"])
def test_what_ends_with_a_service_is_started_after_it(action):
    bound = {"id": "bound.service", "names": ["bound.service"], "active": "active"}
    web = found(unit="web.service", around={"dependents": [bound], "carriers": []})
    plan = planned(parsed(action=action), web)
    assert [each["args"]["unit"] for each in plan["steps"][0]["undo"]] == ["bound.service", "web.service"]
    assert plan["claims"] == ["process:10", "service:bound.service", "service:web.service"]


@pytest.mark.parametrize(
    "change, one, uid, words",
    [
        ({}, {"tree": [[10, 5, "S", 0, "the host's init"]]}, 0, "process 10 is the host's init"),
        ({"action": "pause"}, {"tree": [[10, 5, "S", 0, None], [11, 6, "S", 0, "ours"]]}, 0, "process 11 is ours"),
        ({}, {}, 1000, "process 10 belongs to another user"),
        ({}, {"restartable": False}, 0, "nothing else would start it again"),
        (
            {},
            {"obstacle": "it is chrooted", "remedy": "use another"},
            0,
            r"process 10 \(web\) could not be restarted as it was: it is chrooted; use another",
        ),
        (
            {"action": "restart"},
            {"obstacle": "it is chrooted", "remedy": "use another"},
            0,
            "it is chrooted; use another",
        ),
        (
            {},
            {"lost": ["its standard output is a pipe, a socket"]},
            0,
            "its standard output is a pipe, a socket; set force",
        ),
        (
            {},
            {"lost": ["its standard output is a terminal"], "kept": True, "at_terminal": True},
            0,
            "a terminal; set force",
        ),
    ],
)
def test_refused(change, one, uid, words):
    with pytest.raises(Refused, match=words):
        planned(parsed(**change), found(**one), uid=uid)


def test_force_lifts_no_refusal_for_more_rights():
    with pytest.raises(Refused, match="it is chrooted; use another"):
        planned(dict(parsed(), force=True), found(obstacle="it is chrooted", remedy="use another"))


@pytest.mark.parametrize("force, kept", [(True, False), (False, True)])
def test_what_cannot_be_given_back_is_told_before(force, kept):
    plan = planned(dict(parsed(), force=force), found(lost=["its standard output is a pipe"], kept=kept))
    assert (
        "its standard output is a pipe, and would be /dev/null then" in plan["notes"][0]
        and plan["steps"][0]["args"]["whole"] is False
    )


def test_a_pause_takes_whatever_there_is():
    assert planned(parsed(action="pause"), found(obstacle="it is chrooted", remedy="x", lost=["y"]))["steps"]


def test_a_protected_child_does_not_protect_what_is_ended_alone():
    assert planned(parsed(), found(tree=[[10, 5, "S", 0, None], [11, 6, "S", 0, "ours"]]))["steps"]


@pytest.mark.parametrize("change", [{"force": True}, {"parent": [7, 1]}])
def test_title_writer_may_be_ended_when_somebody_looks_after_it(change):
    options = dict(parsed(), force=change.get("force", False))
    plan = planned(options, found(restartable=False, marks=dict(MARKS, parent=change.get("parent"))))
    assert plan["notes"] and not plan["steps"][0]["args"]["capture"]


@pytest.mark.parametrize(
    "action, limit, count, words",
    [("pause", 1, 2, "limit is 1"), ("pause", 2, 3, "limit is 2"), ("kill", 5, 2, "accepts only one")],
)
def test_more_than_the_limit(action, limit, count, words):
    with pytest.raises(Refused, match=words):
        planned(parsed(action=action, limit=limit), *[found() for _number in range(count)])


@pytest.mark.parametrize(
    "text, unit",
    [
        ("0::/system.slice/web.service\n", "web.service"),
        ("12:pids:/x\n1:name=systemd:/system.slice/postgresql@15-main.service\n", "postgresql@15-main.service"),
        ("0::/system.slice/web.service/worker\n", "web.service"),
        ("0::/user.slice/user-0.slice/session-3.scope\n", None),
        ("0::/user.slice/user-7.slice/user@7.service/app.slice/mine.service\n", "mine.service"),
        ("0::/user.slice/user-7.slice/user@7.service/init.scope\n", None),
        ("0::/system.slice/we b.service\n", None),
        ("0::/\n", None),
        ("", None),
        ("0::/machine.slice/a:b/shop.service", "shop.service"),
    ],
)
def test_unit_in_cgroup(text, unit):
    assert unit_in(text) == unit


SERVER = "import socket, sys; s = socket.socket(fileno=%d); print('up', flush=True); sys.stdin.read()"


@pytest.mark.parametrize(
    ("option", "lists", "sockets"),
    [("pid", 1, 1), ("port", 2, None)],  # who is below it; and, to find a port, who listens
)
def test_a_crowded_host_is_looked_over_no_more_often_than_it_must(monkeypatch, option, lists, sockets):
    """Each time costs as much as the host has processes. ``sockets``: of how many these are looked at; None: of all."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        argv = [sys.executable, "-c", SERVER % server.fileno()]
        child = subprocess.Popen(
            argv, pass_fds=[server.fileno()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        port = server.getsockname()[1]
    try:
        assert child.stdout.readline() == b"up\n"
        counted = {"lists": 0, "sockets": 0}

        def count(what, function):
            def counting(*arguments):
                counted[what] += 1
                return function(*arguments)

            return counting

        monkeypatch.setattr(processes, "pids", count("lists", processes.pids))
        monkeypatch.setattr(listeners, "sockets", count("sockets", listeners.sockets))
        target = {"pid": child.pid} if option == "pid" else {"port": port}
        found = FAMILY.inspect({"target": target, "action": "kill"})["found"]
        assert [(each["pid"], each["marks"]["ports"]) for each in found] == [(child.pid, [port])]
        assert counted["lists"] <= lists
        assert sockets is None or counted["sockets"] <= sockets
    finally:
        child.kill()
        child.communicate()


def test_who_carries_this_task_is_protected_and_a_child_of_it_is_not():
    found = FAMILY.inspect({"target": {"pid": os.getpid()}, "action": "pause"})["found"][0]["tree"]
    assert "part of this task" in found[0][4]
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        tree = FAMILY.inspect({"target": {"pid": child.pid}, "action": "pause"})["found"][0]["tree"]
        assert [(each[0], each[4]) for each in tree] == [(child.pid, None)]
        child.stdin.close()
    assert FAMILY.inspect({"target": {"pid": 1}, "action": "pause"})["found"][0]["tree"][0][4] == "the host's init"


@pytest.mark.parametrize(
    "name, above, why",
    [
        ("sshd", 1, "the SSH daemon"),
        ("dropbear", 1, "the SSH daemon"),
        ("systemd-journal", 1, "part of systemd"),
        ("systemd", 1, "part of systemd"),  # systemd --user, which holds a session
        ("dbus-daemon", 1, "the message bus"),
        ("NetworkManager", 1, "needed for the network"),
        ("sshd", 7, None),
        ("nginx", 1, None),
    ],
)
def test_daemons_of_the_host_are_protected(name, above, why, monkeypatch):
    monkeypatch.setattr(protected_units.processes, "parent", lambda pid: above)
    monkeypatch.setattr(protected_units.processes, "comm", lambda pid: name)
    said = protected_units.why_process(os.getpid())
    assert said is None if why is None else said.startswith(why)


@pytest.mark.parametrize(
    "how, leads", [({"start_new_session": True}, "session"), ({"process_group": 0}, "group"), ({}, "")], ids=str
)
def test_what_a_process_leads(how, leads):
    argv = [sys.executable, "-I", "-S", "-c", "print(flush=True); input()"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **how) as process:
        assert process.stdout.readline() == b"\n"
        assert inherited.read(process.pid)["leads"] == leads
        process.communicate(b"\n")
