# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands in odd places: other shells, an old bash, folders of any name, a HOME that is none, no network."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from support.commands import CHAOS, LAB, bare_checkout, command, said, set_up
from support.modules import ROOT

BAD = (CHAOS, ["--intensity", "extreme"], "'extreme' is not an intensity")


@pytest.mark.parametrize("shell", [["sh"], ["bash", "-o", "posix"], ["env", "POSIXLY_CORRECT=1", "sh"]], ids=" ".join)
@pytest.mark.parametrize(
    "name, arguments, words", [BAD, (LAB, ["fly"], "'fly' is not an action")], ids=["chaos", "lab"]
)
def test_another_shell_hands_over_to_bash(shell, name, arguments, words, tmp_path):
    """With arguments as they were: blanks and quotes too."""
    done = subprocess.run(
        [*shell, str(ROOT / name), *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1
    done = subprocess.run(
        [*shell, str(ROOT / CHAOS), "--scenario", "it's a  b"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "'it's a  b' is not a scenario" in done.stderr


def test_without_bash_it_is_one_sentence(tmp_path):
    (tmp_path / "sh").symlink_to("/bin/sh")
    done = subprocess.run(
        ["/bin/sh", str(ROOT / CHAOS), "--help"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "bash" not in os.path.realpath("/bin/sh"):
        assert (
            done.returncode == 1
            and done.stderr == "bash was not found, and this command is written in it; install bash.\n"
        )


# What bash 3.2 does not know, or knows in another way.
NEWER = re.compile(
    r"\bmapfile\b|\breadarray\b|\bcoproc\b|(declare|local|typeset)"
    r" -[a-zA-Z]*[An]|&>>|\|&|;;&|;&|\$\{\w+(\^|,,?|@[A-Z])|\$\{\w+\[-\d+\]\}|\[\[ -v |\bwait -n\b"
    r"|\bEPOCHSECONDS\b|\{[0-9]+\.\.[0-9]+\.\.[0-9]+\}|=~ [^$\"' ]*[(|]"
)


@pytest.mark.parametrize("name", [CHAOS, LAB, "tools/setup.sh"])
def test_bash_3_2_can_run_it(name):
    """It is what macOS has. There an array without elements counts as unset, which ends a script under ``set -u``."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if NEWER.search(line)] == []
    may_be_empty = set(re.findall(r"\b(\w+)=\(\)", "\n".join(lines))) | {"more", "ids"}
    for number, line in enumerate(lines):
        for array in re.findall(r'"\$\{(\w+)\[@\]\}"', line):
            counted = "#%s[@]" % array in "\n".join(lines[max(0, number - 5) : number])
            assert (
                array not in may_be_empty or counted or '${%s[@]+"${%s[@]}"}' % (array, array) in line
            ), "%s:%d: %s" % (name, number + 1, line)


def test_a_link_to_the_command_and_a_search_path_for_cd(tmp_path):
    (tmp_path / "chaos").symlink_to(ROOT / CHAOS)
    done = subprocess.run(
        ["./chaos", "--scenario", "b b"],
        cwd=tmp_path,
        env=dict(os.environ, CDPATH="/:/tmp"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2 and "'b b' is not a scenario" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("home", ["/proc/nobody", "/dev/null/home"])
@pytest.mark.parametrize("arguments", [["--list"], ["--detect"]], ids=" ".join)
def test_a_home_that_cannot_be_made_is_one_sentence(home, arguments, tmp_path):
    done = command(CHAOS, *arguments, cwd=tmp_path, env=dict(os.environ, HOME=home))
    assert done.returncode == 1 and done.stdout == ""
    assert (
        done.stderr
        == "Set-up failed: the folder '%s/.ansible' cannot be written, and Ansible keeps its files there; set HOME to a"
        " folder of yours.\n" % home
    )


def test_a_path_that_search_paths_cannot_hold_is_one_sentence(tmp_path):
    code, err = said(set_up(bare_checkout(tmp_path / "a:b")))
    assert (
        code == 1 and err.startswith("Set-up failed: the path of this checkout holds a colon") and err.count("\n") == 1
    )


@pytest.mark.nightly
def test_another_named_python_makes_the_environment_anew(tmp_path):
    """By day test_commands shows that one that cannot be used is refused also when an environment is there."""
    folder = bare_checkout(tmp_path / "Prüf ling #1")
    assert said(set_up(folder))[0] == 0
    # Another installation: one that says so, as a test cannot count on a second one.
    other = tmp_path / "python3"
    lie = "import sys; sys._base_executable = %r; exec(sys.argv.pop(1))" % str(other)
    other.write_text(
        '#!/bin/sh\n[ "$2" = -c ] || exec "%s" "$@"\nexec "%s" -I -c "%s" "$3"\n'
        % (sys.executable, sys.executable, lie.replace('"', '\\"'))
    )
    other.chmod(0o755)
    assert "Making the environment" in said(set_up(folder, CHAOS_PYTHON=str(other)))[1]


def test_without_a_network_the_true_line_of_pip_is_told(tmp_path):
    folder = bare_checkout(tmp_path / "checkout")
    (folder / "tools" / "requirements-runtime.txt").write_text("magsasa-chaos-that-is-not-there\n")
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "1",
        "PIP_CONFIG_FILE": "/dev/null",
        "UV_OFFLINE": "1",
    }
    code, err = said(set_up(folder, **nowhere))
    last = err.splitlines()[-1]
    assert (
        code == 1
        and "pip said: " in last
        and "Connection refused" in last
        and "No matching distribution" not in last
        and " object at 0x" not in last
    )


def test_paths_of_any_name_reach_ansible(tmp_path):
    """An inventory whose name has a comma is a file, not a list of hosts; what JSON cannot hold as it is, is one
    sentence.
    """
    folder = tmp_path / "ä, 'b' #1 ;5%"
    folder.mkdir()
    (folder / "hosts, all").write_text("here ansible_connection=local ansible_python_interpreter=%s\n" % sys.executable)
    (folder / "mine, too.yml").write_text("scenarios: []\n")
    done = command(
        CHAOS,
        "--detect",
        "--inventory",
        "hosts, all",
        "--scenario-file",
        "mine, too.yml",
        "--",
        "--list-hosts",
        cwd=folder,
    )
    assert done.returncode == 0 and "here" in done.stdout, done.stdout + done.stderr
    (tmp_path / 'say "x"').mkdir()
    (tmp_path / 'say "x"' / "mine.yml").write_text("scenarios: []\n")
    done = command(CHAOS, "--scenario-file", "mine.yml", cwd=tmp_path / 'say "x"')
    assert (
        done.returncode == 2
        and "holds a double quote, a backslash or a line break" in done.stderr
        and done.stderr.count("\n") == 1
    )


OBJECTIVES = [
    ("recovery_tme=5s", "--objective: 'recovery_tme' is not an objective; did you mean recovery_time?"),
    ("recovery_time=5sec", "'5sec' is not a duration; did you mean 5s?"),
    ("recovery_time", "is not a list of objectives; write NAME=LIMIT"),
    ("", "--objective: '' is not an objective; write NAME=LIMIT"),
]


@pytest.mark.parametrize("given, says", OBJECTIVES)
def test_an_objective_that_means_nothing_is_wrong_usage(given, says, tmp_path):
    done = command(CHAOS, "--objective", given, cwd=tmp_path)
    assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1
