# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in lines, for pipes, CI and AWX, and the texts that the live display shares. Pure. Private to magsasa.chaos.

A line is a list of ``(text, style)``; a style is a word of STYLES or None. Every colour has a word beside it.
"""

from __future__ import annotations

import time

from .state import WORST_FIRST

HEARTBEAT_S = 10.0
LATE_S = 3.0  # a phase that takes so much longer than planned is late: the hosts are slower than that
# A phase that is over so soon needs no heartbeat any more, a recovery that has just begun none yet; a heartbeat is late
# by no more than that.
NEARLY_S = 4.0
PHASES = {"inject": "injection", "collect": "collection"}  # phases whose word in a sentence is another one
MOST_HOSTS = 3
MOST_NOTES = 5
TOLD = ("run", "note", "halt", "back", "phase", "end")  # changes that also a terminal has lines for
STYLES = ("passed", "failed", "unknown", "skipped", "planned", "faint", "strong")
STYLE_OF = {
    "passed": "passed",
    "failed": "failed",
    "broken": "failed",
    "unknown": "unknown",
    "refused": "unknown",
    "skipped": "skipped",
    "planned": "planned",
}


def spelled(seconds):
    """ "40 s", "2 min 10 s", "14 min"."""
    whole = int(round(seconds))
    if whole < 90:
        return "%d s" % whole
    minutes, rest = divmod(whole, 60)
    if minutes >= 10:
        return "%d min" % round(whole / 60.0) if minutes < 90 else "%d h %d min" % divmod(minutes, 60)
    return "%d min %d s" % (minutes, rest) if rest else "%d min" % minutes


def about(seconds):
    """The same of an estimate, so that it does not change with every second."""
    return spelled(max(5, 5 * round(seconds / 5.0)) if seconds < 90 else 60 * round(seconds / 60.0))


def joined(names, most=MOST_HOSTS):
    """ "web1, web2, web3 and 27 more"."""
    names = [str(name) for name in names]
    return ", ".join(names[:most]) + (" and %d more" % (len(names) - most) if len(names) > most else "")


def count(number, noun):
    """ "1 scenario", "7 scenarios"."""
    return "%d %s%s" % (number, noun, "" if number == 1 else "s")


def headline(state):
    """ "chaos light: 7 scenarios on localhost, about 5 min"."""
    run = state.run
    hosts = run.get("hosts") or []
    number = run.get("host_count") or len(hosts)
    where = " on %s" % (str(hosts[0]) if number == 1 and hosts else count(number, "host")) if number else ""
    left = None if run.get("dry_run") else run.get("estimated_s") or state.left_s(state.began)
    what = "dry run, " if run.get("dry_run") else ""
    what += count(len(state.planned()), "scenario")
    return "chaos %s: %s%s%s" % (run.get("intensity") or "run", what, where, ", about %s" % about(left) if left else "")


def tested(state):
    """ "tested: http://localhost:5001 (shop, ...): identified; ..."; of many hosts the first: "... on web1 and 29
    more". "" when no host has told.
    """
    found = [event for event in state.hosts.values() if event.get("target")]
    if not found:
        found = [state.run] if state.run.get("target") else []
    if not found:
        return ""
    first = found[0]
    if len(found) == 1 and first.get("found"):
        return "tested: %s" % first["found"]
    service = " (%s)" % first["service"] if first.get("service") else ""
    more = " on %s" % joined([event.get("host") for event in found], 1) if len(found) > 1 else ""
    return "tested: %s%s%s" % (first["target"], service, more)


def figures(scenario):
    """What is seen just now: ["errors 0.0 %", "p95 8 ms"]."""
    tick = scenario.tick
    parts = []
    if tick.get("error_rate_pct") is not None:
        parts.append("errors %.1f %%" % tick["error_rate_pct"])
    if tick.get("p95_ms") is not None:
        parts.append("p95 %.0f ms" % tick["p95_ms"])
    elif tick.get("p50_ms") is not None:
        parts.append("median %.0f ms" % tick["p50_ms"])
    return parts


def silent(scenario, named=True):
    """Who does not answer, or "". Without ``named`` several hosts are counted: a narrow line has no place for names."""
    lost = scenario.tick.get("lost") or []
    whom = joined(lost) if named or len(lost) == 1 else count(len(lost), "host")
    return "no answer from %s" % whom if lost else ""


def measured(scenario):
    """What the fault measures of itself, or ""."""
    effect = scenario.tick.get("effect")
    return "measured %s" % effect if effect and scenario.phase == "hold" else ""


def phase(scenario, now):
    """ "hold, 18 s left"."""
    if scenario.back:
        return "put back" if all(each.get("done") for each in scenario.back.values()) else "is being put back"
    left = scenario.left_s(now) if scenario.phase in ("baseline", "hold") else None
    late = scenario.late_s(now)
    if left is not None and left < 0.5 and late >= LATE_S:
        return "%s, %s late" % (scenario.phase, spelled(late) if late < 90 else "%d min" % round(late / 60.0))
    word = PHASES.get(scenario.phase, scenario.phase or "")
    return "%s%s" % (word, ", %s left" % spelled(left) if left is not None else "")


def verdict(scenario, several):
    """``(word, text)`` of a scenario that is over; ``several``: the run has more than one host."""
    worst = scenario.worst()
    word = str(worst.get("word") or "unknown")
    why = worst.get("figure") if word in ("passed", "failed") and worst.get("figure") else worst.get("reason")
    why = str(why or worst.get("figure") or "")
    if not several:
        return word, why
    words = scenario.words()
    if len(scenario.results) == 1:
        return word, _of_host(worst, why) or str(worst.get("host"))
    told = ", ".join("%d %s" % (words[each], each) for each in WORST_FIRST if words[each])
    return word, told + ("; %s" % _of_host(worst, why) if why and word != "passed" else "")


def _of_host(result, why):
    """Why, with its host, which many a reason names itself."""
    host = str(result.get("host"))
    return why if not why or why.startswith(host + " ") else "%s: %s" % (host, why)


class Lines:
    """Lines for the changes of a State, with the time before each. ``named``: hosts are named even if there is one."""

    def __init__(self, state, heartbeat_s=HEARTBEAT_S, named=False):
        self._state = state
        self._heartbeat_s, self._named = heartbeat_s, named
        self._tested = False
        self._notes = {}  # text: hosts; of many hosts they are told together
        self._halts = []  # events "halt" of this wave
        self._back = set()  # (scenario, host) of what was told to be put back
        self._reason = None
        self._latest = None  # when the last line was made

    def _line(self, at, *parts):
        self._latest = at
        return [(time.strftime("%H:%M:%S  ", time.localtime(at)), "faint"), *parts]

    def sentence(self, text, at):
        """A line of one sentence that a reader must see."""
        return self._line(at, (text, "unknown"))

    def take(self, changes, at):
        """Lines for what ``State.apply`` returned."""
        made = []
        for kind, what in changes:
            made += getattr(self, "_on_" + kind, self._nothing)(what, at)
        return made

    @staticmethod
    def _nothing(_what, _at):
        return []

    def _on_run(self, _event, at):
        return [self._line(at, (headline(self._state), "strong"))]

    def _on_note(self, event, at):
        host, text = str(event.get("host")), str(event.get("text"))
        if self.several() and not self._tested and not event.get("now"):
            self._notes.setdefault(text, []).append(host)
            return []
        return [self._line(at, ("%s: %s" % (host, text), None))]

    def head(self, at):
        """What waits for its line: what is tested, said once, before the first scenario, and what many hosts said."""
        said = "" if self._tested else tested(self._state)
        self._tested = True
        return ([self._line(at, (said, None))] if said else []) + self._gathered_notes(at) + self._rest(at)

    def _gathered_notes(self, at):
        """A note that several hosts have is one line, and there are a few lines at most."""
        notes, self._notes = sorted(self._notes.items(), key=lambda note: -len(note[1])), {}
        made = [self._line(at, ("%s: %s" % (joined(hosts), text), None)) for text, hosts in notes[:MOST_NOTES]]
        more = sorted({host for _text, hosts in notes[MOST_NOTES:] for host in hosts})
        return made + ([self._line(at, ("more in the report of %s" % joined(more), None))] if more else [])

    def _rest(self, at):
        """The hosts of a wave that were halted or put back and had no line of their own."""
        halts, self._halts = self._halts, []
        made = []
        if len(halts) > MOST_HOSTS:
            latest = halts[-1]
            told = (latest.get("scenario"), count(len(halts) - MOST_HOSTS, "more host"), latest.get("host"))
            made = [self._line(at, ("%s on %s: halting, the last was %s: " % told + str(latest.get("why")), "unknown"))]
        scenario = self._state.scenarios.get(str(latest.get("scenario"))) if made else self._state.current
        return made + (self._put_back(scenario, at) if scenario is not None else [])

    def _put_back(self, scenario, at):
        done = [host for host, event in scenario.back.items() if event.get("done")]
        hosts = [host for host in done if (scenario.id, host) not in self._back]
        self._back.update((scenario.id, host) for host in hosts)
        return [self._line(at, ("%s on %s is put back" % (scenario.id, joined(hosts)), None))] if hosts else []

    def _name(self, scenario):
        if not self._state.planned():
            return scenario.id
        return "%d/%d %s" % (scenario.number, max(len(self._state.planned()), scenario.number), scenario.id)

    def _on_begins(self, scenario, at):
        parts = [
            "%s %s" % (what, spelled(seconds))
            for what, seconds in (("baseline", scenario.baseline_s), ("hold", scenario.hold_s))
            if seconds
        ]
        total = scenario.run_hosts or self._state.run.get("host_count") or 0
        if scenario.waves > 1 and total > scenario.host_count:
            parts += ["%d of %s" % (scenario.wave_hosts, count(total, "host"))]
        else:
            parts += [count(scenario.host_count, "host")] if scenario.host_count > 1 else []
        parts += ["wave 1 of %d" % scenario.waves] if scenario.waves > 1 else []
        return self.head(at) + [
            self._line(at, ("%s begins%s" % (self._name(scenario), ": " + ", ".join(parts) if parts else ""), None))
        ]

    def _on_wave(self, scenario, at):
        told = (self._name(scenario), scenario.wave, scenario.waves, count(scenario.wave_hosts, "host"))
        return self._rest(at) + [self._line(at, ("%s wave %d of %d: %s" % told, None))]

    def _on_phase(self, scenario, at):
        return self._rest(at) if scenario.phase == "collect" else []

    def _on_end(self, _event, at):
        return self.head(at)

    def _on_over(self, scenario, at):
        word, text = verdict(scenario, self.several())
        text, self._reason = (
            "the same reason" if text and text == self._reason and word in ("refused", "skipped") else text
        ), text
        text = text[len(word) :] if text.startswith(word + " ") else ": " + text if text else ""
        head = self.head(at)
        return head + [
            self._line(at, ("%s " % self._name(scenario), None), (word, STYLE_OF.get(word, "unknown")), (text, None))
        ]

    def _on_halt(self, event, at):
        """The first hosts of a wave have a line each, all others share one."""
        self._halts.append(event)
        if len(self._halts) > MOST_HOSTS:
            return []
        told = "%s on %s: halting, %s" % (event.get("scenario"), event.get("host"), event.get("why"))
        return [self._line(at, (told, "unknown"))]

    def _on_back(self, event, at):
        """One line when all of a wave is back; that it is under way was said by whoever asked for it."""
        scenario = self._state.scenarios[event["scenario"]]
        if len(scenario.back) < scenario.wave_hosts or not all(each.get("done") for each in scenario.back.values()):
            return []
        return self._put_back(scenario, at)

    def several(self):
        """Whether hosts need names."""
        return self._named or (self._state.run.get("host_count") or 0) > 1

    def heartbeat(self, now):
        """A line when nothing was said for a while."""
        quiet_s = now - self._latest if self._latest is not None else 0.0
        if quiet_s < self._heartbeat_s or self._state.over:
            return []
        scenario = self._state.current
        if scenario is None:
            said = between(self._state)
            return [self._line(now, (said, None))] if said else []
        # The end of a hold and the beginning of its recovery follow one another: together they are no longer silence.
        if _nearly(scenario, now) and quiet_s < self._heartbeat_s + NEARLY_S:
            return []
        told = [phase(scenario, now), *figures(scenario), measured(scenario), silent(scenario)]
        return [self._line(now, ("%s %s" % (self._name(scenario), ", ".join(filter(None, told))), None))]


def _nearly(scenario, now):
    """Whether a line of its own comes in a moment."""
    if scenario.phase in ("inject", "recovery", "collect"):
        return now - scenario.since < NEARLY_S
    left = scenario.left_s(now)
    return left is not None and left < NEARLY_S and scenario.late_s(now) < LATE_S


def between(state):
    """What goes on while no scenario is under way, or "" when nothing is to come."""
    if state.scenarios:
        left = state.waiting()
        return "goes on with %s" % left[0] if left else ""
    asked = state.run.get("host_count") or 0
    answered = ": %d of %d have answered" % (len(state.hosts), asked) if asked > 1 and state.hosts else ""
    return "the hosts are being asked%s" % answered if asked != 1 else "the host is being asked"


def stopping(state):
    """What is said when somebody asks the run to end (Ctrl-C)."""
    faults = state.in_fault()
    if not faults:
        return "Ctrl-C: no fault is in; the run ends."
    return "Ctrl-C: putting back %s and waiting for it; a second Ctrl-C does not wait (%s)." % (
        _what(state, faults),
        _ends(faults),
    )


def abandoned(state):
    """What is said when somebody does not wait for that, or nobody could."""
    faults = state.in_fault()
    if not faults:
        return "Interrupted; no fault is in."
    return "Not waiting for %s: %s; ./run_chaos_tests.sh --halt with the same inventory puts it back at once." % (
        _what(state, faults),
        _ends(faults),
    )


def _what(state, faults):
    hosts = [host for host, _within in faults if host]
    number = state.current.wave_hosts
    if not hosts and number <= MOST_HOSTS:
        hosts = state.current.wave_names or ["its host"]
    where = joined(hosts) if hosts else "%d hosts" % number
    return "%s on %s" % (state.current.id, where)


def _ends(faults):
    within = [seconds for _host, seconds in faults if seconds]
    return "it ends by itself within %s" % spelled(max(within)) if within else "it ends by itself at its deadline"
