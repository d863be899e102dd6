# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An observer is told when the fault of another host was in and gone, as seconds before the question: no clock is
compared.
"""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import clocks
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct.phase import Phase

WANTED = {
    "hosts": ["web1"], "observers": {"web1": "watcher"}, "probe": "cut", "probe_names": {"web1": "cut.web1"}, "fault": "cut", "lease_s": None,
    "successes": 3, "rates": {}, "live": {}, "last": (),
}  # fmt: skip


class Line:
    """A host whose fault ended two of its seconds ago, and its observer; both far from each other in uptime."""

    def __init__(self, active, boot="b1"):
        self.active, self.boot, self.asked = active, boot, {}

    def prepare(self, hosts):
        """Nothing to connect to."""

    def ask(self, where, question, options):
        """What each would say."""
        self.asked[where] = options
        if where == "watcher":
            return {"active": False, "recovered": True, "clock": {"monotonic": 5.0, "boot_id": "w"}}
        fault = {
            "boot_id": self.boot,
            "injected_at": {"monotonic": 990.0},
            "reverted_at": None if self.active else {"monotonic": 998.0},
        }
        return {"active": self.active, "fault": fault, "clock": {"monotonic": 1000.0, "boot_id": "b1"}}


def told(line, wait_s):
    Phase(WANTED, line, str, 1).look("web1", 5.0, wait_s)
    return {key: _quantity.duration(value) for key, value in line.asked["watcher"].items() if key.endswith("_ago")}


def test_the_observer_is_told_how_long_ago_the_fault_began_and_ended():
    found = told(Line(active=False), 1.0)
    assert 10.0 <= found["fault_began_ago"] < 11.0 and 2.0 <= found["fault_ended_ago"] < 3.0


@pytest.mark.parametrize(
    "line, wait_s", [(Line(active=True), 1.0), (Line(active=False), None), (Line(active=False, boot="b0"), 1.0)]
)
def test_it_is_told_nothing_while_the_fault_is_in_or_unknown(line, wait_s):
    assert told(line, wait_s) == {}


@pytest.mark.parametrize("then", [None, "998", True, float("nan"), 1000.5, -1e6, 10**400])
@pytest.mark.parametrize("key", ["injected_at", "reverted_at"])
def test_a_host_that_tells_nonsense_is_not_passed_on(key, then):
    answer = {"fault": {"boot_id": "b", key: {"monotonic": then}}, "clock": {"monotonic": 1000.0, "boot_id": "b"}}
    assert clocks.ago(answer, key) is None
    assert (
        clocks.ago({"fault": {"boot_id": "b", key: then}, "clock": {"monotonic": 1000.0, "boot_id": "b"}}, key) is None
    )
