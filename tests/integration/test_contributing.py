# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example in CONTRIBUTING.md, a fault family of one file, one module and one line, done in a copy of the
collection.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from support.checkout import tracked
from support.modules import ROOT, environment
from support.residue import living

EXAMPLE = re.compile(r"<!-- example: (\S+) -->\n *```python\n(.*?)\n *```", re.DOTALL)
PARTS = ("plugins/", "meta/", "tools/", ".collections/", "docs/scenario.schema.json", "galaxy.yml", "ansible.cfg")


@pytest.fixture(name="copy", scope="module")
def _copy(tmp_path_factory):
    """A copy of the collection with the example in it, as the page says."""
    copy = tmp_path_factory.mktemp("copy")
    for name in tracked():
        if name.startswith(PARTS):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    files = EXAMPLE.findall(page)
    assert len(files) == 2
    for name, text in files:
        assert not (copy / name).exists()
        (copy / name).write_text(textwrap.dedent(text) + "\n", encoding="utf-8")
    names = copy / "plugins" / "plugin_utils" / "_names.py"
    names.write_text(names.read_text().replace('    "host",\n', '    "host",\n    "lockfile",\n'))
    done = subprocess.run(
        [sys.executable, "tools/write_families.py"], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "written: meta/runtime.yml" in done.stdout, done.stdout + done.stderr
    return copy


@pytest.fixture(name="ask")
def _ask(copy, chaos_state):
    """A function that runs the new module by ``ansible``: its result."""

    def ask(*flags, allowed=True, **options):
        values = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "chaos_allowed": allowed}
        argv = [
            str(Path(sys.executable).with_name("ansible")),
            "all",
            "-i",
            "host1,",
            "-e",
            json.dumps(values),
            "-m",
            "magsasa.chaos.lockfile_fault",
        ]
        argv += ["-a", json.dumps(dict({"name": "x"}, **options)), *flags]
        state = environment(
            chaos_state,
            ANSIBLE_COLLECTIONS_PATH=str(copy / ".collections"),
            ANSIBLE_CONFIG=str(copy / "ansible.cfg"),
            PYTHONPATH="",
        )
        done = subprocess.run(argv, cwd=copy, env=state, capture_output=True, text=True, timeout=120, check=False)
        assert " => " in done.stdout and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return json.loads(done.stdout.partition(" => ")[2])

    return ask


def test_the_example_is_a_fault_like_every_other(ask, chaos_state, tmp_path):
    lock = tmp_path / "lock"
    asked = {"path": str(lock), "duration": "60s"}
    assert ask(**asked)["msg"] == "path: '%s' is not a file on this host; name the lock file" % lock
    lock.touch()
    assert "refused by the allowed guard" in ask(allowed=False, **asked)["msg"]
    assert ask("--check", **asked)["fault"]["plan"][0]["says"] == "hold the lock of %s" % lock
    with open(lock) as ours:
        try:
            assert ask(**asked)["fault"]["effect"] == "confirmed"
            with pytest.raises(BlockingIOError):
                fcntl.flock(ours, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            ended = ask(state="absent")
        assert ended["fault"]["state"] == "reverted" and ended["fault"]["residue"] == []
        fcntl.flock(ours, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert living(chaos_state) == {}
