#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo every active fault of a host."""
from __future__ import annotations

DOCUMENTATION = r"""
module: fault_halt
short_description: Undo every active fault of a host, now
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - The panic button. Reads the ledger of the host and undoes every fault that is active there, whoever injected it.
  - Needs no memory of the run that injected. Never refused by a guard.
  - A fault whose record is gone or damaged is found by what is alive or there of it (its processes, tables, chains, devices, lines in C(/etc/hosts),
    drop-ins), and undone. What cannot be undone without a record is named in RV(unreadable).
options:
  names:
    description: Only the faults with these names. All when left out.
    type: list
    elements: str
  probes:
    description: End running probes of this host too.
    type: bool
    default: false
  by:
    description: Who halts. The user on the host and the peer of its connection when left out.
    type: str
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what would be undone without touching the host.
    support: full
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
"""

EXAMPLES = r"""
- name: Put everything back
  magsasa.chaos.fault_halt:

- name: Only one of them
  magsasa.chaos.fault_halt:
    names: [half-busy]
"""

RETURN = r"""
undone:
  description: Final records of the faults that were undone (the active ones in check mode).
  returned: always
  type: list
  elements: dict
  sample: [{id: 3f9c1b0a77d2, name: half-busy, family: cpu, state: reverted, revert_cause: halt, residue: []}]
probes_ended:
  description: Names of the probes that were ended.
  returned: always
  type: list
  elements: str
  sample: [light-1]
unreadable:
  description: Records of active faults that are damaged, of another version or not of this user; they are neither undone nor removed.
    Also what is there of a fault without a record and cannot be undone without one. One sentence each.
  returned: always
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import halting


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"names": {"type": "list", "elements": "str"}, "probes": {"type": "bool", "default": False}, "by": {"type": "str"}},
        supports_check_mode=True,
    )
    try:
        undone = halting.halt(module.params["names"], module.check_mode, module.params["by"] or "")
        ended = halting.end_probes(module.check_mode) if module.params["probes"] else []
    except (ChaosError, OSError) as error:
        module.fail_json(msg=str(error), undone=[], probes_ended=[], unreadable=[], changed=False)
    unreadable = halting.unreadable(thorough=True)
    for sentence in unreadable:
        module.warn(sentence)
    left = [sentence for record in undone for sentence in record.get("residue") or []]
    for record in undone:
        if record.get("differences"):
            module.warn("fault '%s' is undone, but what it touched is not as before: %s" % (record["name"], "; ".join(record["differences"])))
    result = {"changed": bool(undone or ended), "undone": undone, "probes_ended": ended, "unreadable": unreadable}
    if left and not module.check_mode:
        module.fail_json(msg="not wholly undone: %s" % "; ".join(left), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
