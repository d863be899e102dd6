# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two commands as a user types them, and the set-up that they share."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest
import yaml

from support.commands import CHAOS, TESTS, bare_checkout, command, said, set_up
from support.http_server import Server, answer, say
from support.modules import ROOT, environment
from support.waiting import wait_for


@pytest.fixture(name="bare")
def _bare(tmp_path):
    return bare_checkout(tmp_path / "a checkout")


BAD_USAGE = [
    (CHAOS, ["--intensity"], "--intensity: a value is missing"),
    (
        CHAOS,
        ["--intensity", "extreme"],
        "--intensity: 'extreme' is not an intensity; use smoke, light, medium, heavy, full or extended",
    ),
    (CHAOS, ["--intensity="], "--intensity: '' is not an intensity"),
    (CHAOS, ["--intensity", "light\n\x1b[31m"], "--intensity: 'light??[31m' is not an intensity"),
    (CHAOS, ["--target", "localhost:5001"], "--target: 'localhost:5001' is not a URL; write it as http://HOST:PORT"),
    (CHAOS, ["--target=http://{{ 1 }}"], "is not a URL"),
    (CHAOS, ["--target", 'http://a", "b": "c'], "is not a URL"),
    (CHAOS, ["--target", "http://a:99999/health"], "has no valid port; use one from 1 to 65535"),
    (CHAOS, ["--target", "ftp://a"], "is not a URL"),
    (
        CHAOS,
        ["--probe", "localhost:5001/orders"],
        "--probe: 'localhost:5001/orders' is not a URL; write it as http://HOST:PORT",
    ),
    (CHAOS, ["--probe", "/orders {{ 1 }}"], "--probe: '/orders {{ 1 }}' is not a URL"),
    (CHAOS, ["--inventory", "/nonexistent"], "--inventory: '/nonexistent' cannot be read"),
    (CHAOS, ["--scenario", "cpu-lite"], "--scenario: 'cpu-lite' is not a scenario; --list prints them"),
    (CHAOS, ["--scenario", "cpu-light,../x"], "--scenario: '../x' is not a scenario"),
    (CHAOS, ["--scenario", ""], "--scenario: '' is not a scenario"),
    (CHAOS, ["--report-dir="], "--report-dir: '' is not a folder"),
    (CHAOS, ["--render"], "--render: a value is missing"),
    (CHAOS, ["--compare"], "--compare: a value is missing"),
    (
        CHAOS,
        ["--compare", "yesterday"],
        "--compare: 'yesterday' is no run that can be read; name its id, latest, latest-passed, none, or a report.json",
    ),
    (CHAOS, ["--compare", ""], "--compare: '' is no run that can be read"),
    (
        CHAOS,
        ["--render", "/nonexistent"],
        "--render: '/nonexistent' cannot be read; name the report.json of an earlier run",
    ),
    (
        CHAOS,
        ["--merge", "/nonexistent"],
        "--merge: '/nonexistent' cannot be read; name a report.json, a folder with reports, or a URL",
    ),
    (CHAOS, ["--render", "run_chaos_tests.sh", "--halt"], "--render and --halt exclude each other"),
    (CHAOS, ["--detect", "--halt"], "--detect and --halt exclude each other"),
    (CHAOS, ["--", "--start-at-task", "bogus"], "--start-at-task must not leave out a part of a run; leave it out"),
    (CHAOS, ["--", "-v", "--start=bogus"], "--start-at-task must not leave out a part of a run; leave it out"),
    (CHAOS, ["--fast"], "'--fast' is not an option"),
    (CHAOS, ["light"], "'light' is not an option"),
    (TESTS, ["--only"], "--only: a value is missing"),
    (TESTS, ["--only", "units"], "--only: 'units' is not a stage; --list prints them"),
    (TESTS, ["--only=lint,.*"], "--only: '.*' is not a stage"),
    (TESTS, ["--fast"], "'--fast' is not an option"),
]


# In the form of the real one.
CATALOGUE = """---
scenarios:
  - id: cpu-light
    intensity: light
    hold: 30s
"""


@pytest.mark.parametrize(
    "name, arguments, words",
    BAD_USAGE,
    ids=lambda value: None if isinstance(value, str) else " ".join(value)[:40].encode("unicode_escape").decode(),
)
def test_wrong_usage_is_one_sentence_before_any_set_up(bare, name, arguments, words):
    (bare / "roles" / "suite" / "files" / "catalogue.yml").write_text(CATALOGUE)
    done = command(name, *arguments, folder=bare)
    assert done.returncode == 2 and done.stdout == ""
    assert words in done.stderr and done.stderr.count("\n") == 1 and done.stderr.rstrip("\n").isprintable()
    assert done.stderr.endswith("see ./%s --help\n" % name)
    assert not (bare / ".venv").exists() and not (bare / ".cache").exists()


@pytest.mark.parametrize("name", [CHAOS, TESTS])
def test_help_needs_no_set_up_and_names_every_option(bare, name):
    done = command(name, "--help", folder=bare)
    assert done.returncode == 0 and done.stderr == "" and not (bare / ".venv").exists()
    options = re.findall(r"^    (--[a-z-]+)", (ROOT / name).read_text(), re.MULTILINE)
    assert len(options) >= 3 and [option for option in options if option not in done.stdout] == []


def test_the_stages_are_listed_and_each_can_run(bare):
    from stages.plan import STAGES

    done = command(TESTS, "--list", folder=bare)
    assert [line.split()[0] for line in done.stdout.splitlines()] == [name for name in STAGES if name != "quick"]


def test_set_up_makes_an_environment_once_and_again_where_it_cannot_be_used(bare):
    """Two commands begin at once; then a pin changes, the checkout is moved, and the interpreter goes."""
    both = [said(process) for process in [set_up(bare), set_up(bare)]]
    assert [code for code, _err in both] == [0, 0]
    assert sorted("Making the environment" in err for _code, err in both) == [False, True]
    assert any("Installing Python packages (runtime)" in err for _code, err in both)
    assert subprocess.run([bare / ".venv" / "bin" / "python", "-c", ""], check=True).returncode == 0
    assert said(set_up(bare)) == (0, "") and said(set_up(bare, CHAOS_PYTHON="")) == (0, "")
    code, err = said(set_up(bare, CHAOS_PYTHON="/wrong"))
    assert (code, err) == (
        1,
        "Set-up failed: CHAOS_PYTHON: '/wrong' is not a Python 3.11 or newer; name another or leave it unset.\n",
    )
    (bare / "constraints.txt").write_text("# another\n")
    assert said(set_up(bare)) == (0, "Installing Python packages (runtime) ...\n")
    assert said(set_up(bare, "dev")) == (0, "Installing Python packages (dev) ...\n")
    assert said(set_up(bare, "runtime")) == (0, ""), "the layer dev holds the runtime"
    assert sorted(os.listdir(bare / ".cache")) == ["setup.lock"]

    moved = bare.parent / "moved"
    bare.rename(moved)
    assert "Making the environment" in said(set_up(moved))[1]
    assert str(moved) in (moved / ".venv" / "bin" / "activate").read_text()
    (moved / ".venv" / "bin" / "python").unlink()
    (moved / ".venv" / "bin" / "python").symlink_to("/nonexistent/python")
    assert "Making the environment" in said(set_up(moved))[1]


@pytest.mark.parametrize("python", ["/nonexistent/python", "/bin/false"])
def test_a_named_python_that_cannot_be_used_is_one_sentence(bare, python):
    code, err = said(set_up(bare, CHAOS_PYTHON=python))
    assert (
        code == 1
        and err
        == "Set-up failed: CHAOS_PYTHON: '%s' is not a Python 3.11 or newer; name another or leave it unset.\n" % python
    )


def test_a_python_that_is_too_old_does_not_count(bare, tmp_path):
    """A real interpreter that says it is 3.9, which is what the check asks it for."""
    old = tmp_path / "python3.9"
    old.write_text(
        '#!/bin/sh\nexec "%s" -c "import sys; sys.version_info = (3, 9, 0); exec(sys.argv[1])" "$3"\n' % sys.executable
    )
    old.chmod(0o755)
    code, err = said(set_up(bare, CHAOS_PYTHON=str(old)))
    assert code == 1 and "is not a Python 3.11 or newer" in err


def test_packages_that_cannot_be_installed_are_one_sentence(bare):
    (bare / "tools" / "requirements-runtime.txt").write_text("magsasa-chaos-that-is-not-there\n")
    offline = {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1", "UV_NO_INDEX": "1", "PIP_FIND_LINKS": str(bare)}
    code, err = said(set_up(bare, **offline))
    assert code == 1 and "Traceback" not in err
    last = err.splitlines()[-1]
    assert last.startswith("Set-up failed: the Python packages could not be installed (pip said: ERROR: ")
    assert "magsasa-chaos-that-is-not-there" in last
    assert said(set_up(bare, **offline))[0] == 1, "a failed set-up must not pass for a good one"


def chaos_environment(state, tmp_path, **more):
    """The environment of a run with a state folder and a report folder of its own."""
    return environment(state, CHAOS_REPORT_DIR=tmp_path / "reports", **more)


@pytest.fixture(name="ready", scope="module")
def _ready():
    """The checkout's own environment; only a test run that was started by hand may lack the stamp."""
    if not (ROOT / ".venv" / "ready-runtime").exists():
        pytest.skip("the environment was not made by run_tests.sh")


@pytest.mark.usefixtures("ready")
def test_list_prints_the_catalogue(tmp_path):
    done = command(CHAOS, "--list", cwd=tmp_path)
    shelves = [ROOT / "roles" / "suite" / "files" / name for name in ("catalogue.yml", "extended.yml")]
    scenarios = [each for shelf in shelves for each in yaml.safe_load(shelf.read_text())["scenarios"]]
    assert done.returncode == 0 and done.stderr == ""
    assert "ready: own workers" in done.stdout and "needs the database of the service" in done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == [each["id"] for each in scenarios]
    light = command(CHAOS, "--list", "--intensity=light", cwd=tmp_path).stdout
    assert [line.split()[0] for line in light.splitlines()[1:]] == [
        each["id"] for each in scenarios if each["intensity"] == "light"
    ]


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    "settings",
    [
        {"ANSIBLE_CONFIG": "theirs.cfg", "LC_ALL": "C", "ANSIBLE_COLLECTIONS_PATH": "/nonexistent"},
        *(
            pytest.param(each, marks=pytest.mark.nightly)
            for each in (
                {}, {"ANSIBLE_CONFIG": "theirs.cfg"}, {"LC_ALL": "C"}, {"ANSIBLE_COLLECTIONS_PATH": "/nonexistent"},
            )
        ),
    ],  # fmt: skip
    ids=str,
)
def test_detect_finds_the_target_from_any_folder_whatever_the_users_settings(chaos_state, tmp_path, settings):
    (tmp_path / "theirs.cfg").write_text("[defaults]\nforks = 3\n")
    with Server(say(answer(b'{"status": "healthy", "service": "shop", "version": "7.1"}'))) as server:
        url = "http://127.0.0.1:%d" % server.port
        env = chaos_environment(chaos_state, tmp_path)
        env.pop("ANSIBLE_CONFIG")
        done = command(CHAOS, "--detect", "--target", url, cwd=tmp_path, env=dict(env, **settings))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "%s (identified)" % url in done.stdout and "shop 7.1" in done.stdout


@pytest.mark.usefixtures("ready")
def test_chosen_scenarios_files_and_report_folder_reach_the_run(chaos_state, tmp_path):
    (tmp_path / "mine.yml").write_text(OWN)
    with Server(say(answer(b'{"status": "healthy", "service": "shop", "version": "7.1"}'))) as server:
        url = "http://127.0.0.1:%d" % server.port
        env = chaos_environment(chaos_state, tmp_path)
        arguments = [
            "--dry-run",
            "--target",
            url,
            "--scenario",
            "cpu-light,cpu-heavy",
            "--scenario=memory-light",
            "--scenario-file",
            "mine.yml",
            "--scenario=mine",
            "--report-dir",
            "my reports",
        ]
        done = command(CHAOS, *arguments, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "reports").exists()
    report = json.loads((tmp_path / "my reports" / "latest" / "report.json").read_text())
    assert report["run"]["dry_run"] is True
    assert [each["scenario"] for each in report["experiments"]] == [
        "cpu-light",
        "cpu-heavy",
        "memory-light",
        "mine",
    ]
    assert list(chaos_state.rglob("*.jsonl")) == []


@pytest.mark.usefixtures("ready")
def test_what_follows_two_dashes_goes_to_ansible(chaos_state, tmp_path):
    env = chaos_environment(chaos_state, tmp_path)
    done = command(CHAOS, "--halt", "--", "--list-tasks", cwd=tmp_path, env=env)
    assert done.returncode == 0 and "Revert every active fault" in done.stdout and "PLAY RECAP" not in done.stdout
    done = command(CHAOS, "--halt", "--", "--no-such-option", cwd=tmp_path, env=env)
    assert done.returncode == 2 and "Traceback" not in done.stderr


@pytest.mark.usefixtures("ready")
def test_exit_codes_tell_failed_unreachable_and_broken_apart(chaos_state, tmp_path):
    env = chaos_environment(chaos_state, tmp_path)
    inventory = tmp_path / "hosts"
    inventory.write_text("gone ansible_host=127.0.0.1 ansible_port=1 chaos_allowed=true\n")
    assert command(CHAOS, "--halt", "--inventory", "hosts", cwd=tmp_path, env=env).returncode == 4
    inventory.write_text(
        "here ansible_connection=local ansible_python_interpreter=/nonexistent/python chaos_allowed=true\n"
    )
    assert command(CHAOS, "--halt", "--inventory", "hosts", cwd=tmp_path, env=env).returncode == 3
    assert command(CHAOS, "--halt", "--", "-e", "@/nonexistent.yml", cwd=tmp_path, env=env).returncode == 1


@pytest.mark.usefixtures("ready")
def test_ctrl_c_reaches_ansible_and_is_waited_for(chaos_state, tmp_path):
    """The command becomes ansible-playbook, so a signal to its pid alone ends the run, and its code says so."""
    gate = tmp_path / "reached"
    inventory = tmp_path / "hosts"
    # A host whose interpreter waits: the play stays where it is until it is interrupted.
    slow = tmp_path / "python"
    slow.write_text('#!/bin/sh\necho $$ > "%s.tmp"; mv "%s.tmp" "%s"; exec sleep 60\n' % (gate, gate, gate))
    slow.chmod(0o755)
    inventory.write_text("here ansible_connection=local ansible_python_interpreter=%s\n" % slow)
    argv = [str(ROOT / CHAOS), "--halt", "--inventory", str(inventory)]
    env = chaos_environment(chaos_state, tmp_path)
    with subprocess.Popen(
        argv, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        try:
            assert wait_for(gate.exists, 60), "the play never reached its host"
            os.killpg(run.pid, signal.SIGINT)
            _out, err = run.communicate(timeout=60)
        finally:
            with_group_gone(run.pid)
    assert run.returncode == 130 and "interrupted" in err


def with_group_gone(group):
    """End what is left of a process group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


OWN = """scenarios:
  - id: mine
    title: A little load
    hypothesis: Nobody notices.
    family: cpu
    intensity: light
    hold: 2s
    options: {load: 10%, of: added, cores: 1}
    objectives: {error_rate: 5%}
"""


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    "change, code, says",
    [
        (("load: 10%", "lod: 10%"), 2, "scenario mine: options: cpu_fault has no option 'lod'; did you mean 'load'"),
        *(
            pytest.param(*row, marks=pytest.mark.nightly)  # by day: tests/unit/catalogue/test_scenario_form.py
            for row in (
                (("", ""), 0, "CHAOS"),
                (("hold: 2s", "hold: 2 parsecs"), 2, "scenario mine: hold: '2 parsecs' is not a duration"),
                (("    title", "    titel"), 2, "scenario mine: the key 'titel' is unknown; did you mean 'title'"),
                (("scenarios:", "scenario:"), 2, "is not a scenario file"),
            )
        ),
    ],
    ids=["option", "good", "hold", "key", "file"],
)
def test_a_file_of_scenarios_of_ones_own(chaos_state, tmp_path, change, code, says):
    own = tmp_path / "mine.yml"
    own.write_text(OWN.replace(*change) if change[0] else OWN)
    with Server(say(answer(b'{"status": "healthy", "service": "shop", "version": "7.1"}'))) as server:
        argv = [
            "--scenario-file",
            str(own),
            "--scenario",
            "mine",
            "--target",
            server.url,
            "--dry-run",
            "--report-dir",
            str(tmp_path / "reports"),
        ]
        done = command(CHAOS, *argv, cwd=tmp_path)
    shown = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == code and says in shown and "Traceback" not in shown, done.stdout + done.stderr
    assert code == 0 or str(own) in shown
    assert list(chaos_state.iterdir()) == []


@pytest.mark.parametrize(
    "found, root, no_install, installs, says",
    [
        (True, True, "", False, ""),
        (
            False,
            True,
            "",
            True,
            (
                "Installed nftables, which the network scenarios need (CHAOS_NO_INSTALL=1 keeps it from being"
                " installed).\n"
            ),
        ),
        (False, True, "1", False, ""),
        (False, False, "", False, ""),
        (False, True, "broken", True, "nftables could not be installed"),
    ],
    ids=["there", "root", "told not to", "not root", "cannot"],
)
def test_root_gets_the_programs_that_a_run_on_this_machine_lacks(
    bare, tmp_path, found, root, no_install, installs, says
):
    """The set-up's own decision, with a package manager and a program of the test's."""
    mark, asked = tmp_path / "nft", tmp_path / "asked"
    if found:
        mark.touch()
    script = '. "$1/tools/setup.sh"; nft_found() { [ -e "$2" ]; }; id() { echo "$4"; }'
    script += '; install_package() { echo "$*" >"$5"; [ "$6" = broken ] || touch "$2"; }; set_up_programs'
    env = dict(os.environ, CHAOS_NO_INSTALL=no_install if no_install == "1" else "")
    script = (
        script.replace("$2", str(mark))
        .replace("$4", "0" if root else "1")
        .replace("$5", str(asked))
        .replace("$6", no_install)
    )
    argv = ["bash", "-uc", script, "bash", str(bare)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, asked.exists()) == (0, "", installs), done.stderr
    assert done.stderr.startswith(says) and bool(done.stderr) == bool(says)


def test_byte_code_of_a_folder_that_is_a_file_now_does_not_hide_that_file(bare):
    """As after an update of a checkout in which it ran before; what has a file of its own stays."""
    families = bare / "plugins" / "module_utils" / "_families"
    for folder in (families / "memory", families / "memory" / "parts", families / "_memory"):
        (folder / "__pycache__").mkdir(parents=True)
    (families / "_memory" / "hold.py").touch()
    (families / "memory.py").touch()
    argv = ["bash", "-uc", '. "$1/tools/setup.sh"; forget_old_folders', "bash", str(bare)]
    subprocess.run(argv, timeout=60, check=True)
    assert not (families / "memory").exists()
    assert (families / "memory.py").exists() and (families / "_memory" / "__pycache__").exists()
