# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one module of the collection on localhost, and return its result.

By night through Ansible, as a user's playbook would. By day without Ansible's controller (0.1 s instead of 0.6 s) where
that has no part in the
result: what it adds is shown by the playbooks, the lab and the targets of tests/matrix.
"""

from __future__ import annotations

import binascii
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _brought, _fault_action

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


def _needs_a_controller(module, arguments):
    """Whether the result depends on the module's action, beyond its check of what Ansible cannot read."""
    action = (ROOT / "plugins" / "action" / (module + ".py")).exists()
    return action and not module.endswith("_fault") or module == "network_fault" and "peer" in (arguments or {})


def _directly(module, arguments, state, check, diff, env):
    """Result of the module as Ansible would give it for localhost of the shipped inventory."""
    if module.endswith("_fault"):
        wrong = _fault_action.malformed("magsasa.chaos." + module, arguments)
        if wrong:
            return {"failed": True, "changed": False, "msg": wrong}
        result = _brought_to(module, arguments, check, diff, environment(state, **(env or {})))
        if result is not None:
            return _refused(result)
    given = dict(
        arguments or {}, _ansible_check_mode=check, _ansible_diff=diff, _ansible_module_name="magsasa.chaos." + module
    )
    done = adhoc.run_module_file(module, given, ROOT, environment(state, **(env or {})), 180)
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    try:
        result = json.loads(done.stdout)
    except ValueError:
        raise AssertionError("no result from %s: %s %s" % (module, done.stdout, done.stderr)) from None
    result.setdefault("changed", False)
    result.pop("invocation", None)  # Ansible shows it from -vvv on
    return _refused(result)


def _refused(result):
    if str(result.get("msg", "")).startswith("refused by"):
        result["refused"] = True
    return result


def _brought_to(module, arguments, check, diff, env):
    """Result of a fault module as its action gets it: see plugin_utils/_brought.py. None where the module must say
    what is wrong with the options.
    """
    try:
        params, secrets = _fault_action.complete("magsasa.chaos." + module, arguments or {})
    except ChaosError:
        return None
    family = module.replace("_fault", "")
    asked = _brought.question(family, params, check, diff) + binascii.b2a_base64(_archive(family))
    argv = _brought.argv(sys.executable)
    done = subprocess.run(
        argv, input=asked, env=env, cwd=ROOT, capture_output=True, timeout=180, check=False, start_new_session=True
    )
    result = _brought.result(done.stdout.decode(), secrets)
    assert result is not None and done.stderr == b"", (done.returncode, done.stdout, done.stderr)
    return result


@functools.lru_cache(maxsize=None)
def _archive(family):
    return _brought.archive(_brought.names(_brought.top(), family))


def run_module(module, arguments, state, check=False, diff=False, extra=(), env=None, inventory=None):
    """Result (dict) of ``magsasa.chaos.<module>``; a failed one has ``failed: true``. Raises when Ansible itself
    gave no result.
    """
    day = os.environ.get("CHAOS_NIGHTLY") != "1"
    # The code of a fault is brought to a process of our own, which is where the test put itself.
    here = adhoc.at_home() or module.endswith("_fault")
    if day and not extra and inventory is None and here and not _needs_a_controller(module, arguments):
        return _directly(module, arguments, state, check, diff, env)
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
