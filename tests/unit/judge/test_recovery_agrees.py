# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who waits on the host for recovery and who judges afterwards say the same of the same samples."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import recovery
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import metrics
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import samples

RATE, ARMED, INJECTED, REVERTED = 20.0, 102.0, 102.2, 104.2
PROBE = st.sampled_from([("good", 3.0), ("good", 9.0), ("slow", 24.0), ("slow", 60.0), ("bad", 3.0)])


def sampled(kinds):
    """Samples at RATE from 100 on."""
    return [
        samples.Sample(
            100.0 + number / RATE,
            0.1,
            latency,
            kind != "bad",
            200 if kind != "bad" else 503,
            "" if kind != "bad" else "status",
        )
        for number, (kind, latency) in enumerate(kinds)
    ]


def fault():
    """The record of a fault at those moments."""
    at = {"armed_at": ARMED, "injected_at": INJECTED, "reverted_at": REVERTED}
    return {"name": "f", "boot_id": "b", **{key: {"monotonic": moment, "wall": moment} for key, moment in at.items()}}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PROBE.filter(lambda probe: probe[0] == "good"), min_size=40, max_size=40),
    st.lists(PROBE, min_size=44, max_size=44),
    st.lists(PROBE, max_size=20),
)
def test_waiter_and_judge_agree(before, during, after):
    found = sampled(before + during + after)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples.tsv"
        path.write_text("".join(samples.line(each) for each in found))
        finish = {"successes": 3, "rate": RATE, "slow_ms": None}
        well = recovery.wait(str(path), None, finish, recovery.Moments(ARMED, INJECTED, REVERTED), 0.0)
    judged = metrics.compute(found, fault(), 3)["metrics"]["recovery_time_s"]
    ends_well = len(after) >= 4 and all(kind != "bad" for kind, _latency in after[-3:])
    if well:
        assert judged is not None
    elif ends_well:
        assert judged is None
