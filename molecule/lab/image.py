# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base image that every host of every lab starts from: Debian with SSH, a PostgreSQL that is off, and the
sample app's packages.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

from . import places
from .commands import run

SUITE = "bookworm"
SUITE_PYTHON = "3.11"
PACKAGES = (
    "systemd-sysv dbus python3 openssh-server iproute2 nftables iptables procps iputils-ping curl postgresql"
).split()
# The sample application's packages live apart: modules must do with what a plain host has.
APP_PYTHON = "/opt/app-python"
KEEP_OFF = (
    "apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer postgresql.service"
    " getty@tty1.service"
)
VERSION = 1  # raise it when the image is made in another way


def recipe():
    """Everything that decides what is in the image (text)."""
    parts = [str(VERSION), SUITE, SUITE_PYTHON, platform.machine(), KEEP_OFF, " ".join(PACKAGES)]
    parts += [(places.CHECKOUT / name).read_text() for name in ("target_app/requirements.txt", "constraints.txt")]
    return "\n".join(parts)


def folder():
    """Where the image of the present recipe is, built or not (Path)."""
    return places.images() / hashlib.sha256(recipe().encode()).hexdigest()[:16]


def _install_system(root):
    argv = ["mmdebstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES)]
    # Nothing needs to survive a power cut: a build that is cut short starts again.
    argv += ["--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"']
    argv += ["--dpkgopt=path-exclude=/usr/share/%s/*" % name for name in ("man", "doc", "locale", "info")]
    run(argv + [SUITE, str(root)], timeout=1200)


def _install_app_packages(root):
    """Make a virtual environment in the image and fill it from outside, where pip and its index are."""
    run(["chroot", str(root), "python3", "-m", "venv", "--without-pip", APP_PYTHON])
    # A distribution may split venv off its Python; the interpreter behind a virtual environment has all of it.
    base = getattr(sys, "_base_executable", None) or sys.executable
    with tempfile.TemporaryDirectory(prefix="magsasa-lab-pip-") as scratch:
        run([base, "-m", "venv", scratch])
        argv = [
            scratch + "/bin/python",
            "-m",
            "pip",
            "install",
            "-q",
            "--no-input",
            "--disable-pip-version-check",
            "--no-compile",
        ]
        argv += [
            "--target",
            "%s%s/lib/python%s/site-packages" % (root, APP_PYTHON, SUITE_PYTHON),
            "--python-version",
            SUITE_PYTHON,
        ]
        argv += ["--implementation", "cp", "--only-binary=:all:"]
        for level in ("manylinux2014", "manylinux_2_28", "manylinux_2_34"):
            argv += ["--platform", "%s_%s" % (level, platform.machine())]
        argv += [
            "-c",
            str(places.CHECKOUT / "constraints.txt"),
            "-r",
            str(places.CHECKOUT / "target_app/requirements.txt"),
        ]
        run(argv)


def _settle(root):
    """Settings of every host: who may log in, what stays off, no work at the first boot."""
    run(["systemctl", "--root=%s" % root, "-q", "disable", *KEEP_OFF.split()], check=False)
    run(
        ["systemctl", "--root=%s" % root, "-q", "mask", "systemd-networkd-wait-online.service", "console-getty.service"]
    )
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/ssh/sshd_config.d").mkdir(exist_ok=True)
    (root / "etc/ssh/sshd_config.d/lab.conf").write_text(
        "PermitRootLogin prohibit-password\nPasswordAuthentication no\nUseDNS no\nUsePAM yes\nMaxStartups 100\nHostKey"
        " /etc/ssh/ssh_host_ed25519_key\n"
    )
    (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    for name in ("etc/resolv.conf", "etc/hostname", "etc/machine-id"):
        with contextlib.suppress(FileNotFoundError):
            (root / name).unlink()
    (root / "etc/resolv.conf").write_text("# This host has no way out.\n")
    (root / "etc/machine-id").write_text("")


def _build(target, say):
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    say("Building the base image (Debian %s; once, about a minute) ..." % SUITE)
    _install_system(partial)
    _install_app_packages(partial)
    _settle(partial)
    partial.rename(target)


def _remove_old():
    """Remove images of other recipes that no lab stands on and nobody built within a week."""
    mounts = Path("/proc/self/mounts").read_text()
    for path in places.images().iterdir():
        old = time.time() - path.stat().st_ctime > 7 * 86400
        if path.is_dir() and old and path != folder() and str(path) not in mounts:
            shutil.rmtree(path, ignore_errors=True)


def ready(say=print):
    """Folder of the base image (Path); it is built when it is not there. Raises LabError."""
    target = folder()
    if target.is_dir():
        return target
    places.images().mkdir(parents=True, exist_ok=True)
    with open(places.images() / "build.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            _build(target, say)
            _remove_old()
    return target
