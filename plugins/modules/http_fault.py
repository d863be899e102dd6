#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delay, abort or answer a share of the HTTP requests to a port of the host."""
from __future__ import annotations

DOCUMENTATION = r"""
module: http_fault
short_description: Delay, abort or answer a share of the HTTP requests to a port of the host
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Of the requests to O(port) that match O(path) and O(method), a share (O(percent)) is held back for a time, ends in a reset connection, or is answered
    with a status by us; the service never sees a request that is aborted or answered. Everything else passes byte for byte.
  - New connections to the port, from other hosts and from this one, are handed to a worker of our own, which passes them on to the service. The worker listens
    on loopback only, at a port that the kernel chooses, and resets whoever connects to it directly.
  - A table of nftables of our own (C(tproxy)) hands the connections over. No address is translated, nothing of other tables is touched, and when the
    worker dies the kernel gives new connections to the service at once.
  - HTTP/1.1 and HTTP/1.0 are read, with keep-alive and chunked bodies. TLS, HTTP/2 and any other protocol passes unread, as does a connection after
    an upgrade (WebSocket); when nothing but such connections come, RV(fault.effect) is V(mismatch).
  - The service sees an address of this host as the peer of new connections, and not the client's. What it says in its logs, and what it decides by the
    address, differs while the fault is in.
  - A service that does not run refuses a connection; behind the worker the client sees a reset connection instead.
  - Connections that exist when the fault goes in stay with the service. See O(reset_existing) for clients that keep theirs, such as load balancers.
  - At the end the table goes first, so that new connections reach the service. Requests that are held go to the service at once.
    Connections under way end when their requests are answered, after 3 seconds at the latest; idle ones and tunnels are closed at once, as a service
    does with idle connections.
  - Refused are the port of the SSH server, or of whatever else manages this host, and a port that nobody listens on.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description:
      - V(delay) holds a request for O(delay), then passes it on.
      - V(abort) resets the connection of the client.
      - V(status) answers with O(status) and a line of text.
      - Required with O(state=present) unless O(status) or O(delay) says it.
    type: str
    choices: [delay, abort, status]
  port:
    description: The TCP port of the service on this host. Required with O(state=present).
    type: int
  percent:
    description: The share of the matching requests that is hit; chance decides about each.
    type: str
    default: 100%
  path:
    description:
      - Paths that are meant, at most 20; without it all are. A path without a wildcard means itself and everything below it. With C(*), C(?) or
        C([...]) it must match the whole path. The query does not count, and paths are compared as clients send them.
    type: list
    elements: str
  method:
    description: Methods that are meant, such as V(POST), at most 20; without it all are.
    type: list
    elements: str
  delay:
    description: How long a request is held, from 1ms to 5m. With another action, how long the client waits for it.
    type: str
  status:
    description: The status of our answer, from 200 to 599.
    type: int
  reset_existing:
    description: Reset the connections that the port has when the fault goes in, so that clients come back by the worker.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: One request in ten is answered with 503
  magsasa.chaos.http_fault:
    name: sometimes-503
    port: 8000
    action: status
    status: 503
    percent: 10%
    duration: 1m

- name: Writing is slow, reading is not
  magsasa.chaos.http_fault:
    name: slow-writes
    port: 8000
    action: delay
    delay: 800ms
    method: [POST, PUT]
    path: [/api/products, /api/orders/*]
    duration: 30s

- name: Connections break, also those that the load balancer keeps
  magsasa.chaos.http_fault:
    name: broken
    port: 8000
    action: abort
    percent: 5%
    reset_existing: true
    duration: 30s
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
      sample: {port: 8000, requests_pct: 10.0, status: 503}
    backend:
      description: What carries the fault out.
      type: str
      sample: worker on loopback
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: ["TLS, HTTP/2 and whatever else is not HTTP/1.1 passes as it is"]
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: answer 503 to 10 % of the requests to port 8000, undo: [workers.end fault=3f9c1b0a77d2], tool: nft}]
    effect:
      description:
        - Whether the fault bit. V(confirmed) when requests were hit, of many ones the share is as asked, and they were held for as long as asked;
          V(inconclusive) while no request was hit; V(mismatch) otherwise.
      type: str
      sample: confirmed
    measured:
      description:
        - What the worker counted. Connections that it took (C(connections)), of these not HTTP/1.1 (C(connections_unread)) or not taken by the service
          (C(connections_unreachable)); requests, those that match (C(requests_matched)), those hit (C(requests_hit), C(hit_pct)); how long requests
          were held on average (C(delay_ms)); connections that were reset at the begin (C(connections_reset)).
      type: dict
      sample: {connections: 31, requests: 402, requests_matched: 402, requests_hit: 41, hit_pct: 10.2}
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

from ansible_collections.magsasa.chaos.plugins.module_utils._families.http import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
