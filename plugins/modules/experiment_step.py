#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Poll an experiment on its host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: experiment_step
short_description: Poll the fault and the probe of an experiment, and collect the samples at its end
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - M(magsasa.chaos.watch) runs it on a host while an experiment runs. To see all faults and probes of a host, use
    M(magsasa.chaos.fault_info).
  - With O(wait) it waits for the end of the fault and for good probes after it, then stops the probe and returns its
    samples.
options:
  name:
    description: Name of the fault and of the probe.
    type: str
    required: true
  fault:
    description: Whether to return the fault. V(false) on an observer, which only probes.
    type: bool
    default: true
  probe:
    description: Whether to return the probe. V(false) on a host that an observer probes.
    type: bool
    default: true
  renew:
    description: Whether to renew the leases of the fault and the probe.
    type: bool
    default: false
  window:
    description: The time window over which the live figures of the probe are computed.
    type: str
    default: 5s
  wait:
    description: How long to wait for the end of the fault and for recovery, at most V(5s). Without it nothing is
      collected.
    type: str
  successes:
    description: Number of consecutive good probes after which the service counts as recovered.
    type: int
    default: 3
  rate:
    description: Probes per second, as given to M(magsasa.chaos.probe).
    type: float
    default: 20
  slow:
    description: Latency above which a probe does not count as recovered.
    type: str
  fault_began_ago:
    description: How long ago the fault on the other host took effect, with O(fault=false).
    type: str
  fault_ended_ago:
    description:
      - How long ago that fault was reverted. Only probes that were sent after that are evidence of recovery.
      - Without it the last probes count, whenever they were sent.
    type: str
  run:
    description: The run whose fault and probe count, and whose turn on the host is renewed. The controller fills it in;
      leave it out.
    type: dict
attributes:
  check_mode:
    description: Can run in C(check_mode), without renewing or collecting.
    support: full
  diff_mode:
    description: There is no difference to show.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
"""

EXAMPLES = r"""
- name: Poll the experiment
  magsasa.chaos.experiment_step:
    name: half-busy
    renew: true
  register: polled
"""

RETURN = r"""
fault:
  description: The fault of that name, active or past; null if there is none.
  returned: always
  type: dict
  sample: {id: 3f9c1b0a77d2, name: half-busy, family: cpu, state: active, effect: confirmed, seconds_left: 12.4,
    orphaned: false}
active:
  description: Whether the fault is active and a process holds it.
  returned: always
  type: bool
  sample: true
probe:
  description: The probe of that name with its live figures; null if there is none.
  returned: O(probe=true)
  type: dict
  sample: {name: half-busy, running: true, sent: 100, failed: 2, error_rate_pct: 2.0, p50_ms: 3.1, p95_ms: 9.8}
renewed:
  description: Names of the faults whose lease was renewed.
  returned: always
  type: list
  elements: str
  sample: [half-busy]
recovered:
  description: Whether the service has recovered; null without O(wait), or if the fault is not over.
  returned: always
  type: bool
  sample: true
collected:
  description: Whether the probe was stopped. If so, RV(samples), RV(summary) and RV(died) are those of
    M(magsasa.chaos.probe).
  returned: always
  type: bool
  sample: false
samples:
  description: Every probe, packed as in M(magsasa.chaos.probe).
  returned: when collected
  type: dict
  sample: {encoding: zlib+base64, count: 1000, columns: [intended_s, late_ms, latency_ms, ok, status, error],
    data: eJx...}
summary:
  description: Figures over all samples.
  returned: when collected
  type: dict
  sample: {sent: 1000, failed: 3, error_rate_pct: 0.3, p50_ms: 2.1, late_p99_ms: 0.4}
died:
  description: Whether the recorder was killed before it was stopped.
  returned: when collected
  type: bool
  sample: false
stopped:
  description: Who halted the run on this host, and when; null if it was not halted.
  returned: always
  type: str
  sample: null
again:
  description: The command that answers the next poll, with options on its standard input, while a fault or a probe is
    on the host; otherwise null.
  returned: always
  type: list
  elements: str
  sample: [/usr/bin/python3, -I, -S, -B, /run/magsasa-chaos/lib/0a1b2c3d4e5f6071.pyz, step, '-']
clock:
  description: The monotonic clock and the wall clock of the host at the moment of the answer, and the id of its boot.
  returned: always
  type: dict
  sample: {monotonic: 1311.204817, wall: 1795600000.114, boot_id: 6f0c3d2e-0000-4000-8000-000000000000}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import poll


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "fault": {"type": "bool", "default": True},
            "probe": {"type": "bool", "default": True},
            "renew": {"type": "bool", "default": False},
            "window": {"type": "str", "default": "5s"},
            "wait": {"type": "str"},
            "successes": {"type": "int", "default": 3},
            "rate": {"type": "float", "default": 20},
            "slow": {"type": "str"},
            "fault_began_ago": {"type": "str"},
            "fault_ended_ago": {"type": "str"},
            "run": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    params = dict(module.params)
    if module.check_mode:
        params.update(renew=False, wait=None)
    try:
        result = poll.take(poll.parse(params))
    except (ChaosError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=result["collected"], **result)


if __name__ == "__main__":
    main()
