# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page "Getting started", carried out as written: in an empty folder, with a HOME that is empty too, from the
collection as it is published.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import guide

from support.modules import ROOT


def test_what_the_page_says_works_and_prints_what_it_shows(chaos_state, tmp_path):
    program = os.path.join(os.path.dirname(sys.executable), "ansible-galaxy")
    subprocess.run([program, "collection", "build", "--output-path", str(tmp_path)], cwd=ROOT, check=True, timeout=120)
    (tarball,) = tmp_path.glob("*.tar.gz")
    home, folder = tmp_path / "home", tmp_path / "folder"
    home.mkdir()
    folder.mkdir()
    kept = {key: os.environ[key] for key in ("LANG", "LC_ALL", "TERM") if key in os.environ}
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
    environment = dict(kept, HOME=str(home), PATH=path, MAGSASA_CHAOS_STATE=str(chaos_state))
    environment["CHAOS_DISCOVER"] = (
        "false"  # the services of others, and of tests beside this one, are not ours to test
    )
    printed = guide.carry_out(guide.PAGE.read_text(encoding="utf-8"), tarball, folder, environment)
    report = json.loads((folder / "reports" / "latest" / "report.json").read_text(encoding="utf-8"))
    assert [(each["scenario"], each["verdict"]) for each in report["experiments"]] == [
        ("memory-light", "passed"),
        ("app-restart", "passed"),
    ]
    assert (folder / "reports" / "latest" / "report.html").exists()
    assert not [
        name for name in os.listdir(home / ".ansible") if name not in ("collections", "tmp", "galaxy_cache", "cp")
    ]
    for page in (guide.PAGE, *guide.OTHERS):
        assert guide.strange(page.read_text(encoding="utf-8"), printed) == [], page.name
