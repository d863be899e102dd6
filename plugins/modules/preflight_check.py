#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_check
short_description: Check the settings of a chaos run before any host is touched
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Checks every setting of a run on the controller. An invalid one fails with one sentence that names the setting, its
    value and the remedy.
  - Refuses an unknown variable that begins with C(chaos_) if it is an extra variable or its name is close to a known
    one, and warns of any other. Variables named C(chaos_x_...) are free for your own use.
  - Returns whether the inventory allows experiments on the host.
options:
  intensity:
    description: Intensity of the run, which selects its scenarios.
    type: str
    choices: [smoke, light, medium, heavy, full, extended]
    default: light
  scenarios:
    description: Ids, families or tags of the scenarios to run instead of those of the intensity, as a list or
      comma-separated.
    type: raw
  catalogue:
    description:
      - Scenarios to choose from, in addition to those of O(shelves) and O(files).
      - The form of every scenario is checked, and the options of those that will run.
    type: list
    elements: dict
    default: []
  shelves:
    description: Scenario files of the collection, checked as O(catalogue) is, as a list or comma-separated.
    type: raw
  files:
    description: Your own scenario files, in the form of C(docs/scenario.schema.json), as a list or comma-separated. All
      of their scenarios are checked.
    type: raw
  target_url:
    description: URL of the service to test.
    type: str
  report_dir:
    description:
      - Folder for reports. It is created with the first report.
      - The default is that of the callback P(magsasa.chaos.slo_report#callback), set in ansible.cfg or by
        C(CHAOS_REPORT_DIR), or else C(reports).
    type: str
  baseline:
    description: Length of the baseline before each fault.
    type: str
    default: 10s
  recovery_timeout:
    description: How long to wait for recovery after each fault.
    type: str
    default: 30s
  rate:
    description: Probes per second of each experiment, from 0.05 to 1000.
    type: float
    default: 20
  probe:
    description: What to probe instead of the health endpoint, in the form of C(chaos_probe).
    type: raw
  secrets:
    description: Whether to return the probes of the scenarios, which may contain secrets. If so, set C(no_log) on the
      task.
    type: bool
    default: false
  probe_timeout:
    description: Time limit of each probe.
    type: str
    default: 2s
  fail_on_breach:
    description: Whether the run fails if an objective is missed.
    type: bool
    default: true
  max_percent:
    description: The share of an inventory group that may be under experiment at the same time.
    type: str
    default: "50"
  seed:
    description: Seed of the random choice of hosts that run together. By default each run makes its own.
    type: str
  only:
    description: With V(variables), only variable names are checked, and nothing is returned.
    type: str
    choices: [variables]
attributes:
  check_mode:
    description: The same in C(check_mode).
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: A check changes nothing.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.preflight_info
"""

EXAMPLES = r"""
- name: Check the settings of the run
  magsasa.chaos.preflight_check:
    intensity: light
    catalogue: "{{ my_scenarios }}"

- name: Check everything that a run of our own scenarios would use
  magsasa.chaos.preflight_check:
    files: [scenarios/shop.yml]
    shelves: []
    scenarios: [checkout-slow, network]
    target_url: https://shop.example.org
    probe: {url: /orders}
    rate: 50
    probe_timeout: 1s
    baseline: 30s
    recovery_timeout: 1m
    max_percent: "25"
    seed: "2026-11"
    report_dir: /srv/reports
    fail_on_breach: false
    secrets: true
  no_log: true
  register: checked

- name: Check the names of variables alone
  magsasa.chaos.preflight_check:
    only: variables
"""

RETURN = r"""
refused:
  description: Why the inventory does not allow experiments on this host, or null.
  returned: success
  type: str
  sample: null
report_dir:
  description: Absolute path of the report folder.
  returned: success
  type: str
  sample: /srv/chaos/reports
seed:
  description: The seed that decides which hosts run together; the same on every host of a run.
  returned: success
  type: str
  sample: "2913870044"
probes:
  description: Whether any scenario has a probe of its own; with O(secrets), these probes by scenario id.
  returned: success
  type: raw
  sample: false
probed:
  description: Whether the run or a scenario says what is probed, and so what is healthy.
  returned: success
  type: bool
  sample: false
scenarios:
  description: The scenarios that will run, without their probes.
  returned: success
  type: list
  elements: dict
  sample: [{id: cpu-light, hold: 30s}]
controller:
  description: Process id and start time of the running ansible-playbook.
  returned: success
  type: dict
  sample: {pid: 4711, start: 130021}
"""
