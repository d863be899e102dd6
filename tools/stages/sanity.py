# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage sanity: ansible-test sanity on a copy of the tracked files.

ansible-test wants the collection below a real path .../ansible_collections/magsasa/chaos and refuses links to folders,
so it gets a copy. It also wants to download a script that installs pip; a stand-in in its cache, which installs the
same
version with the interpreter's own ensurepip, lets it work wherever pip works. Its home, with the environments that it
makes, is shared by all
checkouts of a user; the copy is in .cache.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .found import CACHE, ROOT, SHARED, Found, tracked

GET_PIP = '''\
"""Stand-in for get-pip.py: installs the pip that is asked for by means of ensurepip."""
import subprocess
import sys

wanted = [argument for argument in sys.argv[1:] if argument.startswith("pip==")] or ["pip"]
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"] + wanted)
'''

# By day the stage lint has said it: antsibull-changelog lints the fragments, and antsibull-docs has ansible-doc read every
# plugin for the site and ends at an error.
TOLD_BY_LINT = ("changelog", "ansible-doc")


def pip_versions(programs):
    """Versions of get-pip that the ansible-test in the folder ``programs`` knows, as in its cache's file names
    ("25_2").
    """
    # ansible-test is no library: ask its source.
    (source,) = programs.parent.glob("lib/python3*/site-packages/ansible_test/_internal/python_requirements.py")
    text = source.read_text(encoding="utf-8")
    return {version.replace(".", "_") for version in re.findall(r"['\"](\d+\.\d+(?:\.\d+)?)['\"]", text)}


def make_home(programs):
    """A home folder for ansible-test that knows the user's pip settings and the stand-in."""
    home = SHARED / "sanity-home"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in pip_versions(programs):
        (cache / ("get_pip_%s.py" % version)).write_text(GET_PIP, encoding="utf-8")
    for settings in (".config/pip", ".pip"):
        theirs, ours = Path.home() / settings, home / settings
        if theirs.is_dir() and not ours.is_symlink():
            ours.parent.mkdir(parents=True, exist_ok=True)
            ours.symlink_to(theirs)
    return home


def interpreters():
    """Folders of real interpreters beside this one, newest last, to put before shims on the PATH."""
    found = sorted(
        (Path.home() / ".pyenv" / "versions").glob("3.*.*/bin"),
        key=lambda path: [int(part) for part in re.findall(r"\d+", path.parent.name)],
    )
    return [str(path) for path in found]


def search_path(programs):
    """PATH for ansible-test: its own environment first, then real interpreters, no shims (they fail for versions that
    are not chosen).
    """
    others = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if "shims" not in folder]
    return os.pathsep.join(dict.fromkeys([str(programs), *reversed(interpreters()), *others]))


def copy_to(folder, files):
    """Copy the tracked files without the links into a git checkout of its own, which is how ansible-test finds them."""
    for path in files:
        source, target = ROOT / path, folder / path
        if source.is_symlink():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    for argv in (
        ["init", "-q"],
        ["add", "-Af"],
        ["-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-q", "--no-verify", "-m", "copy"],
    ):
        subprocess.run(["git", *argv], cwd=folder, check=True)


def read_output(lines, found):
    """Count the tests in ansible-test's output into ``found``, printing errors and leaving out what pip says."""
    failing = False  # in the list of failed tests at the end
    for line in lines:
        if failing:
            found.passed -= 1
            found.failed += 1
            found.notes.append("%s failed" % line.strip())
        elif line.startswith("Running sanity test "):
            found.passed += 1
        elif (
            line.startswith("WARNING: Skipping sanity test") and line[len("WARNING: ") :].strip() not in found.notes
        ):  # they come again at the end
            found.skipped += 1
            found.notes.append(line[len("WARNING: ") :].strip())
        if line.startswith(("ERROR: ", "FATAL: ")):
            print(line.rstrip(), flush=True)
        failing = failing or bool(re.match(r"FATAL: The \d+ sanity test", line))


def ways(files):
    """Options of each ansible-test sanity that is run. By night one: everything."""
    if os.environ.get("CHAOS_NIGHTLY") == "1":
        return [[]]
    # By day with the Python of this environment only: that modules compile and load with the others is shown by
    # tests/matrix on real targets.
    common = ["--python", "%d.%d" % sys.version_info[:2]]
    skipped = [word for test in TOLD_BY_LINT + ("pylint",) for word in ("--skip-test", test)]
    # More than half of pylint's time goes to the tests. What does not work in those is told by their run.
    written = [path for path in files if path.endswith(".py") and not path.startswith("tests/")]
    places = sorted({path.partition("/")[0] + "/" if "/" in path else path for path in written})
    return [[*common, *skipped], [*common, "--test", "pylint", *places]]


def _run(argv, copy, environment, log):
    return subprocess.run(
        argv, cwd=copy, env=environment, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False
    ).returncode


def sanity(program, copy, environment, found, files):
    """Run ansible-test in ``copy``; what it says in full is kept in .cache/sanity.log."""
    code = 0
    for number, options in enumerate(ways(files)):
        argv = [program, "sanity", "--color", "no", *options]
        with open(CACHE / "sanity.log", "a" if number else "w", encoding="utf-8") as log:
            begin = log.tell()
            code = _run(argv, copy, environment, log) or code
        with open(CACHE / "sanity.log", encoding="utf-8", errors="replace") as log:
            log.seek(begin)
            read_output(log, found)
    if code != 0:
        found.failed = found.failed or 1


def surroundings(programs):
    """The environment of the ansible-test in the folder ``programs`` (Path)."""
    values = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHON", "GIT_"))}
    home = make_home(programs)
    return dict(values, HOME=str(home), PATH=search_path(programs), LC_ALL="C.UTF-8", PIP_NO_COMPILE="1")


@contextlib.contextmanager
def one_at_a_time():
    """ansible-test's own environments in the home are not made for two."""
    with open(SHARED / "sanity.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(_more):
    found = Found()
    files = tracked()
    if files is None:
        found.skip("ansible-test sanity", "this is not a git checkout")
        return found
    programs = Path(sys.executable).parent
    environment = surroundings(programs)
    with one_at_a_time(), tempfile.TemporaryDirectory(prefix="sanity-", dir=CACHE) as scratch:
        copy = Path(scratch) / "ansible_collections" / "magsasa" / "chaos"
        copy.mkdir(parents=True)
        copy_to(copy, files)
        print("ansible-test sanity runs; what it says is written to .cache/sanity.log", flush=True)
        sanity(str(programs / "ansible-test"), copy, environment, found, files)
    return found
