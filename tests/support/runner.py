# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as AWX runs them: a project folder, the project's own collections beside it, and ansible-runner over a
private data folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

from support.checkout import tracked
from support.modules import ROOT, environment

PROGRAMS = os.path.dirname(sys.executable)
# Where AWX puts what the project's collections/requirements.yml asks for.
INSTALLED = "requirements_collections"


def update_project(folder):
    """What a project update of AWX leaves: ``project`` (a checkout, from its tracked files) and
    ``requirements_collections`` in ``folder``.
    """
    project = folder / "project"
    for path in tracked():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, project / path, follow_symlinks=False)
    argv = [
        os.path.join(PROGRAMS, "ansible-galaxy"),
        "collection",
        "install",
        "-r",
        "collections/requirements.yml",
        "-p",
        str(folder / INSTALLED),
    ]
    values = _environment(folder, ANSIBLE_COLLECTIONS_PATH=folder / INSTALLED)
    done = subprocess.run(argv, cwd=project, env=values, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and "was installed successfully" in done.stdout, done.stdout + done.stderr
    return folder


def _environment(state, **more):
    """AWX names no configuration: the project's own ansible.cfg counts, as the job runs in the project's folder.

    Ansible looks for collections in Python's path too, so that of the tests must not reach it.
    """
    values = environment(state, **more)
    return {key: value for key, value in values.items() if key not in ("ANSIBLE_CONFIG", "PYTHONPATH")}


class Job:
    """What a job left in its artifacts."""

    def __init__(self, artifacts, folder):
        self.folder = folder
        self.status = (artifacts / "status").read_text()
        self.rc = int((artifacts / "rc").read_text())
        self.stdout = (artifacts / "stdout").read_text()
        found = [json.loads(path.read_text()) for path in (artifacts / "job_events").glob("*.json")]
        self.events = sorted(found, key=lambda event: event["counter"])

    @property
    def artifacts(self):
        """What set_stats kept of the job (dict), as AWX shows it and hands it to the next node of a workflow."""
        return next(event["event_data"] for event in self.events if event["event"] == "playbook_on_stats").get(
            "artifact_data", {}
        )

    @property
    def hosts(self):
        """Hosts that any task ran on."""
        return {
            event["event_data"]["host"]
            for event in self.events
            if event["event"].startswith("runner_on_") and "host" in event["event_data"]
        }

    def task_paths(self):
        """Files of the tasks that ran."""
        return {
            event["event_data"]["task_path"].rpartition(":")[0]
            for event in self.events
            if event["event_data"].get("task_path")
        }


def run_job(updated, folder, playbook, state, extra_vars, hosts=None, options=(), **more):
    """Run a job on a copy of an updated project; ``folder`` becomes its private data folder. Returns the Job.

    hosts: {name: variables} of the inventory; options: of ansible-playbook (AWX adds --check for a check job, --limit
    for a limit); more: see ``start_job``.
    """
    process = start_job(updated, folder, playbook, state, extra_vars, hosts, options, **more)
    said = process.communicate(timeout=300)[0]
    assert (folder / "artifacts" / "job" / "rc").exists(), said
    return Job(folder / "artifacts" / "job", folder)


def start_job(updated, folder, playbook, state, extra_vars, hosts=None, options=(), groups=None, env=None):
    """The same, under way (a Popen). groups: {name: hosts} of the inventory, which come in another order each time;
    env: of the job, as a credential or the settings of AWX give it.
    """
    for name in ("project", INSTALLED):
        shutil.copytree(updated / name, folder / name, symlinks=True)
    (folder / "env").mkdir()
    (folder / "env" / "extravars").write_text(json.dumps(extra_vars))
    (folder / "env" / "cmdline").write_text(" ".join(options))
    _write_inventory(
        folder / "inventory",
        hosts or {"localhost": {"ansible_connection": "local", "chaos_allowed": True}},
        groups or {},
    )
    paths = [
        str(folder / INSTALLED),
        ".collections",
        os.path.expanduser("~/.ansible/collections"),
        "/usr/share/ansible/collections",
    ]
    values = _environment(state, ANSIBLE_COLLECTIONS_PATH=os.pathsep.join(paths), **(env or {}))
    argv = [os.path.join(PROGRAMS, "ansible-runner"), "run", str(folder), "-p", playbook, "-i", "job"]
    return subprocess.Popen(argv, cwd=folder, env=values, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


SCRIPT = """#!%s
import json, random
listed = json.loads(%r)
for group in listed.values():
    random.shuffle(group.get("hosts", []))
names = [name for name in listed if name != "_meta"]
random.shuffle(names)
print(json.dumps({name: listed[name] for name in names + ["_meta"]}))
"""


def _write_inventory(folder, hosts, groups):
    """AWX hands the inventory over as a program that prints it, with groups and their hosts in no order."""
    folder.mkdir()
    for values in hosts.values():
        if values.get("ansible_connection") == "local":
            values.setdefault("ansible_python_interpreter", sys.executable)
    listed = {"all": {"hosts": list(hosts), "children": list(groups)}, "_meta": {"hostvars": hosts}}
    listed.update({name: {"hosts": list(members)} for name, members in groups.items()})
    program = folder / "hosts"
    program.write_text(SCRIPT % (sys.executable, json.dumps(listed)))
    program.chmod(0o700)
