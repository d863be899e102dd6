# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of hosts over SSH: down for as long as asked, whoever wants them up, and afterwards as before."""

from __future__ import annotations

import time

import pytest

from support.faults import wait_for
from support.lab import ledger, look, on_hosts, remains, ssh

HOST = "app1"
UNITS = {
    "victim.service": (
        "[Service]\nExecStart=/bin/sleep"
        " infinity\nRestart=always\nRestartSec=200ms\n[Install]\nWantedBy=multi-user.target\n"
    ),
    "victim.socket": "[Socket]\nListenStream=/run/victim.sock\n",
    "needy.service": (
        "[Unit]\nRequires=victim.service\nAfter=victim.service\n[Service]\nExecStart=/bin/sleep infinity\n"
    ),
    "idle.service": "[Service]\nExecStart=/bin/sleep infinity\n",
}
STATE = (
    "for u in victim.service victim.socket needy.service idle.service; do systemctl show -p"
    " Id,LoadState,ActiveState,UnitFileState,FragmentPath,DropInPaths,NeedDaemonReload $u; done; systemctl"
    " list-unit-files --no-legend --no-pager; find /etc/systemd/system /run/systemd/system -printf '%p %l %m %u %g\\n'"
    " | sort"
)
STOP = {"name": "down", "action": "stop", "unit": "victim", "duration": "60s"}


@pytest.fixture(scope="module")
def host(lab):
    """A host with three services and a socket of the test's own."""
    files = " ".join("/etc/systemd/system/" + name for name in UNITS)
    for name, text in UNITS.items():
        ssh(lab, HOST, "printf '%%b' '%s' > /etc/systemd/system/%s" % (text.replace("\n", "\\n"), name))
    ssh(
        lab,
        HOST,
        "systemctl daemon-reload && systemctl enable -q victim.service && systemctl start victim.socket needy.service",
    )
    yield lab
    ssh(
        lab,
        HOST,
        "systemctl disable -q victim.service; systemctl stop needy victim.socket victim idle; rm %s; systemctl"
        " daemon-reload" % files,
    )


@pytest.fixture(autouse=True)
def clean(host):
    """As before, after every test."""
    before = look(host, HOST, STATE)
    yield
    left = remains(host, HOST)
    if left:
        on_hosts(host, HOST, "fault_halt", {})
    assert not left
    assert wait_for(lambda: look(host, HOST, STATE) == before, 8), (before, look(host, HOST, STATE))


def fault(lab, options, *more, **change):
    return on_hosts(lab, HOST, "service_fault", dict(options, **change), *more)[HOST]


def states(lab, *units):
    return look(lab, HOST, "systemctl is-active %s || true" % " ".join(units)).split()


def pid(lab):
    return look(lab, HOST, "systemctl show -p MainPID --value victim.service").strip()


def test_stop_holds_against_everybody_and_is_undone(host):
    planned = fault(host, STOP, "--check")
    assert planned["fault"]["state"] == "planned" and "service.unblock" in str(planned["fault"]["plan"]), planned
    assert states(host, "victim.service") == ["active"] and not remains(host, HOST)
    found = fault(host, STOP)
    assert found["changed"] and found["fault"]["effect"] == "confirmed", found
    assert found["fault"]["measured"]["active_state"] == "inactive" and found["fault"]["measured"]["blocked"]
    assert not fault(host, STOP)["changed"]
    other = fault(host, STOP, name="other")
    assert other["failed"] and other["msg"].startswith("refused by the conflict guard"), other
    other = fault(host, STOP, name="other", unit="needy", action="mask")
    assert other["failed"] and other["msg"].startswith("refused by the conflict guard"), other
    # An operator, a service that needs it, and whoever connects to its socket.
    ssh(host, HOST, "systemctl start victim.service", check=False)
    ssh(host, HOST, "systemctl start victim.socket needy.service", check=False)
    ssh(
        host,
        HOST,
        "timeout 2 python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"/run/victim.sock\")' 2>&1",
        check=False,
    )
    time.sleep(1)
    assert states(host, "victim.service", "needy.service")[0] in ("inactive", "failed") and pid(host) == "0"
    final = fault(host, {}, name="down", state="absent")
    assert final["changed"] and final["fault"]["residue"] == [] and final["fault"]["revert_cause"] == "absent", final
    assert final["fault"]["effect"] == "confirmed"
    assert states(host, "victim.service", "victim.socket", "needy.service") == ["active"] * 3
    assert not fault(host, {}, name="down", state="absent")["changed"]


@pytest.mark.nightly  # by day: tests/crash
@pytest.mark.parametrize(
    ("victim", "cause"),
    [("chaos-fault", "supervisor_died"), pytest.param("chaos-guardian", "guardian_died", marks=pytest.mark.nightly)],
)
def test_a_killed_keeper_starts_it_again(host, victim, cause):
    found = fault(host, STOP)
    assert found["fault"]["effect"] == "confirmed", found
    ssh(host, HOST, "kill -KILL $(pgrep -x %s)" % victim)
    assert wait_for(lambda: not remains(host, HOST), 10)
    past = ledger(host, HOST)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (found["fault"]["id"], cause, [])
    assert states(host, "victim.service") == ["active"]


def test_both_keepers_killed_and_systemd_starts_it_again(host):
    found = fault(host, STOP)
    assert states(host, "victim.service") == ["inactive"]
    ssh(host, HOST, "kill -KILL $(pgrep -x chaos-fault) $(pgrep -x chaos-guardian)")
    assert wait_for(lambda: not remains(host, HOST), 10), remains(host, HOST)
    past = ledger(host, HOST)[-1]
    assert (past["id"], past["revert_cause"], past["residue"], past["differences"]) == (
        found["fault"]["id"],
        "supervisor_died",
        [],
        [],
    )
    assert states(host, "victim.service") == ["active"]


@pytest.mark.parametrize(
    "change", [{}, pytest.param({"whom": "all", "signal": "TERM"}, marks=pytest.mark.nightly)], ids=["main", "all"]
)
def test_kill_is_measured_from_its_end_to_its_return(host, change):
    before = pid(host)
    found = fault(host, {}, name="crash", action="kill", unit="victim.service", duration="20s", **change)
    assert found["fault"]["effect"] == "confirmed" and pid(host) != before, found
    assert wait_for(lambda: not remains(host, HOST), 10)
    past = ledger(host, HOST)[-1]
    assert past["revert_cause"] == "event_over" and past["residue"] == []
    assert 0.2 <= past["measured"]["back_after_s"] < 5 and str(past["measured"]["back_pid"]) == pid(host), past


def test_masked_and_killed_it_stays_down(host):
    found = fault(host, {}, name="final", action="mask", unit="victim", duration="60s")
    assert found["fault"]["effect"] == "confirmed" and states(host, "victim.service") == ["active"], found
    ssh(host, HOST, "systemctl kill -s KILL victim.service")
    time.sleep(1.5)
    assert states(host, "victim.service") != ["active"] and pid(host) == "0"
    final = fault(host, {}, name="final", state="absent")
    assert final["fault"]["residue"] == [], final
    ssh(host, HOST, "systemctl reset-failed victim.service; systemctl start victim.socket needy.service victim.service")


def test_restart(host):
    before = pid(host)
    found = fault(host, {}, name="again", action="restart", unit="victim", duration="20s")
    assert (
        found["fault"]["effect"] == "confirmed" and str(found["fault"]["measured"]["back_pid"]) == pid(host) != before
    ), found
    assert wait_for(lambda: not remains(host, HOST), 10)


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("ssh", "needed to reach this host"),
        pytest.param("sshd.service", "needed to reach this host", marks=pytest.mark.nightly),
        pytest.param("dbus", "message bus", marks=pytest.mark.nightly),
        pytest.param("systemd-journald", "part of systemd", marks=pytest.mark.nightly),
        ("nothing-here", "not known"),
        pytest.param("idle", "is not running", marks=pytest.mark.nightly),
    ],
)
def test_refused_before_anything_changes(host, unit, words):
    found = fault(host, STOP, unit=unit)
    assert found["failed"] and not found["changed"] and words in found["msg"] and "\n" not in found["msg"], found


def test_the_process_of_a_transient_unit_is_ended_only_where_systemd_starts_it_again(host):
    options = {"name": "fleeting", "action": "kill", "duration": "60s"}
    try:
        for restart, accepted in (("no", False), ("always", True)):
            ssh(host, HOST, "systemd-run -q --unit=fleeting -p Restart=%s sleep 86371" % restart)
            number = look(host, HOST, "systemctl show -p MainPID --value fleeting.service").strip()
            chosen = dict(options, pid=int(number))
            found = on_hosts(host, HOST, "process_fault", chosen)[HOST]
            assert bool(found.get("failed")) != accepted and (accepted or "transient unit" in found["msg"]), found
            if accepted:
                final = on_hosts(host, HOST, "process_fault", {"name": "fleeting", "state": "absent"})[HOST]
                assert final["fault"]["residue"] == [], final
            assert states(host, "fleeting.service") == ["active"]
            ssh(host, HOST, "systemctl stop fleeting.service")
    finally:
        ssh(host, HOST, "systemctl stop fleeting.service", check=False)


def test_what_is_bound_to_the_service_of_a_killed_process_runs_again(host):
    """systemd restarts the one, and nobody the other."""
    text = "[Unit]\\nBindsTo=victim.service\\nAfter=victim.service\\n[Service]\\nExecStart=/bin/sleep infinity\\n"
    ssh(host, HOST, "printf '%%b' '%s' > /run/systemd/system/bound.service; systemctl daemon-reload" % text)
    try:
        ssh(host, HOST, "systemctl start bound.service")
        options = {"name": "gone", "action": "kill", "pid": int(pid(host)), "duration": "60s"}
        found = on_hosts(host, HOST, "process_fault", options)[HOST]
        assert "bound.service" in " ".join(found["fault"]["notes"]), found
        on_hosts(host, HOST, "process_fault", {"name": "gone", "state": "absent"})
        assert wait_for(lambda: states(host, "victim.service", "bound.service") == ["active"] * 2)
    finally:
        ssh(host, HOST, "systemctl stop bound.service; rm /run/systemd/system/bound.service; systemctl daemon-reload")


def test_what_systemd_stops_with_a_service_by_other_ties_runs_again(host):
    """Requisite= stops like Requires=, and StopPropagatedFrom= (systemd 249) without needing anything."""
    ties = {"requisite.service": "Requisite", "propagated.service": "StopPropagatedFrom"}
    files = " ".join("/run/systemd/system/" + name for name in ties)
    text = "[Unit]\\n%s=victim.service\\nAfter=victim.service\\n[Service]\\nExecStart=/bin/sleep infinity\\n"
    for name, tie in ties.items():
        ssh(host, HOST, "printf '%%b' '%s' > /run/systemd/system/%s" % (text % tie, name))
    ssh(host, HOST, "systemctl daemon-reload; systemctl start " + " ".join(ties))
    try:
        found = fault(host, STOP)
        stopped = [name for name, state in zip(ties, states(host, *ties)) if state != "active"]
        assert "requisite.service" in stopped and all(each in str(found["fault"]["notes"]) for each in stopped), found
        assert fault(host, {}, name="down", state="absent")["fault"]["residue"] == []
        assert states(host, *ties) == ["active"] * len(ties)
    finally:
        ssh(host, HOST, "systemctl stop %s; rm %s; systemctl daemon-reload" % (" ".join(ties), files))


def test_the_daemons_of_the_host_are_no_target_of_process_fault(host):
    """Each that runs here; the host with SSH and systemd has some at least."""
    names = ("sshd", "systemd-journal", "systemd-logind", "systemd-network", "dbus-daemon", "dbus-broker")
    found = look(host, HOST, "for n in %s; do pgrep -o -x $n; done; true" % " ".join(names)).split()
    assert len(found) > 1
    for number in found:
        options = {"name": "daemon", "action": "pause", "pid": int(number), "duration": "60s"}
        refused = on_hosts(host, HOST, "process_fault", options, "--check")[HOST]
        assert refused["failed"] and "refused by the protected process guard" in refused["msg"], refused
