# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the report of a run from the records of all hosts of the play."""

from __future__ import annotations

import os
from collections import Counter

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import outcome
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import summary as found_of
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events, _merge, _needs
from ansible_collections.magsasa.chaos.plugins.plugin_utils._hosts import HostRunner
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import REPORTS, RUN
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import (
    about,
    artifact,
    choose,
    model,
    publish,
    send,
    terminal,
    write,
)
from ansible_collections.magsasa.chaos.plugins.plugin_utils._say import say

VARIABLE = "chaos_%s"  # what an option is when the task does not say it
FAILED_BY = ("__preflight_checked", "__preflight_contacted", "__preflight_probes", "__target_app_why")


class ActionModule(ActionBase):
    """Options are described in the module of the same name."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(
        (
            "experiments",
            "registered",
            "report_dir",
            "intensity",
            "seed",
            "to",
            "compare",
            "fail_on_regression",
            "toolkit_journal",
            "reason",
            "allow_untested",
        )
        + about.GIVEN
    )

    def run(self, tmp=None, task_vars=None):
        """``folder``: where the report is."""
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        try:
            where = self._given("to", task_vars, variable="chaos_report_to")
            where = send.parse(where) if where else None
            strict, journal = self._flag("fail_on_regression", task_vars), self._flag("toolkit_journal", task_vars)
            allow_untested = self._flag("allow_untested", task_vars)
            given = {key: self._given(key, task_vars) for key in about.GIVEN + ("intensity", "seed")}
            # Each look at the variables of a host puts them together anew.
            hosts = {str(host): task_vars["hostvars"][host] for host in task_vars.get("ansible_play_hosts_all") or []}
            records = self._records(hosts)
        except (ChaosError, ValueError) as error:
            raise AnsibleActionFail(str(error))
        folder = publish.folder_of(
            self._given("report_dir", task_vars)
            or os.environ.get(REPORTS)
            or os.environ.get("CHAOS_REPORT_DIR")
            or "reports"
        )
        needs = _needs.of(hosts, hosts)
        result["needs"] = {step: needs[step] for step in ("release", "complaint")}
        run = self._about(folder, given, _lost(records, hosts, task_vars), _earlier(hosts), task_vars)
        if not records:
            reason = self._task.args.get("reason") or _reason(hosts) or artifact.UNJUDGED
            made = artifact.build(run, found_of([]), [], reason=reason)
            said = {"folder": None, "regression": "", "untested": "" if allow_untested else made["sentence"]}
            stats = artifact.as_stats(made)
            told = "nothing was judged, so there is nothing to report"
            return dict(result, changed=False, msg=told, ansible_stats=stats, **said)
        path = lacking = None
        try:
            path, report, lacking = self._published(run, records, folder, self._given("compare", task_vars), result)
            if journal:
                write.add(path, report, "journal.json")
        except OSError as error:
            why = "the report could not be written into %s (%s); name another folder with chaos_report_dir" % (
                folder,
                error.strerror or type(error).__name__,
            )
            result.update(msg=why, warnings=[why])
            path, report = None, model.build(run, records)
        summary = report["summary"]
        result.update(
            changed=bool(path),
            folder=path,
            regression="",
            run=run["id"],
            verdict=summary["verdict"],
            sentence=summary["sentence"],
            untested=outcome.untested(records, summary["sentence"], self._task.check_mode, allow_untested),
            sent=self._send(path, where, task_vars, result) if path and where else None,
        )
        goes_away = bool(run.get("where")) or "AWX_ISOLATED_DATA_DIR" in os.environ
        made = artifact.build(report["run"], summary, records, report=artifact.place(path, result["sent"], goes_away))
        result["ansible_stats"] = artifact.as_stats(made)
        if path is None:
            return result
        result["files"] = sorted(os.listdir(path))
        result["msg"] = "%s; report: %s" % (summary["sentence"], path)
        compared = report["comparison"]
        result["comparison"] = compared and {key: compared[key] for key in ("with", "worse", "better", "sentence")}
        fleet = self._templar.template(task_vars.get("chaos_fleet_members"))
        if fleet:  # one part of several: what the merge needs of it
            hosts = [str(host) for host in task_vars.get("ansible_play_hosts_all") or []]
            groups = {str(name): list(map(str, each)) for name, each in (task_vars.get("groups") or {}).items()}
            part = _merge.make(report, hosts, fleet, groups, result["sent"] or path)
            result["part"] = {_merge.PREFIX + run["id"].replace("-", "_"): part}
            result["ansible_stats"]["data"].update(result["part"])
        if RUN not in os.environ:  # nobody else prints it
            draw = terminal.brief if _events.heard() else terminal.render
            for line in draw(report, about.short(os.path.join(path, "report.html")), terminal.width_here(os.getppid())):
                say(self._display, line)
        if strict and compared and compared["worse"] and summary["verdict"] != "failed":  # that has failed already
            result["regression"] = compared["sentence"]
        elif strict and lacking:
            result["regression"] = lacking
        if result["regression"]:
            result.update(failed=True, msg=result["regression"])
        return result

    def _flag(self, option, task_vars):
        value = self._given(option, task_vars)
        try:
            return boolean(value) if value is not None else False
        except TypeError:
            raise BadOption(option, value, "is neither true nor false", "write true or false")

    @staticmethod
    def _published(run, records, folder, compare_with, result):
        """``(path, report, why it could not be compared or "")``: a report without a comparison is better than
        none. Raises OSError.
        """
        try:
            return (*publish.publish(run, records, folder, compare_with), "")
        except ValueError as error:
            result["warnings"] = result.get("warnings", []) + [str(error)]
            return (*publish.publish(run, records, folder, choose.NONE), str(error))

    def _given(self, option, task_vars, variable=None):
        """An option of the task, else its variable; None for one that is empty."""
        value = self._task.args.get(option)
        if value is None:
            value = self._templar.template(task_vars.get(variable or VARIABLE % option))
        if isinstance(value, (dict, list)):
            raise BadOption(option, value, "is not a text", "use a text")
        return None if value is None or not str(value).strip() else str(value).strip()

    def _records(self, hosts):
        """Records of the task, else of all hosts of the play, in their order."""
        given, names = self._task.args.get("experiments"), self._task.args.get("registered")
        found = _flat(given, "experiments") if given is not None else []
        for variables in hosts.values():
            for name in names or []:
                found += _flat(variables.get(name) or [], "registered")
            if given is None and names is None:
                found += _flat(variables.get("chaos_experiments") or [], "experiments")
        return found

    def _about(self, folder, given, lost, earlier, task_vars):
        """What the report says of the run."""
        started, suffix = about.main_process()
        named = os.environ.get(RUN)
        return about.run(
            named or publish.known_id(folder, started, suffix),
            started,
            dry_run=bool(self._task.check_mode),
            interrupted=bool(_events.stop_asked()),
            unreachable=lost,
            earlier=earlier,
            where=about.where(task_vars),
            **given,
        )

    def _send(self, path, where, task_vars, result):
        """Where the report was sent to; None with a warning when it was not."""
        target = self._given("to", task_vars, variable="chaos_report_to")
        try:
            if where[0] == "put":
                return send.put(path, where[1])
            if where[0] == "copy":
                return send.copy(path, where[1])
            if where[1] not in task_vars["hostvars"]:
                raise send.NotSent("%s is not a host of the inventory" % where[1])
            runner, variables = HostRunner(self, task_vars).opened(where[1])
            return "%s:%s" % (where[1], send.to_host(path, runner, variables, where[2]))
        except (send.NotSent, AnsibleError) as error:
            why = "the report was not sent to %s: %s" % (send.shown(target), " ".join(str(error).split())[:300])
            result["warnings"] = result.get("warnings", []) + [why]
            return None


def _of_hosts(hosts, name):
    """``(host, value)`` of a variable for each host of the play that has it."""
    for host, variables in hosts.items():
        found = variables.get(name)
        if found:
            yield host, found


def _lost(records, hosts, task_vars):
    """Hosts that were never reached, or that the play has lost before they had all their records. One that failed at
    its end, as by the verdict, is lost to Ansible alone.
    """
    counts = Counter(record["host"] for record in records)
    most = max([0, *counts.values()])
    wanted = {host: len(variables.get("chaos_chosen") or []) or most for host, variables in hosts.items()}
    still = task_vars.get("ansible_play_hosts") or []
    lost = {host for host in hosts if host not in still and counts[host] < wanted[host]}
    if not records:
        lost = set()  # hosts that failed, most often by the one task that was wrong
    return sorted(lost | {host for host, said in _of_hosts(hosts, "chaos_contact") if said.get("lost")})


def _earlier(hosts):
    """What hosts told of the run before."""
    told = _of_hosts(hosts, "chaos_contact")
    return ["%s: %s" % (host, said["earlier"]) for host, said in told if said.get("earlier")]


def _reason(hosts):
    """Why the first host that failed did, where a task of the roles has kept it."""
    for name in FAILED_BY:
        for _host, told in _of_hosts(hosts, name):
            if isinstance(told, dict) and told.get("failed") and told.get("msg"):
                return str(told["msg"])
    return None


def _flat(given, option):
    """Records out of records, results of slo_check, and results of it in a loop. Raises BadOption."""
    found = []
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, dict) and isinstance(each.get("results"), list):
            found += _flat(each["results"], option)
        elif isinstance(each, dict) and isinstance(each.get("experiment"), dict):
            found.append(each["experiment"])
        elif isinstance(each, dict) and each.get("skipped") is True and "scenario" not in each:
            continue  # a task with a condition that was not met
        elif isinstance(each, dict) and all(key in each for key in ("id", "host", "scenario", "status", "verdict")):
            found.append(each)
        else:
            raise BadOption(
                option, each, "is not a record of an experiment", "pass a result of magsasa.chaos.slo_check"
            )
    return found
