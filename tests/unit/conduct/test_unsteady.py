# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A baseline that is refused names its errors and what to do about them."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import failures
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import Sample
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import unsteady


@pytest.mark.parametrize(
    "errors, words",
    [
        ({"HTTP 401": 216}, ["216 x HTTP 401", "set chaos_probe headers"]),
        ({"HTTP 403": 1}, ["1 x HTTP 403", "set chaos_probe headers"]),
        ({"HTTP 302": 9}, ["9 x HTTP 302", "redirects"]),
        ({"tls": 5}, ["5 x tls", "validate_certs: false"]),
        ({"timeout": 2, "HTTP 503": 7}, ["7 x HTTP 503, 2 x timeout", "wait until the service is healthy"]),
        ({"said_ill": 2}, ["2 x said_ill", "reports itself unhealthy"]),
        ({"\x1b[2J": 2, "x": "y", "z": True}, ["2 x ?[2J"]),
        ("none", ["the kind of failure is unknown"]),
    ],
)
def test_the_reason(errors, words):
    said = unsteady.reason(
        {"sent": 216, "failed": 216, "error_rate_pct": 100.0, "errors": errors, "why": "it said\nso"}, 100.0
    )
    assert (
        all(each in said for each in words + ["error rate 100.0 % of 216 probes", "(it said?so)"])
        and said.isprintable()
    ), said
    assert "has no data" in unsteady.reason({"sent": 0}, None)


def test_failures_are_counted_by_status_or_kind():
    found = [
        Sample(1.0, 0.0, 1.0, error == "", status, error)
        for error, status in [("status", 503), ("status", 503), ("timeout", None), ("", 200), ("", 200)]
    ]
    assert failures.counted(found) == {"HTTP 503": 2, "timeout": 1}
