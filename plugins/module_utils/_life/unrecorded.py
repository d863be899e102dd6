# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that no record tells of, found by what is alive or there of them: each thing carries the fault's id. Private
to magsasa.chaos.

Units, marked processes, our tables, chains, devices, lines in /etc/hosts and drop-ins are undone by operations as any
fault's are. What only the record could
tell (bytes that were overwritten, a service that was stopped) is named.
"""

from __future__ import annotations

import os
import re
import signal

from .. import _cmd, _wait
from .._errors import ChaosError
from .._ledger import private_files
from .._undo import registry
from .._host import hosts_file, processes, standstill
from .._host.packets import iptables, tc
from .._host.systemd import services
from . import fault_unit
from .._host.marks import KEEPERS, MARK

ID = re.compile(r"[0-9a-f]{12}")
PATIENCE_S = 15.0  # that a supervisor whose record is gone has for its undo
LAST_STEPS_S = 5.0  # that processes of a fault have to end once it is written down as undone
_TABLE = re.compile(r"table inet (magsasa_chaos_([0-9a-f]{12}))\b")
_CHAIN = re.compile(r"-N magsasa_([0-9a-f]{12})_")
_DEVICE = re.compile(r"^[0-9]+: (ch([0-9a-f]{12})[0-9a-f])[:@]", re.M)
_LINE = re.compile(r"# magsasa-chaos ([0-9a-f]{12})\s*$", re.M)
_HANDLE = re.compile("[1-7][0-9a-f]{3}:")  # see tc.major
_DROP_IN = re.compile(r"zz-magsasa-chaos-([0-9a-f]{12})\.conf")


def end(ledger, check_mode=False):
    """End every fault that has no record any more; returns a record of each (``records.public`` takes it), with how
    it was found in its notes.
    """
    if os.geteuid() or os.environ.get(
        private_files.OVERRIDE
    ):  # the host's own ledger is another one, and so whose these are is not known
        return []
    holders, foreign = _holders(ledger)
    undone = {each["id"] for each in ledger.past(200)} if holders else set()
    # A fault that has just ended, by its deadline or by this very halt, is no find: its processes are about to end.
    holders = dict(_without(holders, undone), **_outlast({each: holders[each] for each in undone & set(holders)}))
    if holders and not check_mode:
        _ask(ledger, holders)  # they know the whole undo, and write it down
    past = {each["id"]: each for each in ledger.past(200) if each["id"] not in undone} if holders else {}
    done = [past[fault_id] for fault_id in sorted(holders) if fault_id in past]
    entries = {
        fault_id: found
        for fault_id, found in _entries().items()
        if fault_id not in foreign and ledger.read(fault_id) is None
    }
    for fault_id in sorted(set(entries) | set(holders) - set(past)):
        found = [entry["op"] for entry in entries.get(fault_id, [])] + (["workers.end"] if fault_id in holders else [])
        wanted = entries.get(fault_id, []) + [{"op": "workers.end", "args": {"fault": fault_id}}]
        left = []
        if not check_mode:
            registry.carry_out(wanted, fault_id)
            _end_keepers(holders.get(fault_id, []))
            left = registry.residue(wanted, fault_id)[0]
        done.append(_record(fault_id, left, found))
    return done


def named(ledger):
    """Sentences about what is there of faults without a record and cannot be undone without one."""
    if os.geteuid() or os.environ.get(private_files.OVERRIDE):
        return []
    said = []
    if private_files.private(ledger.faults):
        for name in sorted(os.listdir(ledger.faults)):
            fault_id, _dot, kind = name.partition(".")
            if (
                kind == "kept"
                and ID.fullmatch(fault_id)
                and ledger.read(fault_id) is None
                and not os.path.lexists(ledger.path(fault_id))
            ):
                path = os.path.join(ledger.faults, name)
                why = (
                    "%s contains the first bytes of a file that a fault overwrote, and its record is lost: restore them"
                    " manually, then remove it"
                )
                said.append(why % path)
    return said + _roots(ledger)


def _roots(ledger):
    """Roots of traffic control that look like ours: their handle does not tell which fault they are of, so none is
    touched.
    """
    if _cmd.which("tc") is None:
        return []
    ours = {tc.major(each["id"]) + ":" for each in ledger.active()}
    try:
        rows = [
            row for row in tc.qdiscs() if row.get("root") and row["kind"] in tc.KINDS and row.get("handle") not in ours
        ]
    except (ChaosError, OSError):
        return []
    said = (
        "qdisc %s %s on %s has a handle as faults use, and no fault is known: if nothing else created it, remove it (tc"
        " qdisc del dev %s root)"
    )
    return [
        said % (row["kind"], row["handle"], row["dev"], row["dev"])
        for row in rows
        if _HANDLE.fullmatch(row.get("handle", ""))
    ]


def _record(fault_id, left, found):
    return {
        "id": fault_id,
        "name": fault_id,
        "family": "unknown",
        "state": "residue" if left else "reverted",
        "revert_cause": "halt",
        "residue": left,
        "steps": [],
        "notes": ["its record was lost or damaged; its traces on the host: %s" % ", ".join(sorted(set(found)))],
    }


def _holders(ledger):
    """({fault id: [(pid, start, comm)]} of living processes with the mark of a fault whose record cannot be read,
    ids of faults of other ledgers).
    """
    found, foreign = {}, set()
    for pid in processes.pids():
        environ = processes.environ(pid)
        fault_id, start = environ.get(MARK.encode(), b"").decode("ascii", "replace"), processes.start_time(pid)
        if start is None or pid == os.getpid() or not ID.fullmatch(fault_id):
            continue
        if processes.uid(pid) or private_files.OVERRIDE.encode() in environ:
            foreign.add(fault_id)
        else:
            found.setdefault(fault_id, []).append((pid, start, processes.comm(pid)))
    return {
        fault_id: members
        for fault_id, members in found.items()
        if fault_id not in foreign and ledger.read(fault_id) is None
    }, foreign


def _without(holders, ids):
    return {fault_id: members for fault_id, members in holders.items() if fault_id not in ids}


def _outlast(holders):
    """Those of ``holders`` with processes that live on after the time they have to end."""
    _wait.until(
        lambda: not any(processes.alive(pid, start) for members in holders.values() for pid, start, _name in members),
        LAST_STEPS_S,
        0.02,
    )
    alive = {
        fault_id: [each for each in members if processes.alive(each[0], each[1])]
        for fault_id, members in holders.items()
    }
    return {fault_id: members for fault_id, members in alive.items() if members}


def _end_keepers(members):
    """Who holds it knows no more than we do by now."""
    for pid, start, name in members:
        if name in KEEPERS:
            processes.send(pid, start, signal.SIGKILL)
            processes.wait_gone(pid, start, 2.0)


def _ask(ledger, holders):
    """Ask supervisors to undo what they hold; one that cannot act is killed, and its guardian does, or the unit's
    end, or we.
    """
    keepers = {fault_id: [each for each in members if each[2] in KEEPERS] for fault_id, members in holders.items()}
    for fault_id, members in keepers.items():
        for pid, start, name in members:
            if name == "chaos-fault":
                _say_why(ledger, fault_id)
                processes.send(pid, start, signal.SIGTERM)
    _wait.until(lambda: not _acting(keepers), PATIENCE_S, 0.02)
    for fault_id, members in keepers.items():
        for pid, start, _name in members:
            if standstill.stands(pid):
                processes.send(pid, start, signal.SIGKILL)
                standstill.release(pid, fault_unit.NAME % fault_id)
                processes.wait_gone(pid, start, 2.0)


def _say_why(ledger, fault_id):
    try:
        private_files.write_private(os.path.join(ledger.folders.run, fault_id + ".cause"), "halt", durable=False)
    except ChaosError:
        pass


def _acting(keepers):
    return any(
        processes.alive(pid, start) and not standstill.stands(pid)
        for members in keepers.values()
        for pid, start, _name in members
    )


def _entries():
    """{fault id: [undo operation]} for what is there of faults."""
    found = {}

    def add(fault_id, op, **args):
        found.setdefault(fault_id, []).append({"op": op, "args": args})

    for table, fault_id in _TABLE.findall(_said("nft", "list", "tables")):
        add(fault_id, "nft.remove_table", table=table)
    for version, program in ((4, "iptables"), (6, "ip6tables")):
        if iptables.filtering(version):
            for fault_id in sorted(set(_CHAIN.findall(_said(program, "-w", "5", "-S")))):
                add(fault_id, "iptables.remove_chains", fault=fault_id, version=version)
    for device, fault_id in _DEVICE.findall(_said("ip", "-o", "link", "show")):
        add(fault_id, "tc.remove_ifb", name=device)
        for name in sorted(os.listdir("/sys/class/net")):
            add(fault_id, "tc.remove_ingress", fault=fault_id, dev=name, ifb=device)
            add(fault_id, "tc.remove_root", fault=fault_id, dev=name, qlen=1)
    for fault_id in sorted(set(_LINE.findall(_text(hosts_file.PATH)))):
        add(fault_id, "hosts.remove", path=hosts_file.PATH, fault=fault_id, before={})
    for name, fault_id in _drop_ins():
        add(fault_id, "service.unblock", unit=name, fault=fault_id, folder=True)
    return found


def _drop_ins():
    try:
        folders = [each for each in os.listdir(services.RUNNING) if each.endswith(".d")]
        return [
            (each[:-2], _DROP_IN.fullmatch(name)[1])
            for each in folders
            for name in os.listdir(os.path.join(services.RUNNING, each))
            if _DROP_IN.fullmatch(name)
        ]
    except OSError:
        return []


def _said(program, *words):
    if _cmd.which(program) is None:
        return ""
    try:
        return _cmd.run([_cmd.which(program)] + list(words), timeout=10, check=False).stdout
    except ChaosError:
        return ""


def _text(path):
    try:
        with open(path, errors="replace") as source:
            return source.read(hosts_file.LARGEST)
    except OSError:
        return ""
