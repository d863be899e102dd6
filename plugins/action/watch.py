# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for running experiments: progress, leases, early halt. One action for all hosts; nothing blocks on a host."""

from __future__ import annotations

import time

from ansible import constants as C
from ansible import context
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils._hosts import HostRunner
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events, _halting, _names, _room, _runs
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console.narrator import Narrator
from ansible_collections.magsasa.chaos.plugins.plugin_utils._watch.baseline import Baseline
from ansible_collections.magsasa.chaos.plugins.plugin_utils._watch.hold import Hold

STRICTER = 0.9


class ActionModule(ActionBase):
    """Options are described in the module of the same name."""

    BYPASS_HOST_LOOP = True
    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(
        (
            "phase",
            "fault",
            "probe",
            "hosts",
            "observers",
            "duration",
            "interval",
            "recovery_timeout",
            "successes",
            "rate",
            "halt_on",
            "lease",
            "baseline",
            "max_error_rate",
            "slow",
            "since",
            "experiment",
        )
    )

    def run(self, tmp=None, task_vars=None):
        """Wait, and return ``hosts``: what was last seen of each."""
        result = super().run(tmp, task_vars)
        try:
            wanted = self._wanted(task_vars)
        except ChaosError as error:
            raise AnsibleActionFail(str(error))
        if self._task.check_mode:
            result.update(changed=False, skipped=True, msg="nothing to wait for in check mode", hosts={})
            return result
        wanted["run"] = _runs.run(task_vars, "", True) if self._task.args.get("experiment") is not None else None
        runner = HostRunner(self, task_vars, wanted["again"])
        phase = (Baseline if wanted["phase"] == "baseline" else Hold)(wanted, runner, self._say, self._at_once())
        _events.narrate(Narrator(self._say))
        began = time.monotonic()
        if wanted["phase"] == "baseline":
            _events.tell(
                "scenario",
                scenario=wanted["fault"],
                hosts=wanted["hosts"],
                host_count=len(wanted["hosts"]),
                baseline_s=wanted["duration_s"],
                **self._wave(task_vars),
            )
        with _room.bounded(len(wanted["hosts"])):
            result["hosts"] = phase.wait()
        result.update(changed=False, again=runner.again(), waited_s=round(time.monotonic() - began, 3))
        return result

    def _wave(self, task_vars):
        """``wave`` and ``waves`` as the suite knows them."""
        try:
            wave = self._templar.template(task_vars.get("experiment_wave")) or {}
            return {"wave": int(wave["number"]), "waves": int(wave["of"])}
        except (AnsibleError, KeyError, TypeError, ValueError):
            return {}

    def _wanted(self, task_vars):
        given = self._task.args
        if given.get("phase") not in ("baseline", "hold"):
            raise AnsibleActionFail("phase: '%s' is not a phase; use baseline or hold" % given.get("phase"))
        hosts = given["hosts"] if given.get("hosts") is not None else [task_vars["inventory_hostname"]]
        halt_on = _halting.parse(given.get("halt_on"))
        before = given.get("baseline") or {}
        probe = _quantity.name(given["probe"], "probe") if given.get("probe") else None
        observers = {str(host): str(observer) for host, observer in (given.get("observers") or {}).items() if observer}
        return {
            "phase": given["phase"],
            "fault": _quantity.name(given.get("fault"), "fault"),
            "probe": probe,
            "probe_names": {str(host): _names.probe(probe, str(host), observers.get(str(host))) for host in hosts} if probe else {},
            "hosts": [str(host) for host in hosts],
            "observers": observers,
            "duration_s": _quantity.duration(given.get("duration", "10s"), "duration"),
            "interval_s": _quantity.duration(given.get("interval", "2s"), "interval", low=0.2),
            "recovery_timeout_s": _quantity.duration(given.get("recovery_timeout", "30s"), "recovery_timeout"),
            "successes": int(given.get("successes", 3)),
            "rate": float(given.get("rate", 20)),
            "lease_s": _quantity.duration(given["lease"], "lease", low=1.0) if given.get("lease") else None,
            "since": float(given["since"]) if given.get("since") else None,
            "again": before.get("again") or {},
            "slow_ms": {str(host): self._slow(given, (before.get("hosts") or {}).get(host) or {}) for host in hosts},
            "max_error_rate_pct": _quantity.percent(given.get("max_error_rate", "5%"), "max_error_rate"),
            "halt_error_rate_pct": halt_on["error_rate_pct"],
            "halt_latency_ms": halt_on["latency_ms"],
            "halt_for_s": halt_on["for_s"],
        }

    @staticmethod
    def _slow(given, seen):
        """Latency (ms) above which a probe of this host is not good again; a little stricter than the judge, who has all samples of the baseline."""
        if given.get("slow"):
            return _quantity.duration(given["slow"], "slow") * 1000.0
        return STRICTER * seen["slow_ms"] if seen.get("slow_ms") else None

    def _at_once(self):
        """How many hosts may be asked at the same time: the forks of this run."""
        return int(context.CLIARGS.get("forks") or C.DEFAULT_FORKS)

    def _say(self, text):
        self._display.display("  " + text)
