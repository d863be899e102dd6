# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows: when faults may be injected. Pure but for the present time. Private to magsasa.chaos.

``[DAYS] HH:MM-HH:MM [ZONE]``, such as "Mon-Fri 09:00-17:00 Europe/Manila" or "22:00-04:00" (over midnight; it belongs
to the day on
which it begins). Without a zone it is the controller's local time.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections import namedtuple

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, printable

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(
    r"(?:(?P<days>[A-Za-z,-]+)\s+)?(?P<start>\d{1,2}:\d{2})-(?P<end>\d{1,2}:\d{2})(?:\s+(?P<zone>[A-Za-z0-9_+/-]+))?"
)
REMEDY = "write it as 'Mon-Fri 09:00-17:00', 'Sat,Sun 22:00-04:00' or '09:00-17:00 Europe/Manila'"
WHOLE_DAY = 24 * 60

# days: numbers from Monday, 0; start, end: minutes since midnight; zone: a tzinfo, or None for the controller's own
Window = namedtuple("Window", "days start end zone")


def parse(text):
    """The Window of one text. Raises BadOption."""
    found = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        raise BadOption("chaos_window", text, "is not a window", REMEDY)
    start, end = (_minutes(found[key], text) for key in ("start", "end"))
    if start == end or start == WHOLE_DAY:
        raise BadOption("chaos_window", text, "is empty", REMEDY)
    try:
        zone = zoneinfo.ZoneInfo(found["zone"]) if found["zone"] else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise BadOption(
            "chaos_window", text, "names a time zone that is unknown on this controller (%s)" % found["zone"], REMEDY
        )
    return Window(_days(found["days"], text), start, end, zone)


def _minutes(clock, text):
    hours, minutes = map(int, clock.split(":"))
    if minutes > 59 or hours * 60 + minutes > WHOLE_DAY:
        raise BadOption("chaos_window", text, "contains the invalid time %s" % clock, "use 00:00 to 24:00")
    return hours * 60 + minutes


def _days(names, text):
    if not names:
        return frozenset(range(7))
    found = set()
    for part in names.lower().split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise BadOption(
                "chaos_window", text, "names an unknown day (%s)" % part, "use Mon, Tue, Wed, Thu, Fri, Sat, Sun"
            )
        number = DAYS.index(first)
        found.add(number)
        while dash and number != DAYS.index(last):
            number = (number + 1) % 7
            found.add(number)
    return frozenset(found)


def holds(window, now):
    """Whether a moment (an aware datetime) is in the window."""
    local = now.astimezone(window.zone)
    minute = local.hour * 60 + local.minute
    if window.start < window.end:
        return local.weekday() in window.days and window.start <= minute < window.end
    # Over midnight: it began today, or yesterday.
    return (local.weekday() in window.days and minute >= window.start) or (
        (local.weekday() - 1) % 7 in window.days and minute < window.end
    )


def refusal(value, host, now=None):
    """Why no fault may be injected now (one sentence), or None. ``value``: a text, a list of texts of which any may
    hold, or nothing.
    """
    texts = list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]
    if not [text for text in texts if text != ""]:
        return None
    now = now or datetime.datetime.now(datetime.timezone.utc)
    try:
        windows = [parse(text) for text in texts]
    except BadOption as error:
        return "refused by the window guard: %s; this is the chaos_window of %s" % (error, host)
    if any(holds(window, now) for window in windows):
        return None
    local = now.astimezone(windows[0].zone)
    told = (
        local.strftime("%a %H:%M"),
        local.tzname() or "local time",
        printable(", ".join(map(str, texts)), 200),
        host,
    )
    return (
        "refused by the window guard: it is %s (%s), outside %s for %s; change or empty chaos_window to lift this guard"
        % told
    )
