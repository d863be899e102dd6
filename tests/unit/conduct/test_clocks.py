# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far two clocks are apart, from readings with known truth."""

from __future__ import annotations

import random

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import clocks


class Hosts:
    """Clocks that are ahead of the controller's by known seconds, behind lines of uneven and changing delay."""

    def __init__(self, ahead, seed):
        self.ahead = ahead
        self.random = random.Random(seed)
        self.now = 1000.0

    def clock(self, host):
        asked = self.now
        there, back = self.random.uniform(0.001, 0.2), self.random.uniform(0.001, 0.02)
        self.now += there + back
        return asked, asked + there + self.ahead[host], self.now


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("ahead", [0.0, 300.0, -7200.5])
def test_the_truth_is_within_the_error_that_is_told(seed, ahead):
    found = clocks.between(Hosts({"web1": ahead, "watcher": 1.25}, seed), "web1", "watcher")
    assert abs(found["offset_s"] - (1.25 - ahead)) <= found["error_s"] + 1e-5
    assert found["error_s"] < 0.22


def test_the_quickest_answer_counts():
    assert clocks.offset([(100.0, 160.3, 100.8), (101.0, 161.1, 101.2), None]) == (60.0, 0.1)


def test_a_host_that_cannot_be_asked():
    class Mute(Hosts):
        def clock(self, host):
            return None if host == "web1" else super().clock(host)

    assert clocks.offset([None, None]) is None
    assert clocks.between(Mute({"watcher": 0.0}, 1), "web1", "watcher") is None
