# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report shows, in the order in which it is read: cards, missed objectives, advice, what did not run. Pure.
Private to magsasa.chaos.
"""

from __future__ import annotations

import re

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import rows, text

KINDS = {  # kind of an experiment's end -> the word for it; worst first
    "failed": "Failed",
    "broken": "Not carried out",
    "unknown": "Unknown",
    "refused": "Refused",
    "skipped": "Skipped",
    "planned": "Planned",
    "passed": "Passed",
}
NOT_RUN = ("skipped", "refused")
EFFECTS = {
    "confirmed": ("yes", "took effect"),
    "mismatch": ("no", "did not take effect as asked"),
    "inconclusive": ("unknown", "no evidence that it took effect"),
}
BACK = {"yes": "yes", "left": "no", "different": "no", "unknown": "unknown", "nothing": "nothing"}
DETAILS, WORST = 60, 20  # so many experiments in full; of more only the worst
MISSED, NAMED, ADVICE = 40, 3, 12


def kind(record):
    """One of KINDS: the verdict, or why there is none."""
    if record["verdict"] in ("passed", "failed"):
        return record["verdict"]
    if record["status"] == "failed":
        return "broken"
    return record["status"] if record["status"] in ("skipped", "refused", "planned") else "unknown"


def cards(report):
    """[{record, number, kind, word, anchor, open, headline}] of all experiments, in the order of the run."""
    found, anchors = [], set()
    for number, record in enumerate(report["experiments"], 1):
        end = kind(record)
        found.append(
            {
                "record": record,
                "number": number,
                "kind": end,
                "word": KINDS[end],
                "anchor": _anchor(record, anchors),
                "open": end in ("failed", "broken", "unknown"),
                "headline": _headline(record, end),
            }
        )
    return found


def _anchor(record, taken):
    """A stable place to link to: scenario and host, numbered where two come to the same."""
    name = (
        re.sub(r"[^a-z0-9]+", "-", "%s %s" % (record["scenario"][:60].lower(), record["host"][:60].lower())).strip("-")
        or "x"
    )
    anchor, number = "e-" + name, 2
    while anchor in taken:
        anchor, number = "e-%s-%d" % (name, number), number + 1
    taken.add(anchor)
    return anchor


def _headline(record, end):
    """The one thing to know of an experiment besides its verdict."""
    if end == "failed" and record["status"] == "completed":
        missed = [each for each in record["objectives"] if each["met"] is False]
        if missed:
            return "; ".join(says(each) for each in missed[:2]) + (
                "; and %d more" % (len(missed) - 2) if len(missed) > 2 else ""
            )
    if end == "passed":
        return "; ".join(says(each) for each in record["objectives"] if each["met"])
    return record["reason"]


def says(objective):
    """ "recovery 1.2 s (at most 10 s)"; that it was missed is said by a sign beside it."""
    words = rows.objective(objective)
    return words[: -len(" MISSED")] if words.endswith(" MISSED") else words


def limit(objective):
    """ "at most 10 s"."""
    at = "at least" if objective["name"].partition(" in ")[0] in rows.MORE_IS_BETTER else "at most"
    return "%s %s" % (at, text.number(objective["objective"], objective["unit"]))


def excess(objective):
    """By how much an objective was missed, in words; "" where it was not."""
    if objective["met"] is not False:
        return ""
    name = objective["name"].partition(" in ")[0]
    if objective["measured"] is None:
        return (
            "did not recover while it was watched"
            if name in ("recovery_time", "mttr")
            else "there was no answer to measure"
        )
    over = abs(objective["measured"] - objective["objective"])
    unit = "points" if objective["unit"] == "%" else objective["unit"]
    words = "%s %s" % (text.number(over, unit), "short" if name in rows.MORE_IS_BETTER else "over")
    if (
        objective["unit"] != "%"
        and objective["objective"] > 0
        and objective["measured"] >= 1.1 * objective["objective"]
    ):
        words += ", %s times the limit" % text.number(objective["measured"] / objective["objective"])
    return words


def effect(record):
    """(state, words): whether the fault took effect."""
    fault = record.get("fault") or {}
    if not fault.get("injected_at"):
        return ("nothing", "nothing was injected")
    return EFFECTS.get(fault.get("effect"), ("unknown", "not known"))


def back(record):
    """(state, words): whether all of the fault was put back."""
    found = record.get("put_back") or {}
    return (BACK.get(found.get("state"), "unknown"), found.get("says") or rows.put_back(record))


def missed(found):
    """[(card, objectives)] of the experiments that failed, with what they missed; what was not carried out missed
    nothing, and is here too.
    """
    return [
        (card, [each for each in card["record"]["objectives"] if each["met"] is False and card["kind"] == "failed"])
        for card in found
        if card["kind"] in ("failed", "broken")
    ]


def advice(found):
    """[{finding, figure, advice, cards}]: what to change; what several experiments say is said once."""
    said = {}
    for card in found:
        for each in card["record"].get("recommendations") or []:
            key = (each["finding"], each["advice"])
            entry = said.setdefault(key, {"finding": each["finding"], "advice": each["advice"], "seen": []})
            entry["seen"].append((card, each["figure"]))
    return list(said.values())


def not_run(found):
    """[{scenario, status, reason, hosts}]: the same reason on several hosts is one row."""
    groups = {}
    for card in found:
        if card["kind"] in NOT_RUN:
            record = card["record"]
            key = (record["scenario"], card["word"], record["reason"])
            groups.setdefault(key, []).append(record["host"])
    return [
        {"scenario": key[0], "word": key[1], "reason": key[2], "hosts": names(hosts)} for key, hosts in groups.items()
    ]


def names(found):
    """Some names of many: "web1, web2, web3 and 27 more"."""
    return ", ".join(text.plain(each, 120) for each in found[:NAMED]) + (
        " and %d more" % (len(found) - NAMED) if len(found) > NAMED else ""
    )


def detailed(found):
    """The cards that are drawn in full: all that ran or were planned, or of very many the worst."""
    full = [
        card
        for card in found
        if card["record"].get("phases") or card["kind"] in ("planned", "broken") or card["record"].get("timeline")
    ]
    if len(full) <= DETAILS:
        return full
    return sorted(full, key=badness)[:WORST]


def badness(card):
    """Sorts the worst first: kind, number of missed objectives, share of failed probes."""
    record = card["record"]
    lost = (record.get("metrics") or {}).get("error_rate_pct") or 0.0
    number = sum(each["met"] is False for each in record["objectives"])
    return (list(KINDS).index(card["kind"]), -number, -lost, card["number"])


def fleet(found):
    """{scenarios, hosts, kinds, rows}: what the heat map and its table show; None for one host. The worst hosts
    first.
    """
    hosts = {}
    for card in found:
        hosts.setdefault(card["record"]["host"], {})[card["record"]["scenario"]] = card["kind"]
    if len(hosts) < 2:
        return None
    scenarios = list(dict.fromkeys(card["record"]["scenario"] for card in found))
    order = list(KINDS)

    def rank(host):
        ends = list(hosts[host].values())
        return ([-ends.count(each) for each in order[:-1]], host)

    ordered = sorted(hosts, key=rank)
    kinds = {(scenario, host): end for host, ends in hosts.items() for scenario, end in ends.items()}
    return {
        "scenarios": scenarios,
        "hosts": ordered,
        "kinds": kinds,
        "of": hosts,
        "rows": _per_scenario(scenarios, found),
    }


def _per_scenario(scenarios, found):
    """One line a scenario over all hosts: how many ended how, and where it was worst."""
    groups = {}
    for card in found:
        groups.setdefault(card["record"]["scenario"], []).append(card)
    lines = []
    for scenario in scenarios:
        group = groups[scenario]
        counts = {end: sum(card["kind"] == end for card in group) for end in KINDS}
        measured = [card for card in group if (card["record"].get("metrics") or {}).get("error_rate_pct") is not None]
        worst = min(measured, key=badness, default=None)
        lines.append({"scenario": scenario, "counts": counts, "worst": worst})
    return lines


def trends(found, history):
    """[{card, p95, figures: (first, lowest, highest, now)}] of the p95 of this run's experiments over the runs that
    have it, at least two.
    """
    lines = []
    for card in found[:DETAILS]:
        values = [((line.get("scenarios") or {}).get(card["record"]["id"]) or {}).get("p95_ms") for line in history]
        known = [value for value in values if isinstance(value, (int, float))]
        if len(known) > 1 and values[-1] is not None:
            lines.append({"card": card, "p95": values, "figures": (known[0], min(known), max(known), known[-1])})
    return lines


def changed(comparison):
    """[(experiment, figure)] of what is worse or better than in the run before, the worse first."""
    pairs = [
        (each, figure)
        for each in comparison["experiments"]
        for figure in each["figures"]
        if figure["word"] in ("worse", "better")
    ]
    return sorted(pairs, key=lambda pair: pair[1]["word"] != "worse")
