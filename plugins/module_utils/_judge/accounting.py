# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the samples of a recorder are all of its samples: who lost some may not judge. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

from .._probe.samples import DROPPED
from .phases import is_figure

PERIODS = 2.0  # of probes that may be missing between the last one and the end of a fault


def doubt(samples, probe, limits=None, clock_error_s=0.0):
    """One sentence why the samples (in intended order) cannot be relied on; "" when they can.

    ``probe``: the recorder's summary, or None when nobody passed one: nothing is known to be missing then. ``limits``:
    phases.Bounds. Every
    probe that was due is on record once: sent = good + failed + dropped.
    """
    if not probe or "ended_by" not in probe:
        return ""
    if probe["ended_by"] is None:
        return "the probe was killed before it was stopped, so not every due probe is recorded"
    due = probe.get("due")
    if isinstance(due, int) and not isinstance(due, bool) and due != len(samples):
        dropped = sum(1 for sample in samples if sample.error == DROPPED)
        good = sum(1 for sample in samples if sample.ok)
        sum_of = "%d good + %d failed + %d dropped" % (good, len(samples) - good - dropped, dropped)
        return "the probe counts do not add up: %d probes were due, and %d are recorded (%s)" % (
            due,
            len(samples),
            sum_of,
        )
    rate = probe.get("rate")
    if not is_figure(rate) or rate <= 0 or not samples:
        return ""
    numbers = {round((sample.intended_s - samples[0].intended_s) * rate) for sample in samples}
    if len(numbers) != len(samples) or max(numbers) + 1 != len(samples):
        return "the probe record has a gap: %d probes were due, and %d of them are recorded" % (
            max(numbers) + 1,
            len(numbers),
        )
    if limits is not None and samples[-1].intended_s + PERIODS / rate + clock_error_s < limits.hold_to:
        return "the probe ended %.1f s before the fault did" % (limits.hold_to - samples[-1].intended_s)
    return ""
