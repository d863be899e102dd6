#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: slo_check
short_description: Judge one chaos experiment
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Computes figures from the samples of a probe and the record of a fault, compares them with the objectives, and
    returns the record of the experiment.
  - Runs on the controller and touches no host. The callback P(magsasa.chaos.slo_report#callback) collects the records.
options:
  scenario:
    description:
      - The scenario, with C(id), C(title), C(hypothesis), C(family), C(hold) and C(objectives).
      - Objectives are C(availability), C(error_rate), C(liveness), C(p95), C(p99), C(latency_impact), C(recovery_time)
        and C(mttr); a text such as V(5%) or V(500ms), or a dictionary with C(objective) and C(weight).
      - C(error_rate), C(p95) and C(p99) are measured over the hold, C(availability) and C(liveness) from the injection
        to the end. A key such as V(error_rate in recovery) selects another phase.
      - C(liveness) is the share of probes that got any answer, an error such as 503 included. C(liveness=true) in the
        scenario requires at least 95 %.
      - The run's variable C(chaos_objectives) replaces these objectives key by key, and can add to them. So does that
        of a group or a host if C(origin) is V(shipped) or the scenario states no objectives. C(exempt), with
        C(objectives) and C(why), lists objectives that it does not replace.
      - The defaults are C(availability) 95 %, C(error_rate) 5 %, C(latency_impact) 500 ms, C(recovery_time) 10 s and
        C(mttr) 10 s.
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
      - How far the observer's wall clock is ahead of the target's, as M(magsasa.chaos.experiment) measured it. Used if the
        two are different machines.
    type: dict
    suboptions:
      offset_s:
        description: The offset in seconds.
        type: float
        required: true
      error_s:
        description: Its maximum error in seconds.
        type: float
        required: true
  wave:
    description: The wave of the suite that the experiment was part of, as C(number) of C(of), with its C(hosts).
    type: dict
  target:
    description: What was tested, for the record, with its C(url), C(service) and what else is known of it.
    type: dict
  liveness:
    description: RV(magsasa.chaos.probe#module:samples) of a second probe that checks only whether the service is alive.
    type: dict
  fault:
    description: The final record of the fault; in check mode, the planned one.
    type: dict
  others:
    description:
      - Records of other faults that the same probe watched; O(fault) may be among them. The baseline then begins where
        the one before has ended, and the recovery ends where the one after begins.
    type: list
    elements: dict
  phases:
    description:
      - Boundaries of the phases in seconds on the observer's monotonic clock, C(baseline_from), C(hold_from),
        C(hold_to) and C(recovery_to).
      - By default the times in the fault's record are used. If the probe ran on another machine, they are converted
        through the wall clock, so both hosts need synchronised clocks.
    type: dict
  observer:
    description: Inventory name of the observer, the host that probed.
    type: str
  successes:
    description: Number of consecutive good probes after which the service counts as recovered.
    type: int
    default: 3
  skipped:
    description: Why the scenario was skipped.
    type: str
  refused:
    description: Which guard refused the scenario, with the figure that made it refuse.
    type: str
  failed:
    description: Why the experiment itself could not be carried out to its end.
    type: str
  halted:
    description: Why the experiment was halted early.
    type: str
  fail_on_breach:
    description: Whether the task fails if an objective was missed.
    type: bool
    default: false
attributes:
  check_mode:
    description: The same in C(check_mode).
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: The same records give the same verdict.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.experiment
  - module: magsasa.chaos.probe
  - module: magsasa.chaos.report
"""

EXAMPLES = r"""
- name: Judge the experiment
  magsasa.chaos.slo_check:
    scenario:
      id: half-busy
      family: cpu
      objectives: {error_rate: 5%, latency_impact: 500ms}
    samples: "{{ probed.samples }}"
    fault: "{{ ended.fault }}"
    fail_on_breach: true

- name: Judge an experiment that another host has watched with two probes
  magsasa.chaos.slo_check:
    scenario:
      id: lossy
      family: network
      objectives: {error_rate: 5%, recovery_time: 10s}
      liveness: true
    samples: "{{ probed.samples }}"
    probe: "{{ probed.summary }}"
    liveness: "{{ alive.samples }}"
    observer: monitor1
    clock_offset: {offset_s: 0.012, error_s: 0.004}
    target: {url: "http://web1:8000"}
    fault: "{{ ended.fault }}"
    others: "{{ faults.past }}"
    wave: {number: 1, of: 2, hosts: [web1, web2]}
    successes: 5

- name: Judge with boundaries of our own, of an experiment that was halted
  magsasa.chaos.slo_check:
    scenario: {id: half-busy, family: cpu, objectives: {error_rate: 5%}}
    samples: "{{ probed.samples }}"
    fault: "{{ ended.fault }}"
    phases: {baseline_from: 100.0, hold_from: 110.0, hold_to: 125.0, recovery_to: 140.0}
    halted: "errors were 62 % over 5 s"

- name: Record why a scenario did not run
  magsasa.chaos.slo_check:
    scenario: {id: lossy, family: network}
    skipped: "nft is missing; install nftables"

- name: Record which guard refused it
  magsasa.chaos.slo_check:
    scenario: {id: lossy, family: network}
    refused: "chaos_protected is true for web1"

- name: Record why it could not be carried out to its end
  magsasa.chaos.slo_check:
    scenario: {id: lossy, family: network}
    failed: "the host was rebooted by somebody else"
"""

RETURN = r"""
experiment:
  description: The record of the experiment, one entry of the report.
  returned: success
  type: dict
  sample: {id: half-busy@web1, host: web1, scenario: half-busy, status: completed, verdict: passed,
    metrics: {error_rate_pct: 0.0}}
status:
  description:
    - Whether the tool did its work. V(completed); V(halted) when it was ended early; V(failed) when the experiment
      could not be carried out to its end; V(refused) by a guard; V(skipped) when the host cannot carry it out;
      V(planned) in check mode.
  returned: success
  type: str
  choices: [completed, halted, failed, refused, skipped, planned]
  sample: completed
verdict:
  description:
    - Whether the system held its objectives. V(unknown) when that cannot be told, for instance because there is no
      evidence that the fault took effect.
  returned: success
  type: str
  choices: [passed, failed, unknown]
  sample: passed
"""
