# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code of a fault module, or of a first question, that comes as the input of a command: that it is whole, and when
the module itself is executed instead.
"""

from __future__ import annotations

import binascii
import io
import json
import zipfile
from types import SimpleNamespace

import pytest

from ansible import constants as C
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _brought, _commands, _hosts
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import FAMILIES
from support.imports import CODE, imports, modules

KNOWN = modules(CODE)
OF_CONDUCTORS = ("_check/", "_judge/", "_endpoint/", "_entry/ask.py", "_fault/poll.py", "_fault/assess.py")
ENTRIES = (
    "_entry.contact _entry.main _life.supervisor _life.stop_post _life.boot_sweep _probe.recorder _probe.live".split()
)
OPERATIONS = [name for name in KNOWN if name.startswith("_undo.operations")]  # loaded by the names in a ledger
BEGIN = {"do": "begin", "options": {"turn": None, "families": ["cpu", "disk"]}}
TOLD = {"clock": {"monotonic": 1.0}, "held": True, "again": None}
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


def needed_for(families):
    """Files that a run with these families needs on a host; assess.py names all of them."""
    found = needed(*ENTRIES, *OPERATIONS, *("_families." + each for each in families))
    others = {
        each for name in set(FAMILIES) - set(families) for each in ("_families/%s." % name, "_families/_%s/" % name)
    }
    return {name for name in found if not name.startswith(tuple(others))}


@pytest.mark.parametrize("families", [["cpu"], ["network", "http"], [], list(FAMILIES)], ids=len)
def test_a_first_question_brings_what_the_run_needs_there_and_nothing_else(families):
    assert _brought.names_asked(str(CODE), families) == needed_for(families)


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
        monkeypatch.setattr(_commands, "takes_input", lambda runner: runner.takes)
        monkeypatch.setattr(_commands, "command", lambda runner, argv, data: runner.answer(argv, data))
        monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path))

    def answer(self, argv, data):
        """What the host says."""
        self.asked.append((argv[0], json.loads(data.splitlines()[0])))
        self.brought = data.splitlines()[1]
        return {"rc": 0, "stdout": self._said, "stderr": ""}

    def contact(self, asked=None, check=False):
        """See _brought.contact."""
        return _brought.contact(self, self.variables, asked or BEGIN, check)

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


def brought_families(own):
    """Names of the families whose code the last question had with it."""
    names = zipfile.ZipFile(io.BytesIO(binascii.a2b_base64(own.brought))).namelist()
    return {name for name in FAMILIES if "magsasa_chaos/_families/%s.py" % name in names}


def test_a_first_question_goes_with_the_families_of_the_run(host):
    own = host(json.dumps(TOLD))
    assert own.contact() == TOLD and own.asked == [("/usr/bin/python3", dict(BEGIN, check=False))]
    assert brought_families(own) == {"cpu", "disk"}
    assert own.contact(check=True) == TOLD and own.asked[1][1]["check"] is True
    assert own.contact({"do": "lend", "options": {}}) == TOLD
    assert brought_families(own) == set(FAMILIES)


@pytest.mark.parametrize(
    "said", ["", "{}", '{"clock": 1, "again": null}', '{"clock": {}}', "[" * 5000, '{"again": null}']
)
def test_what_is_no_answer_to_a_first_question_is_left_to_the_module(host, said):
    found = host(said)
    assert (found.contact(), len(found.asked)) == (None, 1)


@pytest.mark.parametrize("question", ["inject", "look", "finish", "halt"])
def test_what_a_second_time_would_do_something_else_is_for_archive_and_module(host, question):
    found = host(json.dumps(TOLD))
    assert (found.contact({"do": question, "options": {}}), found.asked) == (None, [])


def test_a_first_question_finds_python_as_ansible_does_and_once(host, monkeypatch):
    looked = []
    monkeypatch.setattr(_brought, "discover_interpreter", lambda *given: looked.append(given[1:3]) or "/opt/found")
    own = host(json.dumps(TOLD), {"ansible_facts": {}, "ansible_python_interpreter": "auto"})
    assert own.contact() and own.contact()
    assert looked == [("python", "auto")] and [each[0] for each in own.asked] == ["/opt/found"] * 2
    odd = host(json.dumps(TOLD), {"ansible_facts": {}, "ansible_python_interpreter": "/usr/bin/env python3"})
    assert (odd.contact(), odd.asked, len(looked)) == (None, [], 1)


def test_a_host_without_a_python_to_find_is_for_the_module_and_one_out_of_reach_is_not(host, monkeypatch):
    def fails(error):
        def discover(*_given):
            raise error

        monkeypatch.setattr(_brought, "discover_interpreter", discover)

    own = host(json.dumps(TOLD), {"ansible_facts": {}})
    fails(AnsibleError("no such host"))
    assert (own.contact(), own.asked) == (None, [])
    fails(AnsibleConnectionFailure("no route"))
    with pytest.raises(AnsibleConnectionFailure):
        own.contact()


class Fleet(_hosts.HostRunner):
    """With one host whose command does as it is told."""

    def __init__(self, monkeypatch, outcomes):  # pylint: disable=super-init-not-called
        self.modules, self.commands = [], []
        self._again, self._flooded, self._by_module = {}, set(), set()
        display = SimpleNamespace(vvv=lambda *_words, **_more: None)
        self._action = SimpleNamespace(_task=SimpleNamespace(check_mode=False), _display=display)
        self._outcomes = outcomes
        monkeypatch.setattr(_brought, "contact", self._command)

    def _command(self, _runner, _variables, asked, _check):
        self.commands.append(asked["do"])
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def _runner(self, host):
        return None, {}

    def _check_parent(self):
        pass

    def run(self, host, module, arguments):
        """The module."""
        self.modules.append(arguments["do"])
        return {"by": "the module", "again": None}


@pytest.mark.parametrize(
    "outcome", [None, AnsibleConnectionFailure("Data could not be sent to remote host"), AnsibleError("?")], ids=str
)
def test_a_host_that_gives_no_answer_is_asked_by_the_module_from_then_on(monkeypatch, outcome):
    fleet = Fleet(monkeypatch, [outcome])
    assert [fleet.ask("web1", "begin", {})["by"] for _turn in range(2)] == ["the module"] * 2
    assert fleet.commands == ["begin"] and fleet.modules == ["begin", "begin"]


def test_a_host_out_of_reach_is_not_waited_for_twice(monkeypatch):
    fleet = Fleet(monkeypatch, [AnsibleConnectionFailure("Failed to connect to the host via ssh")])
    told = fleet.ask("web1", "begin", {})
    assert told["unreachable"] and told["msg"].startswith("Failed to connect") and fleet.modules == []


def test_a_flood_is_no_answer_and_is_not_asked_for_again(monkeypatch):
    fleet = Fleet(monkeypatch, [MemoryError()])
    fleet.ask("web1", "begin", {})
    assert fleet.modules == ["begin"] and fleet._flooded == {"web1"}  # which run() says without asking
    fleet.ask("web1", "begin", {})
    assert fleet.commands == ["begin"]


def test_the_archive_that_a_command_leaves_answers_the_next_question(monkeypatch):
    archive = ["/usr/bin/python3", "-I", "-S", "-B", "/run/magsasa-chaos/lib/0123456789abcdef.pyz", "ask", "-"]
    fleet = Fleet(monkeypatch, [dict(TOLD, again=archive)])
    assert fleet.ask("web1", "begin", {})["held"] and fleet.again() == {"web1": archive} and fleet.modules == []
