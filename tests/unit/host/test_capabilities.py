# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may set the clock and set packet rules, by what the kernel says of a process."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._host import capabilities


@pytest.mark.parametrize(
    "bits, clock, net",
    [
        ("000001ffffffffff", True, True),
        ("0000000002000000", True, False),
        ("0000000000001000", False, True),
        ("00000000a80425fb", False, False),  # what podman and docker leave
        ("0000000000000000", False, False),
    ],
)
def test_what_a_process_may_do(bits, clock, net):
    status = "Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t%s\n" % bits
    assert (capabilities.among(status, capabilities.SYS_TIME), capabilities.among(status, capabilities.NET_ADMIN)) == (
        clock,
        net,
    )
    assert not capabilities.among("Name:\tx\n", capabilities.SYS_TIME)
