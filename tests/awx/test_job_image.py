# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs in a container, as AWX runs them: detect, a run and the emergency stop against hosts of the lab over SSH, from an
image that has nothing of this project in it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from support import job_image
from support.lab import lifecycle, on_hosts, remains
from support.runner import INSTALLED, PROGRAMS, Job

from lab import layout, needs, services

pytestmark = pytest.mark.nightly
IMAGE = "localhost/magsasa-chaos-job-image:%d" % os.getpid()


@pytest.fixture(name="lab", scope="module")
def _lab():
    reason = needs.obstacle()
    if reason:
        pytest.skip(reason)
    name = "t%d" % os.getpid()
    try:
        lab = lifecycle.up(name, layout.plan_hosts(2, db=True))[0]
        services.start(lab, print)
        yield lab
    finally:
        lifecycle.down(name)


@pytest.fixture(name="image", scope="module")
def _image(tmp_path_factory):
    try:
        yield job_image.make(IMAGE, tmp_path_factory.mktemp("image"))
    finally:
        job_image.remove(IMAGE)


@pytest.fixture(name="job")
def _job(lab, image, updated, tmp_path):
    """``job(playbook, extra_vars) -> Job``: the private data folder is all that the container has of this machine."""

    def run(playbook, extra_vars):
        folder = tmp_path / ("job%d" % len(list(tmp_path.iterdir())))
        for name in ("project", INSTALLED):
            shutil.copytree(updated / name, folder / name, symlinks=True)
        (folder / "env").mkdir()
        (folder / "inventory").mkdir()
        hosts = {
            host.name: {"ansible_host": lab.address(host), "ansible_user": "root", "chaos_allowed": True}
            for host in lab.hosts
            if host.name.startswith("app")
        }
        listed = {"app": {"hosts": list(hosts)}, "_meta": {"hostvars": hosts}}
        program = folder / "inventory" / "hosts"
        program.write_text("#!/usr/bin/python3\nprint(%r)\n" % json.dumps(listed))
        program.chmod(0o700)
        (folder / "env" / "extravars").write_text(json.dumps(extra_vars))
        (folder / "env" / "ssh_key").write_text(job_image.login_key(lab))
        environment = {
            "ANSIBLE_COLLECTIONS_PATH": "/runner/%s:/usr/share/ansible/collections" % INSTALLED,
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "AWX_ISOLATED_DATA_DIR": "/runner/artifacts/job",
            "HOME": "/runner",
        }
        (folder / "env" / "envvars").write_text(json.dumps(environment))
        argv = [os.path.join(PROGRAMS, "ansible-runner"), "run", str(folder), "-p", playbook, "-i", "job"]
        argv += ["--process-isolation", "--process-isolation-executable", "podman", "--container-image", image]
        options = ["--network=ns:/run/netns/%s" % lab.namespace(), "--pull=never"]
        # podman asks for the most that there is, which not every machine allows; this is enough.
        options += ["--ulimit=nofile=4096:4096", "--ulimit=nproc=4096:4096"]
        argv += ["--container-option=" + each for each in options]
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
        assert (folder / "artifacts" / "job" / "rc").exists(), done.stdout + done.stderr
        return Job(folder / "artifacts" / "job", folder)

    return run


def test_detect_a_run_and_halt_in_a_container(job, lab):
    found = job("playbooks/chaos_detect.yml", {"chaos_hosts": "app"})
    assert (found.status, found.rc) == ("successful", 0), found.stdout[-3000:]
    assert found.stdout.count("identified") >= 2 and found.hosts == {"app1", "app2"}

    light = job(
        "playbooks/chaos_light.yml",
        {"chaos_hosts": "app", "chaos_scenarios": "memory-light", "chaos_baseline": "3s"},
    )
    assert (light.status, light.rc) == ("successful", 0), light.stdout[-3000:]
    assert light.artifacts["chaos"]["verdict"] == "passed" and light.artifacts["chaos"]["completed"] == 2

    fault = {"name": "left", "load": "20%", "duration": "300s"}
    assert on_hosts(lab, "app1", "cpu_fault", fault)["app1"]["changed"]
    halt = job("playbooks/chaos_halt.yml", {"chaos_hosts": "all"})
    assert (halt.status, halt.rc) == ("successful", 0), halt.stdout[-3000:]
    assert "app1: 1 fault(s) reverted" in halt.stdout and "app2: 0 fault(s) reverted" in halt.stdout
    assert not [host.name for host in lab.hosts if remains(lab, host.name)]
