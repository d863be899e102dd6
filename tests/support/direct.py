# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of fault modules without Ansible around it: for tables of many rows. As a program: a list of [module,
options] on stdin, results on stdout.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys

from support.modules import ROOT, environment

BASE = "ansible_collections.magsasa.chaos.plugins.module_utils."


def run(state, *calls):
    """Results of ``(family, options)``, one after the other on this host; a failed one has ``failed`` and ``msg``."""
    values = environment(state, PYTHONPATH=os.pathsep.join([str(ROOT / ".collections"), str(ROOT / "tests")]))
    argv = [sys.executable, "-B", __file__]
    done = subprocess.run(
        argv, input=json.dumps(calls), env=values, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _one(name, options):
    module = importlib.import_module(BASE + "_fault.request")
    family = importlib.import_module(BASE + "_families." + name).FAMILY
    defaults = {key: spec.get("default") for key, spec in dict(module.ENVELOPE, **family.options).items()}
    params = dict(defaults, **options)
    try:
        shared = module.envelope(params)
        if params["state"] == "absent":
            return importlib.import_module(BASE + "_fault.absence").absent(shared["name"])
        return importlib.import_module(BASE + "_fault.engine").present(
            family, shared, dict(family.parse(params), force=shared["force"])
        )
    except Exception as error:
        return {"failed": True, "changed": False, "kind": type(error).__name__, "msg": str(error)}


if __name__ == "__main__":
    json.dump([_one(*call) for call in json.load(sys.stdin)], sys.stdout)
