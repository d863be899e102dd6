# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a lab's fleet as jobs of their own, as AWX slices them, and how many hosts were out at once."""

from __future__ import annotations

import copy
import json

import yaml

from support.lab import ledger, lifecycle, look

# What AWX tells a slice of a sliced job about itself
AWX = {
    "awx_job_template_name": "light",
    "awx_workflow_job_name": "light",
    "awx_workflow_job_id": 7,
    "chaos_hosts": "app",
}


def inventory(lab, names):
    """The lab's inventory (dict) as a slice of it has it: groups are cut down to these hosts."""
    found = yaml.safe_load(lifecycle.inventory_path(lab).read_text())
    return _cut(copy.deepcopy(found), set(names))


def _cut(entry, names):
    if isinstance(entry.get("hosts"), dict):
        entry["hosts"] = {host: values for host, values in entry["hosts"].items() if host in names}
    for child in (entry.get("children") or {}).values():
        _cut(child or {}, names)
    for group in entry.values():
        if isinstance(group, dict) and entry.keys() == {"all"}:
            _cut(group, names)
    return entry


def times_out(lab, name, since):
    """``[(from, to)]``: when faults were in on a host after ``since``, by the clock that all lab hosts share. From the
    first change to its confirmed revert, by the host's own ledger, which no controller writes.
    """
    script = "cat /var/lib/magsasa-chaos/faults/*.json 2>/dev/null; true"
    active = [json.loads(line) for line in look(lab, name, script).splitlines() if line.startswith("{")]
    found = []
    for record in ledger(lab, name) + active:
        if record["family"] != "halt" and record.get("injected_at") and record["armed_at"]["monotonic"] >= since:
            ended = (record.get("reverted_at") or {}).get("monotonic", float("inf"))
            found.append((record["armed_at"]["monotonic"], ended))
    return found


def most_at_once(spans):
    """Of ``{host: [(from, to)]}``, how many hosts were out at the same time at most."""
    moments = sorted({began for each in spans.values() for began, _ended in each})
    return max(
        (sum(any(began <= at < ended for began, ended in each) for each in spans.values()) for at in moments),
        default=0,
    )
