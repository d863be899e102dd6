# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of fault, whatever goes wrong: in the end the host is as it was before. Prints "N of N clean"."""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.modules import ROOT

from .cell import Cell
from .conftest import prepare
from .faults import ELSEWHERE, FAULTS
from .ways import WAYS

WITHIN = 20.0  # seconds until the host is clean, on a busy machine; the longest fault of these cells lasts 4 s
# By day one way for each fault and one fault for each way; the others are left to the night.
BY_DAY = {
    ("cpu", "all killed at once"), ("memory", "lease not renewed"), ("disk-io", "worker killed"), ("disk-fill", "ledger's disk full"),
    ("process-pause", "supervisor killed"), ("service-stop", "guardian killed"), ("file-corrupt", "SSH cut"), ("file-remove", "all killed at once"),
    ("dns-block", "controller killed"), ("network-partition", "undo fails once"), ("network-delay", "all killed at once"),
    ("network-partition", "undo fails"),
    ("database-lock", "controller interrupted"), ("disk-fill", "run folder full"), ("network-partition", "two controllers at once"),
    ("network-partition", "record removed"), ("file-corrupt", "ledger removed"), ("service-stop", "ledger read-only"), ("dns-block", "run folder removed"),
    ("network-delay", "all keepers stopped"), ("dns-block", "interpreter gone, all killed"), ("disk-fill", "folder renamed"),
    ("network-delay", "injecting fails"), ("http-status", "nothing goes wrong"), ("limit-inodes", "all killed at once"),
}  # fmt: skip


def cells():
    for name, fault in FAULTS.items():
        for way, what in WAYS.items():
            if what.applies(fault) is None:
                yield pytest.param(
                    name, way, marks=() if (name, way) in BY_DAY else pytest.mark.nightly, id="%s: %s" % (name, way)
                )


def test_the_matrix_tells_why_it_has_no_such_cell():
    """Each pair either is a cell or has a reason not to be one."""
    reasons = {(name, way): what.applies(fault) for name, fault in FAULTS.items() for way, what in WAYS.items()}
    assert all(reason is None or reason for reason in reasons.values())
    assert BY_DAY <= {pair for pair, reason in reasons.items() if reason is None}


def test_the_matrix_tells_why_it_has_no_such_row():
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*_fault.py")}
    assert {fault.module for fault in FAULTS.values()} | set(ELSEWHERE) == modules
    assert not {fault.module for fault in FAULTS.values()} & set(ELSEWHERE)
    assert all((ROOT / why.rpartition(" ")[2]).exists() for why in ELSEWHERE.values())


@pytest.fixture
def cell(crash_lab, request):
    """A cell on a host that is as it should be; whatever the test found, the next one begins clean."""
    made = Cell(crash_lab, "app1", FAULTS[request.getfixturevalue("name")])
    yield made
    if made.changes():
        made.contact()
        prepare(crash_lab)


@pytest.mark.parametrize(("name", "way"), list(cells()))
def test_nothing_is_left(cell, name, way):
    WAYS[way].act(cell)
    assert wait_for(lambda: not cell.changes(), WITHIN), cell.changes()
    past = cell.past()
    assert past and all(each["residue"] == [] and not each.get("differences") for each in past), past
