# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module on targets with each supported Python. One play serves all interpreters of one controller."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from support import cores, interpreters
from support.http_server import Server, answer, say
from support.modules import ROOT, environment
from support.residue import end_all, living

# By day the oldest and the newest of all: each with the controller that takes it.
BY_DAY = ("3.8", "3.13")
VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
FAMILIES = ("cpu", "memory", "disk", "process", "database", "file", "network", "limit")
# ansible-core 2.20 and newer run on targets with Python 3.9 and newer only.
FOR_OLD_TARGETS = "2.19.14"


def controller_for(version):
    """Version of ansible-core that can manage a target with that Python: the one of the tests if it can."""
    new = [int(part) for part in cores.own().split(".")[:2]] >= [2, 20]
    return FOR_OLD_TARGETS if new and version == "3.8" else cores.own()


def prepare(folder):
    """A folder for one host: a state folder, a database, and a process to pause. Returns (variables, process)."""
    folder.mkdir()
    (folder / "state").mkdir(mode=0o700)
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as made:
        made.execute("create table t (n)")
        made.commit()
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", str(folder)])
    (folder / "notes").write_text("keep me\n")
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        port = spare.getsockname()[1]
    return {"folder": str(folder), "victim": victim.pid, "spare_port": port}, victim


@pytest.fixture(name="play", scope="module")
def _play(tmp_path_factory):
    """``play(version) -> (folder, output)``; the play of a controller runs once, for all interpreters that it can
    manage.
    """
    played = {}

    def play(version):
        core = controller_for(version)
        if core not in played:
            programs = cores.programs(core)
            asked = VERSIONS if os.environ.get("CHAOS_NIGHTLY") == "1" else BY_DAY
            there = [each for each in asked if controller_for(each) == core and interpreters.find(each)]
            played[core] = run(programs, tmp_path_factory.mktemp("targets"), there)
        base, output = played[core]
        return base / ("py" + version), output

    return play


def run(programs, base, versions):
    """Run targets.yml over one host for each version. Returns (folder, output)."""
    hosts, victims = {}, []
    try:
        with Server(say(answer({"status": "healthy"}))) as server:
            for version in versions:
                own, victim = prepare(base / ("py" + version))
                victims.append(victim)
                fixed = {"ansible_connection": "local", "chaos_allowed": True, "service": server.url}
                hosts["py" + version] = dict(own, ansible_python_interpreter=interpreters.find(version), **fixed)
            inventory = base / "hosts.json"
            inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
            values = environment(base, PATH=os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)]))
            values.pop("PYTHONPATH", None)
            argv = [
                str(programs / "ansible-playbook"),
                "-i",
                str(inventory),
                str(Path(__file__).with_name("targets.yml")),
                "-f",
                str(len(versions)),
            ]
            done = subprocess.run(argv, cwd=ROOT, env=values, capture_output=True, text=True, timeout=240, check=False)
    finally:
        for victim in victims:
            victim.kill()
            victim.wait()
    return base, done.stdout + done.stderr


@pytest.fixture(
    name="found", params=[pytest.param(each, marks=() if each in BY_DAY else pytest.mark.nightly) for each in VERSIONS]
)
def _found(request, play):
    """(what the play found, folder) for one Python."""
    reason = interpreters.absent(request.param)
    if reason:
        pytest.skip(reason)
    folder, output = play(request.param)
    left = living(folder / "state")
    end_all(left)
    assert left == {}
    told = re.search(r"FOUND py%s ([A-Za-z0-9+/=]+)" % re.escape(request.param), output)
    assert told, output[-6000:]
    found = json.loads(base64.b64decode(told.group(1)))
    assert found["python"].startswith("Python %s." % request.param)
    return found, folder


def test_every_module(found):
    found, folder = found
    assert found["preflight"]["refused"] is None
    assert found["endpoint"]["endpoint"]["url"] and found["health"]["healthy"] is True
    for family in FAMILIES:
        fault = found[family]["fault"]
        assert (fault["family"], fault["state"]) == (family, "active"), fault
        met = (
            fault["effect"] == "confirmed" or family == "network" and "no selected packet has passed" in fault["note"]
        )  # nobody talks there
        assert family == "cpu" or met, fault
    for name, told in found["planned"].items():  # where this machine cannot do it, it says so
        assert told.get("fault", {}).get("state") == "planned" or told["msg"].startswith(
            ("refused by", "cannot run here")
        ), (name, told)
    assert (
        "refused by the host guard" in found["refused"]["host"]["msg"] and "internal" not in found["refused"]["service"]
    ), found["refused"]
    assert {"memory", "disk", "process", "database", "file", "network", "limit"} <= {
        each["name"] for each in found["leased"]["active"]
    }
    assert [each["name"] for each in found["leased"]["probes"]] == ["matrix"]
    assert found["stopped"].rpartition(")")[2].split()[0] == "T" and found["locked"]["healthy"] is False
    assert found["process_end"]["fault"]["revert_cause"] == "absent" and found["unlocked"]["healthy"] is True
    assert {"memory", "disk", "database", "file", "network", "limit"} <= {
        each["name"] for each in found["halt"]["undone"]
    }
    assert (
        found["seen"]["summary"]["sent"] > 0 and found["seen"]["samples"]["count"] == found["seen"]["summary"]["sent"]
    )
    past = {each["name"]: each for each in found["after"]["past"]}
    assert (
        set(past) == set(FAMILIES)
        and found["after"]["active"] == []
        and found["after"]["residue"] == []
        and found["after"]["probes"] == []
    )
    assert past["cpu"]["revert_cause"] in ("deadline", "halt") and past["cpu"]["measured"]
    assert all(each["state"] == "reverted" and each["residue"] == [] for each in past.values())
    assert sorted(path.name for path in folder.iterdir()) == ["notes", "shop.db", "state"], "files were left"
    assert (folder / "notes").read_text() == "keep me\n" and (folder / "notes").stat().st_mode & 0o777 == 0o644
    assert [path.name for path in (folder / "state").iterdir()] == ["ledger"]
