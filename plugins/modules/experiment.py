#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one scenario on the hosts of a wave."""

from __future__ import annotations

DOCUMENTATION = r"""
module: experiment
short_description: Run one scenario on several hosts at once, from the baseline to the verdict
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Reserves every host, starts its probe, waits for the baseline and checks that the service is in its steady state,
    injects the fault, renews leases during the hold, halts the fault if O(halt_on) is met, waits for revert and
    recovery, collects the samples and judges them.
  - One task handles all hosts of a wave. Use C(run_once=true) and name the hosts. Each host is connected to with its
    own variables.
  - No request to a host needs a module execution if the connection can pass input to a command, which requires
    C(pipelining) or a task without C(become). Otherwise each is one of M(magsasa.chaos.host_contact).
  - Skips, refusals and failures are reported in the records. The task itself fails only for invalid options.
options:
  scenario:
    description: One scenario of the catalogue, completed for the host by P(magsasa.chaos.fill_scenario#filter). With
      C(skipped) it is only recorded.
    type: dict
  hosts:
    description:
      - The hosts, as inventory names. A mapping gives each host its own O(scenario), O(endpoint), O(observer),
        O(probe), O(own_probe), O(rate), O(timeout), O(refused), O(keep_turn) and O(again); anything else is taken from
        the options of the task.
      - The default is the host of the task.
    type: raw
  endpoint:
    description: The service, as M(magsasa.chaos.endpoint_info) returns it.
    type: dict
  observer:
    description: Inventory name of the observer, the host that probes. The default is the target itself.
    type: str
  probe:
    description: What to probe instead of the health endpoint of the service; see the variable C(chaos_probe).
    type: dict
  own_probe:
    description: The same for this scenario. Its keys take precedence over those of O(probe).
    type: dict
  rate:
    description: Probes per second. The rate stays the same however slowly the service answers.
    type: float
    default: 20
  timeout:
    description: Time limit of each probe.
    type: str
    default: 2s
  refused:
    description: Why the inventory does not allow experiments on the host. If given, the refusal is only recorded.
    type: str
  keep_turn:
    description: Whether to keep the reservation of the host after the experiment. The run then releases it itself
      (M(magsasa.chaos.host_turn)).
    type: bool
    default: false
  again:
    description: RV(magsasa.chaos.host_turn#module:again) of the host. Without it the first request is a module
      execution.
    type: list
    elements: str
  machine:
    description: RV(magsasa.chaos.host_turn#module:machine) of the host. Of several hosts of a run that name the same
      machine only the first runs, the others are refused.
    type: str
  wave:
    description:
      - The wave of the suite that this experiment is part of (C(number), C(of), C(hosts)), for the record.
      - C(run_hosts) is the number of hosts of the whole run. Time lines of large runs are coarser.
    type: dict
  baseline:
    description: Length of the baseline before the fault.
    type: str
    default: 10s
  interval:
    description: Time between two polls of a host.
    type: str
    default: 2s
  recovery_timeout:
    description: How long to wait for recovery after the fault.
    type: str
    default: 30s
  successes:
    description: Number of consecutive good probes after which the service counts as recovered.
    type: int
    default: 3
  lease:
    description: Fault and probe end within this time if the controller is lost. By default there is no lease.
    type: str
  wait:
    description: How long to wait while another run experiments on a host.
    type: str
    default: 30s
  force:
    description: Whether to go on beside another run on the same host.
    type: bool
    default: false
  max_error_rate:
    description: Error rate of the baseline up to which the service counts as in its steady state.
    type: str
    default: 5%
  halt_on:
    description: Revert the fault early at this C(error_rate) or C(latency), measured over C(for). By default never.
    type: raw
  keeper:
    description:
      - The host that keeps count of how many hosts of a group are under experiment, in this run and in all others that
        name it. Nothing begins on a host before its share is free there. The default is the variable C(chaos_keeper);
        when both are empty, the share of a group is the business of whoever chooses O(hosts).
      - A host of the inventory, or C(ADDRESS) or C(ADDRESS:PORT), which is reached as the hosts of the experiment are.
    type: str
  keeper_wait:
    description: How long a host waits for its share. The default is the variable C(chaos_keeper_wait), else 15m.
    type: str
  fleet:
    description: The whole groups, if the inventory has only a part of them. The default is the variable
      C(chaos_fleet).
    type: raw
  max_percent:
    description: Share of a group that may be under experiment at the same time. The default is the variable
      C(chaos_max_percent), else 50. With 100 the keeper is not asked.
    type: str
  observer_address:
    description: Address (or C(ADDRESS:PORT)) of O(observer), if the inventory does not have it. It is reached as the
      host under experiment is. The default is the variable C(chaos_observer_address).
    type: str
  idle:
    description: Hosts without a healthy service, which count as unavailable.
    type: list
    elements: str
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what it would inject.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: Each task is an experiment of its own.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.host_contact
  - module: magsasa.chaos.probe
  - module: magsasa.chaos.slo_check
"""

EXAMPLES = r"""
- name: Keep half of the CPU busy for 30 seconds on two hosts
  magsasa.chaos.experiment:
    hosts: [web1, web2]
    scenario:
      id: half-busy
      family: cpu
      hold: 30s
      options: {load: 50%, duration: 30s}
      objectives: {error_rate: 1%, recovery_time: 10s}
    endpoint: {url: http://localhost:8000, health_url: http://localhost:8000/health}
    lease: 20s
    halt_on: {error_rate: 50%, for: 5s}
  run_once: true
  register: done

- name: Show the verdict of this host
  ansible.builtin.debug:
    msg: "{{ done.experiments[inventory_hostname].verdict }}"

- name: Lose packets on the way to one host, watched from another one
  magsasa.chaos.experiment:
    hosts: [web1]
    observer: monitor1
    scenario:
      id: lossy
      family: network
      hold: 1m
      options: {action: loss, loss: 10%, port: [8000], port_of: host, duration: 1m}
      objectives: {error_rate: 5%, recovery_time: 10s}
    endpoint: {url: "http://web1:8000", health_url: "http://web1:8000/health"}
    probe: {url: /orders, expect: {status: 200}}
    own_probe: {timeout: 1s}
    rate: 50
    timeout: 2s
    baseline: 30s
    max_error_rate: 1%
    interval: 1s
    recovery_timeout: 1m
    successes: 5
    wait: 2m
    force: false
  run_once: true

- name: Run on a third of a group at a time, as a keeper counts over all runs that name it
  magsasa.chaos.experiment:
    hosts: [web1, web2]
    scenario: {id: half-busy, family: cpu, hold: 30s, options: {load: 50%, duration: 30s}}
    keeper: monitor1
    keeper_wait: 30m
    fleet: {web: [web1, web2, web3]}
    max_percent: "34"
    idle: [web3]
    lease: 20s
  run_once: true

- name: Record only that the inventory does not allow an experiment
  magsasa.chaos.experiment:
    hosts: [db1]
    scenario: {id: half-busy, family: cpu, hold: 30s, options: {load: 50%, duration: 30s}}
    refused: "chaos_protected is true for db1"
    wave: {number: 2, of: 2, hosts: [db1]}
  run_once: true

- name: Take at most a quarter of a group out over all runs that name the same keeper
  magsasa.chaos.experiment:
    hosts: [web1, web2]
    scenario: {id: half-busy, family: cpu, hold: 30s, options: {load: 50%, duration: 30s}}
    endpoint: {url: http://localhost:8000, health_url: http://localhost:8000/health}
    observer: monitor1
    observer_address: 192.0.2.7
    keeper: monitor1
    keeper_wait: 10m
    fleet: {web: [web1, web2, web3, web4, web5, web6, web7, web8]}
    max_percent: 25%
    idle: [web3]
  run_once: true

- name: Take the turn of this host for two experiments
  magsasa.chaos.host_turn:
    wait: 30s
  register: turn

- name: Run the first one without a module execution of its own, and keep the turn
  magsasa.chaos.experiment:
    scenario: {id: half-busy, family: cpu, hold: 30s, options: {load: 50%, duration: 30s}}
    endpoint: {url: http://localhost:8000, health_url: http://localhost:8000/health}
    again: "{{ turn.again | default(omit) }}"
    machine: "{{ turn.machine }}"
    keep_turn: true
"""

RETURN = r"""
experiments:
  description: For each host the record of its experiment, as the report holds it. The records are those of
    M(magsasa.chaos.slo_check).
  returned: success
  type: dict
  sample: {web1: {id: half-busy@web1, status: completed, verdict: passed}}
released:
  description: Hosts whose turn this task gave back.
  returned: success
  type: list
  elements: str
  sample: [web1]
ended:
  description: Hosts on which this task tries no more, and why, as another run has them or somebody halted this one.
  returned: success
  type: dict
  sample: {}
"""
