#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the fault that a scenario describes as data."""

from __future__ import annotations

DOCUMENTATION = r"""
module: scenario_fault
short_description: Run the fault module of a family with options given as data
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Runs the fault module of a family with options given as data, as in the scenarios of the role
    P(magsasa.chaos.suite#role).
  - In your own playbook the module of the family is easier to read.
options:
  family:
    description: Family of the fault.
    type: str
    required: true
    choices: [cpu, memory, disk, network, dns, http, process, service, container, database, file, limit, clock, host]
  name:
    description: Identifies the fault on the host, as in the family's module.
    type: str
    required: true
  state:
    description: The state, as in the family's module.
    type: str
    choices: [present, absent]
    default: present
  options:
    description: Options of the family's module, except O(name) and O(state).
    type: dict
    default: {}
  experiment:
    description: Marks the fault as part of an experiment of the role P(magsasa.chaos.experiment#role), so that no other
      run takes it over.
    type: dict
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the plan without touching the host.
    support: full
  diff_mode:
    description: Returns what would be or was changed, step by step.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.cpu_fault
  - module: magsasa.chaos.memory_fault
  - module: magsasa.chaos.disk_fault
  - module: magsasa.chaos.process_fault
  - module: magsasa.chaos.database_fault
  - module: magsasa.chaos.network_fault
"""

EXAMPLES = r"""
- name: Keep half of the CPU busy for ten seconds
  magsasa.chaos.scenario_fault:
    family: cpu
    name: half-busy
    options:
      load: 50%
      duration: 10s
"""

RETURN = r"""
fault:
  description: The record of the fault, as the family's module returns it.
  returned: success
  type: dict
  sample: {id: 3f9c1b0a77d2, name: half-busy, family: cpu, state: active, effect: confirmed}
"""
