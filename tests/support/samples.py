# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Crafted samples and fault records, for tests of judging and of the report. Times are seconds of one monotonic
clock.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import Sample

OUTAGE = {"ok": False, "latency_ms": 2000.0, "status": None, "error": "timeout"}
REFUSED = {"ok": False, "latency_ms": 4.0, "status": 503, "error": "status"}


def series(begin, end, changes=(), every_s=0.05, latency_ms=3.0):
    """Samples due at begin, begin + every_s, ... before end; good ones, but as ``changes`` ([(from, to, {column:
    value})]) says.
    """
    found = []
    for number in range(round((end - begin) / every_s)):
        due = round(begin + number * every_s, 6)
        columns = {"late_ms": 0.1, "latency_ms": latency_ms, "ok": True, "status": 200, "error": ""}
        for since, until, changed in changes:
            if since <= due < until:
                columns.update(changed)
        found.append(Sample(intended_s=due, **columns))
    return found


def reading(monotonic, wall=1795600000.0):
    """A reading of both clocks of a host; ``wall`` is the time of day at monotonic 0."""
    return {"monotonic": monotonic, "wall": wall + monotonic}


def fault(injected=110.0, reverted=120.0, armed=None, **more):
    """The record of a fault that bit, was reverted at its deadline, and left nothing."""
    record = {
        "id": "0123456789ab",
        "name": "crafted",
        "family": "cpu",
        "action": "load",
        "state": "reverted",
        "backend": "workers",
        "requested": {"load_pct": 50.0},
        "measured": {"load_pct": 50.2},
        "effect": "confirmed",
        "event": False,
        "notes": [],
        "plan": [{"says": "keep two cores half busy", "undo": ["workers.end fault=0123456789ab"], "tool": None}],
        "armed_at": reading(injected - 0.2 if armed is None else armed),
        "injected_at": reading(injected),
        "reverted_at": reading(reverted),
        "revert_cause": "deadline",
        "residue": [],
        "boot_id": "b0",
    }
    return dict(record, **more)
