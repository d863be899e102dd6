# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a sliced run, and the one run that they make. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import base64
import json
import zlib

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError, printable
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import outcome
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.verdict import STATUSES, VERDICTS

from ._report import about, model, publish
from ._report.upgrade import upgraded

SCHEMA = "magsasa.chaos/part/1"
PREFIX = "chaos_part_"
MOST_TEXT = 32 * 1024  # characters of a report within a part; an artifact of AWX is shown whole
MOST_HOSTS = 1000  # names in a part
MOST_REPORT = 64 * 1024 * 1024  # bytes of a report
OWN = "magsasa.chaos"
ALIKE = ("intensity", "seed", "dry_run")
UNTOLD = ""  # the group that stands for a fleet of which a part could not tell the groups


class Part:
    """What one job had: its report, or that there is none to be had, and its hosts."""

    def __init__(self, origin, report, hosts=(), fleet=None, groups=None, where=None, named=None):
        self.named = report["run"]["id"] if report else named
        self.origin, self.report, self.where = origin, report, where
        self.fleet, self.groups = fleet or {}, groups or {}
        self.hosts = set(hosts)
        self.told_of = {each["host"] for each in (report or {}).get("experiments") or ()}

    @property
    def run(self):
        """Id of its run, for a sentence."""
        return self.report["run"]["id"] if self.report else None


def make(report, hosts, fleet, groups, where):
    """The part of a run for its artifact; the report is in it when it is small enough, without time lines if need be."""
    found = {
        "schema": SCHEMA,
        "run": report["run"]["id"],
        "hosts": sorted(hosts)[:MOST_HOSTS],
        "fleet": _bounded(fleet),
        "groups": {group: sorted(set(groups.get(group) or ()) & set(hosts))[:MOST_HOSTS] for group in fleet},
        "where": where,
        "report": None,
    }
    for each in (report, _small(report)):
        text = base64.b64encode(zlib.compress(json.dumps(each).encode("utf-8"), 9)).decode("ascii")
        if len(text) <= MOST_TEXT:
            return dict(found, report=text)
    return found


def _bounded(fleet):
    """The fleet, its names left out where they are too many for an artifact. None where even the numbers are: who
    merges must know that there was one.
    """
    numbers = {group: len(each) if isinstance(each, list) else each for group, each in fleet.items()}
    return next((each for each in (fleet, numbers) if len(json.dumps(each)) < MOST_TEXT // 4), None)


def _small(report):
    """The report without what only its curves need."""
    kept = [model.without_line(record) for record in report["experiments"]]
    return dict(report, experiments=kept, comparison=None, history=[])


def of_artifact(origin, value):
    """A part from a variable. Raises ChaosError."""
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise ChaosError("%s is not a part of a run; pass on the artifacts of its jobs as they are" % origin)
    report = None
    if isinstance(value.get("report"), str):
        try:
            packed = zlib.decompressobj()
            data = packed.decompress(base64.b64decode(value["report"], validate=True), MOST_REPORT)
        except (ValueError, zlib.error):
            raise ChaosError("%s holds a report that cannot be unpacked; give its report.json" % origin)
        report = _report(origin, data)
    fleet, groups, hosts = (value.get(key) or {} for key in ("fleet", "groups", "hosts"))
    named, where = value.get("run"), value.get("where")
    whole = (
        isinstance(fleet, dict)
        and all(_is_size(each) for each in fleet.values())
        and isinstance(groups, dict)
        and all(_are_texts(each) for each in groups.values())
        and _are_texts(hosts or [])
        and isinstance(named, str)
        and (where is None or isinstance(where, str))
    )
    if not whole:
        raise ChaosError("%s is damaged; pass on the artifact of the job as it is" % origin)
    if value.get("fleet") is None:
        fleet = {UNTOLD: None}
    return Part(origin, report, hosts, fleet, groups, printable(where or "", 300) or None, named)


def _are_texts(value):
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_size(value):
    return _are_texts(value) or (isinstance(value, int) and not isinstance(value, bool) and value > 0)


def of_bytes(origin, data):
    """A part from the text of a report.json, or of an artifact. Raises ChaosError."""
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ChaosError("%s is no JSON text that can be read; name the report.json of a part" % origin)
    if isinstance(found, dict) and found.get("schema") == SCHEMA:
        return of_artifact(origin, found)
    return Part(origin, _report(origin, data))


def _report(origin, data):
    try:
        report = upgraded(json.loads(data.decode("utf-8")))
        run = report["run"]
        lists = (run.get("unreachable") or [], run.get("earlier") or [])
        if not all(map(_are_texts, lists)) or not isinstance(run.get("versions") or {}, dict):
            raise ValueError("its run is damaged")
        if any(each["status"] not in STATUSES or each["verdict"] not in VERDICTS for each in report["experiments"]):
            raise ValueError("an experiment ended in a way that this version does not know")
        model.build(run, report["experiments"])  # whatever a sum over it would trip over, it does here
        set(map(publish.key_of, report["experiments"]))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise ChaosError("%s is not a report of a run; name the report.json that the run wrote" % origin)
    return report


def alike(parts):
    """Why these are not parts of one run (a sentence), or None: each host is in one slice alone."""
    reports = [each for each in parts if each.report]
    runs = {}
    for each in reports:
        for record in each.report["experiments"]:
            if outcome.is_closed(record):
                continue  # an observer, for example, that is in the inventory of every part
            other = runs.setdefault((record["host"], record["scenario"]), each.run)
            if other != each.run:
                return "%s on %s is in the runs %s and %s; merge the parts of one sliced run only" % (
                    printable(record["scenario"], 60),
                    printable(record["host"], 100),
                    printable(other, 60),
                    printable(each.run, 60),
                )
    for name, value in [(key, lambda run, key=key: run.get(key)) for key in ALIKE] + [
        ("version of magsasa.chaos", lambda run: (run.get("versions") or {}).get(OWN))
    ]:
        found = {}
        for each in reports:
            found.setdefault(str(value(each.report["run"])), each.run)
        if len(found) > 1:
            said = ", ".join(
                "%s (run %s)" % (printable(key, 60), printable(run, 60)) for key, run in list(found.items())[:3]
            )
            return "the parts differ in their %s: %s; merge the parts of one sliced run only" % (name, said)
    return None


def lacking(parts, fleet, expected):
    """``(sentences on what is missing, names of the hosts)``. ``fleet``: as the merge itself was told; ``expected``:
    number of parts, or None.
    """
    there = [each for each in parts if each.report]
    runs = {each.run for each in there}
    covered = set().union(*(each.told_of for each in there))  # a host without a record is in no part
    declared, members = {}, {}
    for each in [*parts, Part("", None, fleet=fleet)]:
        for group, value in each.fleet.items():
            declared.setdefault(str(group), []).append(value)
        for group, hosts in each.groups.items():
            members.setdefault(str(group), set()).update(set(hosts) & covered)
    said = []
    lost = {host for each in there for host in each.hosts - covered}
    for group, values in sorted(declared.items()):
        lost.update(str(host) for value in values if isinstance(value, list) for host in value)
        here, least = len(members.get(group) or ()), max(
            [value for value in values if isinstance(value, int)], default=0
        )
        if here < least:
            said.append("%d of %d hosts of the group %s" % (here, least, printable(group, 100)))
    lost -= covered
    if UNTOLD in declared and expected is None and not fleet:
        said.append("the groups of the fleet, too many for a part; name them with chaos_fleet")
    for each in parts:
        if not each.report:
            lost.update(each.hosts - covered)
            where = "; its report is at %s" % each.where if each.where else ""
            said.append("the report of %s is not in its part%s" % (printable(each.origin, 100), where))
    if expected is not None and len(runs) < expected:
        said.insert(0, "%d of %d slices" % (len(runs), expected))
    if lost:
        shown = ", ".join(sorted(lost)[:20]) + (" and %d more" % (len(lost) - 20) if len(lost) > 20 else "")
        said.append("no part has %s" % printable(shown, 600))
    return said, sorted(lost)


def merged(parts, run):
    """``(run, records)`` of one report; ``run``: what is known of the merge itself."""
    runs = [each.report["run"] for each in parts if each.report]
    records, seen = [], set()
    for each in parts:
        for record in each.report["experiments"] if each.report else ():
            key = (each.run, *publish.key_of(record))
            if (
                key not in seen
            ):  # the same report twice is one part; one that was written twice has more the second time
                records.append(record)
            seen.add(key)
    first = runs[0]
    kept = {key: next((each[key] for each in runs if each.get(key)), None) for key in about.GIVEN + ALIKE[:2]}
    return (
        dict(
            run,
            **kept,
            started=min(each["started"] for each in runs),
            finished=max(each["finished"] for each in runs),
            dry_run=bool(first.get("dry_run")),
            interrupted=any(each.get("interrupted") for each in runs),
            unreachable=sorted({host for each in runs for host in each.get("unreachable") or ()}),
        ),
        records,
    )
