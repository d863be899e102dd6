# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guards ask the host that is touched, whatever leads a task there: each row is a task of a real play."""

from __future__ import annotations

import json
import os
import sys

import pytest
import yaml

from support import adhoc
from support.modules import ROOT, environment
from support.residue import living

# By day some; all of them by the allowed guard in test_odd_settings, and that they share one action in tests/unit.
FAMILIES = "cpu memory disk network dns http process service container database file limit clock host".split()
if os.environ.get("CHAOS_NIGHTLY") != "1":
    FAMILIES = ["network", "service", "host"]
HOSTS = {
    "web1": {"chaos_allowed": True},
    "web2": {"chaos_allowed": True},
    "obs1": {},
    "db1": {"chaos_allowed": True, "chaos_protected": True},
    "night1": {"chaos_allowed": True, "chaos_window": "never"},
    "yes1": {"chaos_allowed": "{{ opened }}", "opened": True, "chaos_protected": "{{ closed | default('no') }}"},
    "no1": {"chaos_allowed": "{{ opened }}", "opened": False},
    "other1": {"chaos_allowed": True, "ansible_host": "192.0.2.20"},
    "twin1": {"chaos_allowed": True, "ansible_host": "192.0.2.10"},
    # By a template over the name: Ansible itself takes the way of the task's own host to the delegate.
    "far1": {
        "chaos_allowed": True,
        "ansible_host": "192.0.2.30",
        "ansible_connection": "{{ ways[inventory_hostname] }}",
    },
    "near1": {"chaos_allowed": True, "ansible_connection": "{{ ways[inventory_hostname] }}"},
    "twin2": {"chaos_allowed": True, "chaos_protected": True, "ansible_host": "192.0.2.10"},
}
BUSY = {"name": "busy", "load": "5%", "of": "added", "cores": 1, "duration": "20s"}
CPU = "magsasa.chaos.cpu_fault"


def task(module=CPU, arguments=None, **more):
    """One task; its module's result is what the row is about."""
    return dict({module: dict(BUSY if arguments is None else arguments)}, **more)


# name of the row -> (host of the play, task, guard that refuses and the host it names; None where the fault goes in)
ROWS = {
    "of itself": ("web1", task(), None),
    "to one that nothing opens": ("web1", task(delegate_to="obs1"), ("allowed", "obs1")),
    "to a protected one": ("web1", task(delegate_to="db1"), ("protected", "db1")),
    "outside the window of the delegate": ("web1", task(delegate_to="night1"), ("window", "night1")),
    "from a protected one": ("db1", task(delegate_to="web1"), None),
    "from one outside its window": ("night1", task(delegate_to="web1"), None),
    "templated delegate": ("web1", task(delegate_to="{{ 'ob' ~ 's1' }}"), ("allowed", "obs1")),
    "values of the delegate, templated: open": ("obs1", task(delegate_to="yes1"), None),
    "values of the delegate, templated: closed": ("yes1", task(delegate_to="no1"), ("allowed", "no1")),
    "once for all": ("web1", task(delegate_to="obs1", run_once=True), ("allowed", "obs1")),
    "with facts of the delegate": ("web1", task(delegate_to="obs1", delegate_facts=True), ("allowed", "obs1")),
    "a host that the inventory does not know": ("web1", task(delegate_to="192.0.2.99"), ("allowed", "192.0.2.99")),
    "local action": ("web1", {"local_action": dict(BUSY, module=CPU)}, ("allowed", "localhost")),
    "a connection that leads to the controller": ("bare1", task(connection="local"), ("allowed", "localhost")),
    "a protected machine by its other name": (
        "twin1",
        task(),
        ("protected", "twin1 and twin2 are the same machine (both are at 192.0.2.10)"),
    ),
    "a delegate whose way is a template": ("far1", task(delegate_to="near1"), None),
    "and when it is the delegate": (
        "web1",
        task(delegate_to="twin1"),
        ("protected", "twin1 and twin2 are the same machine"),
    ),
    "a block's delegate": ("web1", {"block": [task(register="row")], "delegate_to": "obs1"}, ("allowed", "obs1")),
    "a role's delegate": (
        "web1",
        {"ansible.builtin.include_role": {"name": "busy", "apply": {"delegate_to": "db1", "ignore_errors": True}}},
        ("protected", "db1"),
    ),
    "a role of the play with a delegate": (
        "web1",
        {"ansible.builtin.import_role": {"name": "busy"}, "delegate_to": "obs1"},
        ("allowed", "obs1"),
    ),
}
ROWS.update(
    {
        "every family: "
        + name: (
            "web1",
            task("magsasa.chaos.%s_fault" % name, {"name": "x"}, delegate_to="obs1"),
            ("allowed", "obs1"),
        )
        for name in FAMILIES
    }
)


def _kept(folder, name, variables):
    """The task that keeps results: ``{row: variable}``."""
    content = "{{ {%s} | to_json }}" % ", ".join(
        "%s: %s" % (json.dumps(row), variable) for row, variable in variables.items()
    )
    return {
        "ansible.builtin.copy": {"content": content, "dest": str(folder / ("told-%s.json" % name)), "mode": "0600"},
        "delegate_to": "web2",
    }


def _play(folder, host):
    """All rows of one host; a row that injects ends its fault."""
    tasks, variables = [], {}
    for number, (row, (_host, entry, refusal)) in enumerate(each for each in ROWS.items() if each[1][0] == host):
        variables[row] = "row%d" % number
        entry = dict(entry) if "role" in row else dict(entry, ignore_errors=True)
        if "block" in entry:
            entry["block"][0]["register"] = variables[row]
        elif "role" not in row:
            entry["register"] = variables[row]
        tasks.append(entry)
        if "role" in row:
            tasks.append({"ansible.builtin.set_fact": {variables[row]: "{{ row }}"}})
        if refusal is None:
            tasks.append(task(arguments={"name": "busy", "state": "absent"}, delegate_to="web2"))
    return {"hosts": host, "gather_facts": False, "tasks": tasks + [_kept(folder, host, variables)]}


@pytest.fixture(name="told", scope="module")
def _told(tmp_path_factory):
    """``{row: result}`` of one run over all rows; each row ends its fault."""
    folder = tmp_path_factory.mktemp("delegation")
    role = folder / "roles" / "busy" / "tasks"
    role.mkdir(parents=True)
    (role / "main.yml").write_text(yaml.safe_dump([task(register="row", ignore_errors=True)]))
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    ways = {"far1": "ssh", "near1": "local"}
    hosts = {name: dict(dict(local, ways=ways), **values) for name, values in HOSTS.items()}
    hosts["bare1"] = {"chaos_allowed": True, "ansible_python_interpreter": sys.executable}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    plays = [_play(folder, host) for host in sorted({host for host, _task, _refusal in ROWS.values()})]
    # A loop over hosts that are not alike: each item is asked by itself.
    loop = task(
        arguments=dict(BUSY, name="busy-{{ item }}"),
        delegate_to="{{ item }}",
        loop=["web2", "obs1", "db1"],
        ignore_errors=True,
        register="loop",
    )
    undo = task(arguments={"name": "busy-web2", "state": "absent"}, delegate_to="db1")  # an undo is never refused
    plays.append(
        {"hosts": "db1", "gather_facts": False, "tasks": [loop, undo, _kept(folder, "loop", {"loop": "loop"})]}
    )
    (folder / "play.yml").write_text(json.dumps(plays))
    state = folder / "state"
    state.mkdir(mode=0o700)
    argv = [
        os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
        "-i",
        str(folder / "hosts.yml"),
        str(folder / "play.yml"),
    ]
    done = adhoc.run(argv, cwd=ROOT, env=environment(state), timeout=600)
    assert done.returncode == 0 and "Traceback" not in done.stdout, done.stdout[-4000:] + done.stderr
    assert living(state) == {}
    assert [json.loads(line)["name"] for line in (state / "ledger" / "ledger.jsonl").read_text().splitlines()].count(
        "busy-web2"
    ) == 1
    return {row: result for path in folder.glob("told-*.json") for row, result in json.loads(path.read_text()).items()}


@pytest.mark.parametrize("row", ROWS)
def test_the_host_that_is_touched_has_the_say(told, row):
    result, refusal = told[row], ROWS[row][2]
    if refusal is None:
        assert result["changed"] and result["fault"]["state"] == "active", result
        return
    guard, host = refusal
    assert result["failed"] and result["refused"], result
    assert result["msg"].startswith("refused by the %s guard: " % guard) and host in result["msg"], result["msg"]


def test_each_item_of_a_loop_is_asked_by_itself(told):
    by_host = {each["item"]: each for each in told["loop"]["results"]}
    assert by_host["web2"]["changed"] and by_host["web2"]["fault"]["state"] == "active"
    assert (
        "chaos_allowed is not true for obs1" in by_host["obs1"]["msg"]
        and "chaos_protected is true for db1" in by_host["db1"]["msg"]
    )
