# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of the server: made, found, changed and removed by the rules of AWX."""

from __future__ import annotations

import copy
import itertools

from support.awx_server import rules
from support.awx_server.facts import HOLDS, IN_ORGANIZATION, LISTS, POINTS_TO, RESOURCES, UNIQUE

TEMPLATES = ("job_templates", "workflow_job_templates", "projects", "workflow_approval_templates")
KINDS = dict(
    {path: facts["type"] for path, facts in RESOURCES.items()}, workflow_approval_templates="workflow_approval_template"
)


class Refused(Exception):
    """status and answer as AWX gives them."""

    def __init__(self, status, answer):
        super().__init__(answer)
        self.status, self.answer = status, answer


class Store:
    """project (Path): what a project of this AWX has when it is up to date."""

    def __init__(self, project, also=()):
        self.project, self.also = project, also
        self.objects = {path: {} for path in KINDS}
        self.lists = {}
        self.surveys = {}
        self.updates = {}
        self.broken = set()
        self._ids = itertools.count(1)

    def exists(self, paths, number):
        """Whether one of these resources has an object of that id."""
        return any(number in self.objects[path] for path in paths)

    def make(self, path, given):
        """A new object, as the API answers it."""
        self._check(path, given, given, None)
        number = next(self._ids)
        made = {name: copy.deepcopy(rule.get("default")) for name, rule in RESOURCES[path]["fields"].items()}
        made.update(id=number, type=KINDS[path], url="/api/v2/%s/%d/" % (path, number))
        self._put(path, made, given)
        self.objects[path][number] = made
        if path == "projects":
            made.update(scm_revision="", status="never updated")
            if made["scm_type"]:
                made["status"] = "pending"
                self.updates[self.update(number)]["first"] = True
        return self.shown(path, number)

    def change(self, path, number, given):
        """PATCH."""
        if path == "workflow_approval_templates":
            given = {name: value for name, value in given.items() if name in ("name", "description", "timeout")}
        else:
            self._check(path, given, dict(self.objects[path][number], **given), number)
        self._put(path, self.objects[path][number], given)
        return self.shown(path, number)

    def _put(self, path, made, given):
        for name, value in given.items():
            if name in RESOURCES.get(path, {"fields": given})["fields"]:
                made[name] = copy.deepcopy(value)
        if path == "inventories":
            made["kind"] = made["kind"] or ""
        if path == "notification_templates":
            made["messages"] = {event: (made["messages"] or {}).get(event) for event in rules.EVENTS}
            if made["notification_type"] == "webhook":
                made["notification_configuration"] = dict(
                    {"username": "", "password": "", "http_method": "POST", "disable_ssl_verification": False},
                    **made["notification_configuration"],
                )
        if path == "job_templates":
            project = self.objects["projects"].get(made["project"])
            made["organization"] = project["organization"] if project else None

    def _check(self, path, given, whole, number):
        wrong = rules.fields(path, given, self.exists, number is not None)
        if not wrong:
            wrong = self._together(path, whole)
        key = UNIQUE.get(path, IN_ORGANIZATION)
        whole = dict(whole)
        if path == "job_templates" and whole.get("project") in self.objects["projects"]:
            whole["organization"] = self.objects["projects"][whole["project"]]["organization"]
        if not wrong and any(
            other["id"] != number and all(other.get(name) == whole.get(name) for name in key)
            for other in self.objects[path].values()
        ):
            kind = KINDS[path].replace("_", " ").capitalize()
            names = " and ".join(name.replace("_", " ").capitalize() for name in key)
            wrong = {"__all__": ["%s with this %s already exists." % (kind, names)]}
        if wrong:
            raise Refused(400, wrong)

    def _together(self, path, whole):
        if path == "notification_templates":
            return rules.notification(whole)
        if path == "job_templates":
            return self._job_template(whole)
        if path == "schedules":
            survey = self.surveys.get(whole["unified_job_template"])
            return rules.schedule(whole, None if survey is None else [item["variable"] for item in survey["spec"]])
        if path == "workflow_job_template_nodes" and whole.get("unified_job_template"):
            template = self.objects["job_templates"].get(whole["unified_job_template"], {})
            if whole.get("job_type") and not template.get("ask_job_type_on_launch"):
                return {"job_type": ["Field is not configured to prompt on launch."]}
        return {}

    def _job_template(self, whole):
        project = self.objects["projects"].get(whole.get("project"))
        if project is None:
            return {"project": ["A project is required."]}
        if not whole.get("inventory") and not whole.get("ask_inventory_on_launch"):
            return {"inventory": ["You must either set a default value or ask to prompt on launch."]}
        name = whole.get("playbook") or ""
        if not project["scm_revision"] or not (rules.offers(self.project, name) or name in self.also):
            return {"playbook": ["Playbook not found for project."]}
        return {}

    def update(self, number):
        """A project update: the second look at it finds it done."""
        update = next(self._ids)
        bad = self.objects["projects"][number]["scm_url"] in self.broken
        self.updates[update] = {"project": number, "looks": 0, "failed": bad, "first": False}
        return update

    def look_at_update(self, update):
        """The update as the API answers it."""
        found = self.updates[update]
        found["looks"] += 1
        done = found["looks"] > 1
        project = self.objects["projects"][found["project"]]
        if done:
            project["status"] = "failed" if found["failed"] else "successful"
            project["scm_revision"] = "" if found["failed"] else "94bf56fb9f7a82dff9451ffe40990650401c9b0d"
        return {
            "id": update, "type": "project_update", "url": "/api/v2/project_updates/%d/" % update, "name": project["name"],
            "status": project["status"] if done else "running", "failed": done and found["failed"], "elapsed": 1.0,
            "started": "2026-01-01T00:00:00Z", "finished": "2026-01-01T00:00:01Z" if done else None,
            "event_processing_finished": done, "scm_revision": project["scm_revision"],
        }  # fmt: skip

    def shown(self, path, number):
        """An object with what belongs to it."""
        made = copy.deepcopy(self.objects[path][number])
        url = made["url"]
        related = {name: url + name + "/" for name in LISTS.get(path, [])}
        summary = {}
        if path in ("job_templates", "workflow_job_templates"):
            related["survey_spec"] = url + "survey_spec/"
        if path == "projects":
            related["update"] = url + "update/"
            running = [
                update for update, each in self.updates.items() if each["project"] == number and each["looks"] < 2
            ]
            if running:
                summary["current_update"] = {"id": running[-1]}
        if path == "workflow_job_template_nodes":
            for name in ("success_nodes", "failure_nodes", "always_nodes"):
                made[name] = sorted(self.lists.get((path, number, name), []))
            for kind in TEMPLATES:
                if made["unified_job_template"] in self.objects[kind]:
                    related["unified_job_template"] = self.objects[kind][made["unified_job_template"]]["url"]
        return dict(made, related=related, summary_fields=summary)

    def remove(self, path, number):
        """An object, and what cannot be without it."""
        del self.objects[path][number]
        self.surveys.pop(number, None)
        below = {
            "inventories": [("hosts", "inventory"), ("groups", "inventory")],
            "workflow_job_templates": [("workflow_job_template_nodes", "workflow_job_template")],
        }.get(path, [])
        if path in TEMPLATES:
            below.append(("schedules", "unified_job_template"))
        for other, field in below:
            for each in [each for each in self.objects[other].values() if each.get(field) == number]:
                self.remove(other, each["id"])
                if each.get("unified_job_template") in self.objects["workflow_approval_templates"]:
                    self.remove("workflow_approval_templates", each["unified_job_template"])
        for kind in self.objects.values():  # what only pointed to it stays, and points to nothing
            for each in kind.values():
                for name in ("project", "inventory", "execution_environment", "unified_job_template"):
                    if path in POINTS_TO[name] and each.get(name) == number:
                        each[name] = None
        self.lists = {
            key: [each for each in held if not (HOLDS[key[2]] == path and each == number)]
            for key, held in self.lists.items()
            if key[:2] != (path, number)
        }

    def associate(self, path, number, name, given):
        """An entry of a list below an object: put in, or with disassociate taken out."""
        held = self.lists.setdefault((path, number, name), [])
        if not isinstance(given.get("id"), int) or given["id"] not in self.objects[HOLDS[name]]:
            raise Refused(400, {"detail": "%s not found" % given.get("id")})
        if given.get("disassociate"):
            held.remove(given["id"])
            return
        if name == "credentials":
            kind = self.objects["credentials"][given["id"]]["credential_type"]
            if any(self.objects["credentials"][each]["credential_type"] == kind for each in held):
                raise Refused(400, {"error": "Cannot assign multiple Machine credentials."})
        if name.endswith("_nodes") and self._leads(given["id"], number):
            raise Refused(400, {"error": "Cycle detected."})
        if given["id"] not in held:
            held.append(given["id"])

    def _leads(self, start, goal):
        if start == goal:
            return True
        names = ("success_nodes", "failure_nodes", "always_nodes")
        after = [each for name in names for each in self.lists.get(("workflow_job_template_nodes", start, name), [])]
        return any(self._leads(each, goal) for each in after)

    def approval(self, node, given):
        """The approval of a node: a template of its own kind."""
        for name, kind in (("name", str), ("description", str), ("timeout", int)):
            if not isinstance(given.get(name, kind()), kind):
                raise Refused(400, {name: ["Not a valid %s." % kind.__name__]})
        if not given.get("name"):
            raise Refused(400, {"name": ["This field is required."]})
        number = next(self._ids)
        made = {name: given.get(name, default) for name, default in (("name", ""), ("description", ""), ("timeout", 0))}
        made.update(
            id=number, type="workflow_approval_template", url="/api/v2/workflow_approval_templates/%d/" % number
        )
        self.objects["workflow_approval_templates"][number] = made
        self.objects["workflow_job_template_nodes"][node]["unified_job_template"] = number
        return self.shown("workflow_approval_templates", number)
