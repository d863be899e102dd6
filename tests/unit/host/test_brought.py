# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code of a fault module that comes as the input of a command: that it is whole, and when the module itself is
executed instead.
"""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from ansible import constants as C
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _brought, _hosts
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import FAMILIES
from support.imports import CODE, imports, modules

KNOWN = modules(CODE)
OF_CONDUCTORS = ("_check/", "_judge/", "_endpoint/", "_entry/ask.py", "_fault/poll.py", "_fault/assess.py")
ANSWER = {"changed": True, "fault": None, "swept": [], "warnings": []}


def needed(*first):
    """Files that these modules import, wherever in a file the import stands, and the packages that they are in."""
    found, queue = set(), list(first)
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            parts = name.split(".")
            queue += [above for above in (".".join(parts[:count]) for count in range(1, len(parts))) if above in KNOWN]
            queue += imports(name, KNOWN[name], KNOWN)
    return {str(KNOWN[name].relative_to(CODE)) for name in found}


@pytest.mark.parametrize("family", FAMILIES)
def test_all_that_the_fault_needs_is_brought(family):
    brought = _brought.names(str(CODE), family)
    assert needed("_entry.task", "_entry.main", "_fault.engine", "_families." + family) - brought == set()
    assert {name for name in brought if not (CODE / name).is_file()} == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_of_other_families_and_of_conductors_is_brought(family):
    own = ("_families/__init__.py", "_families/_statistics.py", "_families/%s.py" % family, "_families/_%s/" % family)
    brought = _brought.names(str(CODE), family)
    assert [name for name in brought if name.startswith("_families/") and not name.startswith(own)] == []
    assert [name for name in brought if name.startswith(OF_CONDUCTORS)] == []


def test_every_login_shell_reads_the_command_alike():
    assert not set("'!\n") & set(_brought.BOOTSTRAP)


class Host:
    """An action with a connection, as far as ``execute`` looks at it."""

    def __init__(self, monkeypatch, tmp_path, said, variables=None, **task):
        self.asked = []
        self.variables = {"ansible_python_interpreter": "/usr/bin/python3"} if variables is None else variables
        self._task = SimpleNamespace(**dict({"delegate_to": None, "check_mode": False, "diff": False}, **task))
        self._display = SimpleNamespace(verbosity=0, vv=lambda *_words, **_more: None)
        self._templar = SimpleNamespace(template=lambda value: value)
        self._said = said
        self.takes = True
        monkeypatch.setattr(_hosts, "takes_input", lambda runner: runner.takes)
        monkeypatch.setattr(_hosts, "command", lambda runner, argv, data: runner.answer(argv, data))
        monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path))

    def answer(self, argv, data):
        """What the host says."""
        self.asked.append((argv[0], json.loads(data.splitlines()[0])))
        return {"rc": 0, "stdout": self._said, "stderr": ""}

    def execute(self, params=None, secrets=()):
        """See _brought.execute."""
        return _brought.execute(self, "memory", params or {"name": "x", "state": "absent"}, secrets, self.variables)


@pytest.fixture(name="host")
def _host(monkeypatch, tmp_path):
    """``host(said, variables, **task)``."""
    return lambda said=json.dumps(ANSWER), *given, **task: Host(monkeypatch, tmp_path, said, *given, **task)


def test_a_host_is_asked_by_the_python_that_ansible_knows(host):
    own = host(check_mode=True)
    assert own.execute() == {"changed": True, "fault": None, "swept": []}
    params = {"name": "x", "state": "absent"}
    assert own.asked == [("/usr/bin/python3", {"family": "memory", "params": params, "check": True, "diff": False})]
    discovered = host(json.dumps(ANSWER), {"ansible_facts": {"discovered_interpreter_python": "/opt/python"}})
    assert discovered.execute() and discovered.asked[0][0] == "/opt/python"


@pytest.mark.parametrize(
    "variables",
    [{}, {"ansible_python_interpreter": "auto"}, {"ansible_python_interpreter": "/usr/bin/env python3"}],
)
def test_without_a_path_of_python_the_module_is_executed(host, variables):
    found = host(json.dumps(ANSWER), variables)
    assert (found.execute(), found.asked) == (None, [])


def test_the_module_is_executed_where_no_command_takes_an_input_or_somebody_looks(host, monkeypatch):
    without, watched, delegated, kept = host(), host(), host(delegate_to="web2"), host()
    without.takes, watched._display.verbosity = False, 3
    for found in (without, watched, delegated):
        assert (found.execute(), found.asked) == (None, [])
    monkeypatch.setattr(C, "DEFAULT_KEEP_REMOTE_FILES", True)
    assert (kept.execute(), kept.asked) == (None, [])


def test_options_that_only_ansible_can_write_down_are_for_the_module(host):
    found = host()
    assert (found.execute({"name": "x", "state": "absent", "size": object()}), found.asked) == (None, [])


@pytest.mark.parametrize("said", ["", "Killed\n", "[]", "{}", '{"changed": 1}', '{"changed": true}\nbye', "{" * 9999])
def test_what_is_no_answer_is_left_to_the_module(host, said):
    found = host(said)
    assert (found.execute(), len(found.asked)) == (None, 1)


def test_a_host_says_nothing_in_the_name_of_ansible_and_no_secret(host):
    lies = {"ansible_facts": {"a": 1}, "_ansible_no_log": False, "msg": "password is hunter2", "warnings": ["w"]}
    told = host("Welcome\n" + json.dumps(dict(ANSWER, **lies))).execute(secrets={"hunter2"})
    assert told == {"changed": True, "fault": None, "swept": [], "warnings": ["w"], "msg": "password is ********"}


def test_the_code_is_packed_once_a_run(host, monkeypatch):
    assert host().execute()
    monkeypatch.setattr(_brought, "archive", None)
    assert host().execute()
