# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check everything that a run was told, on the controller, before any host is touched."""

from __future__ import annotations

import difflib
import os
import tempfile
import zlib
from urllib.parse import urlsplit

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils import _clock, _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import candidates
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes
from ansible_collections.magsasa.chaos.plugins.plugin_utils import (
    _awx_fleet,
    _blast_radius,
    _catalogue,
    _events,
    _fleet,
    _halting,
    _misspelt,
    _objectives,
    _origin,
    _probing,
    _scenario_form,
    _shelves,
    _slice,
    _strategy,
    _variables,
)
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import keeping
from ansible_collections.magsasa.chaos.plugins.plugin_utils._fault_action import inventory_refusal
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import REPORTS
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import about, choose, send
from ansible_collections.magsasa.chaos.plugins.plugin_utils._touched import Touched

DISCOVER = "CHAOS_DISCOVER"  # of the environment
# What the report is told at the end of the run, when it is too late to say that it is no text; and a name that no service has
TEXTS = tuple("chaos_" + name for name in (*about.GIVEN, "report_dir", "report_to", "compare", "service"))


class ActionModule(ActionBase):
    """Runs on the controller for every host; options are described in the module of the same name."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(
        (
            "intensity",
            "scenarios",
            "catalogue",
            "target_url",
            "report_dir",
            "baseline",
            "recovery_timeout",
            "rate",
            "probe_timeout",
            "fail_on_breach",
        )
        + ("max_percent", "seed", "files", "shelves", "only", "probe", "secrets")
    )

    def run(self, tmp=None, task_vars=None):
        """``refused``: why the inventory closes this host, or null; ``scenarios``: what will run."""
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        try:
            warnings = self._check_variables(task_vars)
            if warnings:
                result["warnings"] = warnings
            if self._task.args.get("only") == "variables":
                return dict(result, changed=False)
            fleet = self._declared(task_vars)
            self._check_play(task_vars, fleet)
            scenarios = self._checked(self._task.args)
            self._check_read_later(task_vars)
        except ChaosError as error:
            # Not raised: Ansible would wrap the sentence into others.
            result.update(failed=True, changed=False, msg=str(error))
            return result
        self._tell(scenarios, task_vars)
        probes = {each["id"]: each["probe"] for each in scenarios if each.get("probe")}
        main = os.getppid()  # actions run in a worker; its parent is ansible-playbook itself
        result.update(
            changed=False,
            refused=inventory_refusal(Touched(self, task_vars)),
            scenarios=[{key: value for key, value in each.items() if key != "probe"} for each in scenarios],
            probes=probes if self._task.args.get("secrets") else bool(probes),
            probed=bool(probes or self._task.args.get("probe")),
            report_dir=self._folder(),
            fleet=fleet if isinstance(fleet, dict) else {},
            seed=str(
                self._task.args.get("seed")
                or (_fleet.seed(fleet, task_vars) if fleet else "")
                or zlib.crc32(("%d:%s:%s" % (main, processes.start_time(main), _clock.boot_id())).encode("ascii"))
            ),
            controller={"pid": main, "start": processes.start_time(main)},
        )
        return result

    def _tell(self, scenarios, task_vars):
        """What this run will do; the first of its hosts says it for all."""
        hosts = [str(host) for host in task_vars.get("ansible_play_hosts_all") or [task_vars.get("inventory_hostname")]]
        if self._task.args.get("secrets") or task_vars.get("inventory_hostname") != hosts[0]:
            return
        baseline = _quantity.duration(self._task.args.get("baseline", "10s"), "chaos_baseline")
        holds = [_quantity.duration(each.get("hold") or "0s", "hold") for each in scenarios]
        _events.tell(
            "run",
            intensity=self._task.args.get("intensity"),
            scenarios=[
                {"id": each["id"], "title": each.get("title"), "hold_s": hold} for each, hold in zip(scenarios, holds)
            ],
            hosts=hosts,
            host_count=len(hosts),
            waves=self._waves(hosts, task_vars),
            baseline_s=baseline,
            dry_run=bool(self._task.check_mode),
        )

    def _waves(self, hosts, task_vars):
        """In how many waves each scenario will run if all hosts are well, for the estimate; None: not known."""
        try:
            share = _quantity.percent(
                self._task.args.get("max_percent") or "50", "chaos_max_percent", low=1.0, high=100.0
            )
            waves = _blast_radius.plan(hosts, task_vars.get("groups") or {}, share, "")["waves"]
        except ChaosError:
            return None
        return len(waves) or None

    def _check_variables(self, task_vars):
        """Warnings about variables that nobody reads; one that was meant for us ends the run here."""
        refusals, warnings = _misspelt.look(task_vars, _origin.extra_variables(self._loader))
        if refusals:
            raise ChaosError("; ".join(refusals))
        return warnings + _misspelt.look_at_environment(os.environ)

    def _declared(self, task_vars):
        """The fleet of which this run has a part; the first of its hosts asks AWX for all. Raises ChaosError."""
        fleet = _fleet.parse(self._templar.template(task_vars.get("chaos_fleet")))
        _fleet.keeper(fleet, self._templar.template(task_vars.get("chaos_keeper")))
        if fleet == _fleet.AWX:
            if task_vars.get("inventory_hostname") != (task_vars.get("ansible_play_hosts_all") or [None])[0]:
                return fleet
            fleet = _awx_fleet.fetch(task_vars)
        wrong = _fleet.problem(fleet, task_vars.get("groups") or {})
        if wrong:
            raise ChaosError(wrong)
        return fleet

    def _check_play(self, task_vars, fleet):
        """What keeps this run from being carried out as a whole ends it here."""
        declared = self._templar.template(task_vars.get("chaos_sliced")) or False
        whole = str(self._task.args.get("max_percent", 50)).strip().rstrip("% ") in (
            "100",
            "100.0",
        )  # the guard that slices get round is off
        try:
            refusal = _strategy.refusal(self._task) or _slice.refusal(
                task_vars, boolean(declared) or whole or bool(fleet)
            )
        except TypeError:
            refusal = str(BadOption("chaos_sliced", declared, "is neither true nor false", "write true or false"))
        if refusal:
            raise ChaosError(refusal)

    def _check_report(self, task_vars):
        """What the report is told at the end of the run; the first host asks for all."""
        if task_vars.get("inventory_hostname") != (task_vars.get("ansible_play_hosts_all") or [None])[0]:
            return
        where, other, strict = (
            self._templar.template(task_vars.get("chaos_" + name))
            for name in ("report_to", "compare", "fail_on_regression")
        )
        try:
            if where:
                send.parse(where)
            if other and other not in (choose.LATEST, choose.PASSED):
                choose.earlier(self._folder(), str(other))
        except ValueError as error:
            raise ChaosError(str(error))
        try:
            boolean(strict if strict not in (None, "") else False)
        except TypeError:
            raise BadOption("chaos_fail_on_regression", strict, "is neither true nor false", "write true or false")

    def _check_read_later(self, task_vars):
        """Variables that are read in the middle of a run, or for one scenario only: what cannot be used is told now."""
        for place, value in _origin.layers("chaos_objectives", task_vars, self._loader):
            _objectives.stated(self._templar.template(value), place)
        self._check_flags(task_vars)
        for name in TEXTS:
            value = self._templar.template(task_vars.get(name))
            if isinstance(value, (dict, list)):
                raise BadOption(name, value, "is not a text", "use a text")
        self._check_report(task_vars)
        names = "chaos_halt_on chaos_lease chaos_database_port chaos_observer chaos_observer_address".split()
        names += ["chaos_keeper", "chaos_keeper_wait"]
        given = {name: self._templar.template(task_vars.get(name)) for name in names}
        _halting.parse(given["chaos_halt_on"], "chaos_halt_on")
        if given["chaos_lease"] not in (None, "", "none"):
            _quantity.duration(given["chaos_lease"], "chaos_lease", low=1.0)
        if given["chaos_database_port"] not in (None, ""):
            candidates.port(given["chaos_database_port"], "chaos_database_port")
        hosts = task_vars.get("hostvars") or {}
        if given["chaos_keeper"] not in (None, "", *hosts):
            keeping.parse(str(given["chaos_keeper"]))
        if given["chaos_keeper_wait"] not in (None, ""):
            _quantity.duration(given["chaos_keeper_wait"], "chaos_keeper_wait", high=86400.0)
        if given["chaos_observer_address"] not in (None, ""):
            keeping.parse(str(given["chaos_observer_address"]), "chaos_observer_address")
        elif given["chaos_observer"] and given["chaos_observer"] not in hosts and _slice.slice_of(task_vars):
            problem = "is not among the hosts of this slice, which has only its own of each group"
            raise BadOption(
                "chaos_observer", given["chaos_observer"], problem, "give its address with chaos_observer_address"
            )
        elif given["chaos_observer"] and given["chaos_observer"] not in hosts:
            near = difflib.get_close_matches(str(given["chaos_observer"]), list(hosts), 1)
            remedy = "did you mean %s?" % near[0] if near else "use one of the inventory"
            raise BadOption("chaos_observer", given["chaos_observer"], "is not a host of the inventory", remedy)

    def _check_flags(self, task_vars):
        """What is neither true nor false would be taken for one of them in silence. Raises BadOption."""
        given = [(name, self._templar.template(task_vars.get(name))) for name in _variables.FLAGS]
        for name, value in [*given, (DISCOVER, os.environ.get(DISCOVER))]:
            try:
                boolean(False if value in (None, "") else value)
            except TypeError:
                raise BadOption(name, value, "is neither true nor false", "write true or false")

    def _checked(self, given):
        _quantity.duration(given.get("baseline", "10s"), "chaos_baseline", low=1.0, high=3600.0)
        _quantity.duration(given.get("recovery_timeout", "30s"), "chaos_recovery_timeout", low=1.0, high=3600.0)
        _quantity.duration(given.get("probe_timeout", "2s"), "chaos_probe_timeout", low=0.01, high=60.0)
        _quantity.percent(given.get("max_percent", 50), "chaos_max_percent", low=1.0, high=100.0)
        self._rate(given.get("rate", 20))
        try:
            boolean(given.get("fail_on_breach", True))
        except TypeError:
            raise BadOption(
                "chaos_fail_on_breach", given["fail_on_breach"], "is neither true nor false", "write true or false"
            )
        self._url(given.get("target_url"))
        _probing.check(given.get("probe"))
        self._try(self._folder())
        entries = self._with_files([], given.get("shelves"), lambda path: _shelves.checked(path, self._read))
        origins = {entry["id"]: _objectives.SHIPPED for entry in entries}
        more = given.get("catalogue") or []
        if not isinstance(more, (list, tuple)):
            raise BadOption(
                "chaos_extra_scenarios", more, "is not a list", "give a list in the form of docs/scenario.schema.json"
            )
        entries = _scenario_form.check_ids(entries + _scenario_form.check_form(list(more)))
        entries = self._with_files(
            entries, given.get("files"), lambda path: _scenario_form.check(self._read(path), path), origins
        )
        # Each family is code to load, on the controller and for each host: the options that matter are those of what
        # runs.
        chosen = _scenario_form.check_options(
            _catalogue.select(entries, given.get("intensity", "light"), given.get("scenarios"))
        )
        return [dict(entry, origin=origins.get(entry["id"], _objectives.OWN)) for entry in chosen]

    def _with_files(self, entries, paths, read, origins=None):
        """``entries`` and those of files, each read and checked by ``read``, and then for an id that is there twice;
        ``origins`` learns the file of each id.
        """
        for path in self._files(paths):
            found = read(path)
            (origins if origins is not None else {}).update(
                {entry["id"]: "scenario file %s" % os.path.basename(path) for entry in found}
            )
            entries = _scenario_form.check_ids(entries + found, path)
        return entries

    @staticmethod
    def _files(given):
        """Paths of scenario files: a list, or a text with commas. Raises BadOption."""
        if isinstance(given, str):
            return [each.strip() for each in given.split(",") if each.strip()]
        if not isinstance(given or [], (list, tuple)) or not all(isinstance(each, str) for each in given or []):
            raise BadOption("chaos_scenario_files", given, "is not a list of files", "name them, with commas between")
        return list(given or [])

    def _read(self, path):
        """The scenarios of a file, not yet checked. Raises ChaosError."""
        remedy = "name a YAML file with a list 'scenarios'"
        place = os.path.abspath(os.path.expanduser(path))
        if os.path.exists(place) and not os.path.isfile(place):  # a pipe or a device has no end
            raise BadOption("chaos_scenario_files", path, "is not a file", remedy)
        try:
            content = self._loader.load_from_file(place, cache="none", unsafe=True)
        except AnsibleError as error:
            raise BadOption(
                "chaos_scenario_files", path, "cannot be read (%s)" % " ".join(str(error).split())[:200], remedy
            )
        if not isinstance(content, dict) or set(content) != {"scenarios"}:
            raise BadOption("chaos_scenario_files", path, "is not a scenario file", remedy)
        return content["scenarios"]

    @staticmethod
    def _rate(value):
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = -1.0
        if not 1 <= number <= 1000:
            raise BadOption(
                "chaos_probe_rate", value, "is not a rate", "use a number of probes a second from 1 to 1000"
            )

    @staticmethod
    def _url(url):
        if not url:
            return
        try:
            parts = urlsplit(str(url))
            usable = (
                parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or 0 < parts.port < 65536)
            )
        except ValueError:
            usable = False
        if not usable:
            shown = str(url).rsplit("@", maxsplit=1)[-1]
            raise BadOption(
                "chaos_target_url",
                shown,
                "is not the URL of a service",
                "use http://HOST:PORT with a port from 1 to 65535",
            )

    def _folder(self):
        """Where the reports go: what the run says, else what the callback was told by ansible.cfg or the
        environment.
        """
        named = (
            self._task.args.get("report_dir")
            or os.environ.get(REPORTS)
            or os.environ.get("CHAOS_REPORT_DIR")
            or "reports"
        )
        return os.path.abspath(os.path.expanduser(str(named)))

    @staticmethod
    def _try(folder):
        """A report that cannot be written at the end is a run for nothing: try now."""
        there = folder
        while not os.path.lexists(there) and os.path.dirname(there) != there:
            there = os.path.dirname(there)  # a run without a report leaves no folder, so none is made yet
        try:
            with tempfile.TemporaryFile(dir=there) as trial:
                trial.write(b"x" * 4096)
                trial.flush()
        except OSError as error:
            raise BadOption(
                "report_dir",
                folder,
                "cannot be written (%s)" % error.strerror,
                "name another folder with --report-dir or CHAOS_REPORT_DIR",
            )
