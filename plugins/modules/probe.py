#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A detached recorder that probes a service at a fixed rate."""

from __future__ import annotations

DOCUMENTATION = r"""
module: probe
short_description: Record how a service answers while something happens to it
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Starts a small process on the host that checks a service at a fixed rate and writes down every check, and collects what it saw.
  - The rate is kept whatever the service does (open loop), and latency counts from the moment at which a probe was due. A service that
    stalls is seen by every probe that was due in the stall.
  - The process ends by itself after O(max_duration). Samples that nobody collects are removed ten minutes later.
  - As root, and up to 200 probes a second, it runs with the lowest real-time priority, so that its waiting for a busy CPU is not taken
    for a slow service. It gives that up when it ever computes for half a second without a pause. C(late_p99_ms) tells how well it kept time.
extends_documentation_fragment:
  - magsasa.chaos.check
options:
  name:
    description:
      - Identity of the probe on this host. The same name with the same options changes nothing; with other options it is refused.
      - 1 to 63 letters, digits, dots, dashes or underscores.
    type: str
    required: true
  state:
    description:
      - V(started) starts the recorder.
      - V(stopped) ends it, returns its samples, and removes what it left on the host. It awaits the answers to what is under way, at most
        until O(timeout) is over. Every probe that was due has its sample then, C(due) of them.
      - V(status) returns live figures.
    type: str
    choices: [started, stopped, status]
    default: started
  rate:
    description: Probes a second, from 0.05 to 1000.
    type: float
    default: 20
  timeout:
    description: Time limit of one probe, for all of it.
    type: str
    default: 2s
  max_in_flight:
    description:
      - How many probes may be under way at once. One that is due beyond that is recorded as failed with the error V(dropped).
      - Twice O(rate) times O(timeout) when left out, at least 4 and at most 256. Checks that run programs are bounded at 64.
    type: int
  max_duration:
    description: The recorder ends itself after this time.
    type: str
    default: 30m
  lease:
    description:
      - The recorder ends itself and removes its samples unless somebody renews it within this time, as M(magsasa.chaos.watch) does.
    type: str
  keepalive:
    description:
      - Whether HTTP connections are used again. With V(false) every probe makes its own, as a new user would.
    type: bool
    default: false
  window:
    description: The last stretch of time over which O(state=status) takes its figures.
    type: str
    default: 5s
  experiment:
    description: The probe is part of an experiment of the role P(magsasa.chaos.experiment#role), so that no other run collects it.
    type: dict
  run:
    description: Which run the probe belongs to, and who started it. Filled in on the controller; leave it out.
    type: dict
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what would change. Samples are returned by a real run only.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
seealso:
  - module: magsasa.chaos.health_check
  - module: magsasa.chaos.fault_info
"""

EXAMPLES = r"""
- name: Watch the shop while we break things
  magsasa.chaos.probe:
    name: shop
    url: http://localhost:5000/health
    rate: 20
    timeout: 2s

- name: How is it now?
  magsasa.chaos.probe:
    name: shop
    state: status
    window: 10s
  register: live

- name: What did it see?
  magsasa.chaos.probe:
    name: shop
    state: stopped
  register: seen
"""

RETURN = r"""
probe:
  description: The recorder and its live figures; null when there is none.
  returned: O(state=started) and O(state=status)
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: shop
    running:
      description: Whether it runs.
      type: bool
      sample: true
    pid:
      description: Its process.
      type: int
      sample: 4711
    target:
      description: What it checks, without secrets.
      type: str
      sample: http://localhost:5000/health
    rate:
      description: Probes a second.
      type: float
      sample: 20.0
    started_at:
      description: Both clocks of the host when it started.
      type: dict
      sample: {monotonic: 1311.204817, wall: 1795600000.114}
    window_s:
      description: The stretch of time over which the figures below are taken.
      type: float
      sample: 5.0
    sent:
      description: Probes that ended in it.
      type: int
      sample: 100
    failed:
      description: How many of them failed.
      type: int
      sample: 0
    error_rate_pct:
      description: The share of those.
      type: float
      sample: 0.0
    p50_ms:
      description: Median latency of what was answered; C(p95_ms), C(p99_ms) and C(max_ms) stand beside it.
      type: float
      sample: 3.1
    answered:
      description: How many of them were answered, refusals included. Latencies are over these.
      type: int
      sample: 100
    dropped:
      description: How many of the failed ones were due and not sent, as O(max_in_flight) was reached.
      type: int
      sample: 0
    overdue:
      description: How many probes are under way for far longer than answers take.
      type: int
      sample: 0
    why:
      description: Why most of the failed probes failed; null when none did.
      type: str
      sample: it answered 200 and said DOWN
    last_error:
      description: Kind of the last failure in the window.
      type: str
      sample: null
samples:
  description:
    - Every probe, packed. C(data) is text, one line a probe, columns separated by tabs, compressed with zlib and coded in base64.
    - C(intended_s) is the monotonic clock of the host; latency counts from it. C(error) is empty for a good probe.
  returned: O(state=stopped)
  type: dict
  sample: {encoding: zlib+base64, count: 1200, columns: [intended_s, late_ms, latency_ms, ok, status, error], data: eJx...}
summary:
  description: Figures over all samples, and how well the recorder kept its own schedule.
  returned: O(state=stopped)
  type: dict
  sample:
    sent: 1200
    failed: 60
    error_rate_pct: 5.0
    p50_ms: 3.1
    p95_ms: 9.8
    p99_ms: 14.2
    max_ms: 2000.4
    errors: {timeout: 60}
    late_p50_ms: 0.1
    late_p99_ms: 0.4
    late_max_ms: 1.2
    rate: 20.0
    achieved_rate: 20.0
    answered: 1140
    dropped: 0
    due: 1200
    reasons: [{error: timeout, status: null, detail: no answer within the time limit, count: 60}]
    ended_by: stopped
    cpu_s: 0.41
    max_rss_kib: 21000
    urgent: true
died:
  description: Whether the recorder had been killed; the samples are those that it had written.
  returned: O(state=stopped)
  type: bool
  sample: false
"""

from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._host import turn
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import collect, control, spec
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.module import UrlModule


def main():
    """Run the module."""
    options = dict(
        spec.PROBE,
        state={"type": "str", "choices": ["started", "stopped", "status"], "default": "started"},
        window={"type": "str", "default": "5s"},
        experiment={"type": "dict"},
    )
    module = UrlModule(
        argument_spec=options,
        mutually_exclusive=[spec.KINDS],
        required_if=[("state", "started", spec.KINDS, True)],
        supports_check_mode=True,
    )
    module.no_log_values.update(spec.secrets(module.params))
    try:
        name = _quantity.name(module.params["name"])
        if module.params["state"] == "started":
            changed, probe = control.start(control.parse(module.params), module.check_mode)
            result = {"probe": probe}
        elif module.params["state"] == "stopped":
            changed, result = collect.stop(name, module.check_mode, run=turn.parse(module.params["run"]))
        else:
            changed = False
            result = {"probe": control.look(name, _quantity.duration(module.params["window"], "window", low=0.1, high=600.0))}
    except ChaosError as error:
        module.fail_json(msg=str(error), **error.details)
    except OSError as error:
        module.fail_json(msg="the host did not let us: %s" % error)
    if result.get("died"):
        module.warn("the recorder of probe %s was killed; its samples end there" % name)
    module.exit_json(changed=changed, **result)


if __name__ == "__main__":
    main()
