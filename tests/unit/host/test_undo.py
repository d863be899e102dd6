# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo operations: the list of them is whole, and each is loaded when it is needed."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
import threading
from pathlib import Path

from support.modules import ROOT

from ansible_collections.magsasa.chaos.plugins.module_utils import _clock, _wait
from ansible_collections.magsasa.chaos.plugins.module_utils._host import process_restore, successors
from ansible_collections.magsasa.chaos.plugins.module_utils._undo import registry

PACKAGE = registry.__name__.rpartition(".")[0] + ".operations."
FILES = sorted(
    path.stem for path in Path(registry.__file__).with_name("operations").glob("*.py") if path.stem != "__init__"
)


def test_the_table_names_every_operation_of_every_file():
    """An operation is a class with ``undo`` and ``left`` of its own file; each stands in the table once."""
    classes = {
        "%s.%s" % (name, thing)
        for name in FILES
        for thing, each in vars(importlib.import_module(PACKAGE + name)).items()
        if isinstance(each, type)
        and each.__module__ == PACKAGE + name
        and hasattr(each, "undo")
        and hasattr(each, "ARGS")
    }
    assert set(registry.CLASSES.values()) == classes and len(registry.CLASSES) == len(classes)
    assert {name.partition(".")[0] for name in registry.CLASSES.values()} == set(FILES)
    assert all(registry.OPERATIONS[op].__name__ == name.partition(".")[2] for op, name in registry.CLASSES.items())


def test_every_file_travels():
    tree = ast.parse(Path(registry.__file__).read_text(encoding="utf-8"))
    imported = {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "operations"
        for name in node.names
    }
    assert sorted(imported) == FILES


def loaded_after(statement):
    """Files that a new interpreter has loaded after a statement."""
    script = (
        "import sys\nfrom %s import registry\n%s\nprint(*sorted(each for each in sys.modules if each.startswith(%r)))"
    )
    argv = [sys.executable, "-c", script % (registry.__name__.rpartition(".")[0], statement, PACKAGE)]
    done = subprocess.run(
        argv, env={"PYTHONPATH": str(ROOT / ".collections")}, capture_output=True, text=True, check=True
    )
    return [each[len(PACKAGE) :] for each in done.stdout.split()]


def test_only_what_is_asked_for_is_loaded():
    assert loaded_after("registry.OPERATIONS['clock.move_back']; registry.OPERATIONS.get('none')") == ["clock"]
    assert loaded_after("registry.load([{'op': 'clock.move_back'}, {'op': 'hosts.remove'}])") == ["clock", "hosts"]


def test_a_process_is_awaited_before_its_undo_is_over(monkeypatch):
    """What starts it may take a moment: who looks for it right after the undo must not take it for missing."""
    there = threading.Event()
    monkeypatch.setattr(successors, "wait", lambda marks, seconds: _wait.until(there.is_set, seconds, 0.001) or None)
    monkeypatch.setattr(successors, "end_leftovers", lambda marks: None)
    monkeypatch.setattr(process_restore, "kept", lambda fault: {"command": {}})
    monkeypatch.setattr(process_restore, "chosen", lambda captured: captured)
    monkeypatch.setattr(process_restore, "start", lambda captured: threading.Timer(0.05, there.set).start())
    marks = {"boot": _clock.boot_id(), "pid": os.getpid(), "start": 1, "parent": None}
    registry.OPERATIONS["process.ensure_running"].undo({"name": "x", "fault": "0123456789ab", "marks": marks})
    assert there.is_set()
