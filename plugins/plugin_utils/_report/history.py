# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""history.jsonl in the folder of reports: one line a run, for trends. Private to magsasa.chaos."""

from __future__ import annotations

import json
import os

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import compare, text

FILE = "history.jsonl"
SHOWN = 20  # runs in a report
MOST_EXPERIMENTS = 200  # of a run in its line
TAIL = 4 << 20  # bytes that are read from the end


def line(report):
    """The line of a run."""
    run, summary = report["run"], report["summary"]
    found = {key: run.get(key) for key in ("id", "started", "finished", "intensity")}
    found.update({key: summary[key] for key in ("verdict", "score", "ran", "experiments", "passed", "failed_slo")})
    found["scenarios"] = {record["id"]: _figures(record) for record in report["experiments"][:MOST_EXPERIMENTS]}
    return found


def _figures(record):
    metrics = record.get("metrics") or {}
    return dict(
        {"verdict": record["verdict"], **compare.tested(record)._asdict()},
        **{key: metrics.get(key) for key in ("error_rate_pct", "p95_ms", "recovery_time_s")},
    )


def tested(figures):
    """What an experiment of a line tested, as compare.tested says it of a record."""
    found = [figures.get(key) if isinstance(figures, dict) else None for key in compare.Tested._fields]
    return compare.Tested(*(each if isinstance(each, str) else None for each in found))


def read(folder):
    """Lines of the history, oldest first; what is no line of a run is passed over, whoever wrote it."""
    try:
        with open(os.path.join(folder, FILE), "rb") as source:
            source.seek(max(0, os.fstat(source.fileno()).st_size - TAIL))
            rows = source.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    found = {}
    for row in rows:
        try:
            entry = json.loads(row)
        except ValueError:
            continue
        if _is_line(entry):
            found[entry["id"]] = text.clean(entry)  # of a run that wrote twice the last one
    return list(found.values())


def _is_line(entry):
    if not isinstance(entry, dict) or not isinstance(entry.get("scenarios"), dict):
        return False
    texts = all(isinstance(entry.get(key), str) for key in ("id", "finished", "verdict"))
    return (
        texts
        and entry["verdict"] in ("passed", "failed", "unknown")
        and all(isinstance(entry.get(key), int) for key in ("ran", "experiments"))
    )


def shown(lines, report):
    """The last lines for a report, its own last: with the figures of its own experiments of the same service, where
    these are few enough to be drawn.
    """
    own = {record["id"]: compare.tested(record) for record in report["experiments"]}
    own = own if len(own) <= MOST_EXPERIMENTS // 4 else {}
    lines = [each for each in lines if each["id"] != report["run"]["id"]][1 - SHOWN :] + [line(report)]
    return [
        dict(
            each,
            scenarios={
                key: value
                for key, value in each["scenarios"].items()
                if key in own and isinstance(value, dict) and compare.is_same_service(tested(value), own[key])
            },
        )
        for each in lines
    ]


def append(folder, report):
    """One line more. Raises OSError."""
    data = (json.dumps(line(report), allow_nan=False) + "\n").encode("utf-8")
    descriptor = os.open(os.path.join(folder, FILE), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, data)  # at once: others may add theirs
    finally:
        os.close(descriptor)
