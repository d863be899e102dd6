# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What failed probes failed of, counted in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from collections import Counter

MOST = 20


def kind(error, status):
    """The kind of one failure: "HTTP 503" for a status, else the word of the recorder."""
    return "HTTP %d" % status if error == "status" and status else error or "unknown"


def counted(samples):
    """``{kind: number}`` of the failed ones, the most frequent first."""
    return dict(Counter(kind(each.error, each.status) for each in samples if not each.ok).most_common(MOST))
