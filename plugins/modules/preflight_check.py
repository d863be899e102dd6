#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_check
short_description: Check the settings of a chaos run before any host is touched
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Runs on the controller. Checks every setting of a run and fails with one sentence that names the setting, its value and the remedy.
  - Refuses a misspelt variable (one that begins with C(chaos_) and that nobody reads) when it was given as an extra variable or is near the
    name of one of ours; warns of another one. Variables called C(chaos_x_...) are free for you.
  - Tells whether the inventory opens the host.
options:
  intensity:
    description: The intensity of the run.
    type: str
    choices: [smoke, light, medium, heavy, full, extended]
    default: light
  scenarios:
    description: Ids, families or tags of the scenarios to run instead of those of the intensity; a list, or a text with commas.
    type: raw
  catalogue:
    description:
      - Scenarios, beside those of O(shelves) and O(files).
      - The form of each is checked, and the options of those that will run.
    type: list
    elements: dict
    default: []
  shelves:
    description: Files of scenarios that came with the collection, checked as O(catalogue) is; a list, or a text with commas.
    type: raw
  files:
    description: Files of scenarios of your own, in the form of C(docs/scenario.schema.json), checked as a whole; a list, or a text with commas.
    type: raw
  target_url:
    description: The service to watch.
    type: str
  report_dir:
    description:
      - Folder of the reports. It is made when there is a report.
      - Left out, it is that of the callback P(magsasa.chaos.slo_report#callback), as ansible.cfg or C(CHAOS_REPORT_DIR) name it, else C(reports).
    type: str
  baseline:
    description: Length of the baseline.
    type: str
    default: 10s
  recovery_timeout:
    description: How long to wait for recovery.
    type: str
    default: 30s
  rate:
    description: Probes a second.
    type: float
    default: 20
  probe:
    description: What is probed instead of the health address, as C(chaos_probe).
    type: raw
  secrets:
    description: Return the probes of the scenarios, which may hold secrets. Set C(no_log) on the task then.
    type: bool
    default: false
  probe_timeout:
    description: Time-out of one probe.
    type: str
    default: 2s
  fail_on_breach:
    description: Whether the run fails when an objective is not met.
    type: bool
    default: true
  max_percent:
    description: The share of a group that may be experimented on at once.
    type: str
    default: "50"
  seed:
    description: Decides which hosts run together. One of the run's own when left out.
    type: str
  only:
    description: With V(variables) only the names of variables are checked, and nothing is returned.
    type: str
    choices: [variables]
attributes:
  check_mode:
    description: The same in C(check_mode).
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
"""

EXAMPLES = r"""
- name: Is everything that we were told usable?
  magsasa.chaos.preflight_check:
    intensity: light
    catalogue: "{{ my_scenarios }}"
"""

RETURN = r"""
refused:
  description: Why the inventory does not open this host, or null.
  returned: success
  type: str
  sample: null
report_dir:
  description: The folder of the reports, as an absolute path.
  returned: success
  type: str
  sample: /srv/chaos/reports
seed:
  description: What decides which hosts run together; the same on every host of a run.
  returned: success
  type: str
  sample: "2913870044"
probes:
  description: Whether any scenario has a probe of its own; with O(secrets) these, by the id of the scenario.
  returned: success
  type: raw
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
