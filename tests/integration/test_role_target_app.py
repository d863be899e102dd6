# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role target_app on localhost: started, repeated, killed, stopped, removed; what it refuses; what it leaves behind."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from support.modules import ROOT
from support.waiting import wait_for

ROLE = ROOT / "roles" / "target_app"
PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: magsasa.chaos.target_app}
    - ansible.builtin.debug: {var: target_app_url}
      when: target_app_state | default('started') == 'started'
"""

pytestmark = pytest.mark.skipif(
    Path("/run/systemd/system").is_dir(), reason="this host has systemd; the lab's scenario of the role covers that"
)


def processes(home):
    """{pid: command line} of everything that belongs to this home folder."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            ours = ("MAGSASA_APP_HOME=%s" % home).encode() in (entry / "environ").read_bytes().split(b"\0") or any(
                word.startswith(str(home).encode() + b"/") for word in words
            )
            if entry.name.isdigit() and ours and (entry / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                found[int(entry.name)] = b" ".join(words).decode()
        except OSError:
            pass
    return found


def listener(home):
    """Pid of gunicorn's master."""
    pids = {
        pid for pid, command in processes(home).items() if "magsasa_app" in command and "supervisord" not in command
    }
    masters = [pid for pid in pids if parent(pid) not in pids]
    assert len(masters) == 1, processes(home)
    return masters[0]


def crash(home):
    """SIGKILL the master, and wait until its worker is gone as well: it might answer once more."""
    master = listener(home)
    family = {pid for pid in processes(home) if pid == master or parent(pid) == master}
    os.kill(master, signal.SIGKILL)
    assert wait_for(lambda: not family & set(processes(home)), 30), "it did not die"


def parent(pid):
    """Pid of the parent."""
    return int(Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()[1])


def health(url):
    """(status, body) of /health; (0, {}) when nobody answers."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except OSError:
        return 0, {}
    finally:
        connection.close()


class Role:
    """Runs the role with a home folder of the test's own."""

    def __init__(self, playbook, folder):
        self.home = folder / "home"
        self._play = folder / "play.yml"
        self._play.write_text(PLAY)
        self._playbook = playbook
        self.always = {}

    def __call__(self, *arguments, fails=False, **variables):
        """(changed tasks, url, output)."""
        values = dict(
            {"target_app_home": str(self.home), "target_app_source": str(ROOT / "target_app")},
            **{"target_app_" + name: value for name, value in dict(self.always, **variables).items()},
        )
        done = self._playbook(self._play, "-e", json.dumps(values), *arguments)
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails and "Traceback" not in said, said
        url = re.search(r'"target_app_url": "([^"]+)"', said)
        return int(re.search(r"changed=(\d+)", said).group(1)), url.group(1) if url else None, said


@pytest.fixture
def role(ansible_playbook, tmp_path):
    """The role; whatever a test leaves of it is ended."""
    role = Role(ansible_playbook, tmp_path)
    yield role
    for _each in range(3):
        for pid in processes(role.home):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.1)


def test_its_life(role, tmp_path):
    """In folders whose names mean something to supervisord, to a shell or to a template."""
    role.home = tmp_path / "ä ß #1 ;50% it's"
    odd = tmp_path / "Prüf ling #2 ;5%"
    odd.mkdir()
    (odd / "env").symlink_to(sys.prefix)
    shutil.copytree(ROOT / "target_app" / "magsasa_app", odd / "magsasa_app")
    role.always = {"source": str(odd), "python": str(odd / "env" / "bin" / "python")}

    changed, _url, _said = role("--check")
    assert changed and not role.home.exists() and not processes(role.home)

    changed, url, _said = role()
    status, body = health(url)
    assert changed and (status, body["service"], body["checks"]["database"]["path"]) == (
        200,
        "magsasa-card-erp",
        str(role.home / "magsasa.db"),
    )
    assert role.home.stat().st_mode & 0o777 == 0o700 and (role.home / "supervisor.sock").stat().st_mode & 0o777 == 0o700
    before = processes(role.home)

    assert role()[:2] == (0, url) and role("--check")[:2] == (0, url)
    assert processes(role.home) == before

    crash(role.home)
    assert wait_for(lambda: health(url)[0] == 200, 30), "supervisord did not start it again"
    assert set(processes(role.home)) & set(before)  # the supervisor is the same
    assert listener(role.home) not in before

    assert role("--check", state="stopped")[0] == 0 and health(url)[0] == 200  # the program that ends it is not run
    assert role(state="stopped")[0] > 0
    assert not processes(role.home) and health(url)[0] == 0 and (role.home / "magsasa.db").exists()
    assert role(state="stopped")[0] == 0

    changed, url_again, _said = role()
    assert changed and url_again == url and health(url)[0] == 200

    assert role(state="absent")[0] > 0
    assert not processes(role.home) and not role.home.exists()
    assert role(state="absent")[0] == 0


@pytest.mark.nightly
def test_new_settings_and_a_restart_past_the_supervisor(role, tmp_path):
    database = "sqlite:///%s/100%%25.db" % tmp_path  # percent signs mean something to supervisord
    _changed, url, _said = role(fragile=True, database_url=database)
    assert [health(url)[1]["checks"]["database"]["path"]] == list(map(str, tmp_path.glob("100%*.db")))
    old = listener(role.home)
    command = Path("/proc/%d/cmdline" % old).read_bytes().split(b"\0")[:-1]
    environment = dict(
        each.split(b"=", 1) for each in Path("/proc/%d/environ" % old).read_bytes().split(b"\0") if b"=" in each
    )

    crash(role.home)
    time.sleep(2.5)
    assert health(url)[0] == 0  # fragile: nobody starts it again

    with subprocess.Popen(
        command,
        env=environment,
        cwd=role.home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as stray:
        try:
            assert wait_for(lambda: health(url)[0] == 200, 30), "the stray did not start"
            changed, url_again, _said = role(database_url=database)  # no longer fragile
            assert changed and url_again == url and health(url)[0] == 200
            assert stray.wait(10) is not None
        finally:
            stray.kill()
    crash(role.home)
    assert wait_for(lambda: health(url)[0] == 200, 30), "supervisord did not start it again"
    role(state="absent")
    assert not processes(role.home) and not role.home.exists()


def test_one_that_does_not_come_up_says_why_and_is_ended(role, tmp_path):
    (tmp_path / "magsasa_app").mkdir()
    (tmp_path / "magsasa_app" / "__main__.py").write_text(
        "raise SystemExit('no such table: farmers at postgresql://u:secret-word@h/d')"
    )
    said = role(fails=True, source=str(tmp_path), timeout="1s", fragile=True)[2]
    assert "the sample application did not start: " in said and "its last lines: " in said
    assert "no such table: farmers at postgresql://***@h/d" in said and "secret-word" not in said
    assert not processes(role.home)


@pytest.mark.parametrize("gone", [False, True])
def test_what_cannot_even_be_spawned_says_so(tmp_path, gone):
    (tmp_path / "supervisord.log").write_text("INFO spawnerr: can't find command '/x'\n")
    (tmp_path / "app.log").write_text("from an earlier life\n")
    os.utime(tmp_path / "app.log", (1, 1))
    if not gone:
        (tmp_path / "supervisord.pid").write_text("1")
    done = subprocess.run(
        [sys.executable, ROLE / "files" / "control.py", "last", tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "INFO spawnerr: can't find command '/x'\n"


@pytest.mark.nightly
def test_started_means_started_when_it_died(role):
    _changed, url, _said = role(fragile=True)
    crash(role.home)
    changed, url_again, _said = role(fragile=True)
    assert changed and url_again == url and health(url)[0] == 200


def test_a_killed_supervisor_and_a_paused_application(role):
    _changed, url, _said = role()
    (supervisor,) = [pid for pid, command in processes(role.home).items() if "supervisord" in command]
    os.kill(supervisor, signal.SIGKILL)
    for pid in processes(role.home):
        os.kill(pid, signal.SIGSTOP)
    role(state="absent")
    assert not processes(role.home) and not role.home.exists()


def test_it_does_not_outlive_its_owner_and_its_database_url_is_shown_nowhere(role, tmp_path):
    """Of a start that says all that Ansible can say."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as owner:
        try:
            start = int(Path("/proc/%d/stat" % owner.pid).read_text().rpartition(")")[2].split()[19])
            _changed, url, text = role(
                "-vvv",
                "--diff",
                owner={"pid": owner.pid, "start": start},
                database_url="sqlite:///%s/secret-word.db" % tmp_path,
            )
            assert "Keep the settings" in text and "secret-word" not in text.partition("TASK [")[2]
            settings = role.home / "supervisord.conf"
            assert settings.stat().st_mode & 0o777 == 0o600 and "secret-word" in settings.read_text()
            time.sleep(1.5)
            assert health(url)[0] == 200
        finally:
            owner.kill()
            owner.wait()
    assert wait_for(lambda: not processes(role.home) and not role.home.exists(), 30), "it did not end with its owner"


def test_the_panic_button_ends_what_a_run_started(role, ansible_playbook, tmp_path):
    """Also one whose watcher was killed with its run, and a folder that a run made before it was killed; another's
    application stays.
    """
    below = tmp_path / "home" / ".local" / "state"
    (below / "magsasa-app-77").mkdir(parents=True)
    role.home = below / "magsasa-app-4242"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as owner:
        try:
            start = int(Path("/proc/%d/stat" % owner.pid).read_text().rpartition(")")[2].split()[19])
            _changed, url, _said = role(owner={"pid": owner.pid, "start": start})
            kept = below / "magsasa-app"
            kept.mkdir()
            (kept / "supervisord.conf").write_text("; magsasa.chaos target_app\n")
            told = ansible_playbook(ROOT / "playbooks" / "chaos_halt.yml", env={"HOME": str(tmp_path / "home")})
            assert told.returncode == 0 and str(role.home) in told.stdout, told.stdout + told.stderr
            assert not processes(role.home) and sorted(path.name for path in below.iterdir()) == ["magsasa-app"]
        finally:
            owner.kill()
            owner.wait()


@pytest.mark.parametrize(
    ("home", "bind", "port", "python", "said"),
    [
        ("", "127.0.0.1", 99999, "", "target_app_port: 99999 is not a port"),
        ("", "127.0.0.1", -1, "", "target_app_port: -1 is not a port"),
        ("", "not an address", 0, "", "target_app_bind: cannot listen on not an address"),
        ("relative/home", "127.0.0.1", 0, "", "target_app_home: relative/home is not an absolute path"),
        ("/etc", "127.0.0.1", 0, "", "target_app_home: /etc contains files that this role did not create"),
        (
            "/etc/passwd",
            "127.0.0.1",
            0,
            "",
            "target_app_home: /etc/passwd contains files that this role did not create",
        ),
        ("", "127.0.0.1", 0, "/no/such/python", "target_app_python: /no/such/python is not a working Python"),
        ("", "127.0.0.1", 0, sys.executable, ""),
    ],
)
def test_what_its_look_at_the_host_refuses(tmp_path, home, bind, port, python, said):
    argv = [sys.executable, ROLE / "files" / "control.py", "look", home or tmp_path / "home", bind, str(port), python]
    looked = json.loads(
        subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True).stdout
    )
    assert looked["error"].startswith(said) and bool(looked["error"]) == bool(said) and "\n" not in looked["error"]
    assert not list(tmp_path.iterdir())


def test_what_it_refuses(role, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        for variables, said in (
            ({"source": str(tmp_path)}, "target_app_source: '%s' does not contain magsasa_app" % tmp_path),
            ({"port": port}, "target_app_port: cannot listen on %d (Address already in use)" % port),
            (
                {"home": str(tmp_path / "a$b")},
                "a path contains a double quote, a backslash, a dollar sign or a line break",
            ),
            (
                {"database_url": 'postgresql://u:secret-word"@h/d'},
                "target_app_database_url: contains a space, a quote or a backslash",
            ),
        ):
            text = role(fails=True, **variables)[2]
            assert said in text and "secret-word" not in text, text
            assert not role.home.exists() and not processes(role.home)


@pytest.mark.parametrize("state", [pytest.param("started", marks=pytest.mark.nightly), "absent"])
def test_files_of_somebody_else_are_spared(role, state):
    role.home.mkdir()
    (role.home / "thesis.txt").write_text("years of work")
    text = role(fails=True, state=state)[2]
    assert "target_app_home: %s contains files that this role did not create" % role.home in text
    assert [each.name for each in role.home.iterdir()] == ["thesis.txt"]


def test_every_variable_is_documented():
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    options = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    readme = set(re.findall(r"^\| `(\w+)`", (ROLE / "README.md").read_text(), re.M))
    assert set(defaults) == set(options) == readme
    fixed = {name: value for name, value in defaults.items() if "{{" not in str(value)}
    assert {name: each["default"] for name, each in options.items() if "default" in each} == fixed
