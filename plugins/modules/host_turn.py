#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_turn
short_description: Reserve a host for this run, or release it
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Only one run at a time may experiment on a host. A run is one execution of C(ansible-playbook). The reservation is
    called the turn of the host.
  - A second run waits for O(wait), and is then refused with the name of the first run, who started it and when it is
    expected to end.
  - The roles P(magsasa.chaos.suite#role) and P(magsasa.chaos.experiment#role) do this by themselves.
  - A small process on the host holds the turn. It ends when the turn is released, when M(magsasa.chaos.fault_halt)
    reverts everything, and when the turn was not renewed for O(lease). Every task of the run on the host renews it.
options:
  state:
    description: V(present) takes the turn, V(absent) releases it, V(look) returns who has it and which machine this is.
    type: str
    choices: [present, absent, look]
    default: present
  lease:
    description: The turn ends by itself when the run has not renewed it for this long.
    type: str
    default: 15s
  wait:
    description: How long to wait for another run to end.
    type: str
    default: 0s
  force:
    description: Go on beside another run. Each of the two then sees the faults of the other.
    type: bool
    default: false
  scenarios:
    description: The scenarios that the run will execute. Only C(hold) is used, to tell other runs when this one is
      expected to end.
    type: list
    elements: dict
    default: []
  baseline:
    description: Length of the baseline of each scenario, for the same estimate.
    type: str
    default: 10s
  required:
    description: Whether the task fails where the turn is not to be had. With V(false) the reason is in RV(reason).
    type: bool
    default: true
  again:
    description: What RV(again) of the task was that took the turn. With it the turn is released without a module execution.
    type: list
    elements: str
  run:
    description: The run that takes the turn. The controller fills it in; leave it out.
    type: dict
attributes:
  check_mode:
    description: Can run in C(check_mode) and takes nothing.
    support: full
  diff_mode:
    description: There is no difference to show.
    support: none
  idempotent:
    description: The turn that this run has already is not taken again.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.fault_info
"""

EXAMPLES = r"""
- name: Reserve this host for our experiments
  magsasa.chaos.host_turn:
    lease: 5m
    wait: 30s

- name: Ask who has this host
  magsasa.chaos.host_turn:
    state: look
  register: looked

- name: Take the turn for two scenarios, if it is to be had, or go on beside another run
  magsasa.chaos.host_turn:
    scenarios: [{hold: 30s}, {hold: 60s}]
    baseline: 10s
    force: true
    required: false
  register: turn

- name: Give it back
  magsasa.chaos.host_turn:
    state: absent
    again: "{{ turn.again | default(omit) }}"
"""

RETURN = r"""
again:
  description: The command that answers further questions of this run on the host; null without one.
  returned: O(state=present)
  type: list
  elements: str
  sample: [/usr/bin/python3, -I, -S, -B, /run/magsasa-chaos/lib/0a1b2c3d4e5f6071.pyz, ask, '-']
held:
  description: Whether this run has the turn now.
  returned: success
  type: bool
  sample: true
reason:
  description: Why the turn was not to be had.
  returned: O(required=false) and it was not
  type: str
  sample: "refused by the run guard: run 3f9c1b0a77d2 of alice at ctl1 has had this host since 2026-11-29 10:00:00 UTC"
holder:
  description: The run that had the turn before this task; null if none had.
  returned: success
  type: dict
  sample: {id: 3f9c1b0a77d2, by: "alice at ctl1, process 4711", host: web1, since: 1795600000.1, until: 1795600420.0}
earlier:
  description: What the run before on this host had in when it was cut off, who ended it and when; empty if it was not.
  returned: O(state=present)
  type: str
  sample: >-
    the run before on this host (run 3f9c1b0a77d2 of alice, AWX job 41) was cut off: fault 'cpu-light' was in, reverted
    by its lease at 2026-11-29 10:02:00 UTC; nothing left behind
machine:
  description: Identifies this machine, whatever name the inventory gives it.
  returned: success
  type: str
  sample: 6f0c3d2e-0000-4000-8000-000000000000/pid:[4026531836]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._entry import main as _entry
from ansible_collections.magsasa.chaos.plugins.module_utils._life import turn
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger.ledger import Ledger


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent", "look"], "default": "present"},
            "lease": {"type": "str", "default": "15s"},
            "wait": {"type": "str", "default": "0s"},
            "force": {"type": "bool", "default": False},
            "scenarios": {"type": "list", "elements": "dict", "default": []},
            "baseline": {"type": "str", "default": "10s"},
            "again": {"type": "list", "elements": "str"},
            "required": {"type": "bool", "default": True},
            "run": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    ledger = Ledger()
    try:
        run = turn.parse(module.params["run"])
        if run is None:
            raise BadOption("run", None, "is missing", "use the module in a task: the controller fills it in")
        before = turn.holder(ledger.folders.run)
        mine = bool(before) and before.get("id") == run["id"]
        held, changed = mine, False
        if module.params["state"] == "present":
            held = turn.take(ledger, run) if not module.check_mode else mine
            changed = not mine
        elif module.params["state"] == "absent":
            changed = turn.release(ledger, run["id"], module.check_mode) is not None
            held = False
    except ChaosError as error:
        module.fail_json(msg=str(error), machine=turn.machine(), **error.details)
    except OSError as error:
        module.fail_json(msg="operation failed on the host: %s" % error)
    public = {key: before.get(key) for key in ("id", "by", "host", "since", "until")} if before else None
    module.exit_json(changed=changed, held=held, holder=public, machine=turn.machine())


if __name__ == "__main__":
    main()
