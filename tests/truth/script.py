# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows of the truth bench: what a scripted service does at which moment, drawn by a seed. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

BASELINE_S = 3.0
HOLD_S = 3.0
RATE = 20.0  # probes a second
TIMEOUT_S = 1.0
GOOD_S = 0.002  # a good answer takes this long

# kind: whether the probe fails, and whether it is an answer
KINDS = {
    "refused": (True, False),
    "reset": (True, False),
    "hang": (True, False),
    "half": (True, False),
    "garbage": (True, False),
    "tls": (True, False),
    "503": (True, True),
    "down": (True, True),
    "unhealthy": (True, True),
    "slow": (False, True),
}
PLACES = ("before", "over the injection", "in the hold", "over the revert", "after the revert", "over all")
PATTERNS = ("quiet", "random", "bimodal", "flapping")


@dataclass
class Segment:
    """What the service does between two moments: CLOCK_MONOTONIC, or seconds after an anchor until that is known.

    ``since`` and ``until``: "start" (of the probe), "call" (of the fault's module: nothing has been changed yet),
    "injected".
    """

    begin: float
    end: float
    kind: str
    latency_s: float = 0.0
    since: str = "injected"
    until: str = "injected"


@dataclass
class Window:
    """One experiment: its number, what happens, and when."""

    number: int
    seed: int
    place: str
    kind: str
    start: float  # when its probe is started
    objectives: dict
    segments: list = field(default_factory=list)
    share: float = 0.0  # of requests that fail at random with 503
    slow_share: float = 0.0  # of requests that take ``slow_s``: two kinds of answers
    slow_s: float = 0.0

    @property
    def secure(self):
        return self.kind == "tls"

    def segment_at(self, moment):
        """The Segment at a moment, or None where all is well."""
        return next((each for each in self.segments if each.begin <= moment < each.end), None)


def windows(seed, count, begin, every_s, first=0):
    """``count`` windows; the first one's probe starts at ``begin``, the others ``every_s`` after each other."""
    return [_window(seed, number, begin + (number - first) * every_s) for number in range(first, first + count)]


def _window(seed, number, start):
    draw = random.Random("%d/%d" % (seed, number))
    places = PLACES + PATTERNS
    place = places[number % len(places)]
    kind = draw.choice(list(KINDS))
    reverted = HOLD_S
    length = draw.uniform(0.4, 1.6)
    objectives = {"error_rate": "%d%%" % draw.choice((5, 20, 50)), "availability": "%d%%" % draw.choice((60, 90))}
    objectives["recovery_time"] = "%.1fs" % draw.uniform(0.2, 2.0)
    objectives.update(draw.choice(({"p95": "100ms"}, {"latency_impact": "150ms"}, {"p99": "300ms"}, {"mttr": "1s"})))
    found = Window(number, seed, place, kind, start, objectives)
    latency = draw.uniform(0.25, 0.5)
    begin = {
        "before": 0.3 + draw.uniform(0.0, 0.8),
        "over the injection": 0.0,
        "in the hold": draw.uniform(0.1, 1.0),
        "over the revert": reverted - length * draw.uniform(0.2, 0.8),
        "after the revert": reverted + draw.uniform(0.0, 0.6),
        "over all": 0.0,
    }.get(place)
    if begin is not None:
        found.segments = [Segment(begin, begin + length, kind, latency)]
    if place == "before":
        found.segments[0].since = found.segments[0].until = "start"
    elif place in ("over the injection", "over all"):
        found.segments[0].since = "call"
        found.segments[0].end = length if place == "over the injection" else HOLD_S + length
    elif place == "flapping":
        at = draw.uniform(0.1, 0.5)
        for _each in range(draw.randint(2, 3)):
            down = draw.uniform(0.3, 0.6)
            found.segments.append(Segment(at, at + down, kind, latency))
            at += down + draw.uniform(0.4, 0.6)
    elif place == "random":
        found.kind, found.share = "503", 0.01 if draw.random() < 0.7 else 0.1
    elif place == "bimodal":
        found.kind, found.slow_share, found.slow_s = "slow", draw.choice((0.2, 0.6)), draw.uniform(0.1, 0.3)
    elif place == "quiet":
        found.kind = "quiet"
    return found


def restored(plain):
    """The Window of ``dataclasses.asdict``."""
    return Window(**dict(plain, segments=[Segment(**each) for each in plain["segments"]]))
