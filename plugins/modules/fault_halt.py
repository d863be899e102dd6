#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo every active fault of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fault_halt
short_description: Revert every active fault of a host now
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - The emergency stop. Reads the ledger of the host and reverts every active fault, whoever injected it.
  - Needs nothing of the run that injected the faults. No guard refuses it.
  - A fault whose record is lost or damaged is found by its traces on the host (processes, tables, chains, devices,
    lines in C(/etc/hosts), drop-ins) and reverted. What cannot be reverted without a record is listed in
    RV(unreadable).
options:
  names:
    description: Names of the faults to revert. The default is all.
    type: list
    elements: str
  probes:
    description: Whether to stop the running probes of this host, too.
    type: bool
    default: false
  by:
    description: Who halts, for the record. The default is the user on the host and the peer of its connection.
    type: str
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would be reverted, without touching the host.
    support: full
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
  idempotent:
    description: Where no fault is active, nothing changes.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.probe
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_lease
"""

EXAMPLES = r"""
- name: Revert every fault
  magsasa.chaos.fault_halt:

- name: Revert one of them
  magsasa.chaos.fault_halt:
    names: [half-busy]

- name: Revert everything, stop the probes too, and say who did it
  magsasa.chaos.fault_halt:
    probes: true
    by: "on-call, incident 4711"
"""

RETURN = r"""
undone:
  description: Final records of the faults that were reverted; in check mode, the active faults.
  returned: always
  type: list
  elements: dict
  sample: [{id: 3f9c1b0a77d2, name: half-busy, family: cpu, state: reverted, revert_cause: halt, residue: []}]
probes_ended:
  description: Names of the probes that were stopped.
  returned: always
  type: list
  elements: str
  sample: [light-1]
unreadable:
  description:
    - Records of active faults that are damaged, of another version or owned by another user, one sentence each. They
      are neither reverted nor removed.
    - Also traces of faults that cannot be reverted without their record.
  returned: always
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import ledger_queries


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str"},
            "probes": {"type": "bool", "default": False},
            "by": {"type": "str"},
        },
        supports_check_mode=True,
    )
    try:
        undone = ledger_queries.halt(module.params["names"], module.check_mode, module.params["by"] or "")
        ended = ledger_queries.end_probes(module.check_mode) if module.params["probes"] else []
    except (ChaosError, OSError) as error:
        module.fail_json(msg=str(error), undone=[], probes_ended=[], unreadable=[], changed=False)
    unreadable = ledger_queries.unreadable(thorough=True)
    for sentence in unreadable:
        module.warn(sentence)
    left = [sentence for record in undone for sentence in record.get("residue") or []]
    for record in undone:
        if record.get("differences"):
            module.warn(
                "fault '%s' is reverted, but the state differs from before: %s"
                % (record["name"], "; ".join(record["differences"]))
            )
    result = {"changed": bool(undone or ended), "undone": undone, "probes_ended": ended, "unreadable": unreadable}
    if left and not module.check_mode:
        module.fail_json(msg="the revert is incomplete: %s" % "; ".join(left), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
