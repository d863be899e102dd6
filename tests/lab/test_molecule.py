# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Molecule scenarios run from beginning to end, and leave no lab."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from support.lab import clean_environment, lifecycle, traces

from lab import needs


def _lacking():
    if importlib.util.find_spec("molecule") is None:
        return "needs molecule; install it beside ansible-core"
    return needs.obstacle()


# By day: what they consist of. The lab (test_lab.py), the role target_app on its hosts (services.yml), and runs over them
# (test_observer.py, test_plays.py).
@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["default", "fleet"])
def test_a_scenario(scenario, root, tmp_path):
    reason = _lacking()
    if reason:
        pytest.skip(reason)
    environment = clean_environment(NO_COLOR="1", MOLECULE_EPHEMERAL_DIRECTORY=tmp_path / "molecule")
    del environment["ANSIBLE_CONFIG"]  # Molecule writes its own
    try:
        done = subprocess.run(
            [sys.executable, "-m", "molecule", "test", "-s", scenario],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        for step in ("create", "converge", "idempotence", "side_effect", "verify", "destroy"):
            assert "%s > %s: Executed: Successful" % (scenario, step) in done.stdout + done.stderr, step
        assert traces("mcl-m" + scenario, "m" + scenario) == []
    finally:
        lifecycle.down("m" + scenario)
