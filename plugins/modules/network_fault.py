#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Late, lost, damaged, dropped or rejected packets, and connections that are reset, for a bounded time."""
from __future__ import annotations

DOCUMENTATION = r"""
module: network_fault
short_description: Delay, lose, damage, drop or reject packets or reset connections for a bounded time
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Delays, loses, duplicates, damages or reorders packets, narrows a link, drops all packets (a partition), rejects them, or resets connections,
    by peer, port, protocol, direction and interface, IPv4 and IPv6. Effects compose in one fault.
  - The first backend that can do it on the host carries it out; the plan names it, and RV(fault.notes) say which was passed over and why.
  - The kernel itself (C(tc netem), and C(tc htb) for O(rate) alone) delays, loses, duplicates, damages, reorders and lines up packets. A tree of queueing
    disciplines of our own stands on each interface that leads to the peers; what comes in goes through an ifb device of our own. An interface whose root
    somebody configured, which is anything but what the kernel puts there by itself, is never touched, as it could not be put back exactly.
  - One table of nftables of our own (C(inet magsasa_chaos_ID)) drops and rejects packets, resets connections, and loses them where netem cannot be had.
    Nothing else of the host's packet filter is touched, and the undo deletes that table.
  - Where nft cannot be had, iptables and ip6tables (legacy, or over nf_tables) drop, reject and reset, by chains of our own in their table C(filter) to
    which C(INPUT) and C(OUTPUT) jump first. The undo deletes the jumps and the chains. What is not meant goes on to the rules of the host.
  - Where netem cannot be had, the kernel hands packets that are to be delayed, sent twice, damaged, lost in bursts or to overtake others to a worker of ours
    (NFQUEUE), which lets each go on when its time has come. When the worker dies, packets pass at once and the fault ends. It looks at each packet by itself
    and so is slower than the kernel, and it does not line packets up (O(rate)).
  - What such a worker holds is lost, once, when anybody adds or removes a base chain of netfilter on the host meanwhile, be it another fault. The kernel
    does that.
  - The connections by which the host is managed are exempt, first in order and in both directions, established and new ones alike.
    These are the peer of the SSH connection, every peer that an SSH server of the host is connected with, and what a program
    above this one is connected with. So is, for everybody, each port by which the host is managed or on which an SSH server of it listens, unless O(port)
    names it. What was put in is read back after injecting; when it is not as planned the fault is undone.
  - What the host forwards for others, such as containers with addresses of their own, passes the interfaces of the host, where C(tc) acts on it by its
    addresses as on all else; the other backends do not touch it.
  - Kernel modules that a fault needed stay loaded; they do nothing by themselves.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description:
      - V(loss) loses packets at random. V(partition) drops every packet that is meant, so that whoever waits runs into its time limit.
      - V(reject) answers every packet that is meant with an error, so that TCP is refused at once. A connection that was open is reset
        with its next packet.
      - V(reset) resets TCP connections, those that are open already with their next packet, and new ones as soon as they stand. Who connects is not refused,
        but loses the connection (C(ECONNRESET)). Packets of other protocols are not meant.
      - V(delay) holds packets back. V(duplicate) sends some twice, V(corrupt) damages some, V(reorder) lets some overtake others, V(rate) is a narrow link.
      - V(degrade) is several of O(delay), O(loss), O(duplicate), O(corrupt), O(reorder) and O(rate) at once.
      - May be left out with O(state=present) where these options tell it.
    type: str
    choices: [corrupt, degrade, delay, duplicate, loss, partition, rate, reject, reorder, reset]
  loss:
    description:
      - Share of the packets that is lost, such as V(30%). Each packet is decided about on its own.
    type: str
  gemodel:
    description:
      - Loss in bursts instead of O(loss), by the model of Gilbert and Elliott. The network is in a good or in a bad state, and may change at each packet.
    type: dict
    suboptions:
      p:
        description: Chance to go from the good to the bad state at a packet, such as V(1%).
        type: str
        required: true
      r:
        description: Chance to come back to the good state at a packet, such as V(10%). A burst is 100/r packets long on average.
        type: str
        required: true
      loss_bad:
        description: Share of the packets that is lost in the bad state (C(1-h) in the terms of tc).
        type: str
        default: 100%
      loss_good:
        description: Share of the packets that is lost in the good state (C(1-k) in the terms of tc).
        type: str
        default: 0%
  delay:
    description:
      - How long a packet is held, V(1ms) to V(60s).
      - It counts once in a round trip. With O(direction=in) what comes in waits, with V(out) what leaves. With V(both) it is what leaves when netem
        holds it, and what comes in when a worker of ours does. A new connection and a request over it are two round trips.
      - Where a worker of ours holds packets on their way out, one TCP connection carries little, as TCP counts as unsent what waits on its own host.
    type: str
  jitter:
    description:
      - Standard deviation of the time that packets are held, at most O(delay). Packets may overtake each other, as on a real network,
        unless O(rate) is given too, since netem keeps the order of a link then and the average grows.
      - With O(distribution=uniform) it is how far a packet may be off O(delay) at most.
    type: str
  distribution:
    description:
      - How the times of O(jitter) are spread. V(normal) when left out. A worker of ours knows V(normal) and V(uniform).
    type: str
    choices: [normal, pareto, paretonormal, uniform]
  duplicate:
    description:
      - Share of the packets that comes twice, such as V(1%). Where a worker of ours does it, what comes in comes a second time by C(lo), which a program
        that listens on one interface alone does not see.
    type: str
  corrupt:
    description:
      - Share of the packets in which one bit is flipped, such as V(1%). Checksums find it, so that the receiver drops most of them.
    type: str
  reorder:
    description:
      - Share of the packets that is sent at once while the others wait for O(delay), which is required with it.
    type: str
  rate:
    description:
      - Bits per second that get through, with the headers, V(8kbit) to V(32gbit). With O(direction=both) it holds for each direction.
    type: str
  peer:
    description:
      - Addresses or networks (CIDR) at the other end, at most 256. Everybody when left out.
      - Hosts and groups of the inventory, too. The controller puts the address in that C(ansible_host) is, or those that it resolves C(ansible_host), or
        else the name of the host, to (IPv4 and IPv6). A group means its hosts but the one that the fault is on.
    type: list
    elements: str
    aliases: [to]
  port:
    description:
      - TCP or UDP ports, or ranges such as V(8000-8010), at most 64. Every port when left out.
      - Without O(port) and O(peer), O(action=partition), O(action=reject), O(action=reset) and a loss of 100 % need O(force=true).
        What the host says to itself (loopback) is left alone unless a port, a peer or the interface V(lo) is named.
    type: list
    elements: str
    aliases: [ports]
  port_of:
    description:
      - Whose O(port) it is. V(host) is a service on this host, V(peer) a service that this host uses, V(either) both.
    type: str
    choices: [either, host, peer]
    default: either
  protocol:
    description:
      - V(any) is every protocol, with O(port) TCP and UDP, and with O(action=reset) TCP.
    type: str
    choices: [any, tcp, udp, icmp]
    default: any
  direction:
    description:
      - V(in) is what comes to this host, V(out) what leaves it.
      - A program on this host that sends UDP or ICMP is told by the kernel (C(EPERM)) when a packet that leaves is dropped. Loss of what comes in is silent.
    type: str
    choices: [both, in, out]
    default: both
  interface:
    description:
      - Interfaces that the packets come in or leave by, at most 16. All that lead to the peers when left out. V(lo) is what the host says to itself.
      - For a bridge or a bond nftables knows packets of the host by the interface that has the address, C(tc) by each port of it as well.
    type: list
    elements: str
requirements:
  - root
  - C(nft) (package nftables) and a kernel with nf_tables for partitions, rejections and resets, and where netem cannot be had; or C(iptables) and
    C(ip6tables) (package iptables) for all of that but O(delay)
  - C(tc) and C(ip) (package iproute2 or iproute-tc) and a kernel with sch_netem (linux-modules-extra on Ubuntu, kernel-modules-extra on RHEL, kernel-default
    on SUSE) for O(rate) beside others and the distributions V(pareto) and V(paretonormal); with sch_htb for O(rate) alone
  - without sch_netem, C(nft) and a kernel with nfnetlink_queue for O(delay), O(duplicate), O(corrupt), O(reorder), O(gemodel) and several of them at once
"""

EXAMPLES = r"""
- name: The application host does not reach its database
  magsasa.chaos.network_fault:
    name: no-database
    action: partition
    peer: [192.0.2.20]
    port: [5432]
    port_of: peer
    duration: 30s

- name: Nobody of the group of databases is there
  magsasa.chaos.network_fault:
    name: no-databases
    action: partition
    peer: [db]
    duration: 30s

- name: A third of the packets to and from the service on port 8080 is lost
  magsasa.chaos.network_fault:
    name: lossy
    action: loss
    loss: 30%
    port: [8080]
    port_of: host
    duration: 1m

- name: The way to the database takes 200 ms longer
  magsasa.chaos.network_fault:
    name: slow-database
    to: [192.0.2.20]
    ports: [5432]
    delay: 200ms
    jitter: 20ms
    duration: 1m

- name: Port 443 of a network refuses connections at once
  magsasa.chaos.network_fault:
    name: refused
    action: reject
    peer: ["2001:db8:7::/48"]
    port: [443]
    protocol: tcp
    direction: out
    duration: 30s

- name: Whoever talks to the service on port 8080 loses the connection
  magsasa.chaos.network_fault:
    name: flaky
    action: reset
    port: [8080]
    port_of: host
    duration: 30s

- name: Alone in the world, but for Ansible
  magsasa.chaos.network_fault:
    name: island
    action: partition
    duration: 20s
    force: true

- name: A bad mobile network to the payment gateway
  magsasa.chaos.network_fault:
    name: mobile
    peer: [198.51.100.30]
    delay: 120ms
    jitter: 40ms
    distribution: pareto
    gemodel: {p: 1%, r: 20%}
    rate: 2mbit
    duration: 5m

- name: The backup link has 10 Mbit/s for what leaves
  magsasa.chaos.network_fault:
    name: narrow
    rate: 10mbit
    direction: out
    interface: [eth1]
    duration: 2m

- name: Put it back early
  magsasa.chaos.network_fault:
    name: island
    state: absent
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
      sample: {loss_pct: 30.0, scope: "tcp and udp port 8080 of this host in and out"}
    backend:
      description: What carries the fault out.
      type: str
      sample: nftables
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: ["exempt: 192.0.2.1 and port 22 of this host (how this host is managed)"]
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "lose 30 % of tcp and udp port 8080 of this host in and out", undo: ["nft.remove_table table=magsasa_chaos_3f9c1b0a77d2"], tool: nft}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description:
        - By C(tc), what the queues counted, C(packets_passed), C(packets_dropped), C(packets_waiting) and C(dropped_pct); with O(rate), C(rate_bps) of a
          queue that was full for a second. That packets wait as long as asked stands on the queue as the kernel gives it back.
        - By a worker of ours, C(packets_held), and C(delay_ms) and C(jitter_ms) as the mean and the standard deviation of how long; C(packets_seen), and
          of them C(packets_lost), C(packets_duplicated), C(packets_damaged) and C(packets_ahead), each where it was asked for.
        - By nftables and iptables, what the counters of the rules say. C(packets_matched) came by and were meant, C(packets_hit) of them were lost, dropped,
          rejected or reset, which is C(hit_pct).
      type: dict
      sample: {packets_matched: 1204, packets_hit: 355, hit_pct: 29.49}
    note:
      description: What RV(fault.effect) stands on, the counters of the rules or the rules alone as the kernel gives them back.
      type: str
      sample: "by the counters of the rules: 355 of 1204 packets"
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
peers:
  description: The addresses that the names in O(peer) became on the controller.
  returned: when O(peer) has names of hosts or groups, with O(state=present)
  type: dict
  sample: {db: [192.0.2.20, "2001:db8:7::20"]}
swept:
  description: Faults that nobody held any more and that this run undid first.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._families.network import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
