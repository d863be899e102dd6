# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation site, built from the collection as it is published: guides, module pages, roles. Without a warning,
and without a network. The pages are kept in .cache/site/index.html.
"""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path

from .found import CACHE, Found

NAME = "magsasa.chaos"
# What our pages refer to on docs.ansible.com: kind and name, and its page there. Sphinx knows others from the inventory
# of that site, which a test must not fetch; so a new one is added here after a look whether it is there.
DEVEL = "https://docs.ansible.com/projects/ansible/devel/"
SETTINGS = "reference_appendices/config.html"
ELSEWHERE = {
    "std:envvar ANSIBLE_DISPLAY_SKIPPED_HOSTS": SETTINGS,
    "std:envvar ANSIBLE_SHOW_CUSTOM_STATS": SETTINGS,
    "std:envvar NO_COLOR": SETTINGS,
    "std:label action_plugins": "plugins/action.html",
    "std:label ansible_collections.ansible.builtin.default_callback": "collections/ansible/builtin/default_callback.html",
    "std:label ansible_collections.ansible.builtin.set_stats_module": "collections/ansible/builtin/set_stats_module.html",
    "std:label ansible_collections.community.general.opentelemetry_callback": (
        "collections/community/general/opentelemetry_callback.html"
    ),
    "std:label ansible_configuration_settings": SETTINGS,
    "std:label callback_plugins": "plugins/callback.html",
    "std:label common_return_values": "reference_appendices/common_return_values.html",
}


def inventory():
    """A Sphinx inventory (bytes) of what our pages refer to elsewhere."""
    lines = ["%s %s -1 %s# %s" % (*reversed(key.split()), page, key.split()[1]) for key, page in ELSEWHERE.items()]
    head = b"# Sphinx inventory version 2\n# Project: docs.ansible.com\n# Version: \n"
    return head + b"# The remainder of this file is compressed using zlib.\n" + zlib.compress("\n".join(lines).encode())


def check(found, tarball, scratch):
    """Build the site of a built collection below ``scratch`` (Path)."""
    collection = scratch.joinpath("collections", "ansible_collections", *NAME.split("."))
    collection.mkdir(parents=True)
    with tarfile.open(tarball) as archive:
        archive.extractall(collection, filter="data")
    tools = os.path.dirname(sys.executable)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    environment.update(
        ANSIBLE_COLLECTIONS_PATH=str(scratch / "collections"),
        HOME=str(scratch),
        PATH=os.pathsep.join([tools, environment.get("PATH", os.defpath)]),
        NO_COLOR="1",
    )
    how = {"env": environment, "cwd": scratch}
    program = os.path.join(tools, "antsibull-docs")
    found.check(
        "antsibull-docs lint-collection-docs",
        [program, "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=self", "--skip-rstcheck", str(collection)],
        **how,
    )  # fmt: skip
    site = scratch / "site"
    site.mkdir()
    made = found.check(
        "antsibull-docs sphinx-init",
        [program, "sphinx-init", "--use-current", "--squash-hierarchy", "--fail-on-error"]
        + ["--sphinx-theme", "alabaster", "--project", NAME, "--copyright", "magsasa.chaos contributors", "--title", NAME]
        + ["--dest-dir", str(site), NAME],
        **how,
    )  # fmt: skip
    if not made:
        return
    (site / "devel.inv").write_bytes(inventory())
    with open(site / "conf.py", "a", encoding="utf-8") as settings:
        settings.write("\nintersphinx_mapping = %r\n" % {"ansible_devel": (DEVEL, str(site / "devel.inv"))})
    if found.check("documentation site", ["bash", str(site / "build.sh")], **how):
        shutil.rmtree(CACHE / "site", ignore_errors=True)
        shutil.copytree(site / "build" / "html", CACHE / "site")


def main(arguments):
    """Build the site of a tarball alone: exit code."""
    found = Found()
    with tempfile.TemporaryDirectory(prefix="magsasa-chaos-site-") as scratch:
        check(found, arguments[0], Path(scratch))
    print("\n".join(found.notes))
    return 1 if found.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
