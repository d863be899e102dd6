# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of hosts over SSH: gone, closed, damaged or longer for a while, and then exactly as before."""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.lab import ledger, look, on_hosts, remains, ssh

HOST = "app1"
FOLDER = "/srv/files"
FILE = FOLDER + "/data"
MAKE = (
    "import os; os.makedirs('%(folder)s/below'); open('%(file)s', 'wb').write(os.urandom(50000)); os.chown('%(file)s',"
    " 33, 44); os.chmod('%(file)s', 0o4750); os.setxattr('%(file)s', 'user.note', b'kept'); os.setxattr('%(file)s',"
    " 'security.capability', bytes.fromhex('0100000200040000000000000000000000000000')); os.utime('%(file)s',"
    " ns=(1500000000123456789, 1400000000987654321)); os.symlink('data', '%(folder)s/link')"
    % {"folder": FOLDER, "file": FILE}
)
# The access time is printed before the content is read.
STATE = (
    "cd %s && find . -mindepth 1 \\( -type f -printf '%%A@ ' -o -true \\) -printf '%%p %%m %%U %%G %%s %%i %%n %%y"
    " %%T@\\n' | sort; python3 -c \"import os; print([(n, os.getxattr(f, n)) for f in ('data', 'below') for n in"
    " os.listxattr(f)])\"; python3 -c \"import hashlib, os; print(hashlib.sha256(os.fdopen(os.open('data',"
    " os.O_NOATIME), 'rb').read()).hexdigest())\"" % FOLDER
)
ROWS = {
    "remove": ({}, "test ! -e %s && echo bitten" % FILE),
    "permissions": (
        {"mode": "0000", "owner": "root"},
        "stat -c '%%a %%u %%g' %s | grep -qx '0 0 44' && echo bitten" % FILE,
    ),
    "corrupt": (
        {"size": "10000"},
        "test %d = $(stat -c %%s %s) && ! cmp -s -n 10000 %s /root/before && cmp -s -i 10000 %s /root/before && echo"
        " bitten" % (50000, FILE, FILE, FILE),
    ),
    "append": ({"content": "ours\n"}, "tail -c 6 %s | tail -c 5 | grep -qx ours && echo bitten" % FILE),
}


def options(action, **change):
    return dict(dict(ROWS[action][0], name="f-" + action, action=action, path=FILE, duration="60s"), **change)


def fault(lab, arguments, *more):
    return on_hosts(lab, HOST, "file_fault", arguments, *more)[HOST]


@pytest.fixture(autouse=True)
def host(lab):
    """A file with everything that a file can have; afterwards it must have it still."""
    ssh(
        lab,
        HOST,
        'rm -rf %s /root/before && python3 -c "%s" && python3 -c "import os; open(\'/root/before\','
        " 'wb').write(os.fdopen(os.open('%s', os.O_NOATIME), 'rb').read())\"" % (FOLDER, MAKE, FILE),
    )
    before = look(lab, HOST, STATE)
    assert "security.capability" in before and "4750 33 44 50000" in before
    yield lab
    left = remains(lab, HOST)
    if left:
        on_hosts(lab, HOST, "fault_halt", {})
    after = look(lab, HOST, STATE)
    ssh(lab, HOST, "rm -rf %s /root/before" % FOLDER)
    assert not left and after == before, (left, before, after)


DAILY = ("remove", "corrupt")


@pytest.mark.parametrize(
    "action", [each if each in DAILY else pytest.param(each, marks=pytest.mark.nightly) for each in ROWS]
)
def test_in_repeated_conflict_and_out(host, action):
    bitten, before = ROWS[action][1] + " || true", look(host, HOST, STATE)
    planned = fault(host, options(action), "--check")
    assert (
        planned["changed"] and planned["fault"]["state"] == "planned" and planned["fault"]["plan"][0]["undo"]
    ), planned
    assert look(host, HOST, STATE) == before and not remains(host, HOST)
    found = fault(host, options(action))
    assert found["changed"] and found["fault"]["effect"] == "confirmed", found
    assert ssh(host, HOST, bitten) == "bitten\n"
    assert not fault(host, options(action))["changed"]
    other = fault(host, options("append", name="other"))
    assert other["failed"] and other["msg"].startswith("refused by the conflict guard"), other
    final = fault(host, {"name": "f-" + action, "state": "absent"})
    assert final["changed"] and final["fault"]["residue"] == [] and final["fault"]["effect"] == "confirmed", final
    assert "undo_problems" not in final["fault"], final
    assert not fault(host, {"name": "f-" + action, "state": "absent"})["changed"]


def test_the_same_file_by_another_name_is_another_fault_s(host):
    """By a folder that is mounted a second time, and by a hard link: the bytes kept of the second would be ours."""
    other = "/srv/again"
    ssh(host, HOST, "mkdir %s && mount --bind %s %s && ln %s %s/second" % (other, FOLDER, other, FILE, FOLDER))
    try:
        fault(host, options("append", force=True))
        for path in (other + "/data", FOLDER + "/second"):
            found = fault(host, options("corrupt", path=path, force=True))
            assert found["failed"] and found["msg"].startswith("refused by the conflict guard"), found
        assert fault(host, {"name": "f-append", "state": "absent"})["fault"]["residue"] == []
    finally:
        ssh(host, HOST, "umount %s; rmdir %s; rm -f %s/second" % (other, other, FOLDER))


@pytest.mark.nightly  # by day: tests/crash
@pytest.mark.parametrize(
    ("action", "victim", "cause"),
    [
        ("corrupt", "chaos-fault", "supervisor_died"),
        *(
            pytest.param(action, "chaos-fault", "supervisor_died", marks=pytest.mark.nightly)
            for action in ROWS
            if action != "corrupt"
        ),
        pytest.param("corrupt", "chaos-guardian", "guardian_died", marks=pytest.mark.nightly),
    ],
)
def test_a_killed_keeper_puts_it_back(host, action, victim, cause):
    found = fault(host, options(action))
    assert found["fault"]["effect"] == "confirmed", found
    ssh(host, HOST, "kill -KILL $(pgrep -x %s)" % victim)
    assert wait_for(lambda: not remains(host, HOST), 10), remains(host, HOST)
    past = ledger(host, HOST)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (found["fault"]["id"], cause, [])


def test_time_ends_it(host):
    found = fault(host, options("remove", duration="2s"))
    assert wait_for(lambda: not remains(host, HOST), 10)
    assert (ledger(host, HOST)[-1]["id"], ledger(host, HOST)[-1]["revert_cause"]) == (found["fault"]["id"], "deadline")


def test_what_outlives_a_power_cut_is_undone_at_boot(host):
    """All four at once on four files; forced twice, a reboot stops nothing and asks nobody, as when the power fails."""
    ssh(host, HOST, "for n in 1 2 3 4; do cp -a --preserve=all %s %s$n; done" % (FILE, FILE))
    files = STATE.replace("for f in ('data', 'below')", "for f in ('data1', 'data2', 'data3', 'data4')")
    before = ssh(host, HOST, files)
    for number, action in enumerate(ROWS, 1):
        assert fault(host, options(action, path="%s%d" % (FILE, number)))["fault"]["effect"] == "confirmed"
    assert ssh(host, HOST, files) != before
    booted = "stat -c %Y /run/systemd/system"
    first = ssh(host, HOST, booted)
    ssh(host, HOST, "sync; sleep 1; systemctl reboot --force --force", check=False)
    assert wait_for(lambda: ssh(host, HOST, booted, check=False) not in ("", first), 60), "no reboot"
    assert wait_for(lambda: not remains(host, HOST), 20), remains(host, HOST)
    after = ssh(host, HOST, files)
    ssh(host, HOST, "rm %s[1-4]" % FILE)
    assert after == before
    undone = [
        (past["action"], past["revert_cause"], past["residue"], past["differences"]) for past in ledger(host, HOST)[-4:]
    ]
    assert sorted(undone) == [(action, "orphaned", [], []) for action in sorted(ROWS)]


def test_what_the_application_makes_meanwhile_is_kept(host):
    fault(host, options("remove"))
    ssh(host, HOST, "echo new > %s" % FILE)
    final = fault(host, {"name": "f-remove", "state": "absent"})["fault"]
    assert final["residue"] == [] and "created again" in final["undo_problems"][0], final
    assert ssh(host, HOST, "cat %s.made-during-*; rm %s.made-during-*" % (FILE, FILE)) == "new\n"


def test_refused_before_anything_changes(host):
    rows = [
        (options("remove", path=FOLDER + "/link"), "symbolic link"),
        (options("remove", path=FOLDER + "/none"), "No such file"),
        (options("corrupt", path=FOLDER + "/below"), "not a regular file"),
        (options("permissions", path="/etc"), "protected file"),
        (options("remove", path="/etc/passwd", force=True), "protected file"),
        (options("append", path="/proc/sys/kernel/hostname"), "protected file"),
        (options("corrupt", path="/var/lib/magsasa-chaos/ledger.jsonl", force=True), "protected file"),
        (options("permissions", owner="nobody-known"), "not known on this host"),
        (options("permissions", mode="4750", owner=None), "already has"),
    ]
    for arguments, words in rows:
        found = fault(host, {key: value for key, value in arguments.items() if value is not None})
        assert found["failed"] and not found["changed"] and words in found["msg"] and "\n" not in found["msg"], (
            arguments,
            found,
        )


def test_a_file_that_somebody_writes_needs_force(host):
    ssh(host, HOST, "nohup sh -c 'exec sleep 60 >> %s' > /dev/null 2>&1 < /dev/null & echo $! > /root/writer" % FILE)
    try:
        found = fault(host, options("corrupt"))
        assert found["failed"] and "open for writing in process" in found["msg"] and found["key"] == "force", found
        found = fault(host, options("corrupt", force=True))
        assert found["fault"]["effect"] == "confirmed" and "open for writing" in found["fault"]["notes"][0], found
        assert fault(host, {"name": "f-corrupt", "state": "absent"})["fault"]["residue"] == []
    finally:
        ssh(host, HOST, "kill $(cat /root/writer); rm /root/writer")
