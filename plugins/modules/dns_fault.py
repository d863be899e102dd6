#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let names of hosts lead nowhere, somewhere else, to an error, or late."""
from __future__ import annotations

DOCUMENTATION = r"""
module: dns_fault
short_description: Let names of hosts lead nowhere, somewhere else, to an error, or late
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(block) lets names lead to addresses that no connection can be made to; every attempt fails at once.
  - V(redirect) lets them lead to O(address).
  - V(fail) lets questions for them end in an error of the name server (O(failure)), or lets them be lost.
  - V(delay) holds questions for them back.
  - V(block) and V(redirect) are done in C(/etc/hosts), which comes before the name servers for every program that asks the C library, at its next question.
    Programs that keep an answer for a while, or ask a name server themselves, are not reached. Whether it bites is measured by asking as programs do.
  - V(fail) and V(delay), and V(redirect) with O(via=queries), are done to what this host asks name servers by UDP, whichever program or stub asks.
    A table of nftables of our own hands such questions to a worker, which answers in the server's name, loses or holds them, or lets them go on
    as they are. When the worker dies the kernel lets all pass. Not reached is what is asked by TCP, TLS or HTTPS, and what a cache answers.
    Nobody may keep our answers (TTL 0).
  - A question that a stub on loopback (such as systemd-resolved) passes on is held once, not twice. Whether it bites is measured by a question
    of our own, for a name below C(invalid), which never leaves the host.
  - C(/etc/hosts) is replaced at once, with owner, mode and attributes kept. The undo takes out its own lines and nothing else; when nobody else
    changed the file, it is byte for byte and in its times as before.
  - Names of the host itself, and names that C(/etc/hosts) defines already, are refused. Without O(names) they are left alone, as are questions for the
    names of the addresses that manage this host, which an SSH server may ask.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: What to do. Required with O(state=present).
    type: str
    choices: [block, redirect, fail, delay]
  names:
    description:
      - The names, at most 50. Required with O(via=hosts_file); without them all names are meant.
      - With O(via=queries), V(*.example.org) means all names below one.
    type: list
    elements: str
  address:
    description: The address, IPv4 or IPv6, of O(action=redirect).
    type: str
  failure:
    description: How questions end with O(action=fail), V(nxdomain) without it. With V(timeout) they are lost.
    type: str
    choices: [nxdomain, refused, servfail, timeout]
  delay:
    description: How long questions are held with O(action=delay), from 1ms to 30s.
    type: str
  via:
    description:
      - Where it is done. V(hosts_file) for O(action=block) and O(action=redirect), V(queries) for O(action=fail) and O(action=delay); only a redirection
        can be done in both.
    type: str
    choices: [hosts_file, queries]
"""

EXAMPLES = r"""
- name: The payment service cannot be found
  magsasa.chaos.dns_fault:
    name: no-payments
    action: block
    names: [payments.example.org]
    duration: 30s

- name: Send the application to the standby database
  magsasa.chaos.dns_fault:
    name: standby
    action: redirect
    names: [db.example.org, db]
    address: 192.0.2.7
    duration: 1m

- name: No name server answers
  magsasa.chaos.dns_fault:
    name: silence
    action: fail
    failure: timeout
    duration: 30s

- name: Names of one domain are found late
  magsasa.chaos.dns_fault:
    name: slow-names
    action: delay
    delay: 800ms
    names: ["*.example.org"]
    duration: 1m
"""

RETURN = r"""
fault:
  description: The record of the fault, as the host's ledger holds it.
  returned: always, except O(state=absent) with a name that the host never knew
  type: dict
  contains:
    id:
      description: Identity of this one run of the fault.
      type: str
      sample: 3f9c1b0a77d2
    state:
      description: V(planned) in check mode, V(active), V(reverted), or V(residue) when something could not be undone.
      type: str
      sample: active
    requested:
      description: Figures that were asked for, with their unit in the key.
      type: dict
      sample: {names: [db.example.org], addresses: [192.0.2.7]}
    backend:
      description: What carries the fault out.
      type: str
      sample: hosts file
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "let db.example.org lead to 192.0.2.7, in /etc/hosts", undo: ["hosts.remove fault=3f9c1b0a77d2 path=/etc/hosts"], tool: null}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description:
        - In C(/etc/hosts), how many of the names lead to where they shall (C(as_asked), C(of)), and what was answered for the first five (C(answers)).
        - Of questions, how many were seen (C(queries)), meant (C(queries_matched)) and hit (C(queries_hit)), how long they were held on average
          (C(delay_ms)), and how a question of our own ended (C(check), C(check_addresses), C(check_ms)).
      type: dict
      sample: {as_asked: 1, of: 1, answers: {db.example.org: [192.0.2.7]}}
    injected_at:
      description: Both clocks of the host when the fault was in.
      type: dict
      sample: {monotonic: 1311.204817, wall: 1795600000.114}
    reverted_at:
      description: Both clocks of the host when the revert was done and checked.
      type: dict
      sample: {monotonic: 1341.209114, wall: 1795600030.118}
    revert_cause:
      description: What ended it (deadline, absent, halt, halt_condition, lease, worker_died, guardian_died, supervisor_died, orphaned, failed, event_over).
      type: str
      sample: deadline
    residue:
      description: What is left of the fault after the revert, one sentence each.
      type: list
      elements: str
      sample: []
    differences:
      description:
        - What is not as it was before, though the fault is undone, one sentence each.
        - Whoever changed it, an experiment with a difference has the status C(failed).
        - Only there once the fault is reverted.
      type: list
      elements: str
      sample: []
swept:
  description: Faults that nobody held any more and that this run undid first.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._families.dns import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
