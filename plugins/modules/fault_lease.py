#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renew leases and look."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fault_lease
short_description: Renew the lease of faults and return their state
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - A fault with O(magsasa.chaos.cpu_fault#module:lease) ends early unless its lease is renewed. This module renews it,
    as a sign that the controller is still there.
  - Returns the same as M(magsasa.chaos.fault_info).
options:
  names:
    description: Names of the faults to renew. The default is all. A fault without a lease is left alone.
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
    description: Can run in C(check_mode) and read the ledger without renewing or reverting.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: Each task renews the leases anew.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.experiment
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
"""

EXAMPLES = r"""
- name: Renew the lease of one fault
  magsasa.chaos.fault_lease:
    names: [half-busy]

- name: Renew all leases, and look at the last fault and the probes over the last ten seconds
  magsasa.chaos.fault_lease:
    past: 1
    window: 10s
  register: ledger
"""

RETURN = r"""
renewed:
  description: Names of the faults whose lease was renewed.
  returned: always
  type: list
  elements: str
  sample: [half-busy]
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
  description: Records of active faults that are damaged, of another version or not of this user; they are neither
    undone nor removed. One sentence each.
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
        renewed = [] if module.check_mode else ledger_queries.renew(module.params["names"])
        result = ledger_queries.look(module.params["names"], max(0, module.params["past"]), window, module.check_mode)
    except (ChaosError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(result["swept"]), renewed=renewed, **result)


if __name__ == "__main__":
    main()
