# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases: whoever reads one while it is renewed sees it renewed."""

from __future__ import annotations

import os
import threading
import time

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._life import lease_and_halt
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import private_files
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger.ledger import Ledger

ID = "0123456789ab"
LONG_AGO = {"id": ID, "lease_s": 5.0, "injected_at": {"monotonic": time.monotonic() - 600.0, "wall": 0.0}}


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(private_files.Folders(str(tmp_path / "run"), str(tmp_path / "ledger")))
    made.prepare()
    made.write(dict(LONG_AGO, schema=1, name="leased", state="active", family="cpu", undo=[], steps=[]), durable=False)
    return made


def test_a_lease_that_nobody_renewed_is_over(ledger):
    assert lease_and_halt.lease_over(ledger, LONG_AGO) == "lease"
    assert lease_and_halt.lease_over(ledger, dict(LONG_AGO, lease_s=None)) is None
    lease_and_halt.renew(ledger, ID)
    assert lease_and_halt.lease_over(ledger, LONG_AGO) is None


def test_a_renewal_is_seen_whole_or_not_at_all(ledger):
    lease_and_halt.renew(ledger, ID)
    over = threading.Event()

    def renew():
        while not over.is_set():
            lease_and_halt.renew(ledger, ID)

    renewing = threading.Thread(target=renew)
    renewing.start()
    try:
        seen = {lease_and_halt.lease_over(ledger, LONG_AGO) for _each in range(5000)}
    finally:
        over.set()
        renewing.join()
    assert seen == {None}
    assert [name for name in os.listdir(ledger.folders.run) if name.startswith(".new-")] == []


def test_a_fault_that_is_over_gets_no_lease(ledger):
    for path in (ledger.path(ID), ledger.copy(ID)):
        private_files.remove(path)
    lease_and_halt.renew(ledger, ID)
    assert not os.path.exists(lease_and_halt.lease_path(ledger, ID))
