# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that lacks something: every family falls back and says so, or tells what is missing and which package brings
it.

The lab host itself is a container with /sys mounted read-only, a kernel without netem, and neither stress-ng nor
podman.
"""

from __future__ import annotations

import contextlib
import json
import re

import pytest

from support.faults import wait_for
from support.lab import lifecycle, look, on_inventory, remains, ssh

HOST = "app2"
PLACE = "/var/tmp/poor"
OWN = "/srv/plain/poor"
PORT = 8048
VICTIM = "poor-victim.service"
SLEEP = {"root": "^/usr/bin/sleep 86381$", "plain": "^/usr/bin/sleep 86382$"}
NETWORK = {"port": [PORT]}

# One of each way that a family has.
ROWS = {
    "cpu": {"load": "10%", "of": "added", "cores": 1},
    "memory": {"size": "32M"},
    "disk io": {"action": "io", "path": PLACE, "workers": 1, "file_size": "4M", "rate": "1M"},
    "disk fill": {"action": "fill", "path": PLACE, "size": "8M"},
    "network delay": dict(NETWORK, action="delay", delay="50ms"),
    "network loss": dict(NETWORK, action="loss", loss="5%"),
    "network partition": dict(NETWORK, action="partition"),
    "network rate": dict(NETWORK, action="rate", rate="1mbit"),
    "network duplicate": dict(NETWORK, action="duplicate", duplicate="5%"),
    "dns block": {"action": "block", "names": ["api.example.test"]},
    "dns fail": {"action": "fail", "names": ["api.example.test"]},
    "http status": {"status": 503, "port": PORT},
    "process pause": {"action": "pause", "pattern": SLEEP["root"]},
    "service stop": {"action": "stop", "unit": VICTIM},
    "container kill": {"action": "kill", "label": "app=web"},
    "database outage": {"engine": "sqlite", "action": "outage", "path": PLACE + "/base/shop.db"},
    "file remove": {"action": "remove", "path": PLACE + "/notes"},
    "limit unit": {"action": "unit", "unit": VICTIM, "cpu": "20%"},
    "limit tasks": {"action": "tasks", "leave_free": 10000},
    "clock": {"offset": "+5m"},
    "host": {"action": "reboot", "force": True},
}
PREPARE = r"""
id plain >/dev/null 2>&1 || useradd -m -d /srv/plain -s /bin/bash plain
install -d -o plain -m 700 /srv/plain/.ssh %(own)s
install -o plain -m 600 ~root/.ssh/authorized_keys /srv/plain/.ssh/
install -d -m 1777 %(place)s
for _each in %(place)s %(own)s; do
    echo text > $_each/notes
    install -d -m 755 $_each/base
    python3 -c 'import sqlite3, sys; shop = sqlite3.connect(sys.argv[1]); shop.execute("create table t (n)"); shop.commit()' $_each/base/shop.db
done
chown -R plain: %(own)s/*
printf '#!/bin/sh\nexec setpriv --bounding-set=-net_admin,-sys_admin,-sys_time /usr/bin/python3 "$@"\n' > %(place)s/few-capabilities
chmod 755 %(place)s/few-capabilities
printf '[Service]\nExecStart=/usr/bin/sleep 86381\n' > /run/systemd/system/%(victim)s
systemctl daemon-reload
systemctl start %(victim)s
systemd-run -q --unit=poor-pages python3 -m http.server --bind 127.0.0.1 %(port)d
systemd-run -q --unit=poor-plain --uid=plain /usr/bin/sleep 86382
for _each in $(seq 100); do ss -Htln | grep -q ':%(port)d ' && break; sleep 0.1; done
""" % {"own": OWN, "place": PLACE, "victim": VICTIM, "port": PORT}
CLEAN = """
systemctl stop %s poor-pages poor-plain
rm -rf /run/systemd/system/%s %s %s
systemctl daemon-reload
""" % (VICTIM, VICTIM, PLACE, OWN)
FOLDERS = (
    "for d in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do for p in %s; do if [ -e $d/$p%s ]; then"
    " mv $d/$p%s $d/$p%s; fi; done; done"
)


class Way:
    """How a run reaches the host: with which inventory, and what is done to the host meanwhile. ``undo`` is carried
    out whatever happens.
    """

    def __init__(self, do="true", undo="true", **variables):
        self.do, self.undo, self.variables = do, undo, variables


def without(*programs):
    """The programs are not to be found, as if nobody had installed them."""
    names = " ".join(programs)
    return Way(FOLDERS % (names, "", "", ".aside"), FOLDERS % (names, ".aside", ".aside", ""))


WAYS = {
    "as it is": Way(),
    "no root": Way(ansible_user="plain"),
    "few capabilities": Way(ansible_python_interpreter=PLACE + "/few-capabilities"),
    "no tc": without("tc"),
    "no ip": without("ip"),
    "no nft": without("nft"),
    "neither tc nor nft": without("tc", "nft"),
    "no getent": without("getent"),
    "no systemd-run": without("systemd-run"),
    "no systemctl": without("systemctl"),
    "no systemd": Way(
        "mv /run/systemd/system /run/systemd/system.aside", "mv /run/systemd/system.aside /run/systemd/system"
    ),
}

NIGHTLY = ("no ip", "no getent", "neither tc nor nft", "few capabilities", "no systemctl", "no systemd-run")

BECOME = "use become: true"
NFT = "nft is not installed on this host and is needed to set packet rules; install it (Debian, Ubuntu: nftables"
ALONE = "no systemd unit backs this fault"
NO_NETEM = (
    "tc netem is not used: cannot run here: the kernel has no sch_netem; install it (Debian, Ubuntu:"
    " linux-modules-extra"
)
ALL_NETWORK = [name for name in ROWS if name.startswith("network")]
# What each row comes to: a backend (it can), or words of the sentence that says why not. Rows that are not named are as
# on the host as it is.
AS_IT_IS = {
    "cpu": ["own workers, closed loop"],
    "memory": ["own worker"],
    "disk io": ["own workers"],
    "disk fill": ["fallocate, or writing where the file system cannot"],
    "network delay": ["NFQUEUE and a worker"],
    "network loss": ["nftables"],
    "network partition": ["nftables"],
    "network rate": ["tc htb"],
    "network duplicate": ["NFQUEUE and a worker"],
    "dns block": ["hosts file"],
    "dns fail": ["NFQUEUE and a worker"],
    "http status": ["worker on loopback"],
    "process pause": ["signals"],
    "service stop": ["systemd"],
    "container kill": "podman or docker is not installed on this host",
    "database outage": ["SQLite's own locks (rollback journal)"],
    "file remove": ["kernel"],
    "limit unit": "limiting cpu needs the cgroup v2 controller cpu",
    "limit tasks": "tasks would have to be started",
    "clock": "no CAP_SYS_TIME; a container shares the clock of its host",
    "host": ["systemctl"],
}
CHANGED = {
    "as it is": {},
    "no root": {
        **dict.fromkeys(ALL_NETWORK, "packet rules need root, and this task does not run as root; " + BECOME),
        "dns block": "/etc/hosts cannot be written to by this user; " + BECOME,
        "dns fail": "packet rules need root, and this task does not run as root; " + BECOME,
        "http status": "passing connections to a worker needs root, and this task does not run as root; " + BECOME,
        "process pause": "belongs to another user, and this task does not run as root; " + BECOME,
        "service stop": "controlling services needs root; " + BECOME,
        "database outage": "shop.db is not writable for this user, so it cannot be locked; " + BECOME,
        "file remove": "this user may not change %s/notes; %s" % (PLACE, BECOME),
        "limit unit": "setting limits of units needs root; " + BECOME,
        "limit tasks": "needs root; other users reach their own limit first; " + BECOME,
        "clock": "setting the wall clock needs root; " + BECOME,
        "host": "taking the host down needs root, and this task does not run as root; " + BECOME,
    },
    "few capabilities": {
        **dict.fromkeys(["network delay", "network duplicate"], "needs CAP_NET_ADMIN and a kernel with nf_tables"),
        **dict.fromkeys(["network loss", "network partition"], "needs CAP_NET_ADMIN and a kernel with iptables"),
        "network rate": "traffic control cannot be changed; needs CAP_NET_ADMIN",
        **dict.fromkeys(["dns fail", "http status"], "needs CAP_NET_ADMIN and a kernel with"),
    },
    "no tc": {"network rate": "tc is not installed on this host and is needed to set up traffic control"},
    "no ip": {"network rate": "ip is not installed on this host and is needed to set up traffic control"},
    "no nft": {
        **dict.fromkeys(["network delay", "network duplicate"], NFT),
        **dict.fromkeys(["network loss", "network partition"], ["iptables"]),
        "dns fail": "nft is not installed on this host and is needed to pass DNS queries to a worker",
        "http status": "nft is not installed on this host and is needed to pass connections to a worker",
    },
    "no getent": {
        "dns block": (
            "getent is not installed on this host and is needed to resolve names as programs do; install it (Debian,"
            " Ubuntu: libc-bin"
        )
    },
    "no systemd-run": {},
    "no systemctl": {
        "service stop": (
            "systemctl is not installed on this host and is needed to control services; install it (Debian, Ubuntu:"
            " systemd"
        ),
        "limit unit": "systemctl is not installed on this host and is needed to set the limits of a unit",
        "host": "systemctl is not installed on this host and is needed to take this host down",
    },
    "no systemd": {
        "service stop": "systemd does not run this host; use magsasa.chaos.process_fault",
        "limit unit": "limits of units need systemd, which does not run this host",
        "host": "reboot needs systemd, which does not run this host",
    },
}
CHANGED["neither tc nor nft"] = {**CHANGED["no tc"], **CHANGED["no nft"]}
# What the notes of a row that can must say then.
NOTES = {
    "as it is": dict.fromkeys(["network delay", "network loss", "network duplicate"], NO_NETEM),
    "no tc": dict.fromkeys(
        ["network delay", "network loss", "network duplicate"], "tc netem is not used: tc is not installed on this host"
    ),
    "no ip": dict.fromkeys(
        ["network delay", "network loss", "network duplicate"], "tc netem is not used: ip is not installed on this host"
    ),
    "no root": dict.fromkeys(["cpu", "memory"], ALONE + " (this user is not root)"),
    "no systemd-run": dict.fromkeys(
        ["cpu", "network loss", "service stop"],
        ALONE
        + " (systemd-run is not installed; Debian, Ubuntu: systemd; RHEL, AlmaLinux, Rocky, Fedora: systemd; SUSE:"
        " systemd)",
    ),
    "no systemctl": {
        "cpu": ALONE + " (systemctl is not installed",
        "file remove": "if this host goes down during the fault, the fault stays until the next contact",
    },
    "no systemd": {
        "cpu": ALONE + " (systemd does not run this host)",
        "file remove": "if this host goes down during the fault",
    },
}


@pytest.fixture(scope="module")
def host(lab):
    """A host with something to aim at, and a user who is not root."""
    ssh(lab, HOST, PREPARE)
    yield lab
    ssh(lab, HOST, CLEAN)


@pytest.fixture(autouse=True)
def clean(host):
    """No test leaves a fault, or a program aside, to the next."""
    yield
    left = remains(host, HOST)
    if left:
        for name in ("as it is", "no root"):
            with reached(host, name) as run:
                run("fault_halt", {})
    assert not left
    assert look(host, HOST, "find /usr/bin /usr/sbin /run/systemd -maxdepth 1 -name '*.aside'") == ""


@contextlib.contextmanager
def reached(lab, name):
    """``run(module, options, *more)`` -> result, on the host in one of the WAYS."""
    way = WAYS[name]
    path = lifecycle.inventory_path(lab)
    inventory = json.loads(path.read_text())
    every = inventory["all"]["vars"]
    # Nobody may ride on the connection that Ansible shares for root.
    every["ansible_ssh_common_args"] = every["ansible_ssh_common_args"].replace("cp-%h", "cp-%r-%h")
    every.update(way.variables)
    other = path.with_name("inventory-%s.yml" % name.replace(" ", "-"))
    other.write_text(json.dumps(inventory))
    ssh(lab, HOST, way.do)
    try:
        yield lambda module, options, *more: on_inventory(other, HOST, module, options, *more)[HOST]
    finally:
        ssh(lab, HOST, way.undo)
        other.unlink()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.nightly) if name in NIGHTLY else name for name in WAYS]
)
def test_every_family_falls_back_or_says_what_is_missing(host, name):
    scenarios = [{"id": row, "family": row.split()[0], "options": options} for row, options in ROWS.items()]
    with reached(host, name) as run:
        found = run("preflight_info", {"scenarios": scenarios})
    assert found["host"]["root"] == (name != "no root") and found["host"]["container"], found["host"]
    told = {}
    for row, expected in {**AS_IT_IS, **CHANGED[name]}.items():
        one = found["scenarios"][row]
        fits = (
            one["backend"] == expected[0]
            if one["can"] and isinstance(expected, list)
            else not one["can"] and str(expected) in one["why"]
        )
        notes = "; ".join(one.get("notes", []))
        if not fits or NOTES.get(name, {}).get(row, "") not in notes:
            told[row] = (one.get("why") or one["backend"], notes, expected)
        if not one["can"]:
            assert "\n" not in one["why"] and len(one["why"]) < 500, one
            assert bool(one["packages"]) == ("is not installed" in one["why"]), one
    assert not told, told


def test_sys_is_read_only_and_stress_ng_is_not_there(host):
    """What the other tests stand on; and nothing asks for stress-ng."""
    assert re.search(r" /sys ro\b", look(host, HOST, "cat /proc/self/mountinfo"))
    assert ssh(host, HOST, "command -v stress-ng podman docker || true") == ""
    with reached(host, "as it is") as run:
        assert "stress-ng" not in run("preflight_info", {})["host"]["tools"]


def own(row):
    """The same row, aimed at what belongs to the user who is not root."""
    moved = {"path": ROWS[row]["path"].replace(PLACE, OWN)} if "path" in ROWS[row] else {}
    return {**ROWS[row], **moved, **({"pattern": SLEEP["plain"]} if "pattern" in ROWS[row] else {})}


AT_NIGHT = pytest.mark.nightly
INJECTED = [
    ("no root", "cpu"),
    pytest.param("no root", "process pause", marks=AT_NIGHT),
    pytest.param("no root", "file remove", marks=AT_NIGHT),
    pytest.param("no root", "memory", marks=AT_NIGHT),
    pytest.param("no root", "disk io", marks=AT_NIGHT),
    pytest.param("no root", "disk fill", marks=AT_NIGHT),
    pytest.param("no root", "database outage", marks=AT_NIGHT),
    ("few capabilities", "service stop"),
    pytest.param("few capabilities", "cpu", marks=AT_NIGHT),
    pytest.param("few capabilities", "disk fill", marks=AT_NIGHT),
    pytest.param("no tc", "network loss", marks=AT_NIGHT),
    pytest.param("no tc", "network delay", marks=AT_NIGHT),
    pytest.param("no ip", "network partition", marks=AT_NIGHT),
    ("no nft", "network rate"),
    pytest.param("neither tc nor nft", "dns block", marks=AT_NIGHT),
    ("no systemd-run", "network partition"),
    pytest.param("no systemd-run", "disk fill", marks=AT_NIGHT),
    pytest.param("no systemd-run", "service stop", marks=AT_NIGHT),
    pytest.param("no systemctl", "network delay", marks=AT_NIGHT),
    pytest.param("no systemctl", "process pause", marks=AT_NIGHT),
    ("no systemd", "memory"),
    pytest.param("no systemd", "file remove", marks=AT_NIGHT),
    pytest.param("no systemd", "dns fail", marks=AT_NIGHT),
]


@pytest.mark.parametrize(("name", "row"), INJECTED)
def test_what_still_works_bites_and_leaves_nothing(host, name, row):
    module, options = row.split()[0] + "_fault", own(row) if name == "no root" else ROWS[row]
    with reached(host, name) as run:
        result = run(module, dict(options, name="poor", duration="30s"))
        assert not result.get("failed"), result
        fault = result["fault"]
        assert (fault["backend"], fault["state"]) == (AS_IT_IS[row][0], "active") and fault[
            "effect"
        ] != "mismatch", fault
        assert NOTES.get(name, {}).get(row, "") in "; ".join(fault["notes"]), fault["notes"]
        ended = run(module, {"name": "poor", "state": "absent"})["fault"]
    assert (ended["revert_cause"], ended["residue"], ended["differences"]) == ("absent", [], []), ended
    quiet = module == "network_fault" and "no selected packet has passed" in ended["note"]
    assert ended["effect"] == "confirmed" or quiet, ended
    assert wait_for(lambda: not remains(host, HOST) and not of_plain(host))


def of_plain(lab):
    """What faults of the user who is not root left (text)."""
    places = (
        "/srv/plain/.local/state/magsasa-chaos/faults $(ls -d /tmp/magsasa-chaos-* /run/user/*/magsasa-chaos"
        " 2>/dev/null)"
    )
    return look(lab, HOST, "find %s 2>/dev/null -type f || true" % places)
