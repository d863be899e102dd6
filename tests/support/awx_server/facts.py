# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API of AWX 24.6.1 says of its resources (tests/awx/api): fields with type, choices, length and default."""

from __future__ import annotations

import json

from support.modules import ROOT

RESOURCES = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "tests/awx/api").glob("*.json"))
}
# Fields that name another object, where their name does not say which.
POINTS_TO = {
    "organization": ("organizations",),
    "project": ("projects",),
    "inventory": ("inventories",),
    "credential": ("credentials",),
    "webhook_credential": ("credentials",),
    "signature_validation_credential": ("credentials",),
    "credential_type": ("credential_types",),
    "execution_environment": ("execution_environments",),
    "default_environment": ("execution_environments",),
    "workflow_job_template": ("workflow_job_templates",),
    "unified_job_template": (
        "job_templates",
        "workflow_job_templates",
        "projects",
        "workflow_approval_templates",
    ),
}
# Lists below an object, and what they hold. Notification templates are hung up below four names.
EVENTS = ("started", "success", "error")
HOLDS = {
    "hosts": "hosts",
    "children": "groups",
    "credentials": "credentials",
    "labels": "labels",
    "success_nodes": "workflow_job_template_nodes",
    "failure_nodes": "workflow_job_template_nodes",
    "always_nodes": "workflow_job_template_nodes",
    **{"notification_templates_" + event: "notification_templates" for event in (*EVENTS, "approvals")},
}
_NOTIFIED = ["notification_templates_" + event for event in EVENTS]
LISTS = {
    "groups": ["hosts", "children"],
    "job_templates": ["credentials", "labels", *_NOTIFIED],
    "workflow_job_templates": ["labels", *_NOTIFIED, "notification_templates_approvals"],
    "workflow_job_template_nodes": ["success_nodes", "failure_nodes", "always_nodes", "credentials", "labels"],
    "projects": _NOTIFIED,
}
# What must be unique together.
UNIQUE = {
    "organizations": ("name",),
    "execution_environments": ("name",),
    "hosts": ("inventory", "name"),
    "groups": ("inventory", "name"),
    "credentials": ("organization", "name", "credential_type"),
    "schedules": ("unified_job_template", "name"),
    "workflow_job_template_nodes": ("workflow_job_template", "identifier"),
}
IN_ORGANIZATION = ("organization", "name")
