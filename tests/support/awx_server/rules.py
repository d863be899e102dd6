# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX refuses, as the answer that it gives: {} or {field: [reason]}."""

from __future__ import annotations


import re

import yaml
from jinja2 import StrictUndefined, sandbox
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError

from support.awx_server.facts import POINTS_TO, RESOURCES

TYPES = {"string": str, "boolean": bool, "integer": int}
SURVEY_TYPES = {
    "text": str, "textarea": str, "password": str, "multiplechoice": str, "multiselect": str, "integer": int, "float": float,
}  # fmt: skip
EVENTS = ("started", "success", "error", "workflow_approval")
# What a body may use; a job that has not run has no artifacts.
JOB = {"id": 1, "name": "a job", "status": "successful", "artifacts": {}, "playbook": "a.yml", "extra_vars": "{}"}
# A file that AWX offers as a playbook has such a line, and is in none of these folders.
PLAYBOOK = re.compile(r"^\s*?-?\s*?(?:hosts|(?:ansible\.builtin\.)?(?:include|import_playbook)):\s*?.*?$", re.MULTILINE)
HIDDEN = {"roles", "tasks", "group_vars", "host_vars"}


def fields(path, given, exists, partial):
    """exists(path, id) says whether there is such an object."""
    known, wrong = RESOURCES[path]["fields"], {}
    for name in given:
        if name not in known and name != "organization":
            wrong[name] = ["Unknown field."]
    for name, rule in known.items():
        if name not in given:
            if rule.get("required") and not partial:
                wrong[name] = ["This field is required."]
            continue
        problem = _field(name, rule, given[name], exists)
        if problem:
            wrong[name] = [problem]
    return wrong


def _field(name, rule, value, exists):
    if value is None or (value == "" and rule["type"] in ("id", "choice")):
        return "This field may not be null." if rule.get("required") else None
    if rule["type"] == "id":
        if not isinstance(value, int) or isinstance(value, bool):
            return "Incorrect type. Expected pk value, received %s." % type(value).__name__
        return None if exists(POINTS_TO[name], value) else 'Invalid pk "%d" - object does not exist.' % value
    if rule["type"] == "choice":
        return None if value in rule["choices"] else '"%s" is not a valid choice.' % value
    if rule["type"] == "json":
        return _mapping(value)
    if not isinstance(value, TYPES[rule["type"]]) or (rule["type"] == "integer" and isinstance(value, bool)):
        return "Not a valid %s." % rule["type"]
    if rule["type"] == "string" and not value.strip() and rule.get("required"):
        return "This field may not be blank."
    if rule["type"] == "string" and len(value) > rule.get("max_length", len(value)):
        return "Ensure this field has no more than %d characters." % rule["max_length"]
    if rule["type"] == "integer" and not rule.get("min_value", value) <= value <= rule.get("max_value", value):
        return "Ensure this value is between %s and %s." % (rule.get("min_value"), rule.get("max_value"))
    return None


def _mapping(value):
    if isinstance(value, str):
        try:
            value = yaml.safe_load(value) or {}
        except yaml.YAMLError:
            return "Cannot parse as JSON or YAML."
    return None if isinstance(value, dict) else "Value must be a mapping."


def notification(given):
    """A webhook's configuration, and bodies that render before anything has run."""
    if given["notification_type"] == "webhook":
        config = given.get("notification_configuration") or {}
        missing = [name for name in ("url", "headers") if name not in config]
        if missing:
            return {"__all__": ["Missing required fields for Notification Configuration: %s." % missing]}
        for name, kind in (("url", str), ("headers", dict), ("disable_ssl_verification", bool), ("http_method", str)):
            if not isinstance(config.get(name, kind()), kind):
                return {"__all__": ["Configuration field '%s' incorrect type, expected %s." % (name, kind.__name__)]}
        if config.get("http_method", "POST").lower() not in ("put", "post"):
            return {"__all__": ["HTTP method must be either 'POST' or 'PUT'."]}
    problems = []
    for event, message in (given.get("messages") or {}).items():
        if event not in EVENTS:
            problems.append("Event '%s' invalid, must be one of %s" % (event, ", ".join(EVENTS)))
        elif message is not None and not isinstance(message, dict):
            problems.append("Expected dict for event '%s', found %s" % (event, type(message).__name__))
        elif message and event != "workflow_approval":
            problems += [each for text in message.values() for each in _body(text)]
    return {"messages": problems} if problems else {}


def render(text, job):
    """A body as AWX renders it."""

    class Undefined(StrictUndefined):
        __repr__ = __str__ = StrictUndefined._fail_with_undefined_error

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._undefined_hint = self._undefined_name

    return sandbox.ImmutableSandboxedEnvironment(undefined=Undefined).from_string(text).render(job=job, url="https://a")


def _body(text):
    if not isinstance(text, str):
        return ["Expected string for message, found %s." % type(text).__name__]
    if "\n" in text.strip():
        return ["Messages cannot contain newlines."]
    try:
        render(text, JOB)
    except TemplateSyntaxError as error:
        return ["Unable to render message '%s': %s" % (text, error.message)]
    except UndefinedError as error:
        return ["Field '%s' unavailable" % error.message]
    except SecurityError as error:
        return ["Security error due to field '%s'" % error.message]
    return []


def survey(spec):
    """The answer holds one sentence under error."""
    for field, kind, label in (
        ("name", str, "string"),
        ("description", str, "string"),
        ("spec", list, "list of items"),
    ):
        if field not in spec:
            return {"error": "Field '%s' is missing from survey spec." % field}
        if not isinstance(spec[field], kind):
            return {
                "error": "Expected %s for field '%s', received %s type." % (label, field, type(spec[field]).__name__)
            }
    if not spec["spec"]:
        return {"error": "'spec' doesn't contain any items."}
    seen = set()
    for number, item in enumerate(spec["spec"]):
        problem = _question(number, item, seen)
        if problem:
            return {"error": problem}
    return {}


def _question(number, item, seen):
    for field, kind in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
        if field not in item:
            return "'%s' missing from survey question %d" % (field, number)
        if not isinstance(item[field], kind):
            return "'%s' in survey question %d expected to be %s." % (field, number, kind.__name__)
    if item["variable"] in seen:
        return "'variable' '%s' duplicated in survey question %d." % (item["variable"], number)
    seen.add(item["variable"])
    if item["type"] not in SURVEY_TYPES:
        return "'%s' in survey question %d is not one of '%s' allowed question types." % (
            item["type"], number, ", ".join(SURVEY_TYPES),
        )  # fmt: skip
    default = item.get("default", "")
    if default != "" and not isinstance(default, SURVEY_TYPES[item["type"]]):
        return "Default value %s in survey question %d expected to be %s." % (default, number, item["type"])
    for field in ("min", "max"):
        if item.get(field) is not None and not isinstance(item[field], int):
            return "The %s limit in survey question %d expected to be integer." % (field, number)
    if item["type"] in ("multiplechoice", "multiselect"):
        if "choices" not in item:
            return "Survey question %d of type %s must specify choices." % (number, item["type"])
        choices = item["choices"].splitlines() if isinstance(item["choices"], str) else item["choices"]
        if any(not isinstance(each, str) for each in choices):
            return "Choices of survey question %d expected to be string." % number
        if any(each not in choices for each in default.splitlines()):
            return "Default choice must be answered from the choices listed."
    return None


def schedule(given, variables):
    """variables: what the survey of the template asks for, or None where it takes any."""
    rule = given["rrule"]
    wrong = next(
        (
            problem
            for pattern, problem in (
                (r"DTSTART(:\d{8}T\d{6}Z|;TZID=[A-Za-z_/]+:\d{8}T\d{6})\b", "Valid DTSTART required in rrule."),
                (r"\bRRULE:", "One or more rule required in rrule."),
                (r"\bINTERVAL=\d+", "INTERVAL required in rrule."),
            )
            if not re.search(pattern, rule)
        ),
        None,
    )
    if wrong:
        return {"rrule": [wrong]}
    strange = sorted(set(given.get("extra_data") or {}) - set(variables)) if variables is not None else []
    return {"extra_data": ["Variables %s are not allowed on launch." % ", ".join(strange)]} if strange else {}


def offers(root, playbook):
    """Whether AWX offers that file of the project (Path) as a playbook."""
    path = root / playbook
    if HIDDEN & set(path.relative_to(root).parts[:-1]) or any(part.startswith(".") for part in playbook.split("/")):
        return False
    return path.suffix in (".yml", ".yaml") and path.is_file() and bool(PLAYBOOK.search(path.read_text()))
