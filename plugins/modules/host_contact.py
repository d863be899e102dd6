#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the conductor of an experiment asks a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_contact
short_description: Answer a request of a running experiment on a host
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Internal. What the actions M(magsasa.chaos.first_contact) and M(magsasa.chaos.experiment) ask a host is an execution
    of this module if the connection cannot pass input to a command (without C(pipelining), for example), or if that
    gave no answer. The runtime archive stays there while the run has the host reserved or a probe runs, and answers
    every further request.
options:
  do:
    description: The step of the experiment that the host is to take next.
    type: str
    required: true
    choices: [begin, assess, look, inject, halt, finish, lend]
  options:
    description: What the step needs, such as the C(name) of the experiment or the options of the fault.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would change.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.experiment
"""

EXAMPLES = r"""
- name: How is the experiment half-busy?
  magsasa.chaos.host_contact:
    do: look
    options:
      name: half-busy
"""

RETURN = r"""
again:
  description: The command that answers further questions, each as JSON on its standard input, as long as the archive is
    on the host; null without one.
  returned: always
  type: list
  elements: str
  sample: [/usr/bin/python3, -I, -S, -B, /run/magsasa-chaos/lib/0a1b2c3d4e5f6071.pyz, ask, '-']
clock:
  description: Both clocks of the host at the moment of the answer, and the identity of its boot.
  returned: always
  type: dict
  sample: {monotonic: 1311.204817, wall: 1795600000.114, boot_id: 6f0c3d2e-0000-4000-8000-000000000000}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import keep_code as _first  # noqa: F401
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import (
    detect as _detect,
)  # travels with this module
from ansible_collections.magsasa.chaos.plugins.module_utils._entry import ask, main as _entry  # noqa: F401
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import (
    assess as _assess,
)  # all families travel with it


class Contact(AnsibleModule):
    """Its options may hold secrets anywhere, so the log of the host gets the question alone."""

    def _log_invocation(self):
        self.log("asked to %s" % self.params["do"])


def main():
    """Run the module."""
    module = Contact(
        argument_spec={
            "do": {"type": "str", "required": True, "choices": "begin assess look inject halt finish lend".split()},
            "options": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    asked = {"do": module.params["do"], "options": module.params["options"]}
    told = ask.contact(asked, module.check_mode)
    told["invocation"] = {"module_args": {"do": module.params["do"]}}
    for sentence in told.pop("warnings", []):
        module.warn(sentence)
    if told.get("failed"):
        module.fail_json(**told)
    module.exit_json(**dict({"changed": asked["do"] not in ("look", "assess")}, **told))


if __name__ == "__main__":
    main()
