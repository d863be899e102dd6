# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C while ansible-playbook is loaded, while it runs and after its verdict; an Ansible of our own stands there."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from stages.found import ROOT

WAIT = "import signal; print('ready', flush=True); signal.pause()\n"
END = "import atexit, signal, sys, time\ndef end():\n    print('ready', flush=True)\n    time.sleep(1)\n    print('removed', flush=True)\n"


@pytest.mark.parametrize(
    "load, run, code, said",
    [
        (WAIT, "", -signal.SIGINT, ""),
        ("", WAIT, 130, ""),
        ("", END + "atexit.register(end); sys.exit(0)", 0, "removed\n"),
    ],
    ids=["loading", "before a play", "after the verdict"],
)
def test_ctrl_c_shows_no_traceback(tmp_path, load, run, code, said):
    files = {
        "ansible/__init__.py": load,
        "ansible/context.py": "CLIARGS = {1: 2}\n",
        "ansible/cli/__init__.py": "",
        "ansible/cli/playbook.py": "def main(arguments):\n    exec(%r, {})\n" % run,
        "ansible/inventory/__init__.py": "",
        "ansible/inventory/manager.py": "class InventoryManager:\n    parse_source = None\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    argv = [sys.executable, str(ROOT / "tools" / "play.py")]
    with subprocess.Popen(
        argv, env={"PYTHONPATH": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout.readline() == "ready\n"
            running.send_signal(signal.SIGINT)
            told, complaint = running.communicate(timeout=30)
        finally:
            running.kill()
    assert (running.returncode, told, complaint) == (code, said, "")
