#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A detached recorder that probes a service at a fixed rate."""

from __future__ import annotations

DOCUMENTATION = r"""
module: probe
short_description: Record how a service answers during an experiment
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Starts a small process on the host that checks a service at a fixed rate and records every check, and later collects
    the samples.
  - The rate is constant whatever the service does (open loop), and latency counts from the moment at which a probe was
    due. A stall of the service therefore shows in every probe that was due during the stall.
  - The process ends by itself after O(max_duration). Samples that nobody collects are removed ten minutes later.
  - As root, and up to 200 probes a second, it runs with the lowest real-time priority, so that waiting for a busy CPU
    is not mistaken for a slow service. It gives that priority up if it ever computes for half a second without a pause.
    C(late_p99_ms) tells how well it kept its schedule.
extends_documentation_fragment:
  - magsasa.chaos.check
options:
  name:
    description:
      - Identifies the probe on this host. The same name with the same options changes nothing; with other options it is
        refused.
      - 1 to 63 letters, digits, dots, dashes or underscores.
    type: str
    required: true
  state:
    description:
      - V(started) starts the recorder.
      - V(stopped) ends it, returns its samples, and removes its files from the host. It waits for outstanding answers,
        at most until O(timeout) has passed, so that every probe that was due (C(due)) has a sample.
      - V(status) returns live figures.
    type: str
    choices: [started, stopped, status]
    default: started
  rate:
    description: Probes per second, from 0.05 to 1000.
    type: float
    default: 20
  timeout:
    description: Time limit of each probe as a whole.
    type: str
    default: 2s
  max_in_flight:
    description:
      - Maximum number of outstanding probes. A probe that is due beyond that is recorded as failed with the error
        V(dropped).
      - The default is twice O(rate) times O(timeout), at least 4 and at most 256. Checks that run programs are limited
        to 64.
    type: int
  max_duration:
    description: The recorder ends by itself after this time.
    type: str
    default: 30m
  lease:
    description:
      - The recorder ends by itself and removes its samples unless it is renewed within this time, as
        M(magsasa.chaos.experiment) does.
    type: str
  keepalive:
    description:
      - Whether HTTP connections are reused. With V(false) every probe opens its own connection, as a new user would.
    type: bool
    default: false
  window:
    description: The time window over which O(state=status) computes its figures.
    type: str
    default: 5s
  experiment:
    description: Marks the probe as part of an experiment of the role P(magsasa.chaos.experiment#role), so that no other
      run collects it.
    type: dict
  run:
    description: The run that the probe belongs to, and who started it. The controller fills it in; leave it out.
    type: dict
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would change. Samples are returned by a real run only.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: A probe that runs with the same options is left as it is.
    support: full
seealso:
  - module: magsasa.chaos.health_check
  - module: magsasa.chaos.fault_info
"""

EXAMPLES = r"""
- name: Start to record how the shop answers
  magsasa.chaos.probe:
    name: shop
    url: http://localhost:5000/health
    rate: 20
    timeout: 2s

- name: Look at the live figures
  magsasa.chaos.probe:
    name: shop
    state: status
    window: 10s
  register: live

- name: Stop it and collect the samples
  magsasa.chaos.probe:
    name: shop
    state: stopped
  register: recorded

- name: Place orders over kept connections, five a second, and judge by the answer
  magsasa.chaos.probe:
    name: orders
    url: https://shop.example.org/orders
    method: POST
    headers: {Authorization: "Bearer {{ vault_token }}"}
    body: {product: 1, quantity: 1}
    status: ["201"]
    json: {state: placed}
    matches: '"id": *[0-9]+'
    max_latency: 800ms
    validate_certs: false
    follow_redirects: true
    self_report: false
    keepalive: true
    rate: 5
    max_in_flight: 20
    max_duration: 1h
    lease: 60s

- name: Record whether the port of the database accepts connections
  magsasa.chaos.probe:
    name: database-port
    tcp: db.example.org:5432

- name: Record whether the database answers a query, twice a second
  magsasa.chaos.probe:
    name: database
    database: postgresql:///shop
    rate: 2

- name: Record whether a command of our own succeeds
  magsasa.chaos.probe:
    name: queue
    command: [queue-status, --brief]
    rc: [0, 3]
    rate: 1
"""

RETURN = r"""
probe:
  description: The recorder and its live figures; null if there is none of that name.
  returned: O(state=started) and O(state=status)
  type: dict
  contains:
    name:
      description: Name of the probe.
      type: str
      sample: shop
    running:
      description: Whether the recorder is running.
      type: bool
      sample: true
    pid:
      description: Process id of the recorder.
      type: int
      sample: 4711
    target:
      description: What the probe checks, without secrets.
      type: str
      sample: http://localhost:5000/health
    rate:
      description: Probes per second.
      type: float
      sample: 20.0
    started_at:
      description: When the recorder started, on the monotonic clock and the wall clock of the host.
      type: dict
      sample: {monotonic: 1311.204817, wall: 1795600000.114}
    window_s:
      description: Length of the time window of the figures below, in seconds.
      type: float
      sample: 5.0
    sent:
      description: Number of probes that ended in the window.
      type: int
      sample: 100
    failed:
      description: Number of those that failed.
      type: int
      sample: 0
    error_rate_pct:
      description: Share of the failed probes in percent.
      type: float
      sample: 0.0
    p50_ms:
      description: Median latency of the answered probes in milliseconds; C(p95_ms), C(p99_ms) and C(max_ms) are there,
        too.
      type: float
      sample: 3.1
    answered:
      description: Number of probes that got an answer, error answers included. Latencies are computed over these.
      type: int
      sample: 100
    dropped:
      description: Number of the failed probes that were due but not sent because O(max_in_flight) was reached.
      type: int
      sample: 0
    overdue:
      description: Number of probes that have been outstanding for much longer than answers usually take.
      type: int
      sample: 0
    why:
      description: Most frequent reason of the failed probes; null if none failed.
      type: str
      sample: it answered 200 and said DOWN
    last_error:
      description: Kind of the last failure in the window; null if there was none.
      type: str
      sample: null
samples:
  description:
    - Every probe, packed. C(data) is text with one line per probe and tab-separated columns, compressed with zlib and
      encoded in base64.
    - C(intended_s) is on the monotonic clock of the host; latency counts from it. C(error) is empty for a good probe.
  returned: O(state=stopped)
  type: dict
  sample: {encoding: zlib+base64, count: 1200, columns: [intended_s, late_ms, latency_ms, ok, status, error],
    data: eJx...}
summary:
  description: Figures over all samples, and how well the recorder kept its schedule.
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
from ansible_collections.magsasa.chaos.plugins.module_utils._entry import main as _entry
from ansible_collections.magsasa.chaos.plugins.module_utils._life import turn
from ansible_collections.magsasa.chaos.plugins.module_utils._check import spec
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import collect, control
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
            result = {
                "probe": control.look(name, _quantity.duration(module.params["window"], "window", low=0.1, high=600.0))
            }
    except ChaosError as error:
        module.fail_json(msg=str(error), **error.details)
    except OSError as error:
        module.fail_json(msg="operation failed on the host: %s" % error)
    if result.get("died"):
        module.warn("the recorder of probe %s was killed; its samples end at that time" % name)
    module.exit_json(changed=changed, **result)


if __name__ == "__main__":
    main()
