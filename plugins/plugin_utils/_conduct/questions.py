# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is asked during an experiment: options of the modules as data, checked by their own argument specs.
Private to magsasa.chaos.
"""

from __future__ import annotations

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._check import spec

from .. import _fault_action, _names, _peers, _probing, _runs
from .._touched import Touched
from .wanted import LIVE

SLOWEST_LIVE = 5.0  # probes a second of the address of liveness, at most


class Questions:
    """Makes the questions to the hosts of one wave. What a host may not be asked is told by a ChaosError; its text
    is a sentence.
    """

    def __init__(self, runner, wanted):
        self._runner = runner
        self._wanted = wanted
        self._secrets = {}  # of each host: texts that no answer may tell

    def run_of(self, subject, where, turn=False):
        """The option ``run`` of a module on ``where``."""
        lease = self._wanted["lease"] or "60s"
        variables = self._runner.opened(where)[1]
        return _runs.run(
            variables, where, True, turn=turn, lease=lease, wait=self._wanted["wait"], force=self._wanted["force"]
        )

    def admit(self, subject):
        """Whether the inventory opens the host; raises ChaosError where not."""
        action, variables = self._runner.opened(subject.host)
        why, _warnings = _fault_action.refusal(Touched(action, variables), variables)
        if why:
            raise ChaosError(why)

    def probes(self, subject):
        """Options of the probes of a host, as its observer starts them; fills in what the record tells of them."""
        action, variables = self._runner.opened(subject.host)
        subject.options = _probing.options(
            _probing.merged(subject.probe, subject.own_probe), subject.endpoint, subject.rate, subject.timeout
        )
        address = action._templar.template(variables.get("ansible_host")) or subject.host
        seen = dict(
            subject.options, url=_names.seen_from(subject.options["url"], subject.observer, subject.host, address)
        )
        found = [self._probe(subject, subject.probe_name, seen)]
        alive = subject.endpoint.get("live_url") if subject.scenario.get("liveness") else None
        if alive:
            subject.live = subject.probe_name + LIVE
            same = _probing.detection_headers(
                {"headers": subject.options.get("headers") or {}, "url": subject.options["url"]},
                subject.endpoint.get("url"),
            )
            options = {key: subject.options[key] for key in ("validate_certs", "timeout") if key in subject.options}
            options.update(
                url=_names.seen_from(alive, subject.observer, subject.host, address),
                rate=min(float(subject.options["rate"]), SLOWEST_LIVE),
            )
            found.append(self._probe(subject, subject.live, dict(options, headers=same) if same else options))
        return found

    def _probe(self, subject, name, options):
        given = dict(options, name=name, run=self.run_of(subject, subject.observer))
        if self._wanted["lease"]:
            given["lease"] = self._wanted["lease"]
        found = ArgumentSpecValidator(spec.PROBE, mutually_exclusive=[spec.KINDS]).validate(given)
        if found.error_messages:
            raise ChaosError(found.error_messages[0])
        if not given["url"]:
            raise BadOption(
                "url", "", "is missing", "name the service with chaos_target_url, or what to probe with chaos_probe"
            )
        self._secrets.setdefault(subject.host, set()).update(
            found._no_log_values, spec.secrets(found.validated_parameters)
        )
        return found.validated_parameters

    def fault(self, subject):
        """The question that injects the fault of a host."""
        scenario = subject.scenario
        family = scenario.get("family")
        if family not in _names.FAMILIES:
            raise BadOption("family", family, "is not a fault family", "use one of %s" % ", ".join(_names.FAMILIES))
        options = dict(scenario.get("options") or {}, name=subject.name, state="present")
        if self._wanted["lease"]:
            options["lease"] = self._wanted["lease"]
        if family == "network":
            options = _peers.translate(options, self._runner.opened(subject.host)[1], subject.host)[0]
        params, secrets = _fault_action.complete("magsasa.chaos.%s_fault" % family, options)
        self._secrets.setdefault(subject.host, set()).update(secrets)
        return {"family": family, "params": dict(params, run=self.run_of(subject, subject.host))}

    def hidden(self, subject, told):
        """An answer without what is secret."""
        secrets = self._secrets.get(subject.host)
        return remove_values(told, secrets) if secrets else told
