# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong while a fault is in, or goes in. Each way takes a Cell and returns when its part is done."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections import namedtuple

from support.faults import wait_for
from support.lab import chaos_processes, ssh

from . import faults, spoilt

# act(cell); applies(fault): None, or why the cell makes no sense. After act nobody helps: the host must become as
# before by itself.
Way = namedtuple("Way", "act applies")
KEEPERS = ("chaos-fault", "chaos-guardian")
LONG, SHORT = "120s", "4s"
BEGUN_WITHIN = 60  # seconds until Ansible has a module at work on a host, beside other stages


def _always(_fault):
    return None


def _workers_only(fault):
    return None if "worker" in fault.traits else "it has no worker"


def _nft_only(fault):
    return None if "nft" in fault.traits else "it runs no program that could be made to fail"


def _kill(cell, wanted):
    """SIGKILL processes of ours on the host by their number, all with one command."""
    pids = [str(pid) for pid, name in chaos_processes(cell.lab, cell.host).items() if wanted(name)]
    assert pids, "there is nothing to kill"
    ssh(cell.lab, cell.host, "kill -KILL " + " ".join(pids), check=False)  # one may end of the other's end


def worker(cell):
    cell.inject(LONG)
    _kill(cell, lambda name: name not in KEEPERS)


def supervisor(cell):
    cell.inject(LONG)
    _kill(cell, lambda name: name == "chaos-fault")


def guardian(cell):
    cell.inject(LONG)
    _kill(cell, lambda name: name == "chaos-guardian")


def everything(cell):
    cell.inject(LONG)
    _kill(cell, lambda name: True)


def controller_killed(cell):
    """SIGKILL of Ansible while its module runs on the host: the fault is in or it is not; with a lease it does not
    stay.
    """
    _run_and_end(cell, signal.SIGKILL)


def controller_interrupted(cell):
    _run_and_end(cell, signal.SIGINT)


def _run_and_end(cell, number):
    with cell.start(SHORT) as running:
        assert wait_for(lambda: chaos_processes(cell.lab, cell.host), BEGUN_WITHIN), "nothing had begun"
        os.killpg(running.pid, number)
        with contextlib.suppress(
            subprocess.TimeoutExpired
        ):  # Ansible itself may hang when it is interrupted; what matters is the host
            running.wait(30)
    time.sleep(0.5)


def ssh_cut(cell):
    """The session ends on the host's side while the module runs there."""
    with cell.start(SHORT) as running:
        assert wait_for(lambda: chaos_processes(cell.lab, cell.host), BEGUN_WITHIN), "nothing had begun"
        sessions = ssh(cell.lab, cell.host, "pgrep -f '^sshd: root@notty' || true").split()
        assert len(sessions) > 2, "beside that of this question and that of all looks there is no session to cut"
        ssh(cell.lab, cell.host, "kill -KILL %s; true" % " ".join(sessions), check=False)
        running.wait(60)


BOOTED = "stat -c %.9Y /run/systemd/system"  # the hosts of a lab share the machine's boot id


def reboot(cell):
    cell.inject(LONG)
    booted = ssh(cell.lab, cell.host, BOOTED)
    ssh(cell.lab, cell.host, "systemctl reboot", check=False)
    assert wait_for(lambda: _asked(cell, BOOTED) not in ("", booted), 60), "the host did not go down"
    command = "systemctl is-system-running --wait; true"
    assert wait_for(lambda: "running" in _asked(cell, command), 60), "the host did not boot again"
    ssh(cell.lab, cell.host, faults.START)


def _asked(cell, command):
    try:
        return ssh(cell.lab, cell.host, command, check=False, timeout=20)
    except subprocess.TimeoutExpired:
        return ""


def ledger_disk_full(cell):
    """The file system of the ledger has no room for a byte when the fault is undone."""
    _full(cell, "/var/lib/magsasa-chaos")


def run_full(cell):
    """The same for the run folder."""
    _full(cell, "/run/magsasa-chaos")


# What may wait for room: our folders, the sweep at boot, and who waits to write down that the fault is undone (its
# keepers, and their units).
# The fault may not.
MAY_WAIT = re.compile(
    r"[+-] (/run/magsasa-chaos|/var/lib/magsasa-chaos|(/etc/systemd/system/\S*)?magsasa-chaos-sweep"
    r"|(/run/systemd/transient/)?magsasa-chaos-[0-9a-f]+(-watch)?\.(service|timer)|chaos-(fault|guardian)$)"
)


def _full(cell, folder):
    ssh(cell.lab, cell.host, "mkdir -p -m 700 %s && mount -t tmpfs -o size=2M,mode=700 none %s" % (folder, folder))
    try:
        cell.inject(LONG)
        ssh(cell.lab, cell.host, "dd if=/dev/zero of=%s/filler bs=4k 2>/dev/null; true" % folder)
        cell.end()  # what it answers is not looked at: the host is
        left = [line for line in cell.changes() if not MAY_WAIT.match(line)]
        assert left == [], left
    finally:
        ssh(cell.lab, cell.host, "rm -f %s/filler" % folder)
        cell.contact()
        cell.keep_ledger()
        ssh(cell.lab, cell.host, "umount -l %s; [ %s = /var/lib/magsasa-chaos ] || rmdir %s" % (folder, folder, folder))


def two_controllers(cell):
    """Two controllers inject the same kind of fault at once: one gets it, the other is refused, or both fit beside
    each other.
    """
    with cell.start(LONG, "first") as one, cell.start(LONG, "second") as other:
        codes = sorted([one.wait(60), other.wait(60)])
    assert codes[0] == 0, "neither fault went in"
    for name in ("first", "second"):
        cell.end(name)


FAILS = r"""#!/bin/sh
case "$*" in
    %s) if [ ! -e /run/nft-failed ] || [ %s = always ]; then touch /run/nft-failed; exit 1; fi ;;
esac
exec /usr/sbin/nft "$@"
"""


@contextlib.contextmanager
def _nft_fails(cell, arguments, when):
    """In the block, the program nft of the host fails, once or always, where its arguments are like this pattern of
    the shell; it must be run so.
    """
    ssh(
        cell.lab,
        cell.host,
        "cat > /usr/local/sbin/nft <<'EOF'\n%sEOF\nchmod 755 /usr/local/sbin/nft" % (FAILS % (arguments, when)),
    )
    try:
        yield
        assert ssh(cell.lab, cell.host, "ls /run/nft-failed 2>/dev/null || true"), "nobody ran the program that fails"
    finally:
        ssh(cell.lab, cell.host, "rm -f /usr/local/sbin/nft /run/nft-failed")


def inject_fails(cell):
    """A step in the middle of injecting fails: the module fails, and what went in before is out again at once."""
    with _nft_fails(cell, "'-f -'", "always"):
        with cell.start(LONG) as running:
            assert running.wait(60) != 0, "it went in"
    assert cell.changes() == [], "what had gone in was not undone when the module ended"


def undo_fails_once(cell):
    """The program that the undo runs fails the first time: that is told, and the undo has tried again before the
    module ends.
    """
    cell.inject(LONG)
    with _nft_fails(cell, "*delete*|*destroy*", "once"):
        ended = cell.end()["fault"]
    assert ended["residue"] == [] and any("could not be deleted" in each for each in ended["undo_problems"]), ended
    assert cell.changes() == [], cell.changes()


def undo_fails(cell):
    """It fails for good: the module fails and tells what is left, which goes when somebody comes and the program
    works again.
    """
    cell.inject(LONG)
    with _nft_fails(cell, "*delete*|*destroy*", "always"):
        ended = cell.end()
        assert ended["failed"] and ended["fault"]["residue"] and ended["fault"]["residue"][0] in ended["msg"], ended
        assert cell.changes(), "nothing is left, but the module says so"
    cell.contact()


def usual_life(cell):
    """Planned, done, asked for again, ended, ended again: a change is said where there is one, and nowhere else."""
    planned = cell.ask(LONG, "--check")
    assert planned["fault"]["state"] == "planned" and cell.changes() == [], (planned, cell.changes())
    done = cell.ask(LONG)
    effects = {
        "http_fault": ["inconclusive"],
        "network_fault": ["confirmed", "inconclusive"],
    }  # nobody asks that service, or hardly anybody
    assert (
        done["changed"] and done["fault"]["effect"] in effects.get(cell.fault.module, ["confirmed"]) and cell.changes()
    ), done
    listeners = ssh(cell.lab, cell.host, "ss -Hltunp | grep '\"chaos-' || true").splitlines()
    if cell.fault.module == "http_fault":  # the one that takes connections, from this host alone
        assert listeners and all(line.split()[4].startswith(("127.0.0.1:", "[::1]:")) for line in listeners), listeners
    else:
        assert listeners == [], listeners
    again = cell.ask(LONG)
    assert again["changed"] is False and again["fault"]["id"] == done["fault"]["id"], again
    ended = cell.end()
    assert ended["changed"] and ended["fault"]["revert_cause"] == "absent" and ended["fault"]["residue"] == [], ended
    assert cell.changes() == [], cell.changes()
    assert cell.end()["changed"] is False


def deadline(cell):
    cell.inject("2s")


def nobody_renews(cell):
    cell.inject(LONG, lease="2s")


WAYS = {
    "nothing goes wrong": Way(usual_life, _always),
    "deadline": Way(deadline, _always),
    "worker killed": Way(worker, _workers_only),
    "supervisor killed": Way(supervisor, _always),
    "guardian killed": Way(guardian, _always),
    "all killed at once": Way(everything, _always),
    "controller killed": Way(controller_killed, _always),
    "controller interrupted": Way(controller_interrupted, _always),
    "lease not renewed": Way(nobody_renews, _always),
    "SSH cut": Way(ssh_cut, _always),
    "reboot": Way(reboot, _always),
    "ledger's disk full": Way(ledger_disk_full, _always),
    "run folder full": Way(run_full, _always),
    "two controllers at once": Way(two_controllers, _always),
    "injecting fails": Way(inject_fails, _nft_only),
    "undo fails once": Way(undo_fails_once, _nft_only),
    "undo fails": Way(undo_fails, _nft_only),
    "record hard-linked": Way(spoilt.hard_linked, _always),
    "record torn": Way(spoilt.torn, _always),
    "record chowned": Way(spoilt.chowned, _always),
    "record removed": Way(spoilt.removed, _always),
    "ledger removed": Way(spoilt.ledger_removed, _always),
    "ledger read-only": Way(spoilt.ledger_read_only, _always),
    "ledger without an inode": Way(spoilt.no_inode, _always),
    "run folder removed": Way(spoilt.run_removed, _always),
    "all keepers stopped": Way(spoilt.keepers_stopped, _always),
    "control group frozen": Way(spoilt.group_frozen, _always),
    "interpreter gone, all killed": Way(spoilt.interpreter_replaced, _always),
    "folder renamed": Way(spoilt.folder_renamed, spoilt.has_a_place),
}
