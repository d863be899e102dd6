#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slo_check
short_description: Judge one chaos experiment
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Turns the samples of a probe and the record of a fault into figures, compares them with the objectives, and returns the experiment's record.
  - Runs on the controller and touches no host. The callback P(magsasa.chaos.slo_report#callback) gathers the records.
options:
  scenario:
    description:
      - The scenario, with C(id), C(title), C(hypothesis), C(family), C(hold) and C(objectives).
      - Objectives are C(availability), C(error_rate), C(liveness), C(p95), C(p99), C(latency_impact), C(recovery_time) and C(mttr); a text such
        as V(5%) or V(500ms), or a dictionary with C(objective) and C(weight).
      - C(error_rate), C(p95) and C(p99) are those of the hold, C(availability) and C(liveness) those of everything from the injection on. A
        key such as V(error_rate in recovery) names another phase.
      - C(liveness) is the share of probes that got an answer at all, a refusal such as 503 included. C(liveness=true) in the scenario asks
        for at least 95 % of them.
      - The variable C(chaos_objectives) of the run replaces these objectives key by key and adds to them; where C(origin) is V(shipped), or no
        objectives are given, so does that of a group or a host. C(exempt), with C(objectives) and C(why), names what it leaves alone.
      - Without objectives these hold, C(availability) 95 %, C(error_rate) 5 %, C(latency_impact) 500 ms, C(recovery_time) 10 s, C(mttr) 10 s.
    type: dict
    required: true
  samples:
    description: RV(magsasa.chaos.probe#module:samples) of the stopped probe.
    type: dict
  probe:
    description: RV(magsasa.chaos.probe#module:summary) of the stopped probe.
    type: dict
  clock_offset:
    description:
      - How far the observer's time of day is ahead of the target's, as M(magsasa.chaos.watch) measured it. Used when the two have no clock in common.
    type: dict
    suboptions:
      offset_s:
        description: Seconds.
        type: float
        required: true
      error_s:
        description: The largest possible error in seconds.
        type: float
        required: true
  wave:
    description: Which wave of a suite the experiment was part of, C(number) of C(of), and its C(hosts).
    type: dict
  target:
    description: What was tested, for the record, as the filter P(magsasa.chaos.tested#filter) tells it.
    type: dict
  liveness:
    description: RV(magsasa.chaos.probe#module:samples) of a second probe, of an address that tells only whether the service is alive.
    type: dict
  fault:
    description: The final record of the fault. In check mode the planned one.
    type: dict
  phases:
    description:
      - Bounds of the phases in seconds of the observer's monotonic clock, C(baseline_from), C(hold_from), C(hold_to) and C(recovery_to).
      - Left out, the fault's own times count. When the probe ran on a host with another clock, they are translated over the time of day, so
        both hosts need a synchronised one.
    type: dict
  observer:
    description: Inventory name of the host that probed.
    type: str
  successes:
    description: Good probes in a row that count as recovered.
    type: int
    default: 3
  skipped:
    description: Why the scenario was not run.
    type: str
  refused:
    description: Which guard refused it, with its figure.
    type: str
  failed:
    description: What went wrong in the experiment itself.
    type: str
  halted:
    description: Why it was ended early.
    type: str
  fail_on_breach:
    description: Fail the task when an objective was missed.
    type: bool
    default: false
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
- name: Did the service hold?
  magsasa.chaos.slo_check:
    scenario:
      id: half-busy
      family: cpu
      objectives: {error_rate: 5%, latency_impact: 500ms}
    samples: "{{ probed.samples }}"
    fault: "{{ ended.fault }}"
    fail_on_breach: true
"""

RETURN = r"""
experiment:
  description: The record of the experiment, one entry of the report.
  returned: success
  type: dict
  sample: {id: half-busy@web1, host: web1, scenario: half-busy, status: completed, verdict: passed, metrics: {error_rate_pct: 0.0}}
status:
  description: Whether the tool did its work (completed, halted, failed, refused, skipped, planned).
  returned: success
  type: str
  sample: completed
verdict:
  description: Whether the system held (passed, failed, unknown).
  returned: success
  type: str
  sample: passed
"""
