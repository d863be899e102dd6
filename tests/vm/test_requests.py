# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and names on a host with a distribution's own kernel, where nftables has a queue and what hands
connections over are modules.
"""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.vm import inject, module, remains, ssh

PORT = 8046
ASK = """python3 -c "
import urllib.request, urllib.error
for path in ('/', '/etc/'):
    try:
        print(urllib.request.urlopen('http://127.0.0.1:%d' + path, timeout=20).status)
    except urllib.error.HTTPError as error:
        print(error.code)
" """ % PORT


@pytest.fixture(autouse=True)
def ends_clean(vm):
    """No test leaves a fault to the next, nor another byte in the packet filter."""
    before = ssh(vm, "nft list ruleset")
    yield
    left = remains(vm)
    if left:
        module(vm, "fault_halt", {})
    assert not left and ssh(vm, "nft list ruleset") == before


@pytest.mark.nightly
def test_requests_and_names_fail_side_by_side(vm):
    ssh(vm, "systemd-run -q --unit=pages python3 -m http.server --directory / %d" % PORT)
    try:
        assert wait_for(lambda: ssh(vm, ASK, check=False).split() == ["200", "200"], 30)
        inject(vm, "http_fault", {"name": "some", "port": PORT, "status": 503, "path": ["/etc"], "duration": "120s"})
        found = inject(
            vm, "dns_fault", {"name": "none", "action": "fail", "names": ["*.example.test"], "duration": "120s"}
        )
        assert (found["effect"], found["measured"]["check"]) == ("confirmed", "nxdomain"), found
        assert ssh(vm, ASK).split() == ["200", "503"]
        assert {each["name"] for each in module(vm, "fault_halt", {})["undone"]} == {"some", "none"}
        assert ssh(vm, ASK).split() == ["200", "200"]
    finally:
        ssh(vm, "systemctl stop pages")
