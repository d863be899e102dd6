#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time on a host."""
from __future__ import annotations

DOCUMENTATION = r"""
module: host_turn
short_description: Take a host's turn for this run, or give it back
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - One run at a time experiments on a host. A run is one C(ansible-playbook).
  - Who comes second waits for O(wait), and is refused then with the name of the other run, who started it and until when it is expected to last.
  - The roles P(magsasa.chaos.suite#role) and P(magsasa.chaos.experiment#role) do it by themselves.
  - A small process holds the turn. It ends when the turn is given back, when M(magsasa.chaos.fault_halt) ends everything, and when nobody has renewed it
    for O(lease). What a run does on the host renews it.
options:
  state:
    description: V(look) says who has the turn, and which machine this is.
    type: str
    choices: [present, absent, look]
    default: present
  lease:
    description: The turn ends by itself when nothing of the run was heard for this time.
    type: str
    default: 15s
  wait:
    description: How long to wait for another run.
    type: str
    default: 0s
  force:
    description: Go on beside another run. Each of the two then sees what the other does to the host.
    type: bool
    default: false
  scenarios:
    description: What the run is going to do, of which only C(hold) counts; others are told when it is expected to end.
    type: list
    elements: dict
    default: []
  baseline:
    description: Length of the baseline of each.
    type: str
    default: 10s
  run:
    description: Which run it is. Filled in on the controller.
    type: dict
attributes:
  check_mode:
    description: Can run in C(check_mode) and takes nothing.
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
- name: From here on this host is ours
  magsasa.chaos.host_turn:
    lease: 5m
    wait: 30s
"""

RETURN = r"""
held:
  description: Whether this run has the turn now.
  returned: success
  type: bool
  sample: true
holder:
  description: The run that had the turn before this task; null when none had.
  returned: success
  type: dict
  sample: {id: 3f9c1b0a77d2, by: "alice at ctl1, process 4711", host: web1, since: 1795600000.1, until: 1795600420.0}
machine:
  description: What tells this machine from another, whatever the inventory calls it.
  returned: success
  type: str
  sample: 6f0c3d2e-0000-4000-8000-000000000000/pid:[4026531836]
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.magsasa.chaos.plugins.module_utils import _clock
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._host import turn
from ansible_collections.magsasa.chaos.plugins.module_utils._host.ledger import Ledger


def machine():
    """Boot and process space: containers on one kernel are machines of their own, two names of one machine are not."""
    try:
        space = os.readlink("/proc/1/ns/pid") if os.geteuid() == 0 else os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return "%s/%s" % (_clock.boot_id(), space)


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
        module.fail_json(msg=str(error), machine=machine(), **error.details)
    except OSError as error:
        module.fail_json(msg="operation failed on the host: %s" % error)
    public = {key: before.get(key) for key in ("id", "by", "host", "since", "until")} if before else None
    module.exit_json(changed=changed, held=held, holder=public, machine=machine())


if __name__ == "__main__":
    main()
