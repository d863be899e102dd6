#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a run wants to know of a host, by one question to it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: first_contact
short_description: Reserve a host, detect its service and find out what it can carry out
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Combines M(magsasa.chaos.host_turn), M(magsasa.chaos.endpoint_info) and M(magsasa.chaos.preflight_info) in one
    command per host, which gets its code as input, or, where the connection cannot pass input to a command, in one
    module execution (M(magsasa.chaos.host_contact)). The runtime archive stays on the host while the run has it
    reserved, so that M(magsasa.chaos.experiment) needs no module execution.
  - The reservation is released if no service was found, and ends by itself with its lease.
  - A host that cannot be reached does not fail the task. RV(lost) has the reason, and the run goes on to its verdict.
options:
  url:
    description: Address of the service, as in M(magsasa.chaos.endpoint_info). Without it the service is detected.
    type: str
  ports:
    description: Ports to try instead of the usual ones, as in M(magsasa.chaos.endpoint_info); a list or comma-separated.
    type: raw
  service:
    description: Name of the wanted service, as in M(magsasa.chaos.endpoint_info). No other service is selected.
    type: str
  discover:
    description: Whether to try every other listening port as well, as in M(magsasa.chaos.endpoint_info).
    type: bool
    default: false
  headers:
    description: HTTP headers for requests to O(url), as in M(magsasa.chaos.endpoint_info). They are sent nowhere else.
    type: dict
  scenarios:
    description: The chosen scenarios of the catalogue. They are completed with the detected service.
    type: list
    elements: dict
    default: []
  database_path:
    description: SQLite file of the service, instead of the detected one.
    type: str
  database_port:
    description: Port of the service's database, instead of the detected one.
    type: raw
  baseline:
    description: Length of the baseline of each scenario, for the estimate of the end of the run, as in
      M(magsasa.chaos.host_turn).
    type: str
    default: 10s
  lease:
    description: The reservation ends by itself when the run has not renewed it for this long, as in
      M(magsasa.chaos.host_turn).
    type: str
    default: 15s
  wait:
    description: How long to wait for another run to release the host, as in M(magsasa.chaos.host_turn).
    type: str
    default: 0s
  force:
    description: Whether to go on beside another run, as in M(magsasa.chaos.host_turn).
    type: bool
    default: false
  turn:
    description: Whether to reserve the host. With V(false) the task only looks.
    type: bool
    default: true
  planned:
    description: A service that is not there yet, in the form of RV(magsasa.chaos.endpoint_info#module:endpoint). The task
      then only finds out what the host can carry out with it.
    type: dict
  why:
    description: Why this service is tested, in words. The default is how it was found.
    type: str
  closed:
    description: Why the inventory does not allow experiments on this host. If it is not empty, the host is not
      contacted.
    type: str
    default: ''
  probed:
    description: Whether the run says what is probed. A service that reports itself unhealthy is fit for an experiment
      then.
    type: bool
    default: false
  first:
    description: The result of the contact before this one, if the sample application was started in between.
    type: dict
attributes:
  check_mode:
    description: Looks in C(check_mode) and reserves nothing.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.endpoint_info
  - module: magsasa.chaos.preflight_info
  - module: magsasa.chaos.host_turn
"""

EXAMPLES = r"""
- name: What runs here, and what can be done?
  magsasa.chaos.first_contact:
    discover: true
    lease: 30s
    scenarios:
      - {id: busy, family: cpu, hold: 30s, options: {load: 50%}}
  register: contacted

- name: Reserve this host for one service, and wait for another run to end
  magsasa.chaos.first_contact:
    url: http://localhost:8000
    headers: {Authorization: "Bearer {{ vault_token }}"}
    database_port: 5432
    why: the canary of this release
    baseline: 30s
    wait: 2m
    force: false
  register: contacted

- name: Find a service by its name on two ports
  magsasa.chaos.first_contact:
    ports: [8000, 9000]
    service: shop
    database_path: /var/lib/shop/shop.db
  register: contacted

- name: Contact a host that its inventory may have closed, again after a service was started there
  magsasa.chaos.first_contact:
    closed: "{{ chaos_refused }}"
    probed: true
    first: "{{ contacted }}"
    url: http://127.0.0.1:8000

- name: What could be done here with a service that is not there yet?
  magsasa.chaos.first_contact:
    turn: false
    planned: {url: "http://127.0.0.1:8000", step: none}
    scenarios:
      - {id: busy, family: cpu, hold: 30s, options: {load: 50%}}
  register: planned
"""

RETURN = r"""
found:
  description: What M(magsasa.chaos.endpoint_info) returns; null if the host was not reached.
  returned: success
  type: dict
  sample: {endpoint: {url: http://127.0.0.1:8000}, refusal: null}
able:
  description: RV(magsasa.chaos.preflight_info#module:scenarios) and RV(magsasa.chaos.preflight_info#module:host). Null
    if no service was found or the turn was refused.
  returned: success
  type: dict
  sample: {scenarios: {busy: {can: true, backend: own workers}}, host: {root: true}}
held:
  description: Whether this run has the turn of the host now.
  returned: success
  type: bool
  sample: true
refused:
  description: Why the turn was refused; empty if it was not.
  returned: success
  type: str
  sample: ''
lost:
  description: Why the host was not reached; empty if it was.
  returned: success
  type: str
  sample: ''
earlier:
  description: What the run before on this host had in when it was cut off, who ended it and when; empty if it was not.
  returned: success
  type: str
  sample: ''
kept:
  description: What a run keeps of it. The service (C(endpoint)), why it cannot be tested (C(unfit)), the scenarios that
    cannot run here (C(unable)), whether the host is reserved (C(turn)), and what the host told (C(contact)).
  returned: success
  type: dict
  sample: {endpoint: {url: http://127.0.0.1:8000}, unfit: '', unable: {}, turn: true, contact: {lost: ''}}
told:
  description: Lines about the host, on what is tested, why, and what cannot run.
  returned: success
  type: list
  elements: str
  sample: ["web1: testing http://127.0.0.1:8000 (shop 1.2)"]
machine:
  description: RV(magsasa.chaos.host_turn#module:machine).
  returned: if the host was reached
  type: str
  sample: 6f0c3d2e-0000-4000-8000-000000000000/pid:[4026531836]
again:
  description: RV(magsasa.chaos.host_turn#module:again).
  returned: success
  type: list
  elements: str
  sample: [/usr/bin/python3, -I, -S, -B, /run/magsasa-chaos/lib/0a1b2c3d4e5f6071.pyz, ask, '-']
"""
