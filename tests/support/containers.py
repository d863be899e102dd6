# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Container engines of a test's own: podman with a storage apart, and a docker daemon with a socket apart. Images
are made here, none is fetched.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from support.faults import wait_for

# Hosts with tight limits refuse the engines' own: these can be had everywhere.
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")
# It counts aloud, so that whether it runs is seen from outside; it ends when asked to.
COUNT = 'trap "exit 0" TERM; while :; do echo tick >>/out/ticks; sleep 0.05; done'
DEAF = 'trap "" TERM; while :; do echo tick >>/out/ticks; sleep 0.05; done'


class Engine:
    """One engine; ``options`` are those of container_fault that lead to it."""

    def __init__(self, name):
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix="chaos-box-", dir="/tmp"))  # short: paths of sockets are
        self.daemon = None
        if name == "podman":
            self.options = {"podman_root": str(self.folder / "root"), "podman_runroot": str(self.folder / "run")}
            self.argv = ["podman", "--root", self.options["podman_root"], "--runroot", self.options["podman_runroot"]]
        else:
            self.options = {"docker_socket": str(self.folder / "socket")}
            self.argv = ["docker", "--host", "unix://%s/socket" % self.folder]
            self._start_daemon()
        self._make_image()

    def _start_daemon(self):
        argv = [
            "dockerd",
            "--data-root",
            self.folder / "data",
            "--exec-root",
            self.folder / "exec",
            "--pidfile",
            self.folder / "pid",
        ]
        argv += [
            "--host",
            "unix://%s/socket" % self.folder,
            "--bridge",
            "none",
            "--iptables=false",
            "--storage-driver",
            "vfs",
        ]
        with open(self.folder / "log", "w", encoding="utf-8") as log:
            self.daemon = subprocess.Popen(argv, cwd=self.folder, stdout=log, stderr=log)
        assert wait_for(lambda: self.run("ps", check=False).returncode == 0, 40), (self.folder / "log").read_text()

    def _make_image(self):
        """A file system of one static program under several names."""
        programs = self.folder / "image" / "bin"
        programs.mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), programs / "busybox")
        for name in ("sh", "sleep"):
            (programs / name).symlink_to("busybox")
        subprocess.run(["tar", "-C", self.folder / "image", "-cf", self.folder / "image.tar", "."], check=True)
        self.run("import", self.folder / "image.tar", "localhost/box")

    def run(self, *words, check=True):
        """The engine's own command line."""
        done = subprocess.run([*self.argv, *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self, name, *words, program=COUNT, network="none"):
        """A running container with a folder of its own; returns its full id."""
        (self.folder / name).mkdir(exist_ok=True)
        out = "%s:/out" % (self.folder / name)
        first = ["run", "-d", "--name", name, "--network", network, *LIMITS, "-v", out]
        number = self.run(*first, *words, "localhost/box", "/bin/sh", "-c", program).stdout.split()[-1]
        assert wait_for(lambda: self.counts(name))
        return number

    def counts(self, name, seconds=0.25):
        """Whether the container does anything, as seen by what it writes."""
        path = self.folder / name / "ticks"
        before = path.stat().st_size if path.exists() else 0
        time.sleep(seconds)
        return (path.stat().st_size if path.exists() else 0) > before

    def inspect(self, name):
        """What the engine says of it (dict)."""
        return json.loads(self.run("inspect", "--type", "container", name).stdout)[0]

    def state(self, name):
        """Status, pid and start of a container."""
        now = self.inspect(name)["State"]
        return now["Status"], now["Pid"], now["StartedAt"]

    def lasting(self, name):
        """What a fault must leave as it was, whatever it does to the container."""
        said = self.inspect(name)
        host = said["HostConfig"]
        return (
            said["Id"],
            said["State"]["Status"],
            host["RestartPolicy"],
            host["AutoRemove"],
            host["NetworkMode"],
            said["Config"]["Labels"],
        )

    def remove(self, *names):
        """Remove containers, or all of them."""
        now = ["-t", "0"] if self.name == "podman" else []
        names = names or self.run("ps", "-a", "--format", "{{.ID}}").stdout.split()
        while names:  # one that others need goes after these
            left = [name for name in names if self.run("rm", "-f", *now, name, check=False).returncode]
            assert len(left) < len(names), self.run("ps", "-a").stdout
            names = left

    def close(self):
        """Nothing stays."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.remove()
        if self.daemon is not None:
            self.daemon.terminate()
            self.daemon.wait(30)
        for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
            place = line.split()[1]
            if place.startswith(str(self.folder) + os.sep):
                subprocess.run(["umount", "-l", place], check=False)
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def engine(name):
    """An engine without containers, removed afterwards."""
    found = Engine(name)
    try:
        yield found
    finally:
        found.close()
