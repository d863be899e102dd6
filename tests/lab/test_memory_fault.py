# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory on a host whose tasks wait for memory: it is given back, and taken again when they no longer wait."""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.lab import look, on_hosts, remains, ssh

HOST = "app2"
TOLD = "/proc/pressure/memory"
FAULT = {"name": "less", "size": "96M", "duration": "90s"}


@pytest.fixture
def pressure(lab):
    """Sets what the kernel of the host seems to say of waiting tasks (percent of the last 10 s)."""

    def say(percent):
        text = (
            "some avg10=%.2f avg60=0.00 avg300=0.00 total=0\\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\\n"
            % percent
        )
        ssh(lab, HOST, "printf '%s' > /run/pressure-of-the-test" % text.replace("%", "%%"))

    say(0)
    ssh(lab, HOST, "mount --bind /run/pressure-of-the-test %s" % TOLD)
    yield say
    ssh(lab, HOST, "umount %s; rm /run/pressure-of-the-test" % TOLD)
    if remains(lab, HOST):
        on_hosts(lab, HOST, "fault_halt", {})
    assert not remains(lab, HOST)


def resident_mib(lab):
    """VmRSS of the worker, as the kernel counts it."""
    return int(look(lab, HOST, "awk '/VmRSS/ {print $2}' /proc/$(pgrep -x chaos-memory)/status")) / 1024.0


@pytest.mark.nightly
def test_memory_is_given_back_while_tasks_wait_for_it(lab, pressure):
    found = on_hosts(lab, HOST, "memory_fault", FAULT)[HOST]
    assert found["fault"]["effect"] == "confirmed", found
    whole = resident_mib(lab)
    assert whole > 60
    pressure(35)
    assert wait_for(lambda: resident_mib(lab) < whole - 20, 12)
    pressure(0)
    assert wait_for(lambda: resident_mib(lab) > whole - 2, 20)
    ended = on_hosts(lab, HOST, "memory_fault", {"name": "less", "state": "absent"})[HOST]["fault"]
    assert (
        ended["residue"] == [] and ended["measured"]["back_offs"] >= 2 and ended["measured"]["given_back_mib"] > 20
    ), ended
