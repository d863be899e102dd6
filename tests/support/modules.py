# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one module of the collection on localhost through Ansible, as a user's playbook would, and return its result."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from support import adhoc

ROOT = Path(__file__).resolve().parents[2]
# Other tests listen on this machine meanwhile: what a run finds by itself must not be theirs.
os.environ["CHAOS_DISCOVER"] = "false"


def environment(state, **more):
    """The environment of a clean Ansible run from this checkout, with the collection's state in ``state``."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MAGSASA_", "CHAOS_"))}
    kept.update(
        ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"),
        ANSIBLE_LOCALHOST_WARNING="False",
        ANSIBLE_NOCOLOR="1",
        CHAOS_DISCOVER="false",
        MAGSASA_CHAOS_STATE=str(state),
        PATH=os.pathsep.join([os.path.dirname(sys.executable), kept.get("PATH", os.defpath)]),
    )
    kept.update({key: str(value) for key, value in more.items()})
    return kept


def run_module(module, arguments, state, check=False, diff=False, extra=(), env=None, inventory=None):
    """Result (dict) of ``magsasa.chaos.<module>``; a failed one has ``failed: true``. Raises when Ansible itself gave no result."""
    argv = [
        os.path.join(os.path.dirname(sys.executable), "ansible"),
        "localhost",
        "-i",
        str(inventory or ROOT / "inventory" / "hosts"),
        "-m",
        "magsasa.chaos." + module,
    ]
    argv += ["-a", json.dumps(arguments)] if arguments else []
    argv += ["--check"] if check else []
    argv += ["--diff"] if diff else []
    done = adhoc.run(argv + list(extra), cwd=ROOT, env=environment(state, **(env or {})), timeout=180)
    head, arrow, body = done.stdout.partition(" => ")
    if not arrow:
        raise AssertionError("no result from %s: %s %s" % (module, done.stdout, done.stderr))
    result, _end = json.JSONDecoder().raw_decode(body.lstrip())
    if "FAILED!" in head or "UNREACHABLE!" in head:
        result["failed"] = True
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return result
