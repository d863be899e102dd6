# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather the experiment records of a run and write the report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: slo_report
type: aggregate
short_description: Write the report of a chaos run
version_added: 1.0.0
author: magsasa.chaos contributors (@magsasa)
description:
  - Collects the records that M(magsasa.chaos.slo_check) returns on all hosts, and writes the report (see
    M(magsasa.chaos.report)) when the playbook ends, with everything that no task has reported yet, such as experiments
    outside a suite or those that Ctrl-C interrupted. Nothing is reported twice.
  - Prints a summary of one screen, on standard error if the stdout callback writes for programs, such as JSON.
  - Uses the report folder that the role P(magsasa.chaos.preflight#role) has tested.
  - Writes nothing if no experiment was judged. The experiments of an interrupted run are written, and the report is
    marked as interrupted.
  - The verdict of a run is a failed task, never a failure of this callback.
requirements:
  - enable it with C(callbacks_enabled = magsasa.chaos.slo_report)
options:
  report_dir:
    description: Folder for reports. Every run creates its own folder in it, and C(latest) points at the newest.
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
import os
import time

from ansible import constants, context
from ansible.plugins.callback import CallbackBase
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _outcome, _preload
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console import quiet
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import REPORTS, RUN
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import (
    about,
    choose,
    model,
    publish,
    terminal,
    write,
)

CHECKS = ("magsasa.chaos.preflight_check", "preflight_check")
REPORT = ("magsasa.chaos.report", "report")
JUDGES = ("magsasa.chaos.slo_check", "slo_check", "magsasa.chaos.experiment", "experiment")
CONDUCTS = ("magsasa.chaos.experiment", "experiment")
CUT_OFF = (
    "Interrupted during an experiment: a fault that is in ends by itself with its lease, or without one at its deadline;"
    " the playbook magsasa.chaos.chaos_halt (./run_chaos_tests.sh --halt) with the same inventory puts it back at once."
)
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
        self._loops = set()  # tasks whose records came item by item
        self._started = time.time()
        self._id = os.environ[RUN] = (
            write.run_id()
        )  # workers are forked from here; what they keep of the run names it so
        self._said = {key: None for key in ("intensity", "seed", "report_dir", "compare") + about.GIVEN}
        self._written = None  # the folder that a task has written the report of this run into
        self._hosts = 0  # of the largest play so far
        self._variables = {}  # of the last play, as they are written
        self._main = os.getpid()
        self._over = False
        self._conducts = False  # whether an experiment is under way
        atexit.register(self._interrupted)  # Ctrl-C ends ansible-playbook without any statistics

    def v2_playbook_on_start(self, playbook):
        """Now the options are known: the preflight tries the folder that they name."""
        os.environ[REPORTS] = str(self.get_option("report_dir"))

    def v2_playbook_on_play_start(self, play):
        """Remember what the plays say about the run; the first that says it counts."""
        variables = play.get_variable_manager().get_vars(play=play)
        self._hosts = max(self._hosts, len(variables.get("ansible_play_hosts_all") or ()))
        self._variables = variables
        for key, known in self._said.items():
            self._said[key] = known if known is not None else about.text_of(variables.get("chaos_" + key))

    def v2_playbook_on_task_start(self, task, is_conditional):
        """Before the workers of the first task of ours are forked."""
        self._conducts = task.resolved_action in CONDUCTS
        if quiet.role_of(task):
            _preload.load(self._hosts, self._variables)

    def v2_runner_on_ok(self, result):
        """Keep the records."""
        self._collect(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """A breach with fail_on_breach is a failed task with a record."""
        self._collect(result, failed=True)

    def v2_runner_item_on_ok(self, result):
        """A scenario of a suite is over: its records are in the report, also when the run is cut off later."""
        task = getattr(result, "task", None) or result._task
        if task.resolved_action in JUDGES:
            found = getattr(result, "result", None)
            self._loops.add(task._uuid)
            self._records += list(_records(found if isinstance(found, dict) else result._result))

    def _collect(self, result, failed=False):
        task = getattr(result, "task", None) or result._task
        name = next((each for each in (task.resolved_action, task.action) if each in JUDGES + CHECKS + REPORT), None)
        if name is None:
            return
        found = getattr(result, "result", None)
        found = found if isinstance(found, dict) else result._result
        if name in CHECKS:
            _outcome.SEEN["bad_setting" if failed else "checked"] = True
            self._said["seed"] = self._said["seed"] or about.text_of(found.get("seed"))
            self._said["report_dir"] = about.text_of(found.get("report_dir")) or self._said["report_dir"]
        elif name in REPORT:
            self._written = (
                found.get("folder")
                if found.get("run") == self._id and isinstance(found.get("folder"), str)
                else self._written
            )
        elif not (found.get("results") and task._uuid in self._loops):  # else they came item by item
            self._records += list(_records(found))

    def v2_playbook_on_stats(self, stats):
        """Write once, at the end."""
        self._conducts = False
        self._finish(unreachable=sorted(stats.dark))

    def _interrupted(self):
        if os.getpid() != self._main:
            return
        if self._conducts and not _outcome.SEEN["interrupted"]:  # else the callback console has said it
            self._display.display(CUT_OFF, stderr=True)
        self._finish(interrupted=True)

    def _finish(self, interrupted=False, unreachable=()):
        if self._over or not (self._records or self._written):
            return
        self._over = True
        interrupted = interrupted or _outcome.SEEN["interrupted"]
        report, path = self._by_task(interrupted, unreachable) or self._write(interrupted, list(unreachable))
        aside = constants.DEFAULT_STDOUT_CALLBACK.rpartition(".")[2] in PROGRAMS
        draw = terminal.brief if _outcome.SEEN["shown"] else terminal.render
        for number, line in enumerate(
            draw(report, path and about.short(os.path.join(path, "report.html")), terminal.width_here())
        ):
            self._display.display(
                line, stderr=aside, color=COLORS.get(report["summary"]["verdict"]) if number == 0 else None
            )

    def _by_task(self, interrupted, unreachable):
        """``(report, path)`` as a task has written it, where that is all there is to say; None where something is
        missing from it.
        """
        report = publish.read(os.path.dirname(self._written), self._id) if self._written else None
        if (
            report is None
            or interrupted > report["run"]["interrupted"]
            or set(unreachable) - set(report["run"]["unreachable"])
        ):
            return None
        known = {publish.key_of(record) for record in report["experiments"]}
        return None if any(publish.key_of(record) not in known for record in self._records) else (report, self._written)

    def _write(self, interrupted, unreachable):
        """``(report, path or None)`` with everything that the run has judged."""
        said = {key: self._said[key] for key in ("intensity", "seed") + about.GIVEN}
        dry_run = bool(context.CLIARGS.get("check"))
        run = about.run(
            self._id, self._started, dry_run=dry_run, interrupted=interrupted, unreachable=unreachable, **said
        )
        folder = (
            os.path.dirname(self._written)
            if self._written
            else publish.folder_of(self._said["report_dir"] or self.get_option("report_dir"))
        )
        try:
            path, report = publish.publish(run, self._records, folder, self._said["compare"])
            return report, path
        except ValueError as error:
            self._display.warning(str(error))
            path, report = publish.publish(run, self._records, folder, choose.NONE)
            return report, path
        except OSError as error:
            why = error.strerror or error.__class__.__name__
            self._display.warning(
                "the report could not be written into %s (%s); name another folder with CHAOS_REPORT_DIR"
                % (folder, why)
            )
            return model.build(run, self._records), None


def _records(found):
    """The records in a result of a task: of one host, of a loop, or of many hosts at once."""
    for each in found.get("results") or [found]:
        if not isinstance(each, dict):
            continue
        several = each.get("experiments")
        several = list(several.values()) if isinstance(several, dict) else several if isinstance(several, list) else []
        for record in [each.get("experiment")] + several:
            if isinstance(record, dict) and "verdict" in record and "scenario" in record:
                _outcome.SEEN["judged"] = True
                yield record
