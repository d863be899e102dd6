# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole groups of the inventory of a job, from AWX's API, with the token that the job has. Private to
magsasa.chaos.
"""

from __future__ import annotations

import json
import os
import time

from ansible.module_utils.urls import open_url
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError, printable

TIMEOUT_S = 20.0
MOST = 32 * 1024 * 1024  # bytes of an answer
CHUNK = 64 * 1024
HEADS = ("CONTROLLER", "TOWER", "AAP")
TOKENS = ("%s_OAUTH_TOKEN", "%s_TOKEN")
REMEDY = "give the job a credential for AWX (CONTROLLER_HOST and CONTROLLER_OAUTH_TOKEN), or name the groups yourself"


def fetch(variables, environ=None):
    """``{group: [name]}``. Raises ChaosError, one sentence."""
    environ = os.environ if environ is None else environ
    server = _first(environ, ["%s_HOST" % head for head in HEADS] + ["AAP_HOSTNAME"])
    token = _first(environ, [form % head for head in HEADS for form in TOKENS])
    number = next((variables.get(head + "_inventory_id") for head in ("awx", "tower")), None)
    if not server or not token:
        lacking = "CONTROLLER_HOST" if not server else "CONTROLLER_OAUTH_TOKEN"
        raise ChaosError("chaos_fleet: 'awx' needs %s, which is not set in this job; %s" % (lacking, REMEDY))
    if not str(number or "").isdigit():
        raise ChaosError(
            "chaos_fleet: 'awx' needs awx_inventory_id, which AWX gives to its jobs alone; name the groups yourself"
        )
    server = server if "://" in server else "https://" + server
    verify = _first(environ, ["%s_VERIFY_SSL" % head for head in HEADS]) or "true"
    url = "%s/api/v2/inventories/%s/script/?hostvars=0" % (server.rstrip("/"), number)
    try:
        answer = open_url(
            url,
            headers={"Authorization": "Bearer " + token, "Accept": "application/json"},
            timeout=TIMEOUT_S,
            validate_certs=verify.strip().lower() not in ("0", "no", "false", "off"),
            follow_redirects="none",  # the token is for this server alone
        )
        told = json.loads(_read(answer, time.monotonic() + TIMEOUT_S))
        return groups(told)
    except Exception as error:  # urllib and ssl have many; HTTPError has the status
        code = getattr(error, "code", None)
        why = "HTTP %s" % code if code else str(getattr(error, "reason", error))
        raise ChaosError(
            "chaos_fleet: AWX at %s did not tell the groups of inventory %s (%s); %s"
            % (printable(server.rpartition("@")[2], 200), number, printable(" ".join(why.split()), 200), REMEDY)
        )


def groups(told):
    """``{group: [name]}`` of an inventory as AWX's script endpoint tells it, hosts of children included."""
    if not isinstance(told, dict):
        raise ValueError("its answer is not an inventory")
    found = {}
    for name in told:
        if name not in ("_meta", "all"):
            hosts = set()
            _collect(told, name, hosts, set())
            if hosts:
                found[str(name)] = sorted(hosts)
    if not found:
        raise ValueError("its answer has no group with a host")
    return found


def _collect(told, name, hosts, seen):
    entry = told.get(name)
    if name in seen or not isinstance(entry, dict):
        return
    seen.add(name)
    hosts.update(str(host) for host in entry.get("hosts") or ())
    for child in entry.get("children") or ():
        _collect(told, child, hosts, seen)


def _read(answer, until):
    """The body, bounded in size and time."""
    parts, size = [], 0
    while True:
        part = answer.read(CHUNK)
        if not part:
            return b"".join(parts).decode("utf-8")
        parts.append(part)
        size += len(part)
        if size > MOST:
            raise ValueError("its answer is longer than %d MiB" % (MOST >> 20))
        if time.monotonic() > until:
            raise ValueError("its answer took longer than %g s" % TIMEOUT_S)


def _first(environ, names):
    return next((environ[name] for name in names if environ.get(name)), "")
