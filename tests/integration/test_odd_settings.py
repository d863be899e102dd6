# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Ansible that people have: a report folder in ansible.cfg, JSON on standard output, short names of
modules.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import pack
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import FAMILIES

from support.http_server import Server, answer, say
from support.modules import ROOT, environment
from support.samples import fault, series

# Ansible's own json is in a collection that a machine may lack; this is its essence.
JSON_CALLBACK = """
import json
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "stdout", "json"
    found = []

    def v2_runner_on_ok(self, result):
        self.found.append([str(result._task.get_name()), {key: result._result[key] for key in ("msg", "report_dir", "experiment") if key in result._result}])

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.v2_runner_on_ok(result)

    def v2_playbook_on_stats(self, stats):
        self._display.display(json.dumps(self.found))
"""
CONFIG = (
    "[defaults]\ncallback_plugins = callbacks\nstdout_callback = json\n[slo_report]\nreport_dir = from the"
    " configuration\n"
)


@pytest.fixture(name="run")
def _run(tmp_path, chaos_state):
    """Runs plays with that callback and that configuration; returns (what json wrote, CompletedProcess)."""
    (tmp_path / "callbacks").mkdir()
    (tmp_path / "callbacks" / "json.py").write_text(JSON_CALLBACK)
    (tmp_path / "ansible.cfg").write_text(CONFIG)
    more = {"ANSIBLE_COLLECTIONS_PATH": ROOT / ".collections", "ANSIBLE_CALLBACKS_ENABLED": "magsasa.chaos.slo_report"}

    def run(plays, *arguments):
        (tmp_path / "play.yml").write_text(json.dumps(plays))
        argv = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "play.yml", *arguments]
        env = environment(chaos_state, ANSIBLE_CONFIG=tmp_path / "ansible.cfg", **more)
        done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return json.loads(done.stdout), done

    return run


INVENTORY = "localhost ansible_connection=local chaos_allowed=true ansible_python_interpreter=%s\n" % sys.executable
JUDGE = {"samples": pack(series(100, 130)), "fault": fault(), "scenario": {"id": "cpu-light", "family": "cpu"}}


def test_the_report_goes_where_the_configuration_says_and_json_stays_json(run, tmp_path):
    (tmp_path / "hosts").write_text(INVENTORY)
    tasks = [
        {"ansible.builtin.include_role": {"name": "magsasa.chaos.preflight"}},
        {"name": "judge", "magsasa.chaos.slo_check": JUDGE},
    ]
    with Server(say(answer(b'{"status": "healthy", "service": "shop", "version": "7.1"}'))) as server:
        told, done = run(
            [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}],
            "-i",
            "hosts",
            "-e",
            "chaos_target_url=%s" % server.url,
        )
    assert done.returncode == 0 and "CHAOS PASSED" in done.stderr, done.stdout + done.stderr
    folder = tmp_path / "from the configuration"
    assert {result["report_dir"] for _name, result in told if "report_dir" in result} == {str(folder)}
    assert (folder / "latest" / "report.json").exists() and not (tmp_path / "reports").exists()


def test_a_report_folder_of_the_configuration_that_cannot_be_written_is_told_before(run, tmp_path):
    (tmp_path / "hosts").write_text(INVENTORY)
    (tmp_path / "from the configuration").write_text("a file")
    told, done = run(
        [
            {
                "hosts": "localhost",
                "gather_facts": False,
                "tasks": [{"ansible.builtin.include_role": {"name": "magsasa.chaos.preflight"}}],
            }
        ],
        "-i",
        "hosts",
    )
    assert done.returncode == 2
    assert (
        told[-1][1]["msg"].startswith("report_dir: '%s" % str(tmp_path)[:40])
        and "cannot be written (Not a directory); name another folder" in told[-1][1]["msg"]
    )


def test_short_names_do_what_full_names_do(run, tmp_path):
    """Guards of every fault, names of peers, and the callback."""
    (tmp_path / "hosts").write_text(INVENTORY + "closed ansible_connection=local\n")
    guarded = [
        {"name": family, family + "_fault": {"name": "x", "duration": "1s"}, "ignore_errors": True}
        for family in FAMILIES
    ]
    peers = [
        {
            "name": "peer",
            name: {"name": "x", "action": "partition", "peer": "nobody-of-that-name", "duration": "1s"},
            "ignore_errors": True,
        }
        for name in ("network_fault", "magsasa.chaos.network_fault")
    ]
    ours = [{"name": "info", "fault_info": {}}, {"name": "judge", "slo_check": JUDGE}]
    plays = [
        {"hosts": "closed", "gather_facts": False, "collections": ["magsasa.chaos"], "tasks": guarded},
        {"hosts": "localhost", "gather_facts": False, "collections": ["magsasa.chaos"], "tasks": peers + ours},
    ]
    told, done = run(plays, "-i", "hosts")
    assert done.returncode == 0, done.stdout + done.stderr
    refused = {name: result["msg"] for name, result in told if name in FAMILIES}
    assert set(refused) == set(FAMILIES) and all(
        "refused by the allowed guard" in text and "closed" in text for text in refused.values()
    ), refused
    short, full = [result["msg"] for name, result in told if name == "peer"]
    assert short == full and "nobody-of-that-name" in short
    report = json.loads((tmp_path / "from the configuration" / "latest" / "report.json").read_text())
    assert [each["scenario"] for each in report["experiments"]] == ["cpu-light"]
