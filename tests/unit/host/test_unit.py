# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit that holds a fault, where systemd is too old for all of it or does not take it; and what a user is told
without one.
"""

from __future__ import annotations

import os

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils import _cmd
from ansible_collections.magsasa.chaos.plugins.module_utils._host.systemd import services
from ansible_collections.magsasa.chaos.plugins.module_utils._life import fault_unit, launch
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import private_files

ID = "0123456789ab"


@pytest.mark.parametrize(
    "unknown, says, tries, taken",
    [
        ("nothing", "", 1, True),
        ("OOMPolicy", "Unknown assignment OOMPolicy=continue.\n", 2, True),
        ("TasksMax", "Unknown assignment TasksMax=infinity.\n", 3, True),
        ("TasksMax", "Cannot set property TasksMax, or unknown property.\n", 3, True),
        ("TasksMax", "Failed to start transient service unit: Connection timed out\n", 1, False),
    ],
)
def test_a_property_that_systemd_does_not_know_is_left_out(monkeypatch, tmp_path, unknown, says, tries, taken):
    seen = []

    def run(argv, **_more):
        seen.append(argv)
        fine = not any(unknown in word for word in argv)
        return _cmd.Result(argv, 0 if fine else 1, "", "" if fine else says)

    run_folder = private_files.prepare(str(tmp_path / "run"))
    monkeypatch.setattr(_cmd, "run", run)
    monkeypatch.setattr(fault_unit, "running", lambda fault_id: False)
    assert fault_unit.start(run_folder, ID, ["/bin/true"], {"A": "b"}, ["/bin/false"], 30.0) is taken
    assert len(seen) == tries and seen[-1][-2:] == ["--", "/bin/true"] and seen[-1][0] == "systemd-run"
    assert os.path.exists(fault_unit.marker(run_folder, ID)) is taken


@pytest.mark.parametrize(
    "uid, booted, programs, words",
    [
        (0, True, ["systemctl", "systemd-run"], None),
        (1000, True, ["systemctl", "systemd-run"], "this user is not root"),
        (0, False, ["systemctl", "systemd-run"], "systemd does not run this host"),
        (0, True, ["systemctl"], "(systemd-run is not installed"),
        (0, True, [], "(systemctl is not installed"),
    ],
)
def test_who_has_no_unit_is_told_why(monkeypatch, tmp_path, uid, booted, programs, words):
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(services, "RUNNING", str(tmp_path if booted else tmp_path / "nowhere"))
    monkeypatch.setattr(_cmd, "which", lambda name: name if name in programs else None)
    found = launch.caveats([{"op": "workers.end", "args": {"fault": ID}}])
    assert found == [] if words is None else len(found) == 1 and words in found[0], found
    assert launch.caveats([]) == [], "what nobody has to undo needs nobody who holds it"
