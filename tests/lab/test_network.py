# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network faults on hosts over SSH: measured by packets and connections of the hosts themselves, and by what the
packet filter holds.
"""

from __future__ import annotations

import concurrent.futures
import statistics

import pytest

from support import lab as labs
from support.lab import await_measure, ledger, look, on_hosts, program, python, remains, ssh
from support.waiting import wait_for

PORT, OTHER_PORT, UDP_PORT = 7411, 7412, 7413
OF_OTHERS = """
add table inet theirs
add set inet theirs friends { type ipv4_addr; elements = { 198.51.100.7 } }
add chain inet theirs input { type filter hook input priority 0; policy accept; }
add rule inet theirs input ip saddr @friends accept comment "theirs"
add table ip nat
add chain ip nat post { type nat hook postrouting priority 100; }
"""
SERVE = """
import socket, socketserver, threading
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.request.recv(64))
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, address_family = True, True, socket.AF_INET6
for port in (%d, %d):
    threading.Thread(target=Server(("::", port), Echo).serve_forever).start()
""" % (PORT, OTHER_PORT)
ASK = """
import socket, sys, time
host, port, patience = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
start = time.monotonic()
try:
    with socket.create_connection((host, port), patience) as peer:
        peer.settimeout(patience)
        peer.sendall(b"x")
        said = "answer" if peer.recv(1) else "closed"
except OSError as error:
    said = type(error).__name__
print(said, time.monotonic() - start)
"""
COUNT = """
import socket, sys
found = set()
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as receiver:
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    receiver.bind(("::", int(sys.argv[1])))
    receiver.settimeout(60)  # longer than Ansible takes to end a fault on a busy machine; the last packet ends it
    try:
        while b"end" not in found:
            found.add(receiver.recv(64))
    except OSError:
        pass
print(len(found - {b"end"}))
"""
SEND = """
import socket, sys, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    refused = 0
    def send(data):
        global refused
        try:
            sender.sendto(data, (sys.argv[1], int(sys.argv[2])))
        except PermissionError:
            refused += 1
    for number in range(int(sys.argv[3])):
        send(b"%d" % number)
        time.sleep(0.0005)
    told = refused
    for _again in range(100):
        send(b"end")
        time.sleep(0.01)
print(told)
"""


def ask(lab, name, host, port, patience=1.5):
    """What a TCP client on a host gets from an echo server ("answer", or the kind of error), and after how many
    seconds.
    """
    said, seconds = look(lab, name, program(ASK, host, port, patience)).split()
    return said, float(seconds)


def rules(lab, name):
    """The host's whole packet filter as text."""
    return look(lab, name, "nft list ruleset")


def inject(lab, host, **options):
    """Record of a network fault that must go in."""
    return labs.inject(lab, host, "network_fault", dict({"name": "net", "duration": "60s"}, **options), "confirmed")


def end(lab, host):
    """Final record of the fault."""
    return labs.end(lab, host, "network_fault", "net")


@pytest.fixture(scope="module")
def net(lab):
    """The lab with two echo servers on each of db1, app1 and app2, and tables of others on app1 and app2."""
    for name in ("db1", "app1", "app2"):
        ssh(lab, name, "systemd-run -q --unit=echo-servers " + program(SERVE))
    for name in ("app1", "app2"):
        ssh(lab, name, "nft -f - <<'END'%sEND" % OF_OTHERS)
    home = {name: lab.address(lab.find(name)) for name in ("app1", "app2", "db1")}
    assert wait_for(lambda: all(ask(lab, "app1", home[name], PORT)[0] == "answer" for name in home), 20)
    yield lab
    for name in ("app1", "app2"):
        ssh(lab, name, "nft delete table inet theirs; nft delete table ip nat")
    for name in ("db1", "app1", "app2"):
        ssh(lab, name, "systemctl stop echo-servers")


@pytest.fixture(autouse=True)
def hosts_end_as_they_began(net):
    """No test leaves a fault to the next, nor another byte in the packet filter."""
    names = ("app1", "app2")
    before = {name: rules(net, name) for name in names}
    yield
    left = {name: remains(net, name) for name in names}
    if any(left.values()):
        on_hosts(net, "app1,app2", "fault_halt", {})
    assert not any(left.values()), left
    assert {name: rules(net, name) for name in names} == before


@pytest.fixture
def home(net):
    """{host: its IPv4 address}."""
    return {name: net.address(net.find(name)) for name in ("app1", "app2", "db1")}


def test_a_partition_from_one_port_of_one_peer(net, home):
    inject(net, "app1", action="partition", peer=[home["db1"]], port=[PORT], port_of="peer")
    assert ask(net, "app1", home["db1"], PORT)[0] == "TimeoutError"
    # Others of that peer, of other peers, from other hosts, and the other way round, are as they were.
    assert ask(net, "app1", home["db1"], OTHER_PORT)[0] == "answer"
    assert ask(net, "app1", home["app2"], PORT)[0] == "answer"
    assert ask(net, "app2", home["db1"], PORT)[0] == "answer"
    assert ask(net, "db1", home["app1"], PORT)[0] == "answer"
    assert ask(net, "app1", "127.0.0.1", PORT)[0] == "answer"
    ssh(net, "app1", "ping -c 2 -i 0.2 -W 2 %s" % home["db1"])
    await_measure(net, "app1")
    fault = end(net, "app1")
    assert fault["measured"]["packets_hit"] == fault["measured"]["packets_matched"] > 0
    assert "counters" in fault["note"] and fault["revert_cause"] == "absent"
    assert ask(net, "app1", home["db1"], PORT)[0] == "answer"


@pytest.mark.parametrize("peer", ["db", pytest.param("db1", marks=pytest.mark.nightly)])
def test_peers_by_their_names_in_the_inventory(net, home, peer):
    result = on_hosts(
        net,
        "app1",
        "network_fault",
        {"name": "net", "duration": "60s", "action": "partition", "to": [peer, "198.51.100.0/24"]},
    )["app1"]
    assert result["peers"] == {peer: [home["db1"]]}, result
    assert result["fault"]["requested"]["scope"].startswith(
        "everything with %s/32, 198.51.100.0/24" % home["db1"]
    ), result["fault"]
    assert (
        ask(net, "app1", home["db1"], PORT)[0] == "TimeoutError" and ask(net, "app1", home["app2"], PORT)[0] == "answer"
    )
    end(net, "app1")
    assert ask(net, "app1", home["db1"], PORT)[0] == "answer"


def test_what_a_host_can_do_is_asked_with_addresses_too(net):
    asked = [
        {"id": peer, "family": "network", "options": {"action": "partition", "peer": [peer]}} for peer in ("db", "db9")
    ]
    found = on_hosts(net, "app1", "preflight_info", {"scenarios": asked})["app1"]["scenarios"]
    assert (
        found["db"]["can"] and not found["db9"]["can"] and "not a host or group of the inventory" in found["db9"]["why"]
    ), found


@pytest.mark.parametrize("family", [pytest.param("ipv4", marks=pytest.mark.nightly), "ipv6"])
def test_a_rejection_is_told_at_once(net, home, family):
    v6 = {"app1": "fd00:74::1", "db1": "fd00:74::2"}
    link = ssh(net, "app1", "ip -o -4 addr show scope global").split()[1]
    for name, address in v6.items():
        ssh(
            net,
            name,
            "sysctl -qw net.ipv6.conf.%s.disable_ipv6=0; ip -6 addr add %s/64 dev %s nodad" % (link, address, link),
        )
    try:
        assert wait_for(lambda: ask(net, "app1", v6["db1"], PORT)[0] == "answer", 10)
        peer = home["db1"] if family == "ipv4" else v6["db1"]
        other = v6["db1"] if family == "ipv4" else home["db1"]
        inject(net, "app1", action="reject", peer=[peer], port=[PORT], protocol="tcp")
        said, seconds = ask(net, "app1", peer, PORT, 10)
        assert said == "ConnectionRefusedError" and seconds < 5, (said, seconds)
        assert ask(net, "app1", other, PORT)[0] == ask(net, "app1", peer, OTHER_PORT)[0] == "answer"
        end(net, "app1")
        assert ask(net, "app1", peer, PORT)[0] == "answer"
    finally:
        for name, address in v6.items():
            ssh(net, name, "ip -6 addr del %s/64 dev %s" % (address, link))


@pytest.mark.parametrize("whose", [pytest.param("another host", marks=pytest.mark.nightly), "the host itself"])
def test_a_service_of_the_host_refuses(net, home, whose):
    inject(net, "app1", action="reject", port=[PORT], port_of="host")
    client, address = ("app2", home["app1"]) if whose == "another host" else ("app1", "127.0.0.1")
    said, seconds = ask(net, client, address, PORT, 10)
    assert said == "ConnectionRefusedError" and seconds < 5, (said, seconds)
    assert ask(net, client, address, OTHER_PORT)[0] == "answer"
    end(net, "app1")


@pytest.fixture
def second_link(net):
    """A second way between app1 and a place behind it: ``(interface, address of app1 there, command that asks from
    there)``.
    """
    ssh(
        net,
        "app1",
        "ip netns add behind; ip link add chx0 type veth peer name chx1 netns behind; ip addr add 198.18.0.1/24 dev"
        " chx0; ip link set chx0 up",
    )
    ssh(
        net,
        "app1",
        "ip -n behind addr add 198.18.0.2/24 dev chx1; ip -n behind link set chx1 up; ip -n behind link set lo up",
    )
    yield "chx0", "198.18.0.1"
    ssh(net, "app1", "ip netns del behind; ip link del chx0 2>/dev/null || true")


def ask_from_behind(lab, address, port, patience=1.5):
    """As ``ask``, from the place behind the second link of app1."""
    return ssh(lab, "app1", "ip netns exec behind " + program(ASK, address, port, patience)).split()[0]


@pytest.mark.parametrize(
    "options",
    [
        {"action": "partition"},
        pytest.param({"action": "reject"}, marks=pytest.mark.nightly),
        pytest.param({"delay": "3s"}, marks=pytest.mark.nightly),
    ],
)
def test_one_interface_and_no_other(net, home, second_link, options):
    link, address = second_link
    assert ask_from_behind(net, address, PORT) == "answer"
    inject(net, "app1", interface=[link], port=[PORT], **options)
    assert ask_from_behind(net, address, PORT) == (
        "ConnectionRefusedError" if options.get("action") == "reject" else "TimeoutError"
    )
    assert ask_from_behind(net, address, OTHER_PORT) == "answer"
    assert ask(net, "app2", home["app1"], PORT)[0] == ask(net, "app1", "127.0.0.1", PORT)[0] == "answer"
    end(net, "app1")
    assert ask_from_behind(net, address, PORT) == "answer"


def test_the_loopback_interface_alone(net, home):
    inject(net, "app1", action="reject", interface=["lo"], port=[PORT])
    assert ask(net, "app1", "127.0.0.1", PORT)[0] == "ConnectionRefusedError"
    assert ask(net, "app1", home["app1"], PORT)[0] == "ConnectionRefusedError"  # an address of its own is reached by lo
    assert (
        ask(net, "app2", home["app1"], PORT)[0]
        == ask(net, "app1", home["db1"], PORT)[0]
        == ask(net, "app1", "127.0.0.1", OTHER_PORT)[0]
        == "answer"
    )
    end(net, "app1")


CONNECTIONS = """
import os, socket, sys, time
def use(peer):
    try:
        peer.sendall(b"x")
        return "answer" if peer.recv(1) else "closed"
    except OSError as error:
        return type(error).__name__
meant, other = [socket.create_connection((sys.argv[1], int(port)), 5) for port in sys.argv[2:4]]
print(use(meant), use(other))
open("/run/connected", "w").close()
deadline = time.monotonic() + 60
while os.path.exists("/run/connected") and time.monotonic() < deadline:
    time.sleep(0.05)
said = [use(meant), use(other)]
try:
    said.append(use(socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)))
except OSError as error:
    said.append(type(error).__name__)
print(*said)
"""


@pytest.fixture
def repeating_twice(net):
    """Echo servers on app1 that answer again and again, on two ports."""
    ports = (UDP_PORT, UDP_PORT + 1)
    for port in ports:
        ssh(
            net,
            "app1",
            "systemd-run -q --unit=repeating-%d %s" % (port, program(REPEAT.replace(str(UDP_PORT), str(port)))),
        )
    assert wait_for(lambda: all(":%d " % port in look(net, "app1", "ss -Hltn") for port in ports), 10)
    yield ports
    ssh(net, "app1", "systemctl stop repeating-%d repeating-%d; systemctl reset-failed" % ports)


@pytest.mark.parametrize(
    "action, client, options, new",
    [
        ("reset", "app2", {"port_of": "host"}, "ConnectionResetError"),
        pytest.param(
            "reset", "app2", {"port_of": "host", "direction": "out"}, "ConnectionResetError", marks=pytest.mark.nightly
        ),
        pytest.param("reset", "app1", {}, "ConnectionResetError", marks=pytest.mark.nightly),
        ("reject", "app2", {"port_of": "host"}, "ConnectionRefusedError"),
    ],
)
def test_open_and_new_connections_are_reset(net, home, repeating_twice, action, client, options, new):
    port, other = repeating_twice
    with concurrent.futures.ThreadPoolExecutor() as pool:
        talking = pool.submit(python, net, client, CONNECTIONS, home["app1"], port, other)
        assert wait_for(lambda: ssh(net, client, "test -e /run/connected && echo yes || true").strip() == "yes", 20)
        try:
            inject(net, "app1", action=action, port=[port], **options)
        finally:
            ssh(net, client, "rm /run/connected")
        said = talking.result().split()
    # Both talked before the fault; then the connection that is meant is reset, and so is a new one, and the other
    # port's goes on.
    assert said == ["answer", "answer", "ConnectionResetError", "answer", new], said
    await_measure(net, "app1")
    fault = end(net, "app1")
    assert fault["measured"]["packets_hit"] >= 2 and fault["effect"] == "confirmed", fault
    assert len(round_trips(net, client, home["app1"], 3, port)) == 3


@pytest.mark.nightly
@pytest.mark.parametrize(
    "sender, direction",
    [
        pytest.param("app2", "in", marks=pytest.mark.nightly),
        pytest.param("app1", "both", marks=pytest.mark.nightly),
        ("app2", "both"),
    ],
)
def test_loss_is_the_share_that_was_asked_for(net, home, sender, direction):
    count = 2000
    inject(net, "app1", action="loss", loss="30%", port=[UDP_PORT], protocol="udp", direction=direction)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        counting = pool.submit(python, net, "app1", COUNT, UDP_PORT)
        assert wait_for(lambda: str(UDP_PORT) in look(net, "app1", "ss -Hlun"), 10)
        told = int(python(net, sender, SEND, home["app1"], UDP_PORT, count))
        came = int(counting.result())
    lost = 100 * (1 - came / count)
    print("lost %.2f %% of %d, sender told of %d" % (lost, count, told))
    assert abs(lost - 30) < 5, lost
    assert told == 0  # what comes in, and what the host says to itself, is lost without a word
    await_measure(net, "app1")
    fault = end(net, "app1")
    assert abs(fault["measured"]["hit_pct"] - 30) < 5 and fault["effect"] == "confirmed", fault
    assert count <= fault["measured"]["packets_matched"] <= count + 100


@pytest.mark.nightly
def test_loss_in_one_direction_only(net, home):
    inject(net, "app1", action="loss", loss="100%", port=[UDP_PORT], protocol="udp", direction="out")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        counting = pool.submit(python, net, "app1", COUNT, UDP_PORT)
        assert wait_for(lambda: str(UDP_PORT) in look(net, "app1", "ss -Hlun"), 10)
        python(net, "app2", SEND, home["app1"], UDP_PORT, 50)
        assert int(counting.result()) == 50
    assert int(python(net, "app1", SEND, home["app2"], UDP_PORT, 50)) == 50
    end(net, "app1")


def test_alone_in_the_world_but_for_ansible(net, home):
    fault = inject(net, "app1", action="loss", loss="100%", force=True)
    assert any(note.startswith("exempt: ") and "port 22" in note for note in fault["notes"])
    # Nobody else gets through, in either direction; the service on loopback answers.
    assert ask(net, "app2", home["app1"], PORT)[0] == "TimeoutError"
    assert ask(net, "app1", home["app2"], PORT)[0] == "TimeoutError"
    assert ask(net, "app1", "127.0.0.1", PORT)[0] == "answer"
    assert ssh(net, "app2", "ping -c 1 -W 1 %s || true" % home["app1"]).count("100% packet loss") == 1
    # An administrator may come from elsewhere this time: the way in is open from every address.
    assert ssh(net, "app2", "timeout 5 bash -c 'head -c 4 < /dev/tcp/%s/22'" % home["app1"]) == "SSH-"
    # Old and new connections of whoever manages the host do (each ssh() is a new one, Ansible's is shared).
    assert ssh(net, "app1", "echo in").strip() == "in"
    assert not on_hosts(net, "app1", "fault_info", {})["app1"].get("failed")
    again = on_hosts(
        net,
        "app1",
        "network_fault",
        {"name": "net", "duration": "60s", "action": "loss", "loss": "100%", "force": True},
    )["app1"]
    assert (again["changed"], again["fault"]["id"]) == (False, fault["id"])
    end(net, "app1")
    assert ask(net, "app2", home["app1"], PORT)[0] == "answer"


@pytest.mark.nightly  # by day: tests/crash
@pytest.mark.parametrize("victim, cause", [("chaos-fault", "supervisor_died"), ("chaos-guardian", "guardian_died")])
def test_whatever_part_is_killed_the_rules_go(net, home, victim, cause):
    before = rules(net, "app1")
    fault = inject(net, "app1", action="partition", peer=[home["db1"]])
    assert rules(net, "app1") != before and ask(net, "app1", home["db1"], PORT, 0.5)[0] == "TimeoutError"
    ssh(net, "app1", "kill -KILL $(pgrep -x %s | head -n 1)" % victim)
    assert wait_for(lambda: not remains(net, "app1"), 8), remains(net, "app1")
    past = ledger(net, "app1")[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], cause, [])
    assert rules(net, "app1") == before


@pytest.mark.nightly
def test_it_ends_by_itself(net, home):
    inject(net, "app1", action="partition", peer=[home["db1"]], duration="4s")
    assert ask(net, "app1", home["db1"], PORT, 0.5)[0] == "TimeoutError"
    assert wait_for(lambda: not remains(net, "app1"), 10)
    assert ledger(net, "app1")[-1]["revert_cause"] == "deadline" and ask(net, "app1", home["db1"], PORT)[0] == "answer"


def test_two_faults_compose_and_the_same_one_is_refused(net, home):
    inject(net, "app1", action="partition", peer=[home["db1"]], port=[PORT])
    twice = on_hosts(
        net,
        "app1",
        "network_fault",
        {"name": "again", "duration": "60s", "action": "partition", "peer": [home["db1"]], "port": [PORT]},
    )
    assert twice["app1"]["failed"] and "conflict" in twice["app1"]["msg"], twice
    second = on_hosts(
        net,
        "app1",
        "network_fault",
        {"name": "other", "duration": "60s", "action": "partition", "peer": [home["db1"]], "port": [OTHER_PORT]},
    )
    assert not second["app1"].get("failed"), second
    assert {ask(net, "app1", home["db1"], port, 0.5)[0] for port in (PORT, OTHER_PORT)} == {"TimeoutError"}
    end(net, "app1")
    assert [ask(net, "app1", home["db1"], port, 0.5)[0] for port in (PORT, OTHER_PORT)] == ["answer", "TimeoutError"]
    on_hosts(net, "app1", "network_fault", {"name": "other", "state": "absent"})


@pytest.mark.nightly
def test_a_table_that_somebody_takes_away_is_told(net, home):
    fault = inject(net, "app1", action="partition", peer=[home["db1"]])
    ssh(net, "app1", "nft delete table inet magsasa_chaos_%s" % fault["id"])
    await_measure(net, "app1")
    ended = end(net, "app1")
    assert (ended["effect"], ended["note"]) == ("mismatch", "another process removed the table")


@pytest.mark.parametrize(
    "options, words",
    [
        ({"action": "partition"}, "scope guard"),
        pytest.param({"action": "partition", "peer": ["0.0.0.0/0"]}, "scope guard", marks=pytest.mark.nightly),
        pytest.param({"action": "partition", "peer": ["127.0.0.0/8"]}, "scope guard", marks=pytest.mark.nightly),
        (
            {"action": "partition", "peer": ["db1.example"]},
            "is not an IPv4 or IPv6 address or network, and not a host or group of the inventory",
        ),
        pytest.param({"action": "loss"}, "loss: '' is missing", marks=pytest.mark.nightly),
        (
            {"action": "partition", "interface": ["eth77"], "port": [PORT]},
            "interface: 'eth77' is not an interface of this host",
        ),
    ],
)
def test_what_is_refused_changes_nothing(net, options, words):
    before = rules(net, "app1")
    result = on_hosts(net, "app1", "network_fault", dict({"name": "net", "duration": "60s"}, **options))["app1"]
    assert result["failed"] and words in result["msg"] and not result["changed"], result
    assert rules(net, "app1") == before


def test_a_host_without_nft_and_iptables_names_the_package(net, home):
    ssh(net, "app2", "mv /usr/sbin/nft /usr/sbin/nft.away; mv /usr/sbin/iptables /usr/sbin/iptables.away")
    try:
        result = on_hosts(
            net,
            "app2",
            "network_fault",
            {"name": "net", "duration": "60s", "action": "partition", "peer": [home["db1"]]},
        )["app2"]
    finally:
        ssh(net, "app2", "mv /usr/sbin/nft.away /usr/sbin/nft; mv /usr/sbin/iptables.away /usr/sbin/iptables")
    assert (
        result["failed"] and "nft is not installed" in result["msg"] and "Debian, Ubuntu: nftables" in result["msg"]
    ), result


@pytest.fixture(params=["nft", pytest.param("legacy", marks=pytest.mark.nightly)])
def only_iptables(net, request):
    """app1 without nft, with iptables of one kind, and with rules of others in it: a function that gives all of its
    rules as text.
    """
    kind = request.param
    programs = " ".join(
        "/usr/sbin/" + name
        for name in (
            "iptables",
            "ip6tables",
            "iptables-save",
            "ip6tables-save",
            "iptables-restore",
            "ip6tables-restore",
        )
    )
    kinds = "for p in %s; do ln -sfn /usr/sbin/$(basename $p | sed 's/tables/tables-%s/') $p; done"
    was = ssh(net, "app1", "for p in %s; do echo $(readlink $p) $p; done" % programs)
    ssh(
        net,
        "app1",
        "mv /usr/sbin/nft /usr/sbin/nft.away; mv /usr/sbin/tc /usr/sbin/tc.away 2>/dev/null || mv /sbin/tc"
        " /sbin/tc.away",
    )
    ssh(net, "app1", kinds % (programs, kind))
    theirs = (
        "-A INPUT -s 198.51.100.7/32 -j DROP; $p -N theirs; $p -A OUTPUT -d 198.51.100.8/32 -j theirs; $p -t mangle -A"
        " POSTROUTING -d 198.51.100.9/32 -j RETURN"
    )
    ssh(net, "app1", "p=iptables; $p %s; ip6tables -A INPUT -s 2001:db8:77::/64 -j DROP" % theirs)

    def saved():
        said = look(net, "app1", "iptables-save; ip6tables-save")
        assert "198.51.100.8/32" in said and "2001:db8:77::/64" in said
        return [line.partition(" [")[0] for line in said.splitlines() if not line.startswith("#")]

    yield saved
    undo = (
        "$p -D INPUT -s 198.51.100.7/32 -j DROP; $p -F OUTPUT; $p -X theirs; $p -t mangle -F POSTROUTING; ip6tables -D"
        " INPUT -s 2001:db8:77::/64 -j DROP"
    )
    ssh(net, "app1", "p=iptables; " + undo)
    ssh(
        net,
        "app1",
        "mv /usr/sbin/nft.away /usr/sbin/nft; mv /usr/sbin/tc.away /usr/sbin/tc 2>/dev/null || mv /sbin/tc.away"
        " /sbin/tc",
    )
    if kind == "nft":  # what iptables made by itself, which the fixture of this file would see
        ssh(
            net,
            "app1",
            "for f in ip ip6; do for t in filter mangle; do nft list table $f $t >/dev/null 2>&1 && nft delete table $f"
            " $t; done; done; true",
        )
    for target, program in (line.split() for line in was.splitlines()):
        ssh(net, "app1", "ln -sfn %s %s" % (target, program))


@pytest.mark.parametrize(
    "options, said",
    [
        ({"action": "partition"}, "TimeoutError"),
        pytest.param({"loss": "100%"}, "TimeoutError", marks=pytest.mark.nightly),
        pytest.param({"action": "reject"}, "ConnectionRefusedError", marks=pytest.mark.nightly),
        ({"action": "reset"}, "ConnectionResetError"),
    ],
)
def test_iptables_stands_in_for_nft(net, home, only_iptables, options, said):
    before = only_iptables()
    fault = inject(net, "app1", port=[PORT], port_of="host", **options)
    assert fault["backend"] == "iptables" and any(
        note.startswith("nftables is not used: nft is not installed") for note in fault["notes"]
    ), fault
    assert only_iptables() != before
    assert ask(net, "app2", home["app1"], PORT)[0] == said
    assert ask(net, "app1", "127.0.0.1", PORT)[0] == said
    assert ask(net, "app2", home["app1"], OTHER_PORT)[0] == ask(net, "app1", home["db1"], PORT)[0] == "answer"
    await_measure(net, "app1")
    ended = end(net, "app1")
    assert ended["effect"] == "confirmed" and ended["measured"]["packets_hit"] > 0 and ended["differences"] == [], ended
    assert only_iptables() == before
    assert ask(net, "app2", home["app1"], PORT)[0] == "answer"


@pytest.mark.nightly
def test_the_share_that_iptables_loses_and_what_is_left_when_a_part_is_killed(net, home, only_iptables):
    before = only_iptables()
    inject(net, "app1", loss="30%", peer=[home["app2"]], protocol="icmp", direction="in")
    ssh(net, "app2", "ping -q -i 0.005 -c 1000 -W 1 %s || true" % home["app1"])
    await_measure(net, "app1")
    ended = end(net, "app1")
    assert (
        ended["measured"]["packets_matched"] == 1000
        and abs(ended["measured"]["hit_pct"] - 30) < 7
        and ended["effect"] == "confirmed"
    ), ended
    fault = inject(net, "app1", action="partition", peer=[home["app2"]])
    ssh(net, "app1", "kill -KILL $(pgrep -x chaos-fault | head -n 1)")
    assert wait_for(lambda: not remains(net, "app1"), 8), remains(net, "app1")
    past = ledger(net, "app1")[-1]
    assert (past["id"], past["revert_cause"], past["residue"], past["differences"]) == (
        fault["id"],
        "supervisor_died",
        [],
        [],
    )
    assert only_iptables() == before


RTT = """
import socket, sys, time
times = []
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 10) as peer:
    for _number in range(int(sys.argv[3])):
        start = time.monotonic()
        peer.sendall(b"x")
        peer.recv(1)
        times.append(1000 * (time.monotonic() - start))
print(*times)
"""
REPEAT = """
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while self.request.sendall(self.request.recv(1) or self.finished()) is None:
            pass
    def finished(self):
        raise SystemExit
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True
Server(("0.0.0.0", %d), Echo).serve_forever()
""" % UDP_PORT


@pytest.fixture
def repeating(net):
    """An echo server on app1 that answers again and again."""
    ssh(net, "app1", "systemd-run -q --unit=repeating " + program(REPEAT))
    assert wait_for(lambda: str(UDP_PORT) in look(net, "app1", "ss -Hltn"), 10)
    yield
    ssh(net, "app1", "systemctl stop repeating")


def round_trips(lab, client, address, count, port=UDP_PORT):
    """Milliseconds of that many round trips over one connection."""
    return list(map(float, python(lab, client, RTT, address, port, count).split()))


@pytest.mark.parametrize(
    "client, port_of", [pytest.param("app2", "host", marks=pytest.mark.nightly), ("app1", "either")]
)
@pytest.mark.parametrize("wait, count", [(50, 40), pytest.param(200, 15, marks=pytest.mark.nightly)])
def test_a_delay_is_added_once_to_a_round_trip(net, home, repeating, client, port_of, wait, count):
    before = statistics.median(round_trips(net, client, home["app1"], 40))
    inject(net, "app1", delay="%dms" % wait, port=[UDP_PORT], port_of=port_of)
    added = statistics.median(round_trips(net, client, home["app1"], count)) - before
    print("asked %d ms, added %.2f ms" % (wait, added))
    # Never less; how much more depends on how busy this machine is, but it is not twice as much.
    assert wait - 0.5 < added < 1.5 * wait, added
    assert min(ask(net, "app2", home["app1"], PORT)[1] for _number in range(3)) < wait / 1000  # another port
    await_measure(net, "app1")
    fault = end(net, "app1")
    assert fault["measured"]["packets_held"] > count and fault["measured"]["delay_ms"] >= wait
    assert statistics.median(round_trips(net, client, home["app1"], 40)) < wait / 2


@pytest.mark.nightly
def test_jitter_is_a_standard_deviation(net, home, repeating):
    inject(net, "app1", delay="20ms", jitter="5ms", port=[UDP_PORT], port_of="host")
    times = round_trips(net, "app2", home["app1"], 400)
    print("mean %.2f ms, standard deviation %.2f ms" % (statistics.mean(times), statistics.pstdev(times)))
    assert 18 < statistics.median(times) < 30 and 3 < statistics.pstdev(times) < 15
    end(net, "app1")


def test_packets_pass_when_the_worker_of_a_delay_dies(net, home, repeating):
    fault = inject(net, "app1", delay="5s", port=[UDP_PORT], port_of="host")
    ssh(net, "app1", "kill -KILL $(pgrep -x chaos-net | head -n 1)")
    assert wait_for(lambda: not remains(net, "app1"), 8), remains(net, "app1")
    past = ledger(net, "app1")[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "worker_died", [])
    assert max(round_trips(net, "app2", home["app1"], 5)) < 1000


def test_what_is_held_at_the_end_is_not_lost(net, home):
    inject(net, "app1", delay="30s", port=[UDP_PORT], protocol="udp", direction="in")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        counting = pool.submit(python, net, "app1", COUNT, UDP_PORT)
        assert wait_for(lambda: str(UDP_PORT) in look(net, "app1", "ss -Hlun"), 10)
        python(net, "app2", SEND, home["app1"], UDP_PORT, 50)
        end(net, "app1")
        assert int(counting.result()) == 50
