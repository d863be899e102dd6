#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fault
short_description: Ask the inventory before a fault module runs
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Internal. C(meta/runtime.yml) names this action for every fault module. It checks the inventory's guards on the
    controller and then runs the module. A task that names it directly is refused.
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would change.
    support: full
  diff_mode:
    description: Returns what would change when C(diff) is on.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.cpu_fault
  - module: magsasa.chaos.fault_info
"""

EXAMPLES = r"""
- name: Refused, as it names no fault
  magsasa.chaos.fault:
"""

RETURN = r"""
fault:
  description: As the module that the task names returns it, such as M(magsasa.chaos.cpu_fault).
  returned: success
  type: dict
  sample: {name: half-busy, state: active}
"""
