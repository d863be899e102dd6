# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server that stands for AWX: it keeps state, finds by name, gives pages, and refuses what AWX refuses."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request

import pytest

from support.awx_server import Awx
from support.awx_server.server import PASSWORD, USER
from support.modules import ROOT


@pytest.fixture(name="awx")
def _awx():
    with Awx(ROOT) as awx:
        yield awx


def call(awx, method, path, body=None, password=PASSWORD):
    """(status, answer)."""
    login = base64.b64encode(("%s:%s" % (USER, password)).encode()).decode()
    request = urllib.request.Request(
        awx.url + "/api/v2/" + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Basic " + login},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.loads(response.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


@pytest.fixture(name="project")
def _project(awx):
    made = awx.store.make("projects", {"name": "p", "organization": 1, "scm_type": "git"})
    update = made["summary_fields"]["current_update"]["id"]
    assert [awx.store.look_at_update(update)["status"] for _look in range(2)] == ["running", "successful"]
    awx.store.make("inventories", {"name": "i", "organization": 1})
    return made["id"]


def template(project, **more):
    return dict({"name": "t", "project": project, "inventory": 0, "playbook": "playbooks/chaos_light.yml"}, **more)


QUESTION = {"question_name": "q", "variable": "v", "type": "text", "required": True}


@pytest.mark.parametrize(
    "path, given, field, why",
    [
        ("projects/", {}, "name", "This field is required."),
        ("projects/", {"name": "p", "scm_type": "gti"}, "scm_type", "not a valid choice"),
        ("projects/", {"name": "p", "scm_clean": "yes"}, "scm_clean", "Not a valid boolean"),
        ("projects/", {"name": "p", "timeout": "1"}, "timeout", "Not a valid integer"),
        ("projects/", {"name": "p", "organization": 77}, "organization", "object does not exist"),
        ("projects/", {"name": "p", "organization": "Default"}, "organization", "Expected pk value, received str"),
        ("projects/", {"name": "p", "branch": "main"}, "branch", "Unknown field"),
        ("projects/", {"name": "p" * 513}, "name", "no more than 512"),
        ("organizations/", {"name": "Default"}, "__all__", "already exists"),
        ("inventories/", {"name": "i", "organization": None}, "organization", "may not be null"),
        ("inventories/", {"name": "i", "organization": 1, "variables": "- a"}, "variables", "must be a mapping"),
    ],
)
def test_it_refuses_fields_that_awx_refuses(awx, path, given, field, why):
    before = awx.names()
    status, answer = call(awx, "POST", path, given)
    assert status == 400 and why in str(answer[field]) and awx.names() == before


@pytest.mark.parametrize(
    "more, field, why",
    [
        ({"playbook": "playbooks/nobody.yml"}, "playbook", "Playbook not found"),
        ({"playbook": "playbooks/vars/awx.yml"}, "playbook", "Playbook not found"),
        ({"job_type": "dry"}, "job_type", "not a valid choice"),
        ({"inventory": None}, "inventory", "You must either set"),
        ({"verbosity": 9}, "verbosity", "not a valid choice"),
    ],
)
def test_it_refuses_a_job_template_that_could_not_run(awx, project, more, field, why):
    [inventory] = awx.store.objects["inventories"]
    status, answer = call(awx, "POST", "job_templates/", template(project, **dict({"inventory": inventory}, **more)))
    assert status == 400 and why in str(answer[field])


@pytest.mark.parametrize(
    "question, why",
    [
        ({"type": "number"}, "is not one of"),
        ({"required": "true"}, "expected to be bool"),
        ({"default": 5}, "expected to be text"),
        ({"type": "integer", "default": "5"}, "expected to be integer"),
        ({"type": "multiplechoice"}, "must specify choices"),
        ({"type": "multiplechoice", "choices": ["a"], "default": "b"}, "must be answered from the choices"),
        ({"type": "multiplechoice", "choices": [True]}, "expected to be string"),
        ({"min": "0"}, "expected to be integer"),
    ],
)
def test_it_refuses_a_survey(awx, project, question, why):
    [inventory] = awx.store.objects["inventories"]
    made = awx.store.make("job_templates", template(project, inventory=inventory))
    spec = {"name": "", "description": "", "spec": [dict(QUESTION, **question)]}
    status, answer = call(awx, "POST", "job_templates/%d/survey_spec/" % made["id"], spec)
    assert status == 400 and why in answer["error"]
    good = {"name": "", "description": "", "spec": [QUESTION]}
    assert call(awx, "POST", "job_templates/%d/survey_spec/" % made["id"], good)[0] == 200
    assert call(awx, "GET", "job_templates/%d/survey_spec/" % made["id"])[1] == good


def test_it_refuses_cycles_prompts_that_nobody_asked_for_and_a_second_credential(awx, project):
    [inventory] = awx.store.objects["inventories"]
    job = awx.store.make("job_templates", template(project, inventory=inventory))["id"]
    flow = awx.store.make("workflow_job_templates", {"name": "w", "organization": 1})["id"]
    node = {"workflow_job_template": flow, "unified_job_template": job}
    status, answer = call(awx, "POST", "workflow_job_template_nodes/", dict(node, identifier="a", job_type="check"))
    assert status == 400 and "not configured to prompt" in str(answer["job_type"])
    first, second = (awx.store.make("workflow_job_template_nodes", dict(node, identifier=name))["id"] for name in "ab")
    path = "workflow_job_template_nodes/%d/always_nodes/"
    assert call(awx, "POST", path % first, {"id": second})[0] == 204
    assert call(awx, "POST", path % second, {"id": first}) == (400, {"error": "Cycle detected."})
    more = awx.store.make("credentials", {"name": "other", "credential_type": 1000, "organization": 1})["id"]
    [ours] = [each for each in awx.store.objects["credentials"] if each != more]
    assert call(awx, "POST", "job_templates/%d/credentials/" % job, {"id": ours})[0] == 204
    assert call(awx, "POST", "job_templates/%d/credentials/" % job, {"id": more})[0] == 400


def test_it_finds_by_name_gives_pages_and_forgets_what_is_removed(awx):
    for number in range(30):
        awx.store.make("inventories", {"name": "i%d" % number, "organization": 1})
    assert call(awx, "GET", "inventories/?name=i7&organization=1")[1]["count"] == 1
    assert call(awx, "GET", "inventories/?or__name=i7&or__name=i8&organization__name=Default")[1]["count"] == 2
    assert call(awx, "GET", "inventories/?organization__name=Other")[1]["count"] == 0
    assert call(awx, "GET", "inventories/?colour=red")[0] == 400
    first = call(awx, "GET", "inventories/")[1]
    second = call(awx, "GET", first["next"].partition("/api/v2/")[2])[1]
    assert (first["count"], len(first["results"]), len(second["results"]), second["next"]) == (30, 25, 5, None)
    gone = first["results"][0]["id"]
    host = awx.store.make("hosts", {"name": "h", "inventory": gone})["id"]
    assert call(awx, "DELETE", "inventories/%d/" % gone)[0] == 202
    assert call(awx, "GET", "hosts/%d/" % host)[0] == call(awx, "GET", "inventories/%d/" % gone)[0] == 404
    assert call(awx, "GET", "inventories/", password="wrong")[0] == 401
