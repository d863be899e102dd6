#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delay, abort or answer a share of the HTTP requests to a port of the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: http_fault
short_description: Delay, abort or answer a share of the HTTP requests to a port of the host
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Of the requests to O(port) that match O(path) and O(method), a share (O(percent)) is delayed, ends in a reset
    connection, or is answered by the fault with a status. The service never sees a request that is aborted or answered.
    All other traffic passes unchanged.
  - New connections to the port, from other hosts and from this one, go to a worker of the fault, which passes them on
    to the service. The worker listens on loopback only, on a port that the kernel chooses, and resets direct
    connections to it.
  - An nftables table of the fault (C(tproxy)) hands the connections over. No address is translated and no other table
    is touched. When the worker dies, the kernel gives new connections to the service at once.
  - HTTP/1.1 and HTTP/1.0 are parsed, with keep-alive and chunked bodies. TLS, HTTP/2, other protocols, and a connection
    after an upgrade (WebSocket) pass unread. When only such connections arrive, RV(fault.effect) is V(mismatch).
  - For new connections the service sees an address of this host as the peer, not that of the client. Its logs, and
    decisions that depend on the client address, differ during the fault.
  - If the service does not run, the client sees a reset connection instead of a refused one.
  - Connections that exist when the fault starts stay with the service. See O(reset_existing) for clients that keep
    connections, such as load balancers.
  - The revert removes the table first, so that new connections reach the service. Delayed requests are passed on at
    once. Open connections end when their requests are answered, after 3 seconds at the latest; idle connections and
    tunnels are closed at once.
  - The port of the SSH server, any other port that manages this host, and a port that nothing listens on are refused.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description:
      - V(delay) holds a request for O(delay), then passes it on.
      - V(abort) resets the connection of the client.
      - V(status) answers with O(status) and a line of text.
      - Required with O(state=present), unless O(status) or O(delay) implies it.
    type: str
    choices: [delay, abort, status]
  port:
    description: TCP port of the service on this host. Required with O(state=present).
    type: int
  percent:
    description: Share of the matching requests that the fault hits, decided at random for each request.
    type: str
    default: 100%
  path:
    description:
      - Paths to match, at most 20. The default is every path. A path without a wildcard matches itself and everything
        below it. With C(*), C(?) or C([...]) it must match the whole path. The query string is ignored, and paths are
        compared as clients send them.
    type: list
    elements: str
  method:
    description: Methods to match, such as V(POST), at most 20. The default is every method.
    type: list
    elements: str
  delay:
    description: How long a request is held, from 1ms to 5m. With another action, the delay before that action.
    type: str
  status:
    description: Status code of the answer, from 200 to 599.
    type: int
  reset_existing:
    description: Reset the existing connections of the port at injection, so that clients reconnect through the worker.
    type: bool
    default: false
seealso:
  - module: magsasa.chaos.network_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Answer one request in ten with 503
  magsasa.chaos.http_fault:
    name: sometimes-503
    port: 8000
    action: status
    status: 503
    percent: 10%
    duration: 1m

- name: Slow down writes, not reads
  magsasa.chaos.http_fault:
    name: slow-writes
    port: 8000
    action: delay
    delay: 800ms
    method: [POST, PUT]
    path: [/api/products, /api/orders/*]
    duration: 30s

- name: Break connections, also those that the load balancer keeps open
  magsasa.chaos.http_fault:
    name: broken
    port: 8000
    action: abort
    percent: 5%
    reset_existing: true
    duration: 30s

- name: Hold a tenth of the requests for an hour, unless too many fail or the controller is lost
  magsasa.chaos.http_fault:
    name: slow-tenth
    port: 8000
    action: delay
    delay: 2s
    percent: 10%
    duration: 1h
    max_duration: 2h
    lease: 60s
    halt_on: {probe: shop, error_rate: 20%, for: 10s}
    force: true  # also while another run experiments on this host

- name: Revert early
  magsasa.chaos.http_fault:
    name: broken
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
      sample: {port: 8000, requests_pct: 10.0, status: 503}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: worker on loopback
    notes:
      description: Fallbacks that were used, and limits of this fault on this host, one sentence each.
      type: list
      elements: str
      sample: ["TLS, HTTP/2 and whatever else is not HTTP/1.1 passes as it is"]
    plan:
      description: Every step (C(says)), the operations that revert it (C(undo)), and the program that it needs
        (C(tool)).
      type: list
      elements: dict
      sample: [{says: answer 503 to 10 % of the requests to port 8000, undo: [workers.end fault=3f9c1b0a77d2],
        tool: nft}]
    effect:
      description:
        - Whether the fault took effect. V(confirmed) when requests were hit, the share is as requested (once there are
          enough requests to tell), and they were held for as long as requested.
        - V(inconclusive) while no request has been hit, V(mismatch) otherwise.
      type: str
      choices: [confirmed, mismatch, inconclusive]
      sample: confirmed
    measured:
      description:
        - Counters of the worker. Connections that it accepted (C(connections)), those that did not speak HTTP/1.1
          (C(connections_unread)) and those that the service did not accept (C(connections_unreachable)); all requests
          (C(requests)), those that matched (C(requests_matched)) and those that were hit (C(requests_hit), C(hit_pct));
          the average delay (C(delay_ms)); connections that were reset at injection (C(connections_reset)).
      type: dict
      sample: {connections: 31, requests: 402, requests_matched: 402, requests_hit: 41, hit_pct: 10.2}
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
from ansible_collections.magsasa.chaos.plugins.module_utils._families.http import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
