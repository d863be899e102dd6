# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that could not renew its turn in time (a starved controller) loses the runtime archive, even while it answers.

Such a question has no answer, so that the controller asks again by the module, which brings what it needs.
"""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._life import runtime_archive
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _commands, _hosts

from support.modules import environment

# Loads the entry, takes the archive away as the holder of a turn does, and answers.
ANSWER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from magsasa_chaos._entry import ask
if sys.argv[2] == "gone":
    os.unlink(sys.argv[1])
sys.exit(ask.main("-", None))
"""
RUN = {"id": "0123456789ab", "by": "a test", "host": "web1", "experiment": True, "lease": "60s"}
FAULT = {"name": "f", "state": "present", "duration": "30s"}
QUESTIONS = [
    {"do": "begin", "options": {"turn": None, "probes": [{}]}},
    {"do": "inject", "options": {"family": "memory", "params": FAULT}},
    {"do": "look", "options": {"name": "p", "fault": None, "run": RUN}},
    {"do": "finish", "options": {"fault": "f", "probes": [], "run": RUN}},
    {"do": "halt", "options": {"names": ["f"]}},
]


def asked(tmp_path, question, there):
    """What the archive does with a question."""
    archive = tmp_path / "0123456789abcdef.pyz"
    archive.write_bytes(runtime_archive.build())
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", ANSWER, str(archive), there],
        input=json.dumps(question),
        env=environment(state),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["do"])
def test_a_question_that_lost_its_archive_has_no_answer(tmp_path, question):
    done = asked(tmp_path, question, "gone")
    assert (done.returncode, done.stdout) == (runtime_archive.AGAIN, "")
    assert done.stderr == (
        "the runtime archive of this host was taken away while it answered, because the run did not renew its turn in"
        " time\n"
    )


def test_a_question_that_fails_for_another_reason_is_answered(tmp_path):
    done = asked(tmp_path, {"do": "nonsense", "options": {}}, "there")
    assert (done.returncode, done.stderr) == (0, "")
    assert "is not a request" in json.loads(done.stdout)["msg"]


def test_the_controller_asks_again_by_the_module(monkeypatch):
    """And the next question goes to the archive that the module has put there again."""
    archive = ["/usr/bin/python3", "-I", "-S", "-B", "/run/magsasa-chaos/lib/0123456789abcdef.pyz", "ask", "-"]
    anew = archive[:4] + ["/run/magsasa-chaos/lib/fedcba9876543210.pyz"] + archive[5:]
    ran, said = [], []

    def command(_runner, argv, _text):
        ran.append(argv[4])
        if argv == archive:
            return {"rc": runtime_archive.AGAIN, "stdout": "", "stderr": "taken away"}
        return {"rc": 0, "stdout": json.dumps({"by": "the archive"}) + "\n", "stderr": ""}

    def module(_host, name, _arguments):
        ran.append(name)
        return {"by": "the module", "again": anew}

    hosts = object.__new__(_hosts.HostRunner)
    display = SimpleNamespace(vvv=lambda text, host: said.append((host, text)))
    hosts._action = SimpleNamespace(_task=SimpleNamespace(check_mode=False), _display=display)
    hosts._again, hosts._flooded = {"web1": archive}, set()
    hosts._by_module = set()
    for name, stub in (("run", module), ("_check_parent", lambda: None)):
        setattr(hosts, name, stub)
    hosts._runner = lambda host: (None, {})
    monkeypatch.setattr(_commands, "takes_input", lambda runner: True)
    monkeypatch.setattr(_commands, "command", command)
    assert [hosts.ask("web1", "look", {})["by"] for _turn in range(2)] == ["the module", "the archive"]
    assert ran == [archive[4], _hosts.CONTACT, anew[4]]
    assert said == [("web1", "the host gave no answer (75): taken away")]
