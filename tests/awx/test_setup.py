# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/awx_setup.yml with awx.awx 24.6.1, against a server that keeps state and refuses what AWX refuses."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from support import awx_client, cores
from support.awx_server import Awx
from support.awx_server.server import PASSWORD, USER
from support.modules import ROOT

CORE = "2.16.19"
GIVEN = {"setup_image": "registry.example/chaos-ee:1", "setup_notify_url": "https://chat.example/hook"}
# Less of everything, for the day: what is left has each kind of object, and each kind of node and edge.
SMALL = ROOT / "tests" / "awx" / "small_setup.yml"


class Setup:
    """One AWX, and runs of the playbook against it."""

    def __init__(self, awx, place, collections):
        self.awx, self.place, self.collections = awx, place, collections

    def run(self, *options, given=None, core=CORE, **environment):
        """The finished run (with ``stdout``), and the requests that it made."""
        before = len(self.awx.requests)
        values = {
            "PATH": os.environ["PATH"], "HOME": str(self.place), "LANG": "C.UTF-8", "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_PIPELINING": "true",
            "CONTROLLER_HOST": self.awx.url, "CONTROLLER_USERNAME": USER, "CONTROLLER_PASSWORD": PASSWORD,
        }  # fmt: skip
        values.update(environment)
        argv = [cores.programs(core) / "ansible-playbook", ROOT / "playbooks" / "awx_setup.yml"]
        argv += ["-e", json.dumps(dict(GIVEN, **(given or {}))), *options]
        done = subprocess.run(
            [str(each) for each in argv],
            cwd=self.place,
            env=values,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        assert not self.awx.tokens, "a token was left behind"
        return done, self.awx.requests[before:]


@pytest.fixture(name="setup")
def _setup(tmp_path):
    collections = awx_client.folder()

    with Awx(ROOT) as awx:
        yield Setup(awx, tmp_path, collections)


def changed(done):
    """The tasks that said changed."""
    return re.findall(r"^changed: \[localhost\] => \(item=(.*?)\)", done.stdout, re.MULTILINE)


def sentence(done):
    """What the last failed task said, and nothing more than a message is in it."""
    assert done.returncode == 2, done.stdout + done.stderr
    said = done.stdout[done.stdout.rindex("FAILED! => ") + len("FAILED! => ") :]
    result, _end = json.JSONDecoder().raw_decode(said)
    assert set(result) <= {"msg", "changed", "item", "setup_need", "setup_object", "assertion", "evaluated_to"}
    assert "\n" not in result["msg"].strip()
    return result["msg"].strip()


NOTHING = {
    "controller_" + each: []
    for each in (
        "projects execution_environments inventories hosts groups notifications templates workflows schedules".split()
    )
}


def present_twice_and_removed(setup, *options, core=CORE):
    setup.awx.store.make("projects", {"name": "of somebody else", "organization": 1, "scm_type": "git"})
    before = setup.awx.names()
    done, requests = setup.run(*options, core=core)
    assert done.returncode == 0 and not [each for each in requests if each[3] >= 400], done.stdout
    made = setup.awx.names()

    # Nodes of a workflow are changed back and forth by nobody: only the approvals are reported, falsely, as changed.
    done, requests = setup.run(*options, core=core)
    assert done.returncode == 0 and setup.awx.names() == made, done.stdout
    assert changed(done) == ["chaos ladder"], done.stdout
    assert "may inaccurately report task is changed" in done.stderr + done.stdout
    touched = {
        (method, re.sub(r"(?<=/)[0-9]+(?=/)", "N", path))
        for method, path, _body, _status in requests
        if method != "GET"
    }
    assert touched <= {
        ("POST", "/api/v2/projects/N/update/"),
        ("PATCH", "/api/v2/workflow_approval_templates/N/"),
        # The client sends what it was not given as null; AWX keeps what it has.
        ("PATCH", "/api/v2/inventories/N/"),
        ("PATCH", "/api/v2/notification_templates/N/"),
        ("PATCH", "/api/v2/job_templates/N/"),
    }, touched

    done, _requests = setup.run(*options, "--tags", "remove", core=core)
    assert done.returncode == 0 and setup.awx.names() == before, done.stdout
    return made


def test_first_run_makes_all_second_nothing_and_remove_takes_away_what_is_ours(setup):
    made = present_twice_and_removed(setup, "-e", "@%s" % SMALL)
    assert made["job_templates"] == ["chaos halt", "chaos light"] and made["hosts"] == ["app1"]
    assert {"chaos verdict"} == set(made["notification_templates"])
    assert len(made["workflow_approval_templates"]) == 1 and made["schedules"] == ["chaos light weekly"]


@pytest.mark.nightly
@pytest.mark.parametrize("core", [CORE, None])
def test_the_shipped_data_file(setup, core):
    made = present_twice_and_removed(setup, core=core or cores.own())
    assert made["job_templates"] == sorted(
        "chaos " + each for each in "detect preflight smoke light medium heavy full halt merge".split()
    )
    assert len(made["workflow_job_template_nodes"]) == 9 and len(made["workflow_approval_templates"]) == 3


def test_without_awx_awx_one_sentence_says_what_to_install(setup, tmp_path):
    done, requests = setup.run(ANSIBLE_COLLECTIONS_PATH=str(tmp_path))
    assert sentence(done) == (
        "AWX cannot be set up without the collection awx.awx: ansible-galaxy collection install awx.awx:==24.6.1"
    )
    assert requests == []


@pytest.mark.parametrize(
    "environment, why",
    [
        ({"CONTROLLER_PASSWORD": "wrong"}, "(HTTP Error 401: Unauthorized)"),
        pytest.param(
            {"CONTROLLER_HOST": "http://127.0.0.1:9"}, "(Errno 111] Connection refused)", marks=pytest.mark.nightly
        ),
    ],
)
def test_a_wrong_connection_says_which_variables_to_look_at(setup, environment, why):
    done, _requests = setup.run(**environment)
    said = sentence(done)
    assert said.startswith("AWX cannot be read at http://127.0.0.1:") and why in said and "CONTROLLER_PASSWORD" in said
    assert setup.awx.changes() == []


@pytest.mark.parametrize(
    "given, said",
    [
        (
            {"setup_credential": "nobody"},
            "AWX has no credential 'nobody': make one of the type Machine that logs in to the hosts as root, or name"
            " another with setup_credential",
        ),
        pytest.param(
            {"controller_inventories": [{"description": "x"}]},
            "the data file has an entry without a name: {'description': 'x'}; give it one",
            marks=pytest.mark.nightly,
        ),
        (
            {},
            "AWX has a project 'magsasa.chaos' that this playbook did not make: rename one of the two, or write 'Made by"
            " magsasa.chaos.' into its description to hand it over",
        ),
    ],
)
def test_what_is_missing_and_what_is_taken_is_said_before_anything_is_made(setup, given, said):
    setup.awx.store.make("projects", {"name": "magsasa.chaos", "organization": 1, "scm_type": "git"})
    done, _requests = setup.run(given=given)
    assert sentence(done) == said and setup.awx.changes() == []


@pytest.mark.parametrize(
    "given, kind, why",
    [
        (
            "controller_notifications: [{name: hook, notification_type: webhook, notification_configuration:"
            " {url: 'https://a', headers: {}}, messages: {success: {body: !unsafe '{{ job.artifacts.chaos.sentence }}'}}}]",
            "notification template", "Field 'chaos' unavailable",
        ),
        pytest.param(
            "controller_projects: [{name: p, scm_type: gti, scm_url: x}]",
            "project", "value of scm_type must be one of", marks=pytest.mark.nightly,
        ),
        pytest.param(
            "controller_projects: [{name: p, scm_url: 'https://broken'}]",
            "project", "Project update failed", marks=pytest.mark.nightly,
        ),
        pytest.param(
            "controller_inventories: [{name: %s}]" % ("i" * 600),
            "inventory", "no more than 512 characters", marks=pytest.mark.nightly,
        ),
    ],
)  # fmt: skip
def test_a_wrong_value_gives_one_sentence(setup, tmp_path, given, kind, why):
    setup.awx.store.broken.add("https://broken")
    (tmp_path / "given.yml").write_text(given)
    done, _requests = setup.run("-e", "@%s" % (tmp_path / "given.yml"), given=NOTHING)
    said = sentence(done)
    assert said.startswith("AWX refused the %s: " % kind) and why in said
    assert said.endswith("; correct the data file and run it again")


@pytest.mark.nightly
def test_an_inventory_with_a_host_of_somebody_else_stays(setup):
    given = dict(
        NOTHING, controller_inventories=[{"name": "ours"}], controller_hosts=[{"name": "app1", "inventory": "ours"}]
    )
    assert setup.run(given=given)[0].returncode == 0
    [inventory] = setup.awx.store.objects["inventories"]
    setup.awx.store.make("hosts", {"name": "theirs", "inventory": inventory})
    done, _requests = setup.run("--tags", "remove", given=given)
    assert done.returncode == 0 and "the inventory 'ours' stays: hosts were added to it" in done.stdout
    assert setup.awx.names()["hosts"] == ["app1", "theirs"]


@pytest.mark.nightly
def test_a_dry_run_says_what_it_would_make_and_makes_nothing(setup):
    done, _requests = setup.run("--check")
    assert done.returncode == 0 and "schedule: chaos light weekly" in done.stdout and setup.awx.changes() == []


@pytest.mark.parametrize(
    "verdict, code, said",
    [
        ("passed", 0, "2 passed, 0 failed"),
        ("failed", 2, "2 passed, 0 failed"),
        pytest.param(None, 2, "nothing to merge was found", marks=pytest.mark.nightly),
    ],
)
def test_the_last_job_of_the_workflow_is_as_green_as_the_one_before(ansible_playbook, verdict, code, said):
    """AWX calls a workflow successful whose failed job has a node for failures: so the last one must fail."""
    earlier = {"chaos": {"verdict": verdict, "sentence": said}} if verdict else {}
    done = ansible_playbook(ROOT / "playbooks" / "chaos_merge.yml", "-e", json.dumps(earlier))
    assert done.returncode == code and said in done.stdout, done.stdout + done.stderr
