# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a lease at the keeper lasts, and until when the fault that it is for may go in. Pure. Private to
magsasa.chaos.

Why no clock needs to be right. The host's clock is read before the keeper is asked. So ``latest``, a reading of the
host's own clock, comes at most ``window_s`` after the question to the keeper, however long this controller stood still
in between: its clock can only have counted too little of that. The fault goes in before ``latest`` or not at all, and
lasts for its duration; the lease, by the keeper's clock, for ``window_s``, the duration and ``MARGIN_S``.
"""

from __future__ import annotations

INJECT_S = (
    120.0  # from the host's look at its clock until the fault is in, at most: a lock and the start of what holds it
)
REVERT_S = 60.0  # from the deadline of a fault until it is reverted, at most
MARGIN_S = INJECT_S + REVERT_S
AROUND_S = 60.0  # what begins on the hosts beside the baseline
OF_HOST_S = 1.0  # what each host of a wave adds to that


def window_s(baseline_s, hosts):
    """How long after the lease a fault of a wave with so many hosts may still go in."""
    return 2.0 * baseline_s + AROUND_S + OF_HOST_S * hosts


def ttl_s(window, duration_s):
    """How long the lease must last, so that no fault outlives it."""
    return window + duration_s + MARGIN_S


def latest(host_clock, read, asked, window):
    """Until which reading of the host's monotonic clock its fault may go in.

    ``host_clock``: a reading of it, that was here at ``read``; ``asked``: when the keeper was asked after that, both by
    our own clock.
    """
    return host_clock + (asked - read) + window
