# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module has compiled anyway goes into the runtime archive, so that the process which holds its fault need not
compile it again.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import marshal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._life import runtime_archive

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "ansible_collections.magsasa.chaos.plugins.module_utils"
MODULE = """
import importlib, json, sys
payload, archive, package, *names = sys.argv[1:]
sys.path.insert(0, payload)
often = []
sys.addaudithook(lambda event, given: event == "compile" and given[0] and often.append(given[1]))
for name in names:
    importlib.import_module(package + "." + name)
built = sys.modules[package + "._life.runtime_archive"].build()
with open(archive, "wb") as target:
    target.write(built)
for name in names if "compiled" in sys.argv[2] else ():
    sys.modules[package + "._life.runtime_archive"].build(True)
    importlib.import_module(package + "._life.supervisor")
kept = sys.modules[package + "._life.kept_code"]
print(json.dumps([sorted(kept.CODE), [str(name) for name in often if str(name).endswith(".py")]]))
"""


def built(folder, *names):
    """(files whose code is kept, path of the archive) of a module that loads ``names`` out of a zip file, as Ansible
    has it.
    """
    (kept, _often), archive = done_by_module(folder / "0123456789abcdef.pyz", *names)
    return kept, archive


def done_by_module(archive, *names):
    """([files whose code is kept, files that were compiled], path of the archive) of such a module."""
    payload = archive.parent / "payload.zip"
    with zipfile.ZipFile(payload, "w") as target:
        parts = PACKAGE.split(".")
        for count in range(1, len(parts) + 1):
            target.writestr("/".join(parts[:count]) + "/__init__.py", "")
        for name, source in runtime_archive.sources().items():
            target.writestr("/".join(parts) + "/" + name, source)
    argv = [sys.executable, "-I", "-S", "-B", "-c", MODULE, str(payload), str(archive), PACKAGE, *names]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout), archive


def test_the_archive_has_the_code_of_what_was_loaded_and_no_other(tmp_path):
    kept, archive = built(tmp_path, "_fault.keep_code", "_fault.engine")
    sources = runtime_archive.sources()
    assert {"_fault/engine.py", "_life/launch.py", "_undo/registry.py", "_host/systemd/__init__.py"} <= set(kept)
    assert "_life/supervisor.py" not in kept  # only who holds the fault loads it
    with zipfile.ZipFile(archive) as there:
        compiled = {name: there.read(name) for name in there.namelist() if name.endswith(".pyc")}
    assert sorted(compiled) == ["magsasa_chaos/%sc" % name for name in kept]
    for name in kept:
        content = compiled["magsasa_chaos/%sc" % name]
        flags = (1).to_bytes(4, "little")  # never compared with its source, PEP 552
        head = importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(sources[name])
        assert content[:16] == head
        assert marshal.loads(content[16:]) == compile(sources[name], name, "exec", dont_inherit=True)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="only from 3.11 on are constant sets written in one order")
def test_the_same_code_is_the_same_archive(tmp_path):
    """Faults of one module share one file."""
    contents = set()
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        contents.add(built(folder, "_fault.keep_code", "_fault.engine")[1].read_bytes())
    assert len(contents) == 1


def test_the_code_is_what_runs(tmp_path):
    """Not so if the archive's source were compiled: it is damaged here."""
    archive = built(tmp_path, "_fault.keep_code", "_fault.engine")[1]
    damaged = tmp_path / "damaged.pyz"
    with zipfile.ZipFile(archive) as there, zipfile.ZipFile(damaged, "w") as target:
        for name in there.namelist():
            target.writestr(name, "damaged (" if name.endswith("/_life/launch.py") else there.read(name))
    argv = [
        sys.executable,
        "-I",
        "-S",
        "-B",
        "-c",
        "import sys; sys.path[:0] = sys.argv[1:]; %s; print(launch.READY_LIMIT)",
    ]
    argv[-1] %= "from magsasa_chaos._life import launch"
    done = subprocess.run([*argv, str(damaged)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1048576\n", "")


def test_every_file_is_compiled_once(tmp_path):
    """What is loaded after an archive with all byte code was made, too."""
    for name in ("plain.pyz", "compiled.pyz"):
        (kept, compiled), _archive = done_by_module(tmp_path / name, "_fault.keep_code", "_fault.engine")
        ours = [each for each in compiled if each in kept]
        assert "_fault/engine.py" in ours and sorted(set(ours)) == sorted(ours)
        assert [each for each in compiled if each.endswith("/_fault/engine.py")] == []
    assert "_life/supervisor.py" in kept


def test_without_it_the_archive_has_sources_alone(tmp_path):
    kept, archive = built(tmp_path, "_life.kept_code", "_fault.engine")
    assert kept == []
    with zipfile.ZipFile(archive) as there:
        assert not [name for name in there.namelist() if name.endswith(".pyc")]


@pytest.mark.parametrize("path", sorted((ROOT / "plugins" / "modules").glob("*_fault.py")), ids=lambda path: path.stem)
def test_a_fault_module_loads_that_before_everything_else_of_ours(path):
    ours = [
        node.module[len(PACKAGE) + 1 :]
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE)
    ]
    assert ours == ["_fault.module", "_families." + path.stem.partition("_")[0]]
