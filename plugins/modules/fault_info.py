#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fault_info
short_description: Read the fault ledger of a host
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Returns which faults are active on a host, which are over and how they ended, what they left behind, and which
    probes run.
  - First reverts faults that no process holds any more, as every module of the collection does that looks at faults.
    Otherwise it changes nothing.
options:
  names:
    description: Names of the faults to return. The default is all.
    type: list
    elements: str
  past:
    description: Maximum number of past faults to return, newest first.
    type: int
    default: 20
  window:
    description: The time window over which the live figures of running probes are computed.
    type: str
    default: 5s
attributes:
  check_mode:
    description: Can run in C(check_mode) and read the ledger without reverting anything.
    support: full
  diff_mode:
    description: A revert here is not a change of this task.
    support: none
  idempotent:
    description: Reading changes nothing.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.fault_lease
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: List the last five faults of this host
  magsasa.chaos.fault_info:
    past: 5
  register: ledger

- name: Look at one fault, and at the probes over the last ten seconds
  magsasa.chaos.fault_info:
    names: [half-busy]
    window: 10s
  register: ledger
"""

RETURN = r"""
active:
  description: Active faults, oldest first. C(orphaned) is true for a fault that no process holds any more (in check
    mode, which reverts nothing).
  returned: always
  type: list
  elements: dict
  sample: [{id: 3f9c1b0a77d2, name: half-busy, family: cpu, state: active, effect: confirmed, seconds_left: 12.4,
    orphaned: false}]
past:
  description: Faults that are over, newest first.
  returned: always
  type: list
  elements: dict
  sample: [{id: 77d23f9c1b0a, name: half-busy, family: cpu, state: reverted, revert_cause: deadline, residue: []}]
swept:
  description: Final records of faults that no process held any more and that this task reverted; empty in check mode.
  returned: always
  type: list
  elements: dict
  sample: []
residue:
  description: What incomplete reverts left behind, one sentence each.
  returned: always
  type: list
  elements: str
  sample: []
unreadable:
  description: Records of active faults that are damaged, of another version or owned by another user, one sentence
    each. They are neither reverted nor removed.
  returned: always
  type: list
  elements: str
  sample: []
probes:
  description: Running probes with their live figures.
  returned: always
  type: list
  elements: dict
  sample: [{name: light-1, sent: 100, failed: 2, error_rate_pct: 2.0, p50_ms: 3.1, p95_ms: 9.8}]
clock:
  description: The monotonic clock and the wall clock of the host at the moment of the answer, and the id of its boot.
  returned: always
  type: dict
  sample: {monotonic: 1311.204817, wall: 1795600000.114, boot_id: 6f0c3d2e-0000-4000-8000-000000000000}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import ledger_queries


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str"},
            "past": {"type": "int", "default": 20},
            "window": {"type": "str", "default": "5s"},
        },
        supports_check_mode=True,
    )
    try:
        window = _quantity.duration(module.params["window"], "window", low=0.1, high=600.0)
        result = ledger_queries.look(module.params["names"], max(0, module.params["past"]), window, module.check_mode)
    except (ChaosError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(result["swept"]), **result)


if __name__ == "__main__":
    main()
