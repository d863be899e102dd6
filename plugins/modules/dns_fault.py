#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make name resolution fail, answer wrongly or answer late for a bounded time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_fault
short_description: Make name resolution fail, answer wrongly or answer late for a bounded time
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(block) makes names resolve to addresses that refuse every connection at once.
  - V(redirect) makes names resolve to O(address).
  - V(fail) makes queries end in an error of the name server (O(failure)), or loses them.
  - V(delay) holds queries back.
  - V(block) and V(redirect) edit C(/etc/hosts), which every program that resolves names through the C library reads
    before it asks a name server. Programs that cache an answer, or ask a name server themselves, do not see it. The
    effect is measured by resolving the names as programs do.
  - V(fail), V(delay), and V(redirect) with O(via=queries) act on the UDP queries that this host sends to name servers,
    whichever program or stub resolver sends them. An nftables table of the fault hands such queries to a worker, which
    answers in the name of the server, drops or holds them, or lets them pass unchanged. When the worker dies, the
    kernel lets all queries pass. Queries over TCP, TLS or HTTPS, and answers from a cache, are not affected. The
    worker's answers have a TTL of 0, so that they are not cached.
  - A query that a stub resolver on loopback (such as systemd-resolved) forwards is held once, not twice. The effect is
    measured with a query of the fault's own for a name below C(invalid), which never leaves the host.
  - C(/etc/hosts) is replaced atomically; owner, mode and attributes are kept. The revert removes the lines of the fault
    and nothing else. When nobody else changed the file, its content and times are exactly as before.
  - Names of the host itself, and names that C(/etc/hosts) already defines, are refused. Without O(names) they are
    exempt, as are queries for the names of the addresses that manage this host, which an SSH server may send.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: The kind of fault. Required with O(state=present).
    type: str
    choices: [block, redirect, fail, delay]
  names:
    description:
      - Host names to affect, at most 50. Required with O(via=hosts_file); otherwise the default is all names.
      - With O(via=queries), V(*.example.org) matches every name below C(example.org).
    type: list
    elements: str
  address:
    description: IPv4 or IPv6 address for O(action=redirect).
    type: str
  failure:
    description: How queries end with O(action=fail). The default is V(nxdomain). V(timeout) drops them.
    type: str
    choices: [nxdomain, refused, servfail, timeout]
  delay:
    description: How long queries are held with O(action=delay), from 1ms to 30s.
    type: str
  via:
    description:
      - The mechanism. O(action=block) and O(action=redirect) default to V(hosts_file), O(action=fail) and
        O(action=delay) use V(queries). Only O(action=redirect) supports both.
    type: str
    choices: [hosts_file, queries]
seealso:
  - module: magsasa.chaos.network_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Make the payment service unreachable by name
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

- name: Drop every DNS query
  magsasa.chaos.dns_fault:
    name: silence
    action: fail
    failure: timeout
    duration: 30s

- name: Delay the queries of one domain
  magsasa.chaos.dns_fault:
    name: slow-names
    action: delay
    delay: 800ms
    names: ["*.example.org"]
    duration: 1m

- name: Answer queries for one name with another address for an hour, whichever program asks
  magsasa.chaos.dns_fault:
    name: rerouted
    action: redirect
    names: [api.example.org]
    address: 192.0.2.7
    via: queries
    duration: 1h
    max_duration: 2h
    lease: 60s
    halt_on: {probe: shop, error_rate: 50%, for: 10s}
    force: true  # also while another run experiments on this host

- name: Revert early
  magsasa.chaos.dns_fault:
    name: silence
    state: absent
"""

RETURN = r"""
fault:
  description: The record of the fault, as the host's ledger holds it.
  returned: always, except with O(state=absent) for a name that is not in the ledger
  type: dict
  contains:
    id:
      description: Identifier of this injection.
      type: str
      sample: 3f9c1b0a77d2
    state:
      description:
        - State of the fault. V(planned) in check mode, V(armed) while it is being injected, V(active) while it lasts,
          V(reverted) afterwards.
        - V(residue) when the revert left something behind; see RV(fault.residue).
      type: str
      choices: [planned, armed, active, reverted, residue]
      sample: active
    requested:
      description: Requested figures. The unit is part of the key.
      type: dict
      sample: {names: [db.example.org], addresses: [192.0.2.7]}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: hosts file
    notes:
      description: Fallbacks that were used, and limits of this fault on this host, one sentence each.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step (C(says)), the operations that revert it (C(undo)), and the program that it needs
        (C(tool)).
      type: list
      elements: dict
      sample: [{says: "let db.example.org lead to 192.0.2.7, in /etc/hosts",
        undo: ["hosts.remove fault=3f9c1b0a77d2 path=/etc/hosts"], tool: null}]
    effect:
      description:
        - Whether the fault took effect. V(confirmed) when the measurement agrees with RV(fault.requested), V(mismatch)
          when it does not.
        - V(inconclusive) when there is no evidence that the fault took effect.
      type: str
      choices: [confirmed, mismatch, inconclusive]
      sample: confirmed
    measured:
      description:
        - With C(/etc/hosts), how many of the names resolve as requested (C(as_asked), C(of)), and the answers for the
          first five (C(answers)).
        - With queries, how many were seen (C(queries)), matched (C(queries_matched)) and hit (C(queries_hit)), how long
          they were held on average (C(delay_ms)), and the result of a query of the fault's own (C(check),
          C(check_addresses), C(check_ms)).
      type: dict
      sample: {as_asked: 1, of: 1, answers: {db.example.org: [192.0.2.7]}}
    injected_at:
      description: When the injection was complete, on the monotonic clock and the wall clock of the host.
      type: dict
      sample: {monotonic: 1311.204817, wall: 1795600000.114}
    reverted_at:
      description: When the revert was complete and verified, on both clocks of the host.
      type: dict
      sample: {monotonic: 1341.209114, wall: 1795600030.118}
    revert_cause:
      description:
        - What ended the fault. V(deadline) after O(duration), V(absent) by O(state=absent), V(halt) by
          M(magsasa.chaos.fault_halt), V(halt_condition) when O(halt_on) was met, V(lease) when nobody renewed it,
          V(event_over) when an event such as a kill was complete.
        - V(worker_died), V(guardian_died) and V(supervisor_died) when that process of the fault died, V(terminated)
          when the host shut down or somebody stopped the fault's processes, V(orphaned) when a later task found that no
          process held the fault any more, V(failed) when the injection failed.
      type: str
      choices: [deadline, absent, halt, halt_condition, lease, worker_died, guardian_died, supervisor_died, orphaned,
        failed, terminated, event_over]
      sample: deadline
    residue:
      description: What the revert left behind, one sentence each; empty after a complete revert.
      type: list
      elements: str
      sample: []
    differences:
      description:
        - What differs from the state before the injection although the fault is reverted, one sentence each.
        - An experiment with a difference has the status C(failed), whoever caused it.
        - Present once the fault is reverted.
      type: list
      elements: str
      sample: []
swept:
  description: Faults that no process held any more and that this task reverted first.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run  # first, see keep_code
from ansible_collections.magsasa.chaos.plugins.module_utils._families.dns import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
