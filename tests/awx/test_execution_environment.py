# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of the image for AWX: ansible-builder takes it, from a checkout and from an installed collection."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
import yaml

from support.modules import ROOT
from support.runner import INSTALLED, PROGRAMS

LISTS = {
    "ee-requirements.txt": "meta/ee-requirements.txt",
    "target_app/requirements.txt": "target_app/requirements.txt",
}


def run(*argv):
    done = subprocess.run([str(each) for each in argv], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(name="installed")
def _installed(updated):
    """The collection as ansible-galaxy installs it."""
    return updated / INSTALLED / "ansible_collections" / "magsasa" / "chaos"


@pytest.mark.parametrize("place", ["checkout", "installed"])
def test_builder_makes_the_context(tmp_path, installed, place):
    source = ROOT if place == "checkout" else installed
    said = run(
        os.path.join(PROGRAMS, "ansible-builder"), "create", "-f", source / "meta" / "execution-environment.yml",
        "-c", tmp_path / "context", "--output-filename", "Containerfile",
    )  # fmt: skip
    assert "warning" not in said.lower() and "No matches" not in said, said
    configs = tmp_path / "context" / "_build" / "configs"
    for name, path in LISTS.items():
        assert (configs / name).read_text() == (ROOT / path).read_text()
    steps = (tmp_path / "context" / "Containerfile").read_text()
    assert all("/tmp/configs/%s" % name in steps for name in LISTS)
    assert "ansible-core>=" in steps and "ansible-runner>=" in steps and "COPY _build/configs" in steps


def test_the_image_gets_what_the_chaos_command_installs():
    def names(*paths):
        lines = [line for path in paths for line in (ROOT / path).read_text().splitlines()]
        return {re.split(r"[<>=]", line)[0] for line in lines if line and not line.startswith(("#", "-r"))}

    core = {"ansible-core"}  # named by the description itself
    terminal = {"rich"}  # a job has none: the console prints plain lines there
    assert names(*LISTS.values()) | core | terminal == names(
        "tools/requirements-runtime.txt", "target_app/requirements.txt"
    )
    needed = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["requires_ansible"]
    described = yaml.safe_load((ROOT / "meta" / "execution-environment.yml").read_text())
    assert described["dependencies"]["ansible_core"]["package_pip"].split(">=")[1] in needed
    assert "galaxy" not in described["dependencies"]  # the project brings its collection along, and needs no other


def test_other_images_with_the_collection_get_nothing_more(tmp_path, updated, installed):
    """ansible-builder looks into every collection of an image: this one asks for nothing, and does not make it fail."""
    assert (installed / "meta" / "execution-environment.yml").exists() and (
        installed / "meta" / "ee-requirements.txt"
    ).exists()
    description = tmp_path / "execution-environment.yml"
    description.write_text("version: 3\nimages: {base_image: {name: 'image:1'}}\n")
    run(os.path.join(PROGRAMS, "ansible-builder"), "create", "-f", description, "-c", tmp_path / "context")
    lists = [tmp_path / "pip.txt", tmp_path / "bindep.txt"]
    script = tmp_path / "context" / "_build" / "scripts" / "introspect.py"
    run(sys.executable, script, "introspect", updated / INSTALLED, "--write-pip", lists[0], "--write-bindep", lists[1])
    assert [path.read_text().strip() for path in lists if path.exists()] in ([], ["", ""])
