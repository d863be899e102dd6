# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports to draw: of every kind of experiment, and with texts that a hostile host could send."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import pack
from ansible_collections.magsasa.chaos.plugins.plugin_utils._experiment import judge
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import model

from .samples import OUTAGE, fault, series

RUN = {
    "id": "20261124T220501Z-3fa9c1",
    "started": "2026-11-24T22:05:01Z",
    "finished": "2026-11-24T22:09:00Z",
    "intensity": "light",
    "dry_run": False,
    "interrupted": False,
    "unreachable": [],
    "seed": None,
    "versions": {"magsasa.chaos": "1.0.0"},
    "command": "ansible-playbook chaos_light.yml",
}
QUIET = pack(series(100, 130))
DOWN = pack(series(100, 130, [(110.5, 122.0, OUTAGE)]))
NEVER = pack(series(100, 130, [(112.0, 999.0, OUTAGE)]))
PLANNED = fault(
    state="planned",
    effect="inconclusive",
    measured={},
    armed_at=None,
    injected_at=None,
    reverted_at=None,
    revert_cause=None,
)


def scenario(name="cpu-light", family="cpu", **more):
    return dict(
        {
            "id": name,
            "title": name,
            "hypothesis": "The service holds.",
            "family": family,
            "intensity": "light",
            "hold": "10s",
        },
        **more,
    )


def records(host="web1"):
    """One record of every kind."""
    given = [
        {"scenario": scenario("cpu-light"), "samples": QUIET, "fault": fault()},
        {"scenario": scenario("database-outage-brief", "database"), "samples": DOWN, "fault": fault(family="database")},
        {"scenario": scenario("app-crash", "process"), "samples": NEVER, "fault": fault(family="process", event=True)},
        {
            "scenario": scenario("memory-light", "memory"),
            "samples": QUIET,
            "fault": fault(effect="mismatch", note="the host was busy"),
        },
        {"scenario": scenario("disk-io-light", "disk"), "samples": QUIET, "fault": fault(residue=["/var/tmp/ballast"])},
        {
            "scenario": scenario("cpu-heavy"),
            "samples": QUIET,
            "fault": fault(revert_cause="halt"),
            "halted": "error rate 80 %",
        },
        {
            "scenario": scenario("network-delay-light", "network"),
            "skipped": "the network fault family is not built yet",
        },
        {"scenario": scenario("app-restart", "process"), "refused": "refused by the limit guard: 2 processes match"},
        {"scenario": scenario("memory-heavy", "memory"), "failed": "no space left on device"},
        {"scenario": scenario("cpu-medium"), "fault": PLANNED},
    ]
    return [judge(each, host) for each in given]


def report(found=None, **run):
    return model.build(dict(RUN, **run), records() if found is None else found)


def hostile(text, host="web1"):
    """Records in which every text that comes from elsewhere is ``text``."""
    told = fault(
        name=text, backend=text, requested={text or "x": text}, measured={text or "x": text}, note=text, notes=[text], residue=[text], revert_cause="deadline",
        plan=[{"says": text, "undo": [text], "tool": text}], effect="mismatch",
    )  # fmt: skip
    named = {"id": text or "x", "title": text, "hypothesis": text, "family": text}
    planned = dict(told, state="planned", injected_at=None, reverted_at=None, residue=[])
    found = [
        judge({"scenario": named, "samples": DOWN, "fault": told, "observer": text}, host),
        judge({"scenario": named, "samples": DOWN, "fault": dict(told, residue=[])}, text or host),
        judge({"scenario": named, "skipped": text}, text or host),
        judge({"scenario": named, "failed": text}, text or host),
        judge({"scenario": named, "fault": planned}, text or host),
    ]
    return found
