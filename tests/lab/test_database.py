# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL server on a host of its own is taken away: seen by the application's clients on another host, and
put back as it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import adhoc
from support import lab as labs
from support.lab import access, clean_environment, ledger, lifecycle, on_hosts, remains, ssh
from support.lab_database import Watch, client, command_lines, find_secret, password, psql, state
from support.modules import ROOT
from support.waiting import wait_for

PAGE = "/api/products?limit=1"
HOLD = 4.0  # seconds: what is checked meanwhile takes one or two


@pytest.fixture(scope="module")
def before(served_lab):
    """The server's state before the first fault."""
    return state(served_lab)


@pytest.fixture(autouse=True)
def as_before(served_lab, before):
    """After every test no fault is left, and the server is what it was; applications may need a moment to connect
    again.
    """
    yield
    left = ssh(served_lab, "db1", "ls /var/lib/magsasa-chaos/faults 2>/dev/null; pgrep -l chaos- || true").split()
    if left:
        on_hosts(served_lab, "db1", "fault_halt", {})
    assert not left
    seen = []
    wait_for(lambda: seen.append(state(served_lab)) or seen[-1] == before, 10)
    assert seen[-1] == before


def inject(lab, action, **options):
    """Record of a fault that must go in. Afterwards no connection of the controller is left."""
    options = dict(
        {"name": "no-database", "engine": "postgresql", "action": action, "duration": "%gs" % HOLD}, **options
    )
    fault = labs.inject(lab, "db1", "database_fault", options)
    command = access.ssh_command(lab, lab.find("db1"))
    subprocess.run([*command[:-1], "-O", "exit", command[-1]], capture_output=True, timeout=20, check=False)
    return fault


def over(lab, fault):
    """The past record of a fault whose time is up."""
    time.sleep(max(0, fault["deadline"]["monotonic"] - time.monotonic()))
    assert wait_for(lambda: not remains(lab, "db1"), 20), remains(lab, "db1")
    past = ledger(lab, "db1")[-1]
    assert (past["id"], past["revert_cause"], past["residue"], past["effect"]) == (
        fault["id"],
        "deadline",
        [],
        "confirmed",
    ), past
    return past


def held(lab, action, options, check):
    """The past record of a fault during which ``check(lab)`` held. A machine that was too slow gets more time."""
    for hold in (HOLD, 3 * HOLD):
        fault = inject(lab, action, duration="%gs" % hold, **options)
        problem = None
        try:
            check(lab)
        except AssertionError as error:
            problem = error
        in_time = time.monotonic() < fault["deadline"]["monotonic"]
        if problem and in_time:
            raise problem
        past = over(lab, fault)
        if in_time:
            return past
    raise AssertionError("the machine is too slow for a hold of %g s" % hold)


@contextlib.contextmanager
def stopped_application(lab, name):
    """Its connections to the server are free meanwhile."""
    ssh(lab, name, "systemctl stop magsasa-app")
    try:
        yield
    finally:
        ssh(lab, name, "systemctl start magsasa-app")


def nobody_gets_in(lab):
    assert psql(lab, "SELECT 1")[0] == 2
    assert "refused" in client(lab, "app2", "SELECT 1")[1]


def nobody_is_answered(lab):
    """A client waits, and every process of the server is stopped."""
    ask = (
        "cd /; runuser -u postgres -- timeout 1 psql -XAtqc 'SELECT 1'; echo $?; ps -u postgres -o comm=,stat= | sed -n"
        " 's/^postgres *\\(.\\).*/\\1/p'"
    )
    code, *states = ssh(lab, "db1", ask).split()
    assert code == "124" and len(states) > 3 and set(states) == {"T"}, (code, states)


def one_database_is_closed(lab):
    code, text = psql(lab, "SELECT 1", "magsasa")
    assert code == 2 and "not currently accepting connections" in text
    assert psql(lab, "SELECT 1") == (0, "1")


def one_table_is_locked(lab):
    code, text = psql(lab, "SET lock_timeout = 200; SELECT 1 FROM products", "magsasa")
    assert code == 1 and "lock timeout" in text
    assert psql(lab, "SELECT mode FROM pg_locks WHERE relation = 'products'::regclass AND granted", "magsasa") == (
        0,
        "AccessExclusiveLock",
    )
    assert psql(lab, "SELECT 1 FROM orders LIMIT 1", "magsasa") == (0, "1")


@pytest.mark.parametrize(
    "action, options, check",
    [
        ("outage", {}, nobody_gets_in),
        # By day: tests/integration/test_database_postgresql.py
        pytest.param("pause", {}, nobody_is_answered, marks=pytest.mark.nightly),
        pytest.param("refuse", {"database": "magsasa"}, one_database_is_closed, marks=pytest.mark.nightly),
        ("lock", {"database": "magsasa", "table": "products"}, one_table_is_locked),
    ],
)
def test_the_application_is_without_its_database_for_as_long_as_asked(served_lab, action, options, check):
    lab = served_lab
    with Watch(lab, PAGE) as watch:
        assert wait_for(watch.well, 20), watch.samples
        past = held(lab, action, options, check)
        assert wait_for(lambda: watch.well(past["reverted_at"]["monotonic"]), 20), watch.samples
    meant = watch.statuses(past["injected_at"]["monotonic"], past["deadline"]["monotonic"])
    assert len(meant) > 8 and set(meant) == {503}, watch.samples
    failed = [
        (began, ended)
        for began, ended, status in watch.samples
        if status != 200 and ended > past["armed_at"]["monotonic"]
    ]
    assert failed[0][1] < past["injected_at"]["monotonic"] + 1, "the outage was seen late"
    assert failed[-1][0] < past["reverted_at"]["monotonic"] + 5, "the outage was seen for longer than it lasted"


@pytest.mark.nightly
def test_exhausted_a_new_instance_gets_no_connection(served_lab):
    lab = served_lab
    with stopped_application(lab, "app1"):
        fault = inject(lab, "exhaust", duration="6s")
        code, text = client(lab, "app2", "SELECT 1")
        assert code == 2 and "connection slots" in text, text
    with Watch(lab, PAGE) as watch:
        ssh(lab, "app1", "until curl -s -o /dev/null localhost:5001/live; do sleep 0.1; done")
        up = time.monotonic()
        past = over(lab, fault)
        assert wait_for(lambda: watch.well(past["reverted_at"]["monotonic"]), 20), watch.samples
    meant = watch.statuses(up, past["deadline"]["monotonic"])
    assert len(meant) > 3 and set(meant) == {503}, watch.samples
    assert past["measured"]["free_connections"] == 0 and past["requested"]["sessions"] > 20


@pytest.mark.nightly  # by day: tests/integration/test_database_postgresql.py
def test_terminated_sessions_end_and_the_application_lives_with_it(served_lab):
    lab = served_lab
    with Watch(lab, PAGE) as watch, ThreadPoolExecutor(1) as pool:
        assert wait_for(watch.well, 20), watch.samples
        sleeper = pool.submit(client, lab, "app2", "SELECT pg_sleep(20)", 20)
        assert wait_for(
            lambda: psql(lab, "SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'") == (0, "1")
        )
        fault = inject(lab, "terminate", duration="4s")
        for number in range(2):
            code, text = sleeper.result(20)
            assert code == 2 and "terminating connection due to administrator command" in text, (number, text)
            sleeper = pool.submit(client, lab, "app2", "SELECT pg_sleep(%d)" % (20 * (1 - number)), 20)
        old = (
            "SELECT count(*) FROM pg_stat_activity WHERE client_addr IS NOT NULL AND backend_start < to_timestamp(%f)"
            % fault["injected_at"]["wall"]
        )
        assert psql(lab, old) == (0, "0")
        past = over(lab, fault)
        assert wait_for(lambda: watch.well(past["reverted_at"]["monotonic"]), 20), watch.samples
    assert past["measured"]["sessions_ended"] >= 4
    during = watch.statuses(past["injected_at"]["monotonic"], past["deadline"]["monotonic"])
    assert during.count(200) > len(during) / 4, watch.samples


def test_a_killed_supervisor_gives_the_database_back(served_lab):
    lab = served_lab
    with Watch(lab, PAGE) as watch:
        fault = inject(lab, "outage", duration="60s")
        assert wait_for(lambda: watch.statuses()[-3:] == [503] * 3), watch.samples
        ssh(lab, "db1", "kill -KILL $(pgrep -x chaos-fault)")
        killed = time.monotonic()
        assert wait_for(lambda: not remains(lab, "db1"), 20), remains(lab, "db1")
        assert wait_for(lambda: watch.well(killed), 10), watch.samples
    past = ledger(lab, "db1")[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "supervisor_died", [])


@pytest.mark.nightly  # by day: test_boot_sweep.py
def test_hosts_that_reboot_come_back_with_their_services(served_lab):
    """In mid-outage, too: the fault's own processes keep neither host from ending, and the server is not held back
    afterwards.
    """
    lab = served_lab
    with Watch(lab, PAGE, "app2") as watch:
        fault = inject(lab, "outage", duration="120s")
        for name in ("app2", "db1"):
            ssh(lab, name, "sleep 0.5; systemctl reboot", check=False)
        rebooted = time.monotonic()
        assert wait_for(lambda: 0 in watch.statuses(rebooted), 30), "app2 did not go down"
        assert wait_for(lambda: watch.well(rebooted), 40), watch.samples[-20:]
        # Undone on the way down, at boot, or by this contact: it depends on what the server's end left time for.
        on_hosts(lab, "db1", "fault_halt", {})
        past = ledger(lab, "db1")[-1]
        assert (past["id"], past["residue"]) == (fault["id"], []), past


def play(lab, folder, *tasks):
    """Everything that ansible-playbook says, at its most talkative, while it runs tasks on db1; they are in a file
    that holds the secret.
    """
    path = folder / "play.yml"
    path.write_text(json.dumps([{"hosts": "db1", "gather_facts": False, "tasks": list(tasks)}]))
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    argv = [program, "-vvvv", "-i", str(lifecycle.inventory_path(lab)), str(path)]
    done = adhoc.run(argv, cwd=ROOT, env=clean_environment(), timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout + done.stderr


def test_a_password_is_seen_nowhere(served_lab, tmp_path):
    lab, secret = served_lab, password(served_lab)
    login = {"login_user": "magsasa", "login_password": secret, "login_host": "127.0.0.1"}
    common = dict(login, engine="postgresql", database="magsasa", duration="60s")
    lock = {"magsasa.chaos.database_fault": dict(common, name="locked", action="lock", table="products")}
    refuse = {"magsasa.chaos.database_fault": dict(common, name="closed", action="refuse")}
    ends = [{"magsasa.chaos.database_fault": {"name": name, "state": "absent"}} for name in ("locked", "closed")]
    with command_lines(lab, "db1", secret) as seen:
        said = play(lab, tmp_path, lock)
        files = find_secret(lab, "db1", secret)
        assert psql(lab, "SELECT mode FROM pg_locks WHERE relation = 'products'::regclass AND granted", "magsasa") == (
            0,
            "AccessExclusiveLock",
        )
        said += play(lab, tmp_path, ends[0], refuse)
        files += find_secret(lab, "db1", secret)
        assert psql(lab, "SELECT 1", "magsasa")[0] == 2
        said += play(lab, tmp_path, ends[1], {"magsasa.chaos.fault_info": {}})
        assert secret not in said and '"locked"' in said
        assert len(files) == 2 and all(
            re.fullmatch("/run/magsasa-chaos/[0-9a-f]+[.]secret", each) for each in files
        ), files
    assert find_secret(lab, "db1", secret) == []
    assert seen == ["psql"]  # it was there to be seen, and showed nothing
