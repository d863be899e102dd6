# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs ``ansible`` and ``ansible-playbook``, and the command's way to the latter (tools/play.py), run many times.

A process that has loaded Ansible forks for every run, which took half of the time (0.56 s instead of 1.10 s).

Each run is what the program does: its own process, arguments, environment, output and exit code. Only what Ansible
reads while it is
loaded (ansible.cfg, variables ANSIBLE_*) is that of the first run; a run that wants others gets a process that loads
Ansible anew.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time


def _group():
    """The control groups of this process (text)."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as source:
            return source.read()
    except OSError:
        return ""


_home = _group()
_servers = {}
_lock = threading.Lock()


class _Server:
    """One process that has loaded Ansible with an environment."""

    def __init__(self, loading):
        argv = [sys.executable, "-c", "from support.adhoc import serve; serve()"]
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        environment = dict(
            loading, PYTHONPATH=os.pathsep.join([here, os.path.join(os.path.dirname(here), ".collections")])
        )
        # Not our own stderr: ssh makes what it shares with others non-blocking, and Ansible refuses to load then.
        self._said = tempfile.TemporaryFile()
        self._running = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True, env=environment
        )
        self._turn = threading.Lock()
        atexit.register(self._end)

    def _end(self):
        """It is waited for, so that its work counts as that of the tests."""
        self._running.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._running.wait(10)

    def run(self, request):
        """What is told of one request: see ``serve``."""
        with self._turn:
            self._running.stdin.write(json.dumps(request) + "\n")
            self._running.stdin.flush()
            told = self._running.stdout.readline()
        if not told:
            self._said.seek(0)
            raise AssertionError(
                "the process that forks has ended: %s" % self._said.read().decode("utf-8", "replace")[-2000:]
            )
        return json.loads(told)


def at_home():
    """Whether this process is in the control groups that it began in: else what it runs belongs where the test put
    itself.
    """
    return _group() == _home


def run(argv, cwd, env, timeout):
    """As subprocess.run with captured output, for one of the programs (its path is the first word)."""
    if not at_home():
        return subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout, check=False)
    return _forked({"argv": list(argv)}, cwd, env, timeout)


class Running:
    """A program that was begun; as far as tests use one, like a Popen."""

    def __init__(self, server, pid):
        self._server, self.pid, self.returncode = server, pid, None

    def poll(self):
        """Its exit code (a negative one for a signal), or None while it runs."""
        if self.returncode is None:
            self.returncode = self._server.run({"ended": self.pid})
        return self.returncode

    def wait(self, timeout=None):
        """Its exit code."""
        limit = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if limit is not None and time.monotonic() >= limit:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.05)
        return self.returncode

    def kill(self):
        """SIGKILL; until it was asked for its exit code the pid is its own."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def start(argv, cwd, env, output):
    """Begin one of the programs, which says everything into the file ``output`` (a Popen or one like it)."""
    if not at_home():
        with open(output, "wb") as target:
            return subprocess.Popen(list(argv), cwd=cwd, env=env, stdout=target, stderr=subprocess.STDOUT)
    server = _server(env)
    request = {
        "argv": list(argv),
        "cwd": str(cwd),
        "env": dict(env),
        "out": str(output),
        "err": str(output),
        "begun": True,
    }
    return Running(server, server.run(request))


def run_module_file(name, arguments, cwd, env, timeout):
    """The same for a module of the collection with its arguments (``_ansible_...`` among them), without Ansible's
    controller around it.
    """
    return _forked({"argv": [name], "module": arguments}, cwd, env, timeout)


def _server(env):
    """The process that forks for runs with this environment."""
    loading = {
        key: value
        for key, value in env.items()
        if key.startswith("ANSIBLE_") or key in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
    }
    key = (os.getpid(), json.dumps(loading, sort_keys=True))
    with _lock:
        if key not in _servers:
            _servers[key] = _Server(loading)
    return _servers[key]


def _forked(request, cwd, env, timeout):
    server = _server(env)
    with tempfile.TemporaryDirectory(prefix="magsasa-adhoc-") as scratch:
        out, err = os.path.join(scratch, "out"), os.path.join(scratch, "err")
        request.update(
            cwd=str(cwd), env={name: str(value) for name, value in env.items()}, out=out, err=err, timeout=timeout
        )
        code = server.run(request)
        with open(out, encoding="utf-8", errors="replace") as stdout, open(
            err, encoding="utf-8", errors="replace"
        ) as stderr:
            done = subprocess.CompletedProcess(request["argv"], code, stdout.read(), stderr.read())
    if code is None:
        raise subprocess.TimeoutExpired(request["argv"], timeout, done.stdout, done.stderr)
    return done


def serve():
    """The process that forks: one request a line on stdin, one exit code (null after a time-out, or of one that still
    runs) or pid of one that was begun a line on stdout.
    """
    # pylint: disable=unused-import,import-outside-toplevel
    import ansible.cli.adhoc
    import ansible.cli.playbook
    import ansible.module_utils.basic
    import ansible.executor.playbook_executor
    import ansible.executor.task_queue_manager
    import ansible.plugins.strategy.linear  # noqa: F401

    for line in sys.stdin:
        request = json.loads(line)
        if "ended" in request:
            pid, status = os.waitpid(request["ended"], os.WNOHANG)
            print(json.dumps(os.waitstatus_to_exitcode(status) if pid else None), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _become(request)
        print(json.dumps(pid if request.get("begun") else _wait(pid, request["timeout"])), flush=True)


def _wait(pid, timeout):
    ended = []
    waiting = threading.Thread(target=lambda: ended.append(os.waitpid(pid, 0)[1]), daemon=True)
    waiting.start()
    waiting.join(timeout)
    if not ended:
        os.kill(pid, 9)
        waiting.join()
        return None
    return os.waitstatus_to_exitcode(ended[0])


def _become(request):
    """Be the program from here on; never returns."""
    # pylint: disable=import-outside-toplevel
    from ansible.cli.adhoc import AdHocCLI
    from ansible.cli.playbook import PlaybookCLI

    program = os.path.basename(request["argv"][0])
    code = 70
    try:
        for number, path, flags in (
            (0, os.devnull, os.O_RDONLY),
            (1, request["out"], os.O_WRONLY | os.O_CREAT),
            (2, request["err"], os.O_WRONLY | os.O_CREAT),
        ):
            os.dup2(1 if number == 2 and path == request["out"] else os.open(path, flags, 0o600), number)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        sys.argv = request["argv"]
        if "module" in request:
            os.setsid()
            _be_module(*request["argv"], request["module"])
        elif program == "play.py":
            runpy.run_path(request["argv"][0], run_name="__main__")
        else:
            cli = PlaybookCLI if program == "ansible-playbook" else AdHocCLI
            cli.cli_executor(request["argv"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 0)


def _be_module(name, arguments):
    """Be a module of the collection."""
    # pylint: disable=import-outside-toplevel
    from ansible.module_utils import basic

    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    basic._ANSIBLE_PROFILE = "legacy"  # how core 2.19 and later read them
    runpy.run_module("ansible_collections.magsasa.chaos.plugins.modules." + name, run_name="__main__")
