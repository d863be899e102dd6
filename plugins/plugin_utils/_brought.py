# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out a fault module, or the first question of a run, on a host without Ansible's part of it. Private to
magsasa.chaos.

Most of a module's time on a host is the code of Ansible that it loads, and Python that reads the payload as a text of
its program. Here the code comes as the input of a command, beside the question, and Python loads it from memory: no
file is written for it, and nothing is left of it when the command ends, however it ends. It is the same code, and the
options are checked by the same argument spec, on the controller. Wherever that is not possible, or gives no answer, the
module itself is executed, as it is for the delegate of a task.
"""

from __future__ import annotations

import binascii
import hashlib
import io
import json
import os
import re
import zipfile

from ansible import constants as C
from ansible.errors import AnsibleConnectionFailure
from ansible.executor.interpreter_discovery import discover_interpreter
from ansible.module_utils.common.parameters import remove_values
from ansible_collections.magsasa.chaos.plugins.module_utils import _families
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _commands, _names

PACKAGE = "magsasa_chaos"  # as in the runtime archive, which the host makes of it
# One line, without a single quote and an exclamation mark, which login shells may read in ways of their own. The second
# line of the input is the archive: of the file in memory there is a name as long as this process runs.
BOOTSTRAP = (
    "import os,sys,binascii;"
    'asked,code=sys.stdin.buffer.read().split(b"\\n")[:2];'
    'kept=open(os.memfd_create("magsasa-chaos"),"wb");'
    "kept.write(binascii.a2b_base64(code));kept.flush();"
    'sys.path.insert(0,"/proc/self/fd/"+str(kept.fileno()));'
    "from magsasa_chaos._entry.%s import main;"
    "sys.exit(main(asked))"
)
PATH = re.compile(r"/[A-Za-z0-9_./+-]+")
DISCOVERED = ("", "auto", "auto_silent", "auto_legacy", "auto_legacy_silent")
MODULE_SHOWN = 3  # from -vvv on people look at how Ansible executes a module
ANSIBLE = ("_", "ansible_")  # how keys of a result begin that are Ansible's own, and not for a host to say
# What is brought: all that holds and undoes faults of any family, and one family.
ROOMS = ("_host", "_ledger", "_life", "_undo", "_undo/operations")
FILES = {
    "_entry": ("main", "task"),
    "_fault": ("absence", "engine", "guard", "keep_code", "record", "request"),
    "_http": ("framing",),
    "_probe": ("failures", "live", "samples"),
}
ELSEWHERE = ("_life/earlier", "_life/keeper", "_life/keeper_shares", "_life/unrecorded", "_redact")  # for a conductor
# What a first question does not bring: a fault module's own, and what judges a run, which is done on the controller.
NOT_ASKED = ("_check/waiting", "_entry/task", "_fault/module", "_probe/module")
OF_JUDGE = ("__init__", "outages", "phases")
CONTACTS = ("begin", "assess", "lend")  # first questions; asked twice they come to the same


def execute(action, family, params, secrets, task_vars):
    """Result (dict) of the module of ``family`` on the host of the task, or None where the module must be executed.

    ``params``: all options of the module, checked; ``secrets``: texts of them that no result may hold. Raises what
    Ansible does for a host that cannot be reached.
    """
    task = action._task
    if task.delegate_to or not _possible(action):
        return None
    python = _python(action, task_vars or {})
    if python is None:
        return None
    try:
        asked = question(family, params, task.check_mode, task.diff)
    except (TypeError, ValueError):  # something that only Ansible can write down
        return None
    told = _commands.command(action, argv(python), asked + _code(family, lambda: names(top(), family)))
    found = result(told["stdout"], secrets)
    if found is None:
        said = "the host gave no answer (%s): %s" % (told["rc"], str(told.get("stderr"))[-2000:])
        action._display.vv(said, host=task_vars.get("inventory_hostname"))
    return found


def contact(runner, task_vars, asked, check):
    """Answer (dict) of the host of ``runner`` (an action) to one of the CONTACTS, or None where the module
    host_contact must be executed. ``asked``: ``{do, options}``; what of the families is brought ``families`` of its
    options says, all without it. Raises what Ansible does for a host that cannot be reached.
    """
    if asked["do"] not in CONTACTS or not _possible(runner):
        return None
    try:
        question = json.dumps(dict(asked, check=bool(check))).encode("ascii") + b"\n"
    except (TypeError, ValueError):
        return None
    python = _python(runner, task_vars) or _discovered(runner, task_vars)
    if python is None:
        return None
    families = asked["options"].get("families")
    families = sorted(set(_names.FAMILIES if families is None else families).intersection(_names.FAMILIES))
    code = _code("contact-" + _short(families), lambda: names_asked(top(), families))
    told = _commands.command(runner, argv(python, "contact"), question + code)
    found = _commands.answered(told["stdout"])
    if found is None or not isinstance(found.get("clock"), dict) or "again" not in found:
        said = "the host gave no answer (%s): %s" % (told["rc"], str(told.get("stderr"))[-2000:])
        runner._display.vv(said, host=task_vars.get("inventory_hostname"))
        return None
    return {key: value for key, value in found.items() if not key.startswith(ANSIBLE)}


def argv(python, entry="task"):
    """Command whose input is a question and an archive in base64."""
    return [python, "-I", "-S", "-B", "-c", BOOTSTRAP % entry]


def _possible(action):
    """Whether a command of this connection takes an input, and nobody wants to see how a module is executed."""
    looked_at = C.DEFAULT_KEEP_REMOTE_FILES or action._display.verbosity >= MODULE_SHOWN
    return not looked_at and _commands.takes_input(action)


def question(family, params, check=False, diff=False):
    """Bytes of it: a line."""
    asked = {"family": family, "params": params, "check": bool(check), "diff": bool(diff)}
    return json.dumps(asked).encode("ascii") + b"\n"


def result(text, secrets=()):
    """What the module would have returned, out of a command's output, or None where that is no answer."""
    found = _commands.answered(text)
    if found is None or not isinstance(found.get("changed"), bool):
        return None
    found = {key: value for key, value in found.items() if not key.startswith(ANSIBLE)}
    if not found.get("warnings"):
        found.pop("warnings", None)
    return remove_values(found, secrets)


def _python(action, task_vars):
    """Path of the host's Python as Ansible knows it, or None where it would have to look for one."""
    found = C.config.get_config_value("INTERPRETER_PYTHON", variables=task_vars)
    found = str(action._templar.template(found) or "").strip()
    if found in DISCOVERED:
        found = str((task_vars.get("ansible_facts") or {}).get("discovered_interpreter_python") or "")
    return found if PATH.fullmatch(found) else None


def _discovered(runner, task_vars):
    """Path of the Python that Ansible finds on the host, as it would before it executes a module there; it is asked
    for once. None where it finds none.
    """
    mode = str(C.config.get_config_value("INTERPRETER_PYTHON", variables=task_vars) or "auto")
    if mode not in DISCOVERED:
        return None
    try:
        found = discover_interpreter(runner, "python", mode, task_vars)
    except AnsibleConnectionFailure:
        raise
    except Exception:  # the module says what is wrong
        return None
    if isinstance(task_vars.get("ansible_facts"), dict):
        task_vars["ansible_facts"]["discovered_interpreter_python"] = found  # for the module, where it comes to that
    return str(found) if PATH.fullmatch(str(found)) else None


def _short(words):
    return hashlib.sha256(" ".join(words).encode("ascii")).hexdigest()[:16]


def top():
    """Folder of the package."""
    return os.path.dirname(next(iter(_families.__path__)))


def _code(what, files):
    """The archive in base64. Kept where Ansible keeps its own payloads for the length of a run: each task is a process
    of its own. ``files()``: what is in it.
    """
    path = os.path.join(C.DEFAULT_LOCAL_TMP, "%s-%s" % (PACKAGE, what))
    try:
        with open(path, "rb") as source:
            return source.read()
    except OSError:
        pass
    packed = binascii.b2a_base64(archive(files()))
    aside = "%s.%d" % (path, os.getpid())
    try:
        with open(aside, "wb") as target:
            target.write(packed)
        os.rename(aside, path)
    except OSError:  # no room: the next task makes it anew
        pass
    return packed


def archive(files):
    """Bytes of a zip file with these files of the package."""
    folder = top()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(PACKAGE + "/__init__.py", b"")
        for name in sorted(files):
            with open(os.path.join(folder, name), "rb") as source:
                target.writestr("%s/%s" % (PACKAGE, name), source.read())
    return packed.getvalue()


def names(top, family):
    """Files below module_utils that are brought for a family."""
    found = {"_families/__init__.py", "_families/_statistics.py", "_families/%s.py" % family}
    for room in ("", "_families/_" + family) + ROOMS + ("_host/databases", "_host/packets", "_host/systemd"):
        folder = os.path.join(top, room)
        found.update(
            os.path.join(room, file) for file in (os.listdir(folder) if os.path.isdir(folder) else ()) if _is_code(file)
        )
    for room, files in FILES.items():
        found.update("%s/%s.py" % (room, file) for file in ("__init__",) + files)
    return found - {each + ".py" for each in ELSEWHERE}


def names_asked(top, families):
    """The same for a first question, and for those that the runtime archive answers after it."""
    others = {each for family in set(_names.FAMILIES) - set(families) for each in (family + ".py", "_%s" % family)}
    found = set()
    for where, below, files in os.walk(top):
        room = os.path.relpath(where, top)
        below[:] = [name for name in below if room != "_families" or name not in others]
        for file in filter(_is_code, files):
            left_out = others if room == "_families" else ()
            if file not in left_out and (room != "_judge" or file[: -len(".py")] in OF_JUDGE):
                found.add(os.path.normpath(os.path.join(room, file)))
    return found - {each + ".py" for each in NOT_ASKED}


def _is_code(file):
    return file.endswith(".py")
