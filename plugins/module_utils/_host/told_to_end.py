# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that was told to end and may take its time: it is there, and will not be. Private to magsasa.chaos."""

from __future__ import annotations

import re
import signal
import time

from .. import _clock
from . import processes

LONGEST_S = 90.0  # how long an end is waited for: as long as systemd waits by default (TimeoutStopSec=)
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)  # whoever handles another one (HUP: reload) mostly goes on


def note(pid, start, number, grace_s=None):
    """What the undo must know of a signal that is about to be sent, as data for the ledger.

    ``grace_s``: after which the process is to be killed; None: it is left to itself.
    """
    return {
        "pid": pid,
        "start": start,
        "signal": int(number),
        "grace_s": grace_s,
        "at": time.clock_gettime(time.CLOCK_BOOTTIME),
        "boot": _clock.boot_id(),
    }


def _mask(pid, field):
    """One of the signal masks of proc(5), 0 when the process is gone."""
    try:
        with open("/proc/%d/status" % pid) as source:
            found = re.search(r"^%s:\s*([0-9a-f]+)$" % field, source.read(), re.MULTILINE)
    except OSError:
        return 0
    return int(found.group(1), 16) if found else 0


def _heeds(pid, number):
    """Whether the signal may end the process: it neither ignores it nor takes it for something else."""
    bit = 1 << (number - 1)
    return not _mask(pid, "SigIgn") & bit and (number in ENDING or not _mask(pid, "SigCgt") & bit)


def _age_s(ending):
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ending["at"]


def is_on(ending):
    """Whether this very process is still there and is expected to end."""
    if ending["boot"] != _clock.boot_id() or not processes.alive(ending["pid"], ending["start"]):
        return False
    return ending["grace_s"] is not None or _heeds(ending["pid"], ending["signal"])


def carry_on(ending):
    """End it by SIGKILL once its grace is over, where it has one; wait a moment for one that is about to be gone."""
    if not is_on(ending):
        return
    if ending["grace_s"] is not None and _age_s(ending) >= ending["grace_s"]:
        processes.send(ending["pid"], ending["start"], signal.SIGKILL)
    processes.wait_gone(ending["pid"], ending["start"], 2.0)


def left(ending):
    """Sentences about one that is still ending."""
    return ["process %d is still ending (signal %d)" % (ending["pid"], ending["signal"])] if is_on(ending) else []


def outlasted(ending):
    """Sentences about one that nobody waits for any more: it may end later."""
    if ending["grace_s"] is not None or _age_s(ending) < LONGEST_S or not is_on(ending):
        return []
    return [
        "process %d still runs %d s after signal %d; if it ends later, nothing of this fault starts it again"
        % (ending["pid"], LONGEST_S, ending["signal"])
    ]
