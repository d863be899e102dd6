# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last one takes the folders away, also when another looks at them at the same moment."""

from __future__ import annotations

import os
import threading

from ansible_collections.magsasa.chaos.plugins.module_utils._life import tidying
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import locks, private_files
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger.ledger import Ledger


def test_a_lock_whose_holder_was_killed_goes_too(tmp_path, monkeypatch):
    monkeypatch.setenv(private_files.OVERRIDE, str(tmp_path / "state"))
    ledger = Ledger()
    ledger.prepare()
    with locks.held(os.path.join(ledger.faults, "0123456789ab.lock")):
        pass
    tidying.tidy(ledger)
    assert not os.path.exists(ledger.faults) and not os.path.exists(ledger.folders.run)


def test_it_waits_for_another_who_tidies(tmp_path, monkeypatch):
    monkeypatch.setenv(private_files.OVERRIDE, str(tmp_path / "state"))
    ledger = Ledger()
    ledger.prepare()
    begun, over = threading.Event(), threading.Event()

    def other():
        """Saw a fault that is gone by now, and so leaves all as it is."""
        with locks.held(os.path.join(ledger.folders.run, "lib.lock")):
            begun.set()
            over.wait(0.2)

    looks = threading.Thread(target=other)
    looks.start()
    begun.wait(5)
    tidying.tidy(ledger)
    over.set()
    looks.join()
    assert not os.path.exists(ledger.folders.run)
