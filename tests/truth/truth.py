# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an experiment should have found in a window, from the script and the service's own log; and how far its figures
are from that.

Of the recorder only its schedule is used (when probes were due), and how late it was: never what it saw. A figure is an
interval: what it is
when every probe that was due within the *lateness* of an edge of the script is taken for either side. The lateness is
measured: the largest one of
recorder, service and observer in that window. A moment is in addition as coarse as the period of the probes. Nothing is
added by guess.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left

from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import samples

from . import script

SUCCESSES = 3
PERIOD = 1.0 / script.RATE
LEAST = 15  # probes in a baseline
ROUNDING = 2e-3  # records hold three decimals
FAILS_MOST = (
    0.5 * PERIOD
)  # a lateness beyond this is a starved window: nobody knows which probe an entry of the log belongs to


class Probe:
    """One probe that was due: how it must have ended. ``sure`` is False within the lateness of an edge."""

    def __init__(self, due, fails, answered, seconds, sure):
        self.due, self.fails, self.answered, self.seconds, self.sure, self.hangs = (
            due,
            fails,
            answered,
            seconds,
            sure,
            False,
        )


# What is compared where the script says it, in at least a fifth of the windows each.
FIGURES = (
    "error rate %", "availability %", "outage begins s", "outage ends s", "MTTR s", "time to detect s", "recovery s",
    "p95 ms", "p99 ms", "latency impact ms",
)  # fmt: skip


def lateness(window, result, service, observed, around):
    """(seconds by which something may have happened later than it was due, largest excess of the observer's good
    answers, the same of the answers in all windows of that time: a recorder may wait for a processor as they did).
    """
    begin, end = window.start, result["summary"]["last_s"] + script.TIMEOUT_S
    lag = service["lag"]  # in order
    lags = [late for _moment, late in lag[bisect_left(lag, (begin - 1.0,)) : bisect_left(lag, (end,))]]
    asked = [entry for entry in observed if begin <= entry[0] <= end]
    excess = [value for value in (_excess(window, entry) for entry in asked) if value is not None]
    overdue = [each[4] for each in service["requests"][window.number] if begin <= each[0] <= end]
    late = {"probe": result["summary"]["late_max_ms"] / 1000.0, "service": max(lags + overdue + [0.0])}
    late["observer"] = max([entry[1] - entry[0] for entry in asked] + [0.0])
    return late, max(excess + [0.0]), max([value for due, value in around if begin <= due <= end] + [0.0])


def excesses(windows, observed):
    """[(when it was due, seconds beyond what the service took)] of the observer's good answers in all windows."""
    found = [(entry[0], _excess(window, entry)) for window in windows for entry in observed[window.number]]
    return [each for each in found if each[1] is not None]


def _excess(window, entry):
    """Seconds that a good answer took beyond what the service took for it; None where the script does not say that."""
    _due, begun, ended, good, _answered = entry
    segment = window.segment_at(begun)
    if not good or segment is not window.segment_at(ended):
        return None
    took = ended - begun
    slow = segment.latency_s if segment else window.slow_s if window.slow_s and took >= window.slow_s else script.GOOD_S
    return max(0.0, took - slow)


def probes(window, result, service, late):
    """The Probes of the window's recorder, by the script; where chance decided, by the service's log."""
    first, due_count = result["summary"]["first_due_s"], result["summary"]["due"]
    edges = [moment for segment in window.segments for moment in (segment.begin, segment.end)]
    found = []
    for number in range(due_count):
        due = first + number * PERIOD
        segment = window.segment_at(due)
        fails, answered = script.KINDS[segment.kind] if segment else (False, True)
        seconds = (
            script.GOOD_S if segment is None else segment.latency_s if segment.kind == "slow" else 0.0
        )  # a refusal comes at once
        found.append(Probe(due, fails, answered, seconds, all(abs(due - edge) > late for edge in edges)))
        found[-1].hangs = segment is not None and segment.kind == "hang"
    for arrived, who, kind, seconds, _overdue in (
        service["requests"][window.number] if window.share or window.slow_share else ()
    ):
        number = math.floor((arrived - first) / PERIOD)
        if who == "probe" and 0 <= number < due_count:
            found[number].fails, found[number].seconds = kind == "503", seconds
    return found


def outages(found, slow_s):
    """[(begin, end or None)]: from the first failed probe to the first of three good ones in a row; independent of
    the collection's own.
    """
    result, at = [], 0
    while at < len(found):
        if not found[at].fails:
            at += 1
            continue
        begin = found[at].due
        while at < len(found):
            run = found[at : at + SUCCESSES]
            if len(run) == SUCCESSES and not any(each.fails or each.seconds > slow_s for each in run):
                break
            at += 1
        result.append((begin, found[at].due if at < len(found) else None))
    return result


def rank(values, share):
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def failed_share(certain, perhaps=()):
    """(nominal, lowest, highest) share of failed probes; ``perhaps``: probes that may belong to the stretch or not."""
    if not certain:
        return None
    count, low = len(certain), sum(each.fails and each.sure for each in certain)
    high = sum(each.fails or not each.sure for each in certain)
    bad, good = sum(each.fails or not each.sure for each in perhaps), sum(
        not each.fails or not each.sure for each in perhaps
    )
    return (
        sum(each.fails for each in certain) / count,
        min(low / count, low / (count + good)),
        max(high / count, (high + bad) / (count + bad)),
    )


def compare(window, result, service, observed, around):
    """(errors {figure: distance}, faults [sentence], starved: sentence or "") of one window; ``around``: ``excesses``."""
    if result["summary"]["last_s"] is None:
        return {}, [], "the probe was started as late as its baseline was over"
    parts, excess, most = lateness(window, result, service, observed, around)
    late = max(parts.values())
    if late > FAILS_MOST:
        return (
            {},
            [],
            "late by up to " + ", ".join("%.0f ms (%s)" % (1000 * value, name) for name, value in parts.items()),
        )
    seen = _Compared(window, result, probes(window, result, service, late), late, excess, most)
    return (
        (seen.errors, seen.faults, seen.starved)
        if not seen.gate()
        else (seen.figures() or (seen.errors, seen.faults, seen.starved))
    )


class _Compared:
    def __init__(self, window, result, found, late, excess, around):
        self.window, self.result, self.found, self.late, self.excess = window, result, found, late, excess
        self.around = around
        self.errors, self.faults, self.starved = {}, [], ""

    def near(self, name, measured, nominal, low, high):
        """Note how far a figure is from the truth; a fault when it is out of its interval."""
        if measured is None or nominal is None:
            if (measured is None) != (nominal is None):
                self.faults.append("%s: measured %s, true %s" % (name, measured, nominal))
            return
        self.errors[name] = max(self.errors.get(name, 0.0), abs(measured - nominal))
        if not low - ROUNDING <= measured <= high + ROUNDING:
            self.faults.append(
                "%s: measured %.4f, true %.4f, bounds %.4f to %.4f" % (name, measured, nominal, low, high)
            )

    def gate(self):
        """Whether the experiment went on after the baseline; a fault when it should not have, or should."""
        gate, looked = self.result["gate"], self.result["looked"]
        known = [each for each in self.found if each.due < looked - 0.7 - 2 * max(gate["p95_ms"] or 0.0, 20.0) / 1000.0]
        before = [each for each in self.found if each.due < looked]
        surely = 100.0 * sum(each.fails and each.sure for each in known) / max(1, len(before))
        perhaps = 100.0 * sum(each.fails or not each.sure for each in before) / max(1, len(known))
        refused = self.result["record"] is None
        if len(before) < LEAST:
            self.starved = "the baseline had %d probes" % len(before)
            return False
        if refused and perhaps <= 5.0 or not refused and surely > 5.0:
            self.faults.append(
                "baseline: refused %s, true error rate %.1f to %.1f %%, overdue %s"
                % (refused, surely, perhaps, gate["overdue"])
            )
        return not refused

    def figures(self):
        record, fault = self.result["record"], self.result["fault"]
        metrics = record["metrics"]
        if record["status"] != "completed" or metrics["doubt"]:
            self.faults.append("status %s: %s%s" % (record["status"], record["reason"], metrics.get("doubt", "")))
            return
        armed, begin, end = (fault[key]["monotonic"] for key in ("armed_at", "injected_at", "reverted_at"))
        slow_s = metrics["slow_limit_ms"] / 1000.0
        if self.excess > slow_s - script.GOOD_S:  # good answers are slow by the machine alone
            self.starved = "good answers took up to %.0f ms" % (self.excess * 1000)
            return
        hold = [each for each in self.found if begin <= each.due < end]
        after = [each for each in self.found if each.due >= armed]
        met_it = [each for each in self.found if armed - slow_s - self.late <= each.due < armed]
        before = [each for each in self.found if each.due < armed - slow_s - self.late]
        errors, available = failed_share(hold), failed_share(after, met_it)
        self.near("error rate %", metrics["error_rate_pct"], *(100.0 * value for value in errors))
        self.near("availability %", metrics["availability_pct"], *(100.0 - 100.0 * available[at] for at in (0, 2, 1)))
        down = self.outages(after, met_it, metrics, slow_s)
        self.detection(after, met_it, metrics, begin, slow_s)
        recovery = self.recovery(down, metrics, end)
        p95, impact = self.latencies(hold, before, metrics)
        self.verdict(errors, available, recovery, p95, impact, before, down)

    def outages(self, after, met_it, metrics, slow_s):
        edge = PERIOD + self.late
        down = outages(after, slow_s)
        if not met_it or not any(each.fails or not each.sure for each in met_it):
            if metrics["outages_seen"] != len(down) and all(each.sure for each in after):
                self.faults.append("outages: seen %d, true %d" % (metrics["outages_seen"], len(down)))
        if metrics["outages_seen"] == len(down):
            for told, (due, over) in zip(metrics["outages"], down):
                begin, over = self.scripted(due, over, after)
                started = self.late + (met_it[-1].due - met_it[0].due + PERIOD if met_it else 0.0) * (
                    due <= after[0].due + PERIOD
                )
                self.near("outage begins s", told["from"], begin, begin - started, begin + edge)
                if over is None or told["to"] is None:
                    self.open_end(over, told["to"])
                else:
                    self.near("outage ends s", told["to"], over, over - self.late, over + edge)
            if down and metrics["mttr_s"] is not None and all(over is not None for _begin, over in down):
                true = sum(over - begin for begin, over in (self.scripted(*each, after) for each in down)) / len(down)
                more = (slow_s + self.late + PERIOD) / len(
                    down
                )  # the first one may have begun while the fault was being put in
                self.near("MTTR s", metrics["mttr_s"], true, true - 2 * edge, true + 2 * edge + more)
        return [self.scripted(begin, over, after) for begin, over in down]

    def scripted(self, begin, over, after):
        """An outage of probes as the script has it: from the moment at which the service began to fail, or
        something was changed, to its end.
        """
        first = self.window.segment_at(begin)
        if first is None:  # chance
            return begin, over
        last = max(
            (each for each in self.window.segments if over is None or each.begin < over), key=lambda each: each.end
        )
        return max(first.begin, after[0].due if first.begin < after[0].due else 0.0), None if over is None else last.end

    def open_end(self, over, told):
        """An outage that is not over at the end of the watch: within two probes and the lateness of that end nobody
        knows.
        """
        last = self.found[-1].due - (SUCCESSES + 1) * PERIOD - self.late
        moment = over if over is not None else told
        if moment is not None and moment < last:
            self.faults.append("an outage: measured end %s, true %s" % (told, over))

    def detection(self, after, met_it, metrics, begin, slow_s):
        """From the injection to the first failed or slow probe."""
        hit = next((each for each in after if each.fails or each.seconds > slow_s and each.due >= begin), None)
        if any(each.fails or not each.sure for each in met_it):
            return  # whether that was before or after the injection began is a matter of milliseconds; either is right
        edge = PERIOD + self.late
        segment = self.window.segment_at(hit.due) if hit is not None else None
        moment = hit.due if hit is not None and segment is None else segment.begin if segment else None
        nominal = None if moment is None else max(0.0, moment - begin)
        if hit is None and metrics["time_to_detect_s"] is None:
            return
        self.near(
            "time to detect s", metrics["time_to_detect_s"], nominal, (nominal or 0.0) - edge, (nominal or 0.0) + edge
        )

    def recovery(self, down, metrics, end):
        """(lowest, highest) of the recovery time; None: never."""
        edge = PERIOD + self.late
        reach = [each for each in down if each[1] is None or each[1] > end]
        if reach and reach[-1][1] is None:
            nominal = None
        else:
            nominal = reach[-1][1] - end if reach else 0.0
        measured = metrics["recovery_time_s"]
        late_one = down and down[-1][1] is not None and abs(down[-1][1] - end) <= edge
        low, high = ((nominal or 0.0) - edge, (nominal or 0.0) + edge) if nominal or late_one else (0.0, 0.0)
        if (nominal is None) != (measured is None):
            self.open_end(None if nominal is None else end + nominal, None if measured is None else end + measured)
            return None
        self.near("recovery s", measured, nominal, low, high)
        return None if nominal is None else (low, high)

    def latencies(self, hold, before, metrics):
        """Intervals (low, high) of p95 and p99 and of the latency impact, in ms; none where time-outs may stand at
        that place: never, or not sure.
        """
        silent = sum(1 for each in hold if each.hangs or not each.sure)
        answered = [each for each in hold if each.answered and each.sure] + [each for each in hold if not each.sure]
        longest = max([each.seconds for each in self.found] + [segment.latency_s for segment in self.window.segments])
        shortest = min([script.GOOD_S] + [0.0 for segment in self.window.segments if segment.kind != "slow"])
        most = (self.around + self.late) * 1000.0
        found = {}
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            exact = rank([each.seconds for each in hold if each.answered], share)
            if exact is None:
                continue
            spread = [
                [1000.0 * (each.seconds if each.sure else either) for each in answered]
                for either in (shortest, longest)
            ]
            sure_only = [1000.0 * each.seconds for each in answered if each.sure]
            values = [rank(each, share) for each in spread + [sure_only] if each]
            found[name] = (min(values), max(values) + most)
            if name != "p50":
                self.near(name + " ms", metrics[name + "_ms"], exact * 1000.0, *found[name])
        if "p50" in found and before:
            armed = self.result["fault"]["armed_at"]["monotonic"]
            ended = [each for each in self.found if each.due + each.seconds <= armed]
            middle = rank([each.seconds for each in ended if each.answered], 0.5)
            some = [
                [each.seconds if each.sure else either for each in part if each.answered]
                for either in (shortest, longest)
                for part in (before, ended)
            ]
            sides = [rank(each, 0.5) for each in some if each]
            if not self.window.slow_share and middle is not None:
                exact = 1000.0 * (rank([each.seconds for each in hold if each.answered], 0.5) - middle)
                found["impact"] = (found["p50"][0] - 1000.0 * max(sides) - most, found["p50"][1] - 1000.0 * min(sides))
                self.near("latency impact ms", metrics["latency_impact_ms"], exact, *found["impact"])
        if any(each.hangs for each in hold):
            for name, share in (("p95", 0.95), ("p99", 0.99), ("impact", 0.5)):
                if math.ceil(share * (len(answered) + silent)) > len(answered) - silent:
                    found.pop(name, None)
        return found, found.get("impact")

    def verdict(self, errors, available, recovery, spans, impact, before, down):
        """Which verdicts are right by what is true; a fault when it is another one."""
        told = self.result["record"]
        metrics, allowed = told["metrics"], {"passed", "failed"}
        intervals = {
            "error_rate": (100 * errors[1], 100 * errors[2]),
            "availability": (100 - 100 * available[2], 100 - 100 * available[1]),
        }
        intervals["recovery_time"] = recovery
        intervals.update({name: spans.get(name) for name in ("p95", "p99")}, latency_impact=impact)
        edge = 2 * (PERIOD + self.late)
        if down and all(over is not None for _begin, over in down):
            true = sum(over - begin for begin, over in down) / len(down)
            intervals["mttr"] = (true - edge, true + edge + 0.1)
        surely_missed = surely_met = 0
        for name, text in self.window.objectives.items():
            limit = (
                _quantity.percent(text)
                if text.endswith("%")
                else _quantity.duration(text) * (1.0 if name in ("recovery_time", "mttr") else 1000.0)
            )
            low, high = intervals.get(name) or (None, None)
            if name == "mttr" and not down:
                surely_met += 1
            elif low is None:
                continue  # never, or nothing answered, or not known
            elif name == "availability":
                surely_missed, surely_met = surely_missed + (high < limit), surely_met + (low >= limit)
            else:
                surely_missed, surely_met = surely_missed + (low > limit + ROUNDING), surely_met + (high <= limit)
        if surely_missed:
            allowed = {"failed"}
        elif surely_met == len(self.window.objectives):
            allowed = {"passed"}
        last = before[-SUCCESSES:] + [
            each
            for each in self.found
            if before and before[-1].due < each.due < self.result["fault"]["armed_at"]["monotonic"]
        ]
        if any(
            all(each.fails or not each.sure for each in run)
            for run in zip(*(itertools.islice(last, at, None) for at in range(SUCCESSES)))
        ):
            allowed = allowed | {"unknown"}
        if len(before) >= SUCCESSES and all(each.fails and each.sure for each in before[-SUCCESSES:]):
            allowed = {"unknown"}  # it failed before anything was changed
        if told["verdict"] not in allowed:
            self.faults.append(
                "verdict %s (%s), right is %s" % (told["verdict"], told["reason"], " or ".join(sorted(allowed)))
            )
        recorded = samples.unpack(self.result["samples"])
        if len(recorded) != self.result["summary"]["due"] or metrics["dropped"]:
            self.faults.append(
                "%d probes were due, %d are on record, %d dropped"
                % (self.result["summary"]["due"], len(recorded), metrics["dropped"])
            )
