# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a user has it: installed from its tarball into an empty home, with ansible-core alone and no
settings, far from any checkout. The commands are those of the README.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.about import own_version
from support import cores
from support.http_server import Server, answer, say
from support.modules import ROOT
from support.residue import living
from support.short import SHORT

# A play of one's own: short names, a fault that holds while other tasks run, and no word about a report.
OWN = """
- name: Deploy on a busy host
  hosts: all
  gather_facts: false
  collections: [magsasa.chaos]
  tasks:
    - name: Hold memory
      memory_fault:
        name: held
        size: 16M
        duration: 30s
      register: held

    - name: The same again
      memory_fault:
        name: held
        size: 16M
        duration: 30s
      register: again

    - name: List it
      fault_info:
      register: listed

    - name: Revert
      memory_fault:
        name: held
        state: absent
      register: reverted

    - name: Keep what they returned
      ansible.builtin.copy:
        content: "{{ {'held': held, 'again': again, 'listed': listed, 'reverted': reverted} | to_json }}"
        dest: "{{ playbook_dir }}/told.json"
        mode: "0600"
"""


@pytest.fixture(name="tarball", scope="module")
def _tarball(tmp_path_factory):
    """The built collection (path)."""
    folder = tmp_path_factory.mktemp("built")
    argv = [os.path.join(os.path.dirname(sys.executable), "ansible-galaxy"), "collection", "build"]
    subprocess.run([*argv, "--output-path", str(folder)], cwd=ROOT, capture_output=True, timeout=180, check=True)
    (found,) = folder.glob("magsasa-chaos-*.tar.gz")
    return found


@pytest.fixture(name="service")
def _service():
    with Server(say(answer(b'{"status": "healthy", "service": "shop", "version": "7.1"}'))) as server:
        yield server


class Desk:
    """Somebody's account on a machine with one version of ansible-core, in an empty folder."""

    def __init__(self, programs, folder, state):
        self.programs, self.state = programs, state
        self.work, self.home = folder / "work", folder / "home"
        self.work.mkdir()
        self.home.mkdir()
        (self.work / "production").write_text("localhost ansible_connection=local chaos_allowed=true\n")

    def run(self, program, *arguments):
        """CompletedProcess of a program of ansible-core. Nothing that it says is a warning or a traceback."""
        values = {"HOME": self.home, "PATH": "%s:/usr/sbin:/usr/bin:/sbin:/bin" % self.programs, "LANG": "C.UTF-8"}
        values.update(MAGSASA_CHAOS_STATE=self.state, CHAOS_DISCOVER="false")
        argv = [str(self.programs / program), *map(str, arguments)]
        env = {name: str(value) for name, value in values.items()}
        done = subprocess.run(argv, cwd=self.work, env=env, capture_output=True, text=True, timeout=180, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said[-4000:]
        # What Ansible says of the Python that it found concerns the machine.
        warnings = [
            line for line in re.findall(r"\[(?:WARNING|DEPRECATION).*", said) if "discovered Python" not in line
        ]
        assert "Traceback" not in said and warnings == [], said[-4000:]
        return done

    def play(self, *arguments):
        return self.run("ansible-playbook", "-i", "production", *arguments)

    def latest(self):
        return self.work / "reports" / "latest"


@pytest.mark.parametrize("core", cores.each(by_day=(cores.OLDEST,)))
def test_the_commands_of_the_readme_with_ansible_core_alone(core, tarball, service, chaos_state, tmp_path):
    desk = Desk(cores.programs(core), tmp_path, chaos_state)
    desk.run("ansible-galaxy", "collection", "install", tarball)
    given = {
        "chaos_extra_scenarios": [SHORT],
        "chaos_scenarios": [SHORT["id"]],
        "chaos_target_url": service.url,
        "chaos_baseline": "1s",
    }
    light = ("magsasa.chaos.chaos_light", "-e", json.dumps(given))

    planned = desk.play(*light, "--check")
    assert "CHAOS" in planned.stdout and not (chaos_state / "ledger.jsonl").exists(), planned.stdout
    if desk.latest().exists():
        (record,) = json.loads((desk.latest() / "report.json").read_text())["experiments"]
        assert record["status"] != "completed", record

    done = desk.play(*light)
    assert re.search(r"^CHAOS PASSED: 1 passed, 0 failed", done.stdout, re.M), done.stdout
    assert "shop 7.1" in done.stdout and "report: reports/" in done.stdout
    assert {"report.html", "report.json", "report.junit.xml", "report.md", "report.prom"} <= {
        path.name for path in desk.latest().iterdir()
    }
    report = json.loads((desk.latest() / "report.json").read_text())
    assert (report["run"]["versions"]["ansible-core"], report["run"]["versions"]["magsasa.chaos"]) == (
        core,
        own_version(),
    )
    (record,) = report["experiments"]
    assert (record["scenario"], record["verdict"], record["fault"]["effect"]) == (SHORT["id"], "passed", "confirmed")

    (desk.work / "play.yml").write_text(OWN)
    desk.play("play.yml")
    told = json.loads((desk.work / "told.json").read_text())
    assert [told[name]["changed"] for name in ("held", "again", "listed", "reverted")] == [True, False, False, True]
    assert told["held"]["fault"]["effect"] == "confirmed" and told["reverted"]["fault"]["residue"] == []

    detected = desk.play("magsasa.chaos.chaos_detect", "-e", json.dumps({"chaos_target_url": service.url}))
    assert "shop 7.1" in detected.stdout or service.url in detected.stdout, detected.stdout
    desk.play("magsasa.chaos.chaos_halt")
    page = desk.run("ansible-doc", "magsasa.chaos.cpu_fault").stdout
    assert "cpu_fault" in page.lower() and "max_duration" in page
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"] == own_version()
    assert living(chaos_state) == {}
