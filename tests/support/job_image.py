# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image as jobs of AWX run in: the Debian of the lab, and what meta/execution-environment.yml asks for by pip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
import yaml

from support.lab import lifecycle  # noqa: F401  # pylint: disable=unused-import # the lab's package is on the path then
from support.modules import ROOT

from lab import image, places  # noqa: E402

# The oldest ansible-core that the collection works with: the image of AWX has an old one.
CORE = "ansible-core==2.16.19"


def obstacle():
    """Why no image can be made here (text), or empty."""
    missing = [program for program in ("podman", "tar") if shutil.which(program) is None]
    if missing:
        return "install %s" % " and ".join(missing)
    return "" if os.geteuid() == 0 else "only root joins the lab's network with a container"


def _packages():
    """What the description of the image installs, with the core above."""
    described = yaml.safe_load((ROOT / "meta" / "execution-environment.yml").read_text(encoding="utf-8"))
    runner = described["dependencies"]["ansible_runner"]["package_pip"]
    return [CORE, runner, "-r", str(ROOT / "meta" / "ee-requirements.txt")]


def make(name, place):
    """Import the image ``name``; ``place`` (Path) is a folder for what goes into it. Skips where pip finds no index."""
    reason = obstacle()
    if reason:
        pytest.skip("the job image cannot be made: " + reason)
    base = image.ready()
    packages = place / "opt" / "ansible"
    argv = [sys.executable, "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check", "--no-compile"]
    argv += ["--target", str(packages), "--python-version", image.SUITE_PYTHON, "--implementation", "cp"]
    argv += ["--only-binary=:all:", *_packages()]
    for level in ("manylinux2014", "manylinux_2_28", "manylinux_2_34"):
        argv += ["--platform", "%s_%s" % (level, os.uname().machine)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip("pip could not install what the image needs: " + done.stderr.strip()[-300:])
    for program in (packages / "bin").iterdir():
        lines = program.read_bytes().split(b"\n", 1)
        program.write_bytes(b"#!/usr/bin/python3\n" + lines[1] if lines[0].startswith(b"#!") else b"\n".join(lines))
    changes = [
        "ENV PYTHONPATH=/opt/ansible",
        "ENV PATH=/opt/ansible/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "WORKDIR /runner",
    ]
    packed = subprocess.Popen(
        ["tar", "-cf", "-", "-C", str(base), "--exclude=./opt/app-python", "--exclude=./usr/lib/postgresql", ".",
         "-C", str(place), "./opt/ansible"],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    with packed:
        argv = ["podman", "import", "-q", *(part for each in changes for part in ("--change", each)), "-", name]
        subprocess.run(argv, stdin=packed.stdout, capture_output=True, timeout=300, check=True)
    assert packed.returncode == 0
    return name


def remove(name):
    """The image goes, and what a job left of a container with it."""
    subprocess.run(["podman", "rmi", "-f", name], capture_output=True, timeout=120, check=False)


def login_key(lab):
    """The private key that logs in to the hosts of a lab (text)."""
    return (places.runtime(lab.name) / "login").read_text()
