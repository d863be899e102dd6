# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather the experiment records of a run and write the report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: slo_report
type: aggregate
short_description: Write the report of a chaos run
version_added: 0.1.0
author: magsasa.chaos contributors (@magsasa)
description:
  - Collects the records that M(magsasa.chaos.slo_check) returns on all hosts, and writes C(report.json), C(report.html) and C(report.md) into a folder of
    their own when the playbook ends. Prints a summary of one screen; on standard error where the callback for standard output writes something
    for programs, such as JSON.
  - The role P(magsasa.chaos.preflight#role) says which folder the run tested, and that is taken.
  - Writes nothing when no experiment was judged. What was judged before a run was interrupted is written, and marked so.
  - The verdict of a run is the failure of a task, never of this callback.
requirements:
  - enable it with C(callbacks_enabled = magsasa.chaos.slo_report)
options:
  report_dir:
    description: Folder of the reports. Every run makes a folder of its own in it, and C(latest) points at the newest.
    type: str
    default: reports
    ini:
      - section: slo_report
        key: report_dir
    env:
      - name: CHAOS_REPORT_DIR
    vars:
      - name: chaos_report_dir
"""

import atexit
import json
import os
import re
import shutil
import sys
import time

from ansible import constants, context
from ansible.plugins.callback import CallbackBase
from ansible.release import __version__ as core_version
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _outcome
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import REPORTS, RUN
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import model, terminal, text, write

ACTIONS = ("magsasa.chaos.slo_check", "slo_check")
CHECKS = ("magsasa.chaos.preflight_check", "preflight_check")
PROGRAMS = ("json", "jsonl", "tap", "null")  # callbacks for standard output whose output is for programs
COLORS = {"passed": constants.COLOR_OK, "failed": constants.COLOR_ERROR, "unknown": constants.COLOR_WARN}


class CallbackModule(CallbackBase):
    """See DOCUMENTATION."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "magsasa.chaos.slo_report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._records = []
        self._started = time.time()
        self._id = os.environ[RUN] = write.run_id()  # workers are forked from here; what they keep of the run names it so
        self._said = {"intensity": None, "seed": None, "report_dir": None}
        self._main = os.getpid()
        self._over = False
        atexit.register(self._interrupted)  # Ctrl-C ends ansible-playbook without any statistics

    def v2_playbook_on_start(self, playbook):
        """Now the options are known: the preflight tries the folder that they name."""
        os.environ[REPORTS] = str(self.get_option("report_dir"))

    def v2_playbook_on_play_start(self, play):
        """Remember what the plays say about the run; the first that says it counts."""
        variables = play.get_variable_manager().get_vars(play=play)
        for key, known in self._said.items():
            self._said[key] = known if known is not None else _text_of(variables.get("chaos_" + key))

    def v2_runner_on_ok(self, result):
        """Keep the records."""
        self._collect(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """A breach with fail_on_breach is a failed task with a record."""
        self._collect(result, failed=True)

    def _collect(self, result, failed=False):
        task = getattr(result, "task", None) or result._task
        name = next((each for each in (task.resolved_action, task.action) if each in ACTIONS or each in CHECKS), None)
        if name is None:
            return
        found = getattr(result, "result", None)
        found = found if isinstance(found, dict) else result._result
        if name in CHECKS:
            _outcome.SEEN["bad_setting" if failed else "checked"] = True
            self._said["seed"] = self._said["seed"] or _text_of(found.get("seed"))
            self._said["report_dir"] = _text_of(found.get("report_dir")) or self._said["report_dir"]
            return
        for each in found.get("results") or [found]:
            if isinstance(each, dict) and isinstance(each.get("experiment"), dict):
                self._records.append(each["experiment"])
                _outcome.SEEN["judged"] = True

    def v2_playbook_on_stats(self, stats):
        """Write once, at the end."""
        self._finish(unreachable=sorted(stats.dark))

    def _interrupted(self):
        if os.getpid() == self._main:
            self._finish(interrupted=True)

    def _finish(self, interrupted=False, unreachable=()):
        if self._over or not self._records:
            return
        self._over = True
        report = model.build(self._run(interrupted or _outcome.SEEN["interrupted"], list(unreachable)), self._records)
        folder = os.path.abspath(os.path.expanduser(self._said["report_dir"] or self.get_option("report_dir")))
        shown = None
        try:
            shown = _short(os.path.join(write.write(report, folder), "report.md"))
        except OSError as error:
            why = error.strerror or type(error).__name__
            self._display.warning("the report could not be written into %s (%s); name another folder with CHAOS_REPORT_DIR" % (folder, why))
        width = min(max(shutil.get_terminal_size().columns, terminal.WIDTH), 120)
        aside = constants.DEFAULT_STDOUT_CALLBACK.rpartition(".")[2] in PROGRAMS
        summary = (terminal.brief if _outcome.SEEN["shown"] else terminal.render)(report, shown, width)
        for number, line in enumerate(summary):
            self._display.display(line, stderr=aside, color=COLORS.get(report["summary"]["verdict"]) if number == 0 else None)

    def _run(self, interrupted, unreachable):
        return {
            "id": self._id,
            "started": _stamp(self._started),
            "finished": _stamp(time.time()),
            "intensity": self._said["intensity"],
            "dry_run": bool(context.CLIARGS.get("check")),
            "interrupted": interrupted,
            "unreachable": unreachable,
            "seed": self._said["seed"],
            "versions": {"ansible-core": core_version, "python": "%d.%d.%d" % sys.version_info[:3], "magsasa.chaos": _own_version()},
            "command": text.plain(" ".join([os.path.basename(sys.argv[0])] + [_without_probe(each) for each in sys.argv[1:]]), 300),
        }


def _without_probe(argument):
    """An argument of the command line without what a probe was told: any header of it may be a secret."""
    return "(variables with chaos_probe)" if re.search(r"chaos_probe\b", argument) else argument


def _short(path):
    """A path as somebody in this folder would write it."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative


def _text_of(value):
    """A variable of a play as text; None for one that is not set, or still a template, which nobody fills in for a callback."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value) if str(value).strip() and "{{" not in str(value) else None


def _stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _own_version():
    """Version of the collection, from its galaxy.yml or MANIFEST.json."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
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
