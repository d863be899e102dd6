# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host tells of the run before: only the latest other one, and only what it did not end itself."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._life import earlier

MINE, THEIRS, OLD = "aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"
WHO = "run %s of alice, AWX job 41" % THEIRS


class Ledger:
    """The past of a host, newest first."""

    def __init__(self, *past):
        self._past = list(past)

    def past(self, limit):
        return self._past[:limit]


def fault(cause, run=THEIRS, name="cpu-light", experiment=True, **more):
    whose = {"id": run, "by": "alice, AWX job 41", "experiment": experiment} if run else None
    record = {"name": name, "run": whose, "revert_cause": cause, "reverted_at": {"wall": 1795600000.0}, "residue": []}
    return dict(record, **more)


LEASE = "fault 'cpu-light' was in, reverted by its lease at 2026-11-25 09:46:40 UTC"


@pytest.mark.parametrize(
    "past, said",
    [
        ([], ""),
        ([fault("lease")], "(%s) was cut off: %s; nothing left behind" % (WHO, LEASE)),
        ([fault("lease", residue=["a file"])], "%s; 1 thing(s) LEFT BEHIND" % LEASE),
        ([fault("deadline"), fault("lease"), fault("lease", OLD)], "cut off: %s; nothing" % LEASE),
        (
            [fault("halt", halted_by="halted by bob at noon")],
            "fault 'cpu-light' was in, halted by bob at noon; nothing",
        ),
        ([fault("deadline"), fault("absent"), fault("halt_condition")], ""),
        ([fault("halt", halted_by="halted by Ctrl-C of its run at noon")], ""),
        ([fault("halt", halted_by="halted by the watch of its run: error rate 60.0 % reached")], ""),
        ([fault("halt", halted_by=None)], "halted at 2026-11-25 09:46:40 UTC; nothing"),
        ([fault("lease", MINE), fault("lease")], ""),
        ([fault("deadline"), fault("lease", OLD)], ""),
        ([fault("lease", experiment=False), fault("lease", None)], ""),
        ([fault("lease")] * 9, "; and 4 more; nothing"),
        ([fault("orphaned", reverted_at=None)], "reverted by the next contact at an unknown time"),
    ],
)
def test_the_run_before(past, said):
    found = earlier.cut_off(Ledger(*past), MINE)
    assert said in found and bool(said) == bool(found), found
