# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage lint: the linters, the changelog, the collection as it is published, and its documentation site."""

from __future__ import annotations

import os
import sys
import tarfile
import tempfile
from pathlib import Path

from . import site
from .found import ROOT, Found, tracked

# Top-level names that a published collection may hold; the rest of the checkout is for who works on it.
PUBLISHED = {
    "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md", "SECURITY.md",
    "changelogs", "docs", "meta", "playbooks", "plugins", "roles", "target_app",
}  # fmt: skip
TEMPLATES = "plugins/plugin_utils/_report/templates"


def program(name):
    """Path of a program of the environment that runs this."""
    return os.path.join(os.path.dirname(sys.executable), name)


def unexpected(tarball):
    """Names in a built collection that do not belong there: links, caches, compiled files, unknown top-level names."""
    with tarfile.open(tarball) as archive:
        members = archive.getmembers()
    return [
        each.name
        for each in members
        if each.issym()
        or each.islnk()
        or each.name.split("/")[0] not in PUBLISHED
        or "__pycache__" in each.name
        or each.name.endswith((".pyc", ".db"))
    ]


def lacking(tarball):
    """Templates of the report that a built collection lacks: without them an installed one could write no report."""
    with tarfile.open(tarball) as archive:
        names = set(archive.getnames())
    return [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / TEMPLATES).iterdir())
        if str(path.relative_to(ROOT)) not in names
    ]


def check_build(found):
    """Build the collection, look into it, and build its documentation site."""
    with tempfile.TemporaryDirectory(prefix="magsasa-chaos-build-") as scratch:
        if not found.check(
            "ansible-galaxy collection build",
            [program("ansible-galaxy"), "collection", "build", "--output-path", scratch],
        ):
            return
        tarball = next(Path(scratch).glob("*.tar.gz"))
        strange, missing = unexpected(tarball), lacking(tarball)
        if strange:
            found.failed += 1
            found.notes.append("the built collection holds what does not belong there: %s" % ", ".join(strange[:5]))
        elif missing:
            found.failed += 1
            found.notes.append("the built collection lacks %s" % ", ".join(missing[:5]))
        else:
            found.passed += 1
        site.check(found, tarball, Path(scratch))


def run(_more):
    """Every check runs, whatever the others found."""
    found = Found()
    files = tracked()
    environment = dict(os.environ, NO_COLOR="1", ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"))
    found.check("yamllint", [program("yamllint"), "--strict", "."])
    found.check(
        "ansible-lint", [program("ansible-lint"), "--profile", "production", "--offline", "--strict"], env=environment
    )
    scripts = [path for path in files or [] if path.endswith(".sh") or path == ".ci/run"]
    if scripts:
        found.check("shellcheck", [program("shellcheck"), "--external-sources", *scripts])
    else:
        found.skip("shellcheck", "this is not a git checkout")
    found.check("antsibull-changelog", [program("antsibull-changelog"), "lint"])
    check_build(found)
    return found
