# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far two hosts' clocks are apart, measured from the controller. Private to magsasa.chaos.

Each host is asked for its time of day a few times; the answer that came back soonest says most, as it was read
somewhere between
question and answer (Cristian's algorithm). The controller's own clock cancels out.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._judge.phases import is_figure

READINGS = 5
LONGEST_AGO_S = 7 * 86400.0


def offset(readings):
    """(seconds that the host is ahead of the controller, largest possible error) from (asked, told, answered) readings;
    None without one.

    >>> offset([(100.0, 160.3, 100.8), (101.0, 161.1, 101.2), None])
    (60.0, 0.1)
    """
    usable = [each for each in readings if each is not None and each[2] >= each[0]]
    if not usable:
        return None
    asked, told, answered = min(usable, key=lambda each: each[2] - each[0])
    return round(told - (asked + answered) / 2.0, 6), round((answered - asked) / 2.0, 6)


def between(runner, host, observer):
    """``{"offset_s", "error_s"}``: how far the observer's time of day is ahead of the host's; None when one of them
    could not be asked.
    """
    found = [offset([runner.clock(each) for _reading in range(READINGS)]) for each in (host, observer)]
    if None in found:
        return None
    (of_host, error), (of_observer, other_error) = found
    return {"offset_s": round(of_observer - of_host, 6), "error_s": round(error + other_error, 6)}


def ago(answer, key):
    """Seconds between a moment of the host's fault (``injected_at``, ``reverted_at``) and its answer; None where the
    answer does not tell.

    By the host's own monotonic clock, so it is the same on every host. The host may say anything, so it is looked at as
    such.
    """
    fault, clock = answer.get("fault") or {}, answer.get("clock")
    reading = fault.get(key)
    if not (isinstance(clock, dict) and isinstance(reading, dict)) or fault.get("boot_id") != clock.get("boot_id"):
        return None
    now, then = clock.get("monotonic"), reading.get("monotonic")
    if not (is_figure(now) and is_figure(then)) or not 0 <= now - then <= LONGEST_AGO_S:
        return None
    return now - then
