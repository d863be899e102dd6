# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End a recorder and collect what it saw. Private to magsasa.chaos."""

from __future__ import annotations

import os
from collections import Counter

from .. import _quantity
from .._life import tidying, turn
from .._ledger import private_files
from .._ledger.ledger import Ledger
from . import samples
from . import recorders as probes


def forget(name):
    """Take away what an ended recorder left on the host."""
    ledger = Ledger()
    run = ledger.folders.run
    if os.path.isdir(probes.folder(run, _quantity.name(name))):
        with probes.alone(run):
            probes.remove(run, name)
    tidying.tidy(ledger)


def stop(name, check_mode=False, keep=False, run=None):
    """End the recorder and take away what it left on the host, unless ``keep``: ``forget`` does it then.

    One that an experiment of another run started is not ``run``'s to end.

    Returns ``(changed, {"samples", "summary", "died"})``; samples and summary are None when there was no such probe.
    """
    ledger = Ledger()
    owner, run = run, ledger.folders.run
    _quantity.name(name)
    if check_mode or not os.path.isdir(probes.folder(run, name)):
        return os.path.isdir(probes.folder(run, name)), {"samples": None, "summary": None, "died": False}
    end = probes.end_and_keep if keep else probes.end
    end(run, name)  # before the lock: it awaits answers, and others may start and stop theirs meanwhile
    with probes.alone(run):
        where = probes.folder(run, name)
        told = probes.read(run, name)
        if told is None or (owner and turn.foreign(told, owner)):
            return False, {"samples": None, "summary": None, "died": False}
        end(run, name)
        rows = samples.read(os.path.join(where, probes.SAMPLES))
        ended = private_files.read_json(os.path.join(where, probes.SUMMARY))
        if ended is None and told.get("id"):
            probes.end_marked(told["id"])  # what a killed recorder was running
        result = {"samples": samples.pack(rows), "summary": summarise(rows, told, ended), "died": ended is None}
        if not keep:
            probes.remove(run, name)
    if not keep:
        tidying.tidy(ledger)
    return True, result


def summarise(rows, told, ended):
    """Figures over all samples, with what the recorder said about itself."""
    shown = samples.figures(rows)
    late = sorted(sample.late_ms for sample in rows)
    for key, share in (("late_p50_ms", 0.50), ("late_p99_ms", 0.99), ("late_max_ms", 1.0)):
        shown[key] = samples.percentile(late, share)
    shown["errors"] = dict(Counter(sample.error for sample in rows if sample.error).most_common(20))
    shown["first_s"] = rows[0].intended_s if rows else None
    shown["last_s"] = rows[-1].intended_s if rows else None
    span = rows[-1].intended_s - rows[0].intended_s if len(rows) > 1 else 0
    shown["rate"] = told.get("rate")
    shown["achieved_rate"] = round((len(rows) - 1) / span, 3) if span > 0 else None
    for key in ("target", "max_in_flight", "boot_id", "started_at"):
        shown[key] = told.get(key)
    shown["first_due_s"] = told.get("first")
    for key in ("ended_by", "ended_at", "due", "reasons", "unwritten", "cpu_s", "max_rss_kib", "threads", "urgent"):
        shown[key] = (ended or {}).get(key)
    return shown
