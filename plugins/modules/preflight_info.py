#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what a host can do."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_info
short_description: Find out which scenarios a host can carry out, with which backend, and what is missing
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Plans every scenario on the host as its fault module would, and returns the backend it would use, or why it cannot
    run and which package would help. Changes nothing.
  - Needs one module execution per host, however many scenarios there are.
attributes:
  check_mode:
    description: Can run in check mode and returns the same.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  idempotent:
    description: Reading changes nothing.
    support: full
  platform:
    description: Linux with C(/proc).
    platforms: linux
    support: full
options:
  scenarios:
    description:
      - The scenarios, filled in for the host by P(magsasa.chaos.fill_scenario#filter). A scenario that is already
        skipped is returned with its reason.
    type: list
    elements: dict
    default: []
seealso:
  - module: magsasa.chaos.preflight_check
  - module: magsasa.chaos.endpoint_info
"""

EXAMPLES = r"""
- name: Find out what could run here
  magsasa.chaos.preflight_info:
    scenarios:
      - {id: lossy, family: network, options: {action: loss, loss: 5%, port: 8000}}
      - {id: busy, family: cpu, options: {load: 50%}}
  register: able
"""

RETURN = r"""
scenarios:
  description: For the id of each scenario, whether it can run (C(can)), and its plan, or why not.
  returned: always
  type: dict
  sample:
    busy: {can: true, backend: own workers, notes: [], plan: [{says: "keep all cores 50 % busy",
      undo: ["workers.end fault=$ID"], tool: null}]}
    lossy: {can: false,
      why: "nft is not installed on this host and is needed to rule on packets; install it (Debian, Ubuntu: nftables)",
      packages: {"Debian, Ubuntu": nftables}}
host:
  description: What the host offers to faults. C(tools) contains the path of each program, or null where it is missing.
  returned: always
  type: dict
  sample: {python: 3.11.2, root: true, systemd: true, container: false, cgroup: v2, pressure: true,
    tools: {nft: /usr/sbin/nft, tc: null}}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.magsasa.chaos.plugins.module_utils._fault import assess


def of_entry(entry):
    """What one filled-in scenario comes to."""
    if entry.get("skipped"):
        return {"can": False, "why": str(entry["skipped"]), "packages": {}}
    family = assess.family_of(str(entry.get("family")))
    if family is None:
        return {"can": False, "why": "'%s' is not a fault family" % entry.get("family"), "packages": {}}
    given = {key: value for key, value in (entry.get("options") or {}).items() if key in family.options}
    found = ArgumentSpecValidator(family.options, **getattr(family, "constraints", {})).validate(given)
    if found.error_messages:
        return {"can": False, "why": found.error_messages[0], "packages": {}}
    return assess.assess(family.name, found.validated_parameters, bool((entry.get("options") or {}).get("force")))


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"scenarios": {"type": "list", "elements": "dict", "default": []}}, supports_check_mode=True
    )
    scenarios = {str(entry.get("id")): of_entry(entry) for entry in module.params["scenarios"]}
    module.exit_json(changed=False, scenarios=scenarios, host=assess.host_facts())


if __name__ == "__main__":
    main()
