# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of every fault with whatever a user may write: a plan or one sentence, and nothing on the host has
changed.

The way of a module in check mode: Ansible's own validation of the argument spec, the shared options, parse, guards,
look, plan.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import pkgutil
import random
import re
import socket
import time

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.magsasa.chaos.plugins.module_utils import _families
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import absence, engine
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import request as fault_module
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import private_files
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _fault_action

from .factor import NIGHTLY

INPUTS = 20000 if NIGHTLY else 2200  # of all families together
NAMES = sorted(each.name for each in pkgutil.iter_modules(_families.__path__) if not each.name.startswith("_"))
FAMILIES = {name: importlib.import_module("%s.%s" % (_families.__name__, name)).FAMILY for name in NAMES}

DEEP = "x"
for _level in range(60):
    DEEP = [DEEP]
BAD = [
    None, "", " ", "abc", "-1", -1, 0, 1, True, False, 1e308, -1e308, math.nan, math.inf, 10**400, "1e9", "9" * 30, "9" * 5000, "5 parsecs",
    "\uff11\uff10s",
    "\u0665\u0660%", "\0", "a\nb", "\x1b[31mred\x07", "\u202egnp.exe", "\ud800", "\U0001f4a5", "x" * 5000, "x" * 100000, "../../etc/passwd", "/",
    "/dev/null",
    "/dev/zero", "/proc/self/mem", "/nonexistent/file", "~", "$(id)", "`id`", "; rm -rf /", "--help", "-rf", "{{ 7 * 7 }}", "%s%n", "nan", "inf",
    "101%", "-5%",
    "0s", "0.0000001us", "1000000d", "1s1s1s", "0B", "1Y", "100T", "999999T", [], {}, [None], [[]], {"a": None}, {"": {"": []}}, DEEP, ["x"] * 3000,
    [{}], [0, -1],
    "::1", "127.0.0.1/33", "::/0", "0.0.0.0/0", "300.1.1.1", "fe80::1%lo", "localhost.", "a" * 64 + ".example", "-.example", "xn--", "65536", "0",
    "1-70000", "9-1",
    "[", "(((", "(?P<", "*" * 50, "\\", "u+s", "0999", "7777777", "rwx", "KILL", "SIGSTOP", "SIGRTMIN+99", "root", "nobody", "nosuchuser", b"bytes",
    (1, 2), 2**63,
]  # fmt: skip
PLAUSIBLE = {
    "str": [
        "30s",
        "50%",
        "64M",
        "1M",
        "10",
        "5001",
        "127.0.0.1",
        "localhost",
        "nosuch.service",
        "/tmp",
        "cron",
        "example.invalid",
    ],
    "int": [1, 2, 5, 80],
    "float": [0.5, 1.0],
    "bool": [True, False],
    "list": [["127.0.0.1"], [8], ["5001"], [0]],
    "dict": [{"probe": "p", "error_rate": "10%"}],
    "raw": ["x"],
    "path": ["/tmp", "/etc/hostname", "/nonexistent"],
}
EVERYWHERE = ("cpu", "disk", "file", "memory")  # what can be planned on every machine, by every user


def options_of(family):
    return dict(fault_module.ENVELOPE, **family.options)


def examples(name):
    """Options of the tasks that the documentation of a fault shows: what a user begins with."""
    module = importlib.import_module("ansible_collections.magsasa.chaos.plugins.modules.%s_fault" % name)
    tasks = [task.get("magsasa.chaos.%s_fault" % name) for task in yaml.safe_load(module.EXAMPLES)]
    return [task for task in tasks if task and task.get("state", "present") == "present"]


def at_hand(value, scratch):
    """The value of an example, aimed at what there is on this machine."""
    if isinstance(value, str) and value.startswith("/"):
        return str(scratch / "file" if os.path.splitext(value)[1] or "etc" in value else scratch)
    if isinstance(value, str) and re.fullmatch(
        r"192\.0\.2\.[0-9]+", value
    ):  # of the documentation: nobody answers there
        return "127.0.0.1"
    return [at_hand(each, scratch) for each in value] if isinstance(value, list) else value


def changed(draw, family, scratch):
    """Options of an example with none, one or two of them made into something else."""
    given = {key: at_hand(value, scratch) for key, value in draw.choice(examples(family.name)).items()}
    given.update(name="fuzz", state="present", duration="30s")
    options = options_of(family)
    for name in draw.sample(sorted(options), draw.choice([0, 0, 1, 1, 2])):
        kind = options[name].get("type", "str")
        given[name] = draw.choice(BAD if draw.random() < 0.5 else list(options[name].get("choices") or PLAUSIBLE[kind]))
    return given


def drawn(draw, family, scratch):
    """Options of a task: some left out, some plausible, some not."""
    if draw.random() < 0.5:
        return changed(draw, family, scratch)
    given = {"name": "fuzz", "state": "present", "duration": "30s"}
    share = draw.choice([0.05, 0.2, 0.5])
    for name, spec in options_of(family).items():
        roll = draw.random()
        if roll < share:
            given[name] = draw.choice(BAD)
        elif spec.get("required") and name not in given or roll < 0.5 and name not in given or name == "action":
            kind = spec.get("type", "str")
            given[name] = draw.choice(
                list(spec.get("choices") or PLAUSIBLE[kind])
                + ([str(scratch / "file")] if kind in ("str", "path") else [])
            )
    return given


def said(family, given):
    """ "plan", or the sentence; any other exception goes through and is the defect that is looked for."""
    wrong = _fault_action.malformed("magsasa.chaos.%s_fault" % family.name, given)
    if wrong:
        return wrong
    validator = ArgumentSpecValidator(options_of(family), **getattr(family, "constraints", {}))
    checked = validator.validate(given)
    if checked.error_messages:
        return checked.error_messages[0]
    params = checked.validated_parameters
    try:
        shared = fault_module.envelope(params)
        if params["state"] == "absent":
            absence.absent(shared["name"], True)
            return "plan"
        result = engine.present(family, shared, dict(family.parse(params), force=shared["force"]), True)
    except (ChaosError, OSError) as error:  # an OSError becomes a sentence in the module's main()
        return str(error)
    json.dumps(result)
    return "plan"


def tree(folder):
    return sorted(
        (str(path), path.stat().st_mode, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")
    )


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "file").write_text("precious")
    monkeypatch.setenv(private_files.OVERRIDE, str(tmp_path / "state"))
    real = socket.getaddrinfo

    def numeric_only(host, port, family=0, type=0, proto=0, flags=0):  # pylint: disable=redefined-builtin
        return real(host, port, family, type, proto, flags | socket.AI_NUMERICHOST)

    monkeypatch.setattr(socket, "getaddrinfo", numeric_only)  # no name leaves this machine
    monkeypatch.setattr(socket, "gethostbyname", lambda host: numeric_only(host, 0)[0][4][0])
    return tmp_path / "scratch"


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_asked_is_a_plan_or_a_sentence(name, scratch, capsys):
    family = FAMILIES[name]
    draw = random.Random("options of " + name)
    nothing = os.path.lexists("/nonexistent")
    before, counts, begun = tree(scratch), {"plan": 0, "sentence": 0}, time.monotonic()
    defects = {}
    for _each in range(INPUTS // len(NAMES) + 1):
        given = drawn(draw, family, scratch)
        try:
            answer = said(family, given)
        except Exception as error:
            trace = error.__traceback__
            while trace.tb_next:
                trace = trace.tb_next
            where = "%s:%d %s" % (
                trace.tb_frame.f_code.co_filename.rpartition("/")[2],
                trace.tb_lineno,
                type(error).__name__,
            )
            defects.setdefault(where, (str(error)[:200], {key: repr(value)[:80] for key, value in given.items()}))
            continue
        counts["plan" if answer == "plan" else "sentence"] += 1
    with capsys.disabled():
        if NIGHTLY:
            print(
                "\n%s: %s, tracebacks %d, changes %d, %.0f s"
                % (name, counts, len(defects), tree(scratch) != before, time.monotonic() - begun)
            )
    assert not defects, json.dumps(defects, indent=1)
    assert tree(scratch) == before and not os.path.exists(os.environ[private_files.OVERRIDE])
    assert os.path.lexists("/nonexistent") == nothing
    assert counts["sentence"] and sum(counts.values()) > 20
    if name in EVERYWHERE:
        assert counts["plan"] > sum(counts.values()) / 20, "what is refused at once shows nothing of the rest"
