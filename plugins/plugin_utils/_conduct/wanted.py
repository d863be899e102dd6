# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an experiment is to be on each host, from the options of the action ``experiment``. Private to magsasa.chaos."""

from __future__ import annotations

from collections.abc import Mapping

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption

from .. import _halting, _names

# What each host of a wave may have of its own; the same options beside ``hosts`` are those of all.
OF_HOST = ("scenario", "endpoint", "observer", "probe", "own_probe", "rate", "timeout", "refused", "keep_turn")
OF_HOST += ("again", "machine")
# at the end of a probe's name: the second probe of an experiment, of an address that tells whether the service is alive
LIVE = ".live"


class Subject:
    """One host of a wave: what is asked of it, and what has become of it so far."""

    def __init__(self, host, given):
        self.host = host
        self.scenario = _scenario(given.get("scenario"), host)
        self.name = _quantity.name(self.scenario.get("name") or self.scenario["id"], "scenario.name")
        self.endpoint = _mapping(given, "endpoint")
        self.observer = str(given.get("observer") or host)
        self.probe, self.own_probe = given.get("probe") or {}, given.get("own_probe") or {}
        self.rate, self.timeout = given.get("rate") or 20, given.get("timeout") or "2s"
        self.refused = str(given.get("refused") or "")
        self.skipped = str(self.scenario.get("skipped") or "")
        self.keep_turn = _flag(given, "keep_turn")
        self.again = given.get("again")  # the command that answers questions there, from an earlier contact
        self.machine = str(given.get("machine") or "")[:4096]  # what the host calls itself; "": it did not say
        self.probe_name = _names.probe(self.name, host, self.observer)
        self.options = {}  # of the module probe, once they are known
        self.wants = []  # options of its probes, as they are started
        self.injects = {}  # the question that injects its fault
        self.injected = False
        self.released = False
        self.live = None  # name of the probe of liveness, where there is one
        self.begun = False  # whether anything was started for it
        self.finished = False  # whether all that was is asked to end
        self.together = []  # the hosts that it ran with
        self.lent = False  # whether the keeper has lent a share for it
        self.unsure = False  # whether its fault may be in, or go in, for all that is known
        self.failed = ""  # why it could not go on
        self.fault = None
        self.seen = {}  # what the phases saw: see Phase.seen
        self.offset = None  # of the clocks of observer and host
        self.probes = {}  # what was collected: name -> {samples, summary, died}

    @property
    def runs(self):
        """Whether anything is to be done on the host."""
        return not self.refused and not self.skipped and not self.failed


def parse(given, host):
    """The options as figures and ``subjects`` (dict by host, in order). Raises BadOption. ``host``: the one of the
    task.
    """
    common = {key: given[key] for key in OF_HOST if given.get(key) is not None}
    subjects = {name: Subject(name, dict(common, **own)) for name, own in _hosts(given.get("hosts"), host)}
    halt_on = _halting.parse(given.get("halt_on"))
    return {
        "subjects": subjects,
        "wave": given.get("wave") or None,
        "keeper": None,  # see Shares; the action fills it in
        "baseline_s": _quantity.duration(given.get("baseline") or "10s", "baseline"),
        "interval_s": _quantity.duration(given.get("interval") or "2s", "interval", low=0.2),
        "recovery_timeout_s": _quantity.duration(given.get("recovery_timeout") or "30s", "recovery_timeout"),
        "successes": _whole(given.get("successes") or 3, "successes"),
        "lease": str(given["lease"]) if given.get("lease") else None,
        "lease_s": _quantity.duration(given["lease"], "lease", low=1.0) if given.get("lease") else None,
        "wait": str(given.get("wait") or "30s"),
        "force": str(given.get("force") or "false"),
        "max_error_rate_pct": _quantity.percent(given.get("max_error_rate") or "5%", "max_error_rate"),
        "halt_error_rate_pct": halt_on["error_rate_pct"],
        "halt_latency_ms": halt_on["latency_ms"],
        "halt_for_s": halt_on["for_s"],
    }


def hold_s(subjects):
    """How long the fault of these hosts is held: one scenario is alike on all of them."""
    return max(
        (_quantity.duration(each.scenario.get("hold") or "10s", "scenario.hold") for each in subjects), default=0.0
    )


def _hosts(given, host):
    if given is None:
        return [(str(host), {})]
    if isinstance(given, Mapping):
        return [(str(name), dict(own or {})) for name, own in given.items()]
    if isinstance(given, (list, tuple)):
        return [(str(name), {}) for name in given]
    raise BadOption("hosts", given, "is neither a list of hosts nor a mapping", "name hosts of the inventory")


def _scenario(given, host):
    if not isinstance(given, Mapping) or not isinstance(given.get("id"), str) or not given["id"]:
        raise BadOption(
            "scenario",
            given,
            "is not a scenario (host %s)" % host,
            "pass an entry of the catalogue, with at least an id",
        )
    return dict(given)


def _mapping(given, option):
    value = given.get(option) or {}
    if not isinstance(value, Mapping):
        raise BadOption(option, value, "is not a mapping", "pass a result of magsasa.chaos.endpoint_info")
    return value


def _whole(value, option):
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if not 1 <= number <= 1000:
        raise BadOption(option, value, "is not a number of probes", "use a whole number from 1 to 1000")
    return number


def _flag(given, option):
    try:
        return boolean(given.get(option) or False)
    except TypeError:
        raise BadOption(option, given[option], "is neither true nor false", "write true or false")
