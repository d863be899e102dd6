# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a baseline is no steady state: what the probes failed of, and what to do about it. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import printable

HEADERS = "set chaos_probe headers that the service accepts"
REMEDIES = {
    "HTTP 401": HEADERS,
    "HTTP 403": HEADERS,
    "HTTP 407": HEADERS,
    "HTTP 404": "name an existing URL with chaos_probe url (--probe URL)",
    "HTTP 405": "set the method with chaos_probe method",
    "HTTP 429": "lower chaos_probe rate",
    "tls": "its certificate is not trusted: install its CA on the observer, or set chaos_probe validate_certs: false",
    "timeout": "wait until the service is healthy, or raise chaos_probe timeout",
    "refused": "nothing listens at the address of the probe",
    "assertion": "the answer is not as in chaos_probe expect",
    "said_ill": "the service reports itself unhealthy: wait until it is healthy",
}
MOST = 4


def reason(probe, rate_pct):
    """One sentence on the live figures of a probe (dict, from a host) that are no steady state; ``rate_pct``: the
    error rate that says so.
    """
    if rate_pct is None:
        return "the service was not in its steady state before the fault: the probe has no data for the baseline"
    errors = _counts(probe.get("errors"))
    what = ", ".join("%d x %s" % (number, kind) for kind, number in errors[:MOST])
    why = printable(probe["why"], 200) if isinstance(probe.get("why"), str) and probe["why"] else ""
    parts = ["%s%s" % (what or "the kind of failure is unknown", " (%s)" % why if why else "")]
    parts.append("error rate %.1f %% of %d probes in the baseline" % (rate_pct, probe["sent"]))
    if probe.get("overdue"):
        parts.append("%d outstanding for much longer than answers take" % probe["overdue"])
    remedy = _remedy(errors[0][0]) if errors else ""
    return "the service was not in its steady state before the fault: %s%s" % (
        ", ".join(parts),
        "; " + remedy if remedy else "",
    )


def _remedy(kind):
    if kind.startswith("HTTP 3"):
        return "the address redirects: name its target with chaos_probe url (--probe URL), or " + HEADERS
    return REMEDIES.get(kind, "wait until the service is healthy" if kind.startswith("HTTP 5") else "")


def _counts(errors):
    """[(kind, number)], the most frequent first; what a host says may be anything."""
    found = errors.items() if isinstance(errors, dict) else ()
    usable = [
        (printable(kind, 30), number)
        for kind, number in list(found)[:20]
        if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 1 << 31
    ]
    return sorted(usable, key=lambda each: -each[1])
