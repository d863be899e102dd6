#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delay, lose, damage, drop or reject packets or reset connections for a bounded time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: network_fault
short_description: Delay, lose, damage, drop or reject packets or reset connections for a bounded time
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Delays, loses, duplicates, damages or reorders packets, limits bandwidth, drops all packets (a partition), rejects
    them, or resets connections. Packets are selected by peer, port, protocol, direction and interface, for IPv4 and
    IPv6. Several effects can be combined in one fault.
  - The first backend that is able to carry out the fault on the host is used. The plan names it, and RV(fault.notes)
    say which ones were passed over and why.
  - "Traffic control (C(tc netem); C(tc htb) for O(rate) alone) delays, loses, duplicates, damages, reorders and
    rate-limits packets in the kernel. Each interface that leads to the peers gets a tree of queueing disciplines of the
    fault; incoming packets go through an ifb device of the fault. An interface with a root qdisc that somebody
    configured (anything but the kernel's default) is never touched, because it could not be restored exactly."
  - One nftables table of the fault (C(inet magsasa_chaos_ID)) drops and rejects packets, resets connections, and loses
    packets where netem is missing. Nothing else in the host's packet filter is touched, and the revert deletes the
    table.
  - Where nft is missing, iptables and ip6tables (legacy or nf_tables) drop, reject and reset through chains of the
    fault in the table C(filter), to which C(INPUT) and C(OUTPUT) jump first. The revert deletes the jumps and the
    chains. Packets that the fault does not select continue through the rules of the host.
  - Where netem is missing, the kernel hands the selected packets to a worker of the fault (NFQUEUE), which delays,
    duplicates, damages, reorders or loses them (in bursts). When the worker dies, packets pass at once and the fault
    ends. The worker handles each packet by itself, so it is slower than the kernel, and it cannot limit bandwidth
    (O(rate)).
  - Packets that such a worker holds are lost once whenever any process adds or removes a base chain of netfilter on the
    host, another fault included. The kernel causes that loss.
  - "The connections that manage the host are exempt, first in order and in both directions, existing and new ones
    alike: the peer of the SSH connection, every peer of an SSH server on the host, and every peer of a program that
    started this one. So is each port that manages the host or that an SSH server listens on, for all peers, unless
    O(port) names it, by itself or in a range of at most 1000 ports. The rules are read back after injection; if they
    are not as planned, the fault is reverted."
  - Traffic that the host forwards, such as that of containers with their own addresses, passes the interfaces of the
    host, where C(tc) acts on it by its addresses. The other backends do not touch it.
  - Kernel modules that a fault needed stay loaded. They have no effect by themselves.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description:
      - V(loss) loses packets at random. V(partition) drops every selected packet, so that clients time out.
      - V(reject) answers every selected packet with an error, so that TCP connections are refused at once. An open
        connection is reset with its next packet.
      - V(reset) resets TCP connections, open ones with their next packet, and new ones as soon as they are established.
        A client is not refused but loses its connection (C(ECONNRESET)). Packets of other protocols are not affected.
      - V(delay) delays packets, V(duplicate) sends some twice, V(corrupt) damages some, V(reorder) lets some overtake
        others, V(rate) limits the bandwidth.
      - V(degrade) combines several of O(delay), O(loss), O(duplicate), O(corrupt), O(reorder) and O(rate).
      - May be left out with O(state=present) where these options imply it.
    type: str
    choices: [corrupt, degrade, delay, duplicate, loss, partition, rate, reject, reorder, reset]
  loss:
    description:
      - Share of the packets that are lost, such as V(30%), decided independently for each packet.
    type: str
  gemodel:
    description:
      - Loss in bursts (Gilbert-Elliott model), instead of O(loss). The network is in a good or a bad state, and may
        change state with each packet.
    type: dict
    suboptions:
      p:
        description: Probability of changing from the good to the bad state with a packet, such as V(1%).
        type: str
        required: true
      r:
        description: Probability of changing back to the good state with a packet, such as V(10%). A burst is 100/r
          packets long on average.
        type: str
        required: true
      loss_bad:
        description: Share of the packets that are lost in the bad state (C(1-h) in terms of tc).
        type: str
        default: 100%
      loss_good:
        description: Share of the packets that are lost in the good state (C(1-k) in terms of tc).
        type: str
        default: 0%
  delay:
    description:
      - How long a packet is held, V(1ms) to V(60s).
      - The delay counts once per round trip. With O(direction=in) incoming packets wait, with V(out) outgoing ones.
        With V(both), netem delays outgoing packets and a worker delays incoming ones. A new connection plus one request
        on it are two round trips.
      - Where a worker delays outgoing packets, a TCP connection has little throughput, because TCP counts packets that
        wait on its own host as unsent.
    type: str
  jitter:
    description:
      - Standard deviation of the delay, at most O(delay). Packets may overtake each other, as on a real network, except
        together with O(rate), where netem keeps the order of the link and the average delay rises.
      - With O(distribution=uniform), the largest deviation from O(delay).
    type: str
  distribution:
    description:
      - Distribution of O(jitter). The default is V(normal). A worker supports V(normal) and V(uniform).
    type: str
    choices: [normal, pareto, paretonormal, uniform]
  duplicate:
    description:
      - Share of the packets that arrive twice, such as V(1%). Where a worker does this, the copy of an incoming packet
        arrives on C(lo); a program that listens on one other interface alone does not receive it.
    type: str
  corrupt:
    description:
      - Share of the packets in which one bit is flipped, such as V(1%). Checksums detect that, so that the receiver
        drops most of them.
    type: str
  reorder:
    description:
      - Share of the packets that are sent at once while the others wait for O(delay), which is required with it.
    type: str
  rate:
    description:
      - Bandwidth in bits a second, headers included, V(8kbit) to V(32gbit). With O(direction=both) it applies to each
        direction separately.
    type: str
  peer:
    description:
      - Addresses or networks (CIDR) at the other end, at most 256. The default is every peer.
      - Names of inventory hosts and groups are accepted, too. The controller replaces them with C(ansible_host), or
        with the addresses (IPv4 and IPv6) that C(ansible_host) or the name of the host resolves to. A group stands for
        its hosts, except the one that the fault is on.
    type: list
    elements: str
    aliases: [to]
  port:
    description:
      - TCP or UDP ports, or ranges such as V(8000-8010), at most 64. The default is every port.
      - If O(port) and O(peer) leave next to nothing out (none is given, or more than half of all ports or addresses
        are), O(action=partition), O(action=reject), O(action=reset) and a loss or corruption of more than 99.9 % need
        O(force=true); of O(gemodel) its loss in the long run counts. Loopback traffic is exempt unless a port, a peer or the interface V(lo) is named.
    type: list
    elements: str
    aliases: [ports]
  port_of:
    description:
      - The side that O(port) belongs to. V(host) is a service on this host, V(peer) a service that this host uses,
        V(either) both.
    type: str
    choices: [either, host, peer]
    default: either
  protocol:
    description:
      - Protocol to affect. V(any) is every protocol; with O(port) TCP and UDP, and with O(action=reset) TCP.
    type: str
    choices: [any, tcp, udp, icmp]
    default: any
  direction:
    description:
      - V(in) is traffic to this host, V(out) traffic from it.
      - When an outgoing UDP or ICMP packet is dropped, the kernel reports that to the sending program (C(EPERM)). Loss
        of incoming packets is silent.
    type: str
    choices: [both, in, out]
    default: both
  interface:
    description:
      - Interfaces that the packets arrive on or leave by, at most 16. The default is every interface that leads to the
        peers. V(lo) is loopback traffic.
      - On a bridge or a bond, nftables sees packets of the host on the interface that has the address; C(tc) sees them
        on each port of it as well.
    type: list
    elements: str
requirements:
  - root
  - C(nft) (package nftables) and a kernel with nf_tables for O(action=partition), O(action=reject) and O(action=reset),
    and wherever netem is missing; or C(iptables) and C(ip6tables) (package iptables) for all of these except O(delay)
  - C(tc) and C(ip) (package iproute2 or iproute-tc) and a kernel with sch_netem (linux-modules-extra on Ubuntu,
    kernel-modules-extra on RHEL, kernel-default on SUSE) for O(rate) combined with other effects and the distributions
    V(pareto) and V(paretonormal); with sch_htb for O(rate) alone
  - without sch_netem, C(nft) and a kernel with nfnetlink_queue for O(delay), O(duplicate), O(corrupt), O(reorder),
    O(gemodel) and combinations of them
seealso:
  - module: magsasa.chaos.dns_fault
  - module: magsasa.chaos.http_fault
  - module: magsasa.chaos.database_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Cut the application host off from its database
  magsasa.chaos.network_fault:
    name: no-database
    action: partition
    peer: [192.0.2.20]
    port: [5432]
    port_of: peer
    duration: 30s

- name: Cut it off from every host of the group db
  magsasa.chaos.network_fault:
    name: no-databases
    action: partition
    peer: [db]
    duration: 30s

- name: Lose 30 % of the packets to and from the service on port 8080
  magsasa.chaos.network_fault:
    name: lossy
    action: loss
    loss: 30%
    port: [8080]
    port_of: host
    duration: 1m

- name: Add 200 ms to the way to the database
  magsasa.chaos.network_fault:
    name: slow-database
    to: [192.0.2.20]
    ports: [5432]
    delay: 200ms
    jitter: 20ms
    duration: 1m

- name: Refuse connections to port 443 of a network at once
  magsasa.chaos.network_fault:
    name: refused
    action: reject
    peer: ["2001:db8:7::/48"]
    port: [443]
    protocol: tcp
    direction: out
    duration: 30s

- name: Reset every connection to the service on port 8080
  magsasa.chaos.network_fault:
    name: flaky
    action: reset
    port: [8080]
    port_of: host
    duration: 30s

- name: Isolate the host from everything but Ansible
  magsasa.chaos.network_fault:
    name: island
    action: partition
    duration: 20s
    force: true

- name: Emulate a bad mobile network to the payment gateway
  magsasa.chaos.network_fault:
    name: mobile
    peer: [198.51.100.30]
    delay: 120ms
    jitter: 40ms
    distribution: pareto
    gemodel: {p: 1%, r: 20%}
    rate: 2mbit
    duration: 5m

- name: Limit outgoing traffic on the backup link to 10 Mbit/s
  magsasa.chaos.network_fault:
    name: narrow
    rate: 10mbit
    direction: out
    interface: [eth1]
    duration: 2m

- name: Revert early
  magsasa.chaos.network_fault:
    name: island
    state: absent

- name: Emulate a worn-out link to the warehouse for an hour, unless the service fails or the controller is lost
  magsasa.chaos.network_fault:
    name: worn-out
    peer: [203.0.113.0/24]
    delay: 30ms
    duplicate: 1%
    corrupt: 0.5%
    reorder: 5%
    duration: 1h
    max_duration: 2h
    lease: 60s
    halt_on: {probe: shop, error_rate: 50%, for: 10s}
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
      sample: {loss_pct: 30.0, scope: "tcp and udp port 8080 of this host in and out"}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: nftables
    notes:
      description: Fallbacks that were used, and limits of this fault on this host, one sentence each.
      type: list
      elements: str
      sample: ["exempt: 192.0.2.1 and port 22 of this host (how this host is managed)"]
    plan:
      description: Every step (C(says)), the operations that revert it (C(undo)), and the program that it needs
        (C(tool)).
      type: list
      elements: dict
      sample: [{says: "lose 30 % of tcp and udp port 8080 of this host in and out",
        undo: ["nft.remove_table table=magsasa_chaos_3f9c1b0a77d2"], tool: nft}]
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
        - With C(tc), the counters of the queues (C(packets_passed), C(packets_dropped), C(packets_waiting),
          C(dropped_pct)); with O(rate), the rate of a queue that was full for a second (C(rate_bps)). The delay itself
          is confirmed by the settings of the queue, read back from the kernel.
        - With a worker, the packets that it held (C(packets_held)), the mean and the standard deviation of their delay
          (C(delay_ms), C(jitter_ms)); all packets (C(packets_seen)), and how many of them were lost, duplicated,
          damaged or sent ahead (C(packets_lost), C(packets_duplicated), C(packets_damaged), C(packets_ahead)), each if
          requested.
        - With nftables and iptables, the counters of the rules. C(packets_matched) packets were selected,
          C(packets_hit) of them were lost, dropped, rejected or reset, a share of C(hit_pct).
      type: dict
      sample: {packets_matched: 1204, packets_hit: 355, hit_pct: 29.49}
    note:
      description: The evidence for RV(fault.effect), such as the counters of the rules.
      type: str
      sample: "by the counters of the rules: 355 of 1204 packets"
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
peers:
  description: The addresses that the controller put in the place of the names in O(peer).
  returned: with O(state=present), if O(peer) contains names of hosts or groups
  type: dict
  sample: {db: [192.0.2.20, "2001:db8:7::20"]}
swept:
  description: Faults that no process held any more and that this task reverted first.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run  # first, see keep_code
from ansible_collections.magsasa.chaos.plugins.module_utils._families.network import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
