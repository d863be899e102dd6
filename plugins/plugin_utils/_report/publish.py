# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One report a run, whoever writes it: a task, a second task, the callback at the end. Private to magsasa.chaos.

The folder of the run is the mark that somebody has written: what comes later joins what is there.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import time

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import choose, compare, history, model, text, write
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.upgrade import upgraded


def folder_of(named):
    """The folder of reports as an absolute path."""
    return os.path.abspath(os.path.expanduser(str(named)))


def known_id(folder, started, suffix):
    """The id of the run of a process without a callback that names it: that of the report it has written already,
    else a new one.
    """
    there = [os.path.basename(path) for path in glob.glob(os.path.join(glob.escape(folder), "*Z-" + suffix))]
    return max(there) if there else time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(started)) + "-" + suffix


def read(folder, run_id):
    """The report of a run, in today's form; None where there is none that can be read."""
    with contextlib.suppress(OSError, ValueError):
        with open(os.path.join(folder, run_id, write.DATA), encoding="utf-8") as source:
            return upgraded(json.load(source))
    return None


def publish(run, records, folder, compare_with=None):
    """Write the report of a run, with what this run has reported before, beside an earlier run (see choose.earlier),
    and add it to the history.

    Returns ``(path of its folder, report)``. Raises OSError, and ValueError for an earlier run that cannot be read.
    """
    before = read(folder, run["id"])
    if before is not None:
        records = joined(before["experiments"], records)
        kept = {key: run.get(key) or before["run"].get(key) for key in model.RUN_TEXTS + ("intensity", "seed")}
        kept["earlier"] = sorted({*(before["run"].get("earlier") or ()), *(run.get("earlier") or ())})
        run = dict(run, started=before["run"]["started"], **kept)
    report = model.build(run, records)
    if not run["dry_run"]:
        with_it = choose.earlier(folder, compare_with, run["id"], report["experiments"])
        report["comparison"] = text.clean(compare.compare(with_it, report)) if with_it else None
        report["history"] = history.shown(history.read(folder), report)
    path = write.write(report, folder, again=before is not None)
    if not run["dry_run"]:
        history.append(folder, report)
    return path, report


def joined(before, records):
    """Records that were reported before and those of now, none of them twice."""
    known = {key_of(record) for record in records}
    return [record for record in before if key_of(record) not in known] + list(records)


def key_of(record):
    """What tells one experiment of a run from another: also the same scenario on the same host a second time, where
    something was injected.
    """
    return (
        text.plain(record.get("id"), 2000),
        record.get("status"),
        (record.get("fault") or {}).get("id"),
        (record.get("window") or {}).get("injected"),
        text.plain(record.get("reason"), 2000) if not record.get("fault") else "",
    )
