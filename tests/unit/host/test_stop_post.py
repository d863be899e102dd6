# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd carries out for a fault whose holders are gone: it says whether it is done, and tries again until it is."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError
from ansible_collections.magsasa.chaos.plugins.module_utils._life import fault_unit, runtime_archive, stop_post

ID = "3f9c1b0a77d2"
# What the undo comes to -> whether it is done.
ENDS = {"reverted": True, "nobody knows it": True, "residue": False, "fails": False}


@pytest.fixture(name="asked")
def _asked(tmp_path, monkeypatch):
    """Timers that were asked for or ended; nothing of systemd and no process is touched."""
    monkeypatch.setenv("MAGSASA_CHAOS_STATE", str(tmp_path))
    monkeypatch.setattr(stop_post.processes, "set_process_name", lambda name: None)
    monkeypatch.setattr(stop_post.tidying, "tidy", lambda ledger: None)
    monkeypatch.setattr(stop_post, "_archive", lambda: "/archive.pyz")
    found = []
    monkeypatch.setattr(fault_unit, "retry", lambda fault_id, command, environment: found.append(("retry", fault_id)))
    monkeypatch.setattr(fault_unit, "end_retries", lambda fault_id: found.append(("end", fault_id)))
    return found


def undo_ends(monkeypatch, how):
    """The undo of the fault comes to this."""
    monkeypatch.setattr(stop_post.Ledger, "read", lambda ledger, fault_id: None if how == "nobody knows it" else {})

    def revert(_ledger, _fault_id, cause):
        assert cause == "supervisor_died"
        if how == "fails":
            raise HostError("it failed")
        return {"state": how}

    monkeypatch.setattr(stop_post, "revert", revert)


@pytest.mark.parametrize("how, done", ENDS.items())
def test_what_is_not_done_gets_a_timer(asked, monkeypatch, how, done):
    undo_ends(monkeypatch, how)
    assert stop_post.main(ID, None) == (0 if done else runtime_archive.AGAIN)
    assert asked == ([] if done else [("retry", ID)])


@pytest.mark.parametrize("how, done", ENDS.items())
def test_the_timer_goes_when_it_is_done(asked, monkeypatch, how, done):
    undo_ends(monkeypatch, how)
    assert stop_post.retry(ID, None) == (0 if done else runtime_archive.AGAIN)
    assert asked == ([("end", ID)] if done else [])
