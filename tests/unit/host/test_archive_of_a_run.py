# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host loads and compiles for a run: the families that the run is about, and no others."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._fault import assess
from ansible_collections.magsasa.chaos.plugins.module_utils._life import runtime_archive
from ansible_collections.magsasa.chaos.plugins.plugin_utils._fault_action import complete

from support.modules import environment


def names(**options):
    """Names in an archive below its package."""
    head = len(runtime_archive.PACKAGE) + 1
    with zipfile.ZipFile(io.BytesIO(runtime_archive.build(**options))) as archive:
        return {name[head:] for name in archive.namelist() if name != "__main__.py"}


def test_other_families_are_not_compiled():
    every, some, none = names(compiled=True), names(compiled=True, families=["disk"]), names()
    assert {name for name in every if name.endswith(".py")} == none, "the sources always travel"
    assert {name for name in some if name.endswith(".py")} == none
    assert {"_families/network.pyc", "_families/_network/rules.pyc", "_families/_disk/io.pyc"} <= every
    assert {"_families/disk.pyc", "_families/_disk/io.pyc", "_families/_statistics.pyc", "_entry/ask.pyc"} <= some
    assert not {"_families/network.pyc", "_families/_network/rules.pyc", "_endpoint/detect.pyc"} & some


@pytest.mark.parametrize("families", [["disk"], [], None])
def test_it_answers_all_the_same(tmp_path, families):
    """A family that was not compiled is read from its source."""
    path = tmp_path / "archive.pyz"
    path.write_bytes(runtime_archive.build(True, families))
    params = {"action": "reboot", "duration": "5s", "force": False}
    params = complete("magsasa.chaos.cpu_fault", {"name": "assessed", "load": "5%", "duration": "5s"})[0]
    asked = {"do": "assess", "options": {"scenarios": {"a": {"family": "cpu", "params": params}}}}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(path), "ask", "-"],
        input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert "can" in told["scenarios"]["a"], told


@pytest.mark.parametrize(
    "name, code, said",
    [
        ("cpu", runtime_archive.AGAIN, "the code of the family cpu was not brought to this host\n"),
        ("nonsense", 0, ""),
    ],
)
def test_a_family_that_was_not_brought_is_left_to_the_module(name, code, said, tmp_path, monkeypatch):
    """It gives no answer then, which makes the controller ask again by the module."""
    brought = {file: text for file, text in runtime_archive.sources().items() if not file.startswith("_families/")}
    brought["_families/__init__.py"] = b""
    monkeypatch.setattr(runtime_archive, "sources", lambda: brought)
    path = tmp_path / "archive.pyz"
    path.write_bytes(runtime_archive.build())
    for asked in (
        {"do": "assess", "options": {"scenarios": {"a": {"family": name, "params": {}}}}},
        {"do": "inject", "options": {"family": name, "params": {}}},
    ):
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-B", str(path), "ask", "-"],
            input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (code, said)
        assert (done.stdout == "") is bool(code)


def test_asking_loads_no_family():
    """Each is code to load, on every host of a run."""
    package = assess.__name__.rpartition("._fault")[0]
    script = (
        "import sys, importlib\n"
        "for name in ('_entry.ask', '_entry.main', '_endpoint.detect', '_fault.assess', '_probe.control'):\n"
        "    importlib.import_module('%s.' + name)\n"
        "print([name for name in sys.modules if '._families.' in name])" % package
    )
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.path[:0] = %r\n%s" % (sys.path, script)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
    assert {assess.family_of(name).name for name in assess.NAMES} == set(assess.NAMES)
    assert assess.family_of("no-family") is None


@pytest.mark.parametrize("entry, late", [("ask", set()), ("turn", {"ctypes", "socket", "subprocess"})])
def test_a_look_loads_little_and_who_stays_loads_all(tmp_path, entry, late):
    """A host is looked at every few seconds. Who holds something needs all at the end, when there may be no descriptor
    left to load it.
    """
    path, state = tmp_path / "archive.pyz", tmp_path / "state"
    path.write_bytes(runtime_archive.build(True, []))
    state.mkdir(mode=0o700)
    script = (
        "import sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from magsasa_chaos._entry.main import main\n"
        "try:\n"
        "    main(sys.argv[2:])\n"
        "except ValueError:  # there is no turn\n"
        "    pass\n"
        "print(sorted({'ctypes', 'socket', 'subprocess'} & set(sys.modules)), file=sys.stderr)\n"
    )
    asked = {"do": "look", "options": {"name": "f", "fault": True, "probe": False, "renew": True, "window": "1s"}}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", script, str(path), entry, "-" if entry == "ask" else str(tmp_path / "none")],
        input=json.dumps(asked), env=environment(state), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert entry == "turn" or json.loads(done.stdout)["active"] is False, done.stdout
    assert done.stderr.splitlines()[-1] == str(sorted(late)), done.stderr
