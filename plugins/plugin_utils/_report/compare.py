# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run beside another one: what became worse, where the interval of the change says that it did. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

import re
from collections import namedtuple

from ansible_collections.magsasa.chaos.plugins.module_utils._judge import outcome, spread
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.phases import is_figure
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import text

# floor: a change below it is none, whatever the interval says: an absolute one, and a share of what it was before
Figure = namedtuple("Figure", "name label unit value floor share")
JUDGED = ("passed", "failed")
Tested = namedtuple("Tested", "service probed")
_VERSION = re.compile(r"\s+v?[0-9][\w.+-]*$")  # at the end of a service's name for itself
_HOST = re.compile(r"(?<=://)[^/?]*")
MOST_ADDRESS = 200  # characters of an address in a sentence


def _metric(key):
    return lambda record: (record.get("metrics") or {}).get(key)


def _median(record):
    fault, phases = record.get("fault") or {}, record.get("phases") or {}
    return (phases.get("recovery" if fault.get("event") else "hold") or {}).get("p50_ms")


def _baseline(record):
    return ((record.get("phases") or {}).get("baseline") or {}).get("p50_ms")


FIGURES = (
    Figure("error_rate_pct", "errors", "%", _metric("error_rate_pct"), 0.5, 0.0),
    Figure("p95_ms", "p95", "ms", _metric("p95_ms"), 1.0, 0.05),
    Figure("p50_ms", "median", "ms", _median, 1.0, 0.05),
    Figure("recovery_time_s", "recovery", "s", _metric("recovery_time_s"), 0.0, 0.0),
    Figure("baseline_p50_ms", "median without the fault", "ms", _baseline, 1.0, 0.05),
)


def compare(before, now):
    """The ``comparison`` of a report: ``before`` and ``now`` are reports (see model.build)."""
    early = {record["id"]: record for record in before["experiments"]}
    late = {record["id"]: record for record in now["experiments"]}
    same = {key: is_same_service(tested(early[key]), tested(late[key])) for key in late if key in early}
    experiments = [_experiment(early[key], late[key]) for key in same if same[key]]
    elsewhere = [key for key in same if not same[key]]
    found = {
        "with": {
            "id": before["run"]["id"],
            "finished": before["run"]["finished"],
            "verdict": before["summary"]["verdict"],
        },
        "worse": sum(1 for each in experiments if each["word"] == "worse"),
        "better": sum(1 for each in experiments if each["word"] == "better"),
        "experiments": experiments,
        "only_before": [key for key in early if key not in late],
        "only_now": [key for key in late if key not in early],
        "other_service": elsewhere,
    }
    first = (early[elsewhere[0]], late[elsewhere[0]]) if elsewhere else None
    return dict(found, sentence=_sentence(found, first))


def tested(record):
    """What an experiment tested: (the service's name for itself, the address that was probed), each None where the
    record does not say it.
    """
    target = record.get("target") or {}
    return Tested(_VERSION.sub("", target.get("service") or "") or None, target.get("probed"))


def is_same_service(early, late):
    """Whether two experiments may be compared as far as what they tested (Tested): figures of two services say nothing
    of one another. A service that names itself may have moved to another port or host; of another one the address
    decides. Where a record does not say it, it is the same.
    """
    if early.service and late.service:
        return early.service == late.service and _what(early.probed) == _what(late.probed)
    return early.probed is None or late.probed is None or early.probed == late.probed


def _what(probed):
    """Method and path of what was probed, without the host."""
    return _HOST.sub("", probed or "")


def _experiment(before, now):
    figures = [_figure(kind, before, now) for kind in FIGURES]
    figures = [each for each in figures if each["before"] is not None or each["now"] is not None]
    words = [
        each["word"] for each in figures if each["name"] != "baseline_p50_ms"
    ]  # the host's own pace is no regression of the service
    flipped = (before["verdict"], now["verdict"])
    if "worse" in words or flipped == ("passed", "failed"):
        word = "worse"
    elif "better" in words or flipped == ("failed", "passed"):
        word = "better"
    else:
        word = "same" if "same" in words and now["verdict"] in JUDGED else "unknown"
    keys = ("id", "scenario", "host")
    return dict(
        {key: now[key] for key in keys},
        verdict_before=before["verdict"],
        verdict_now=now["verdict"],
        word=word,
        figures=figures,
    )


def _figure(kind, before, now):
    early, late = (value if is_figure(value) else None for value in (kind.value(before), kind.value(now)))
    change = None if early is None or late is None else round(late - early, 3)
    interval, word = _interval(kind, before, now, change), "unknown"
    if kind.name == "recovery_time_s":
        word = _by_objective(before, now, change)
    elif interval is not None:
        certain = interval[0] > 0 or interval[1] < 0
        large = abs(change) > max(kind.floor, kind.share * abs(early))
        word = "same" if not (certain and large) else "worse" if change > 0 else "better"
    found = {
        "name": kind.name,
        "label": kind.label,
        "unit": kind.unit,
        "before": early,
        "now": late,
        "change": change,
        "interval": interval,
        "word": word,
    }
    return dict(found, says=_says(found))


def _interval(kind, before, now, change):
    """The bootstrap interval of the change; None where one of the two runs kept none, or did not really run."""
    if change is None or not all(record["status"] in outcome.RAN for record in (before, now)):
        return None
    kept = [((record.get("metrics") or {}).get("spread") or {}).get(kind.name) for record in (before, now)]
    if not all(
        isinstance(each, list) and len(each) == len(spread.LEVELS) and all(map(is_figure, each)) for each in kept
    ):
        return None
    return [round(edge, 3) for edge in spread.change(*kept)]


def _by_objective(before, now, change):
    """One value a run has no interval: what counts is whether its objective was met before and is missed now."""
    early, late = (
        next((each["met"] for each in record.get("objectives") or [] if each["name"] == "recovery_time"), None)
        for record in (before, now)
    )
    if early is not None and late is not None and early is not late:
        return "better" if late else "worse"
    return "same" if change == 0 else "unknown"


def _says(found):
    """ "p95 12 ms -> 40 ms, by 25 to 31 ms: worse"."""
    early, late = (
        text.number(found[key], found["unit"]) if found[key] is not None else "none" for key in ("before", "now")
    )
    if found["interval"] is None:
        why = "" if found["word"] in ("worse", "better", "same") else ", without an interval"
        return "%s %s -> %s%s: %s" % (
            found["label"],
            early,
            late,
            why,
            "not known" if found["word"] == "unknown" else found["word"],
        )
    low, high = (("%+.3g" % edge).replace("+0", "0") if edge == 0 else "%+.3g" % edge for edge in found["interval"])
    return "%s %s -> %s, change %s to %s %s: %s" % (
        found["label"],
        early,
        late,
        low,
        high,
        found["unit"],
        found["word"],
    )


def _sentence(found, first):
    """``first``: the records of the first experiment that tested another service, where there is one."""
    told = found["with"]
    head = "compared with run %s (%s)" % (told["id"], told["verdict"])
    if not found["experiments"] and first is None:
        return "%s: no experiment is in both" % head
    if not found["experiments"]:
        where = [text.plain(tested(record).probed, MOST_ADDRESS) for record in first]
        says = "not %s: it tested another service (%s on %s: %s then, %s now)"
        return says % (head, first[1]["scenario"], first[1]["host"], *where)
    counts = "%d of %d worse, %d better" % (found["worse"], len(found["experiments"]), found["better"])
    counts += "; %d not compared, as another service was tested" % len(found["other_service"]) if first else ""
    worst = next((each for each in found["experiments"] if each["word"] == "worse"), None)
    if worst is None:
        return "%s: %s" % (head, counts)
    why = next(
        (each["says"] for each in worst["figures"] if each["word"] == "worse"),
        "verdict %s -> %s" % (worst["verdict_before"], worst["verdict_now"]),
    )
    return "%s: %s (%s on %s: %s)" % (head, counts, worst["scenario"], worst["host"], why)
