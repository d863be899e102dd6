# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State dumps: what is not as before is said, and only that."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils import _clock
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError
from ansible_collections.magsasa.chaos.plugins.module_utils._host.packets import nft, tc
from ansible_collections.magsasa.chaos.plugins.module_utils._undo import dumps, registry, traits
from ansible_collections.magsasa.chaos.plugins.module_utils._undo.operations import hosts, kept_files

FAULT, OTHER = "0123456789ab", "ba9876543210"
LONG = ["rule %d" % number for number in range(dumps.MOST_TEXT + 1)]
ENDLESS = ["rule %d" % number for number in range(dumps.MOST_LINES + 1)]


class Fake:
    """An operation whose state a test sets."""

    def __init__(self, things, state_outlives_boot=False):
        self.things, self.state_outlives_boot = things, state_outlives_boot

    def state(self, args):
        if isinstance(self.things, Exception):
            raise self.things
        return self.things


def differences(before, after):
    held = dumps.take([{"op": "x", "args": {}}], {"x": Fake(before)}.get)
    assert json.loads(json.dumps(held)) == held
    return dumps.compare(held, [{"op": "x", "args": {}}], {"x": Fake(after)}.get)[1]


@pytest.mark.parametrize(
    "before, after, said",
    [
        ({"f": ["a", "b"]}, {"f": ["a", "b"]}, []),
        ({"f": ["a", "b"]}, {"f": ["a", "c"]}, ["f: no longer 'b'", "f: now 'c'"]),
        ({"f": ["a"]}, {"f": ["a", "a"]}, ["f: now 'a'"]),
        ({"f": ["a", "b"]}, {"f": ["b", "a"]}, ["f: the same lines in a different order"]),
        ({"f": []}, {"f": ["\x1b[31mred\n"]}, ["f: now '?[31mred?'"]),
        ({"f": ["a"]}, {}, ["f: no longer exists or cannot be inspected"]),
        ({"f": ["a"]}, HostError("nft is gone"), ["f: no longer exists or cannot be inspected (nft is gone)"]),
        ({}, {"f": ["a"]}, ["f: did not exist before"]),
        (HostError("nft is old"), HostError("nft is old"), []),
        ({"f": LONG}, {"f": LONG[:-1]}, ["f: no longer what line 65 was"]),
        ({"f": ENDLESS}, {"f": ENDLESS[1:]}, ["f: differs from before"]),
        ({"f": ["\udcff"]}, {"f": ["\udcff"]}, []),
    ],
)
def test_differences(before, after, said):
    assert differences(before, after) == said


def test_what_is_said_is_bounded():
    said = differences({"f": []}, {"f": ["x%d" % number + "y" * 1000 for number in range(50)]})
    assert len(said) == dumps.MOST_SHOWN and said[-1] == "and 31 more" and all(len(each) < 200 for each in said)


def verified(before, after, boot=None):
    """The record of a fault whose state was ``before`` and is ``after``, each ``{op: Fake}``."""
    entries = [{"op": name, "args": {}} for name in before]
    record = {"undo": entries, "boot_id": boot or _clock.boot_id(), "before": dumps.take(entries, before.get)}
    dumps.verify(record, after.get)
    return record


def test_the_past_keeps_digests():
    record = verified({"x": Fake({"f": ["a"]})}, {"x": Fake({"f": ["b"]})})
    assert record["differences"] == ["f: no longer 'a'", "f: now 'b'"]
    assert list(record["before"]) == list(record["after"]) == ["f"] and record["before"]["f"] != record["after"]["f"]
    dumps.verify(record, {"x": Fake({"f": ["a"]})}.get)
    assert len(record["differences"]) == 2, "a second look at a record that is shortened already changes nothing"


def test_after_a_reboot_only_what_outlives_it():
    record = verified(
        {"run": Fake({"unit": ["active"]}), "disk": Fake({"f": ["a"]}, True)},
        {"run": Fake({"unit": ["inactive"]}), "disk": Fake({"f": ["b"]}, True)},
        boot="another",
    )
    assert record["differences"] == ["f: no longer 'a'", "f: now 'b'"]


@pytest.mark.parametrize("before", [None, [], "x", {"f": "digest"}])
def test_records_of_other_versions(before):
    record = {"undo": [{"op": "no.such", "args": {}}], "boot_id": _clock.boot_id(), "before": before}
    registry.verify(record)
    assert "differences" not in record


def test_a_broken_record_is_undone_all_the_same():
    record = {"undo": [{}], "boot_id": _clock.boot_id(), "before": {}}
    registry.verify(record)
    assert record["differences"] == ["the state after the revert could not be compared: 'op'"]


def test_hosts_of_other_faults_are_no_difference(tmp_path):
    path = tmp_path / "hosts"
    path.write_bytes(b"127.0.0.1 localhost\n10.0.0.1 api # magsasa-chaos %s\n" % OTHER.encode())
    args = {"path": str(path), "fault": FAULT}
    before = hosts.Remove.state(args)
    path.write_bytes(b"10.0.0.2 web # magsasa-chaos %s\n127.0.0.1 localhost\n" % FAULT.encode())
    assert hosts.Remove.state(args) == before
    path.write_bytes(b"127.0.0.1 localhost\n10.0.0.9 somebody\n")
    assert hosts.Remove.state(args) != before
    path.write_bytes(b"127.0.0.1 localhost\n")
    path.chmod(0o600)
    assert hosts.Remove.state(args) != before
    path.unlink()
    assert hosts.Remove.state(args) == {str(path): ["not there"]}


FILES = {
    "PutBack": ({}, False),
    "Permissions": ({}, False),
    "Contents": ({"size": 4}, True),
    "Cut": ({"at": 4}, True),
}


@pytest.mark.parametrize("kind", FILES)
def test_state_of_a_file(tmp_path, kind):
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    more, content = FILES[kind]
    args, operation = dict(more, path=str(path), ino=path.stat().st_ino, fault="0123456789ab"), getattr(
        kept_files, kind
    )
    before = operation.state(args)
    with open(path, "ab") as file:
        file.write(b"a program that goes on writing")
    assert operation.state(args) == before
    with open(path, "r+b") as file:
        file.write(b"X")
    assert (operation.state(args) != before) is content
    with open(path, "r+b") as file:
        file.write(b"0")
    path.chmod(0o600 if path.stat().st_mode & 0o777 != 0o600 else 0o640)
    assert operation.state(args) != before
    other = tmp_path / "other"
    other.write_bytes(b"0123456789")
    os.replace(other, path)
    assert operation.state(args) != before


RULES = """# Warning: table ip filter is managed by iptables-nft, do not touch!
table inet somebody {
    chain in {
        tcp dport 80 accept
    }
}
table inet magsasa_chaos_0123456789ab {
    chain act {
        drop
    }
}
table ip magsasa_chaos_mine {
}
"""


def test_tables_of_others(monkeypatch):
    asked = []
    monkeypatch.setattr(nft, "program", lambda: "nft")
    monkeypatch.setattr(nft._cmd, "run", lambda argv, **more: asked.append(argv) or nft._cmd.Result(argv, 0, RULES, ""))
    assert nft.of_others() == {
        "inet somebody": ["chain in {", "tcp dport 80 accept", "}", "}"],
        "ip magsasa_chaos_mine": ["}"],
    }
    assert asked == [["nft", "--stateless", "--terse", "list", "ruleset"]]


def test_what_sends_on_an_interface(monkeypatch):
    """The one interface that every machine has."""
    rows = [
        {"kind": "mq", "handle": "0:", "root": True, "dev": "lo", "options": {}},
        {"kind": "fq_codel", "handle": "0:", "parent": ":1", "dev": "lo", "options": {"limit": 10240}},
        {"kind": "ingress", "handle": "ffff:", "parent": "ffff:fff1", "dev": "lo", "options": {}},
    ]
    monkeypatch.setattr(tc, "qdiscs", lambda dev: rows)
    length = Path("/sys/class/net/lo/tx_queue_len").read_text().strip()
    before = registry.dump([{"op": "tc.remove_root", "args": {"fault": FAULT, "dev": "lo", "qlen": 1000}}])
    assert before["sending on lo"]["text"] == ['fq_codel :1 {"limit": 10240}', "mq root {}", "queue length " + length]


ON_DISK = "file.remove folder.remove hosts.remove file.put_back file.permissions file.contents file.cut postgres.allow".split()


@pytest.mark.parametrize("op", ON_DISK)
def test_what_is_on_a_disk_outlives_a_boot(op):
    assert traits.outlives_boot([{"op": op, "args": {}}])


def test_whoever_carries_out_no_operation_knows_which_outlive_a_boot_as_their_classes_say():
    said = {op for op in registry.CLASSES if getattr(registry.OPERATIONS[op], "outlives_boot", False)}
    assert traits.OUTLIVE_BOOT == said
