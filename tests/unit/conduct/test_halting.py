# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Halt conditions of a run: a misspelt one would halt nothing."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _halting


@pytest.mark.parametrize(
    "value, parsed",
    [
        (None, (None, None, 5.0)),
        ("", (None, None, 5.0)),
        ({}, (None, None, 5.0)),
        ({"error_rate": "50%"}, (50.0, None, 5.0)),
        ('{"error_rate": "50", "for": "1"}', (50.0, None, 1.0)),
        ("latency: 2s", (None, 2000.0, 5.0)),
        ({"error_rate": "", "latency": "1s", "for": "3s"}, (None, 1000.0, 3.0)),
        ({"error_rate": ""}, (None, None, 5.0)),
    ],
)
def test_what_may_be_written(value, parsed):
    found = _halting.parse(value)
    assert (found["error_rate_pct"], found["latency_ms"], found["for_s"]) == parsed


@pytest.mark.parametrize(
    "value, says",
    [
        ({"eror_rate": "50%"}, "chaos_halt_on: 'eror_rate' is not a condition; did you mean error_rate?"),
        ({"beauty": 1}, "use one of error_rate, latency, for"),
        ({"error_rate": "150%"}, "chaos_halt_on.error_rate: '150%' is above"),
        ({"latency": "soon"}, "chaos_halt_on.latency: 'soon' is not a duration"),
        ({"error_rate": "5%", "for": "1ms"}, "chaos_halt_on.for: '1ms' is below"),
        ({"for": "5s"}, "has no condition; give error_rate, latency or both"),
        (["error_rate"], "is not a mapping"),
        ("50%", "is not a mapping"),
        ("{a: [", "is not a mapping"),
    ],
    ids=str,
)
def test_what_means_nothing_is_one_sentence(value, says):
    with pytest.raises(BadOption) as caught:
        _halting.parse(value, "chaos_halt_on")
    assert says in str(caught.value) and "\n" not in str(caught.value)
