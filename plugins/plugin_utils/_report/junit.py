# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit XML, in the form that Jenkins, GitLab and GitHub read. Pure. Private to magsasa.chaos.

A suite is the run on a host, a case an experiment. A failure is what was missed, with figures; an error is an
experiment that could not be carried
out, has no verdict, or left something behind; skipped is what did not run, with the reason. The measured figures are
the suite's properties, as
Jenkins's schema has none for a case: "cpu-light.p95_ms".
"""

from __future__ import annotations

from xml.etree import ElementTree

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import text, view

MANY = 500  # experiments; of more only those that did not pass have their figures here
FIGURES = (
    "error_rate_pct",
    "availability_pct",
    "p95_ms",
    "p99_ms",
    "latency_impact_ms",
    "time_to_detect_s",
    "recovery_time_s",
    "mttr_s",
    "sent",
)


def render(report, digest=None):
    """The whole file."""
    cards = view.cards(report)
    hosts = {}
    for card in cards:
        hosts.setdefault(card["record"]["host"], []).append(card)
    root = ElementTree.Element(
        "testsuites", dict(_counts(cards), name="magsasa.chaos %s" % text.plain(report["run"]["id"], 100))
    )
    for number, (host, group) in enumerate(hosts.items()):
        root.append(_suite(report["run"], number, host, group, len(cards) > MANY, digest))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _counts(cards):
    kinds = [_kind(card) for card in cards]
    return {
        "tests": str(len(cards)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "time": _seconds(cards),
    }


def _kind(card):
    """failure, error, skipped, or None for a case that passed."""
    if (card["record"].get("put_back") or {}).get("state") == "left" or card["kind"] in ("broken", "unknown"):
        return "error"
    return {"failed": "failure", "passed": None}.get(card["kind"], "skipped")


def _lasted(card):
    window = card["record"].get("window") or {}
    return max(0.0, window["to"] - window["from"]) if window.get("to") is not None else 0.0


def _seconds(cards):
    return "%.3f" % sum(_lasted(card) for card in cards)


def _suite(run, number, host, cards, many, digest):
    name = "%s %s" % (text.plain(run["id"], 100), text.plain(host, 200))
    skipped = sum(_kind(card) == "skipped" for card in cards)
    stamp = text.plain(run["started"], 40).rstrip("Z")
    suite = ElementTree.Element(
        "testsuite",
        dict(
            _counts(cards),
            name=name,
            id=str(number),
            skipped=str(skipped),
            timestamp=stamp,
            hostname=text.plain(host, 200),
        ),
    )
    figures = ElementTree.SubElement(suite, "properties")
    for key, value in (
        ("run", run["id"]),
        ("seed", run.get("seed")),
        ("intensity", run.get("intensity")),
        ("report.json sha256", digest),
    ):
        _property(figures, key, value)
    for card in cards:
        if not many or card["kind"] != "passed":
            _figures(figures, card["record"])
        suite.append(_case(card, many))
    return suite


def _property(parent, name, value):
    if value is not None:
        ElementTree.SubElement(parent, "property", name=text.plain(name, 300), value=text.plain(value, 300))


def _figures(parent, record):
    for key in FIGURES:
        _property(parent, "%s.%s" % (record["scenario"], key), (record.get("metrics") or {}).get(key))
    if record.get("fault"):
        _property(parent, "%s.fault" % record["scenario"], record["fault"].get("sentence"))
        _property(parent, "%s.put_back" % record["scenario"], view.back(record)[1])


def _case(card, many):
    record, kind = card["record"], _kind(card)
    case = ElementTree.Element(
        "testcase",
        name=text.plain(record["scenario"], 300),
        classname="magsasa.chaos.%s" % text.plain(record["host"], 200),
        time="%.3f" % _lasted(card),
    )
    if kind:
        kinds = {"failure": "objective missed", "error": card["word"].lower(), "skipped": card["word"].lower()}
        left = (record.get("fault") or {}).get("residue") or []
        said = "; ".join(
            ["left behind: %s" % each for each in left[:20]] + [card["headline"]] * (kind != "error" or not left)
        )
        found = ElementTree.SubElement(
            case, kind, type="left behind" if left else kinds[kind], message=text.plain(said, 1000)
        )
        if kind == "failure":
            missed = [each for each in record["objectives"] if each["met"] is False]
            found.text = "\n".join("%s: %s" % (text.plain(view.says(each)), view.excess(each)) for each in missed)
    if (not many or kind) and record.get("fault"):
        lines = [
            record["fault"].get("sentence"),
            "fault: %s" % view.effect(record)[1],
            "put back: %s" % view.back(record)[1],
            record.get("failures_says"),
        ]
        ElementTree.SubElement(case, "system-out").text = "\n".join(text.plain(line) for line in lines if line)
    return case
