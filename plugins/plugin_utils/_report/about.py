# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says of its run: who, when, with what, on whose behalf. Private to magsasa.chaos."""

from __future__ import annotations

import json
import os
import re
import sys
import time

from ansible.release import __version__ as core_version
from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _runs
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import model, text

GIVEN = ("purpose", "owner", "approved_by", "retest_of")  # each by the variable chaos_<name>


def run(run_id, started, **more):
    """The ``run`` of a report (see model.build); ``started``: seconds since the epoch."""
    found = {
        "id": run_id,
        "started": stamp(started),
        "finished": stamp(time.time()),
        "intensity": None,
        "dry_run": False,
        "interrupted": False,
        "unreachable": [],
        "earlier": [],
        "seed": None,
        "versions": {
            "ansible-core": core_version,
            "python": "%d.%d.%d" % sys.version_info[:3],
            "magsasa.chaos": own_version(),
        },
        "command": command(),
    }
    found.update({key: None for key in model.RUN_TEXTS})
    return dict(found, **more)


def main_process():
    """``(started, suffix)``: when the ansible-playbook began that forked us (seconds since the epoch), and 6 digits
    that name it.
    """
    began = processes.start_time(os.getppid())
    return time.time() - (processes.age_s(began) if began is not None else 0.0), _runs.identity()[:6]


def where(variables):
    """The job of AWX that this is: "AWX job 42 of template Weekly chaos, by alice"; None elsewhere."""
    for head in ("awx", "tower"):
        if variables.get(head + "_job_id"):
            name, user = variables.get(head + "_job_template_name"), variables.get(head + "_user_name")
            parts = (
                "AWX job %s" % variables[head + "_job_id"],
                " of template %s" % name if name else "",
                ", by %s" % user if user else "",
            )
            return text.plain("".join(parts), 300)
    return None


def text_of(value):
    """A variable as text; None for one that is not set, or still a template, which nobody fills in for a callback."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value) if str(value).strip() and "{{" not in str(value) else None


def stamp(seconds):
    """2026-11-28T22:05:01Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def command():
    """The command line without its secrets."""
    return text.plain(" ".join([os.path.basename(sys.argv[0])] + [_without_probe(each) for each in sys.argv[1:]]), 300)


def _without_probe(argument):
    """An argument of the command line without what a probe was told: any header of it may be a secret; so may an
    address to send to.
    """
    return "(variables with chaos_probe)" if re.search(r"chaos_(probe|report_to)\b", argument) else argument


def short(path):
    """A path as somebody in this folder would write it."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative


def own_version():
    """Version of the collection, from its galaxy.yml or MANIFEST.json."""
    root = os.path.abspath(__file__)
    for _step in range(4):
        root = os.path.dirname(root)
    try:
        with open(os.path.join(root, "galaxy.yml"), encoding="utf-8") as source:
            return next(line.split(":", 1)[1].strip() for line in source if line.startswith("version:"))
    except (OSError, StopIteration):
        pass
    try:
        with open(os.path.join(root, "MANIFEST.json"), encoding="utf-8") as source:
            return json.load(source)["collection_info"]["version"]
    except (OSError, ValueError, KeyError):
        return "unknown"
