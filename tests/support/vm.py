# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine in tests: programs and modules on it by SSH, what faults left there, and how it boots again."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time

from support import lab as labs

from vm import lifecycle, machine as machines, places, processes

BOOT_LIMIT = 180  # seconds
FAULT_FILES = "grep -rs . /var/lib/magsasa-chaos/faults"


def ssh(vm, command, check=True, timeout=60):
    """Output (text) of a shell command there."""
    argv = machines.ssh_command(vm, command)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False)
    assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def module(vm, name, arguments, *more):
    """Result of a module of the collection there; a failed one has ``failed: true``. ``more``: options of the
    program ansible.
    """
    return labs.on_inventory(lifecycle.inventory_path(vm), vm.name, name, arguments, *more)[vm.name]


def inject(vm, name, arguments):
    """Record of a fault that must go in."""
    result = module(vm, name, arguments)
    assert not result.get("failed"), result
    return result["fault"]


def chaos_processes(vm):
    """Short names of the processes of faults and probes there."""
    return ssh(vm, "pgrep -l ^chaos- | cut -d ' ' -f 2 || true").split()


def remains(vm):
    """What faults left there (texts): processes, and the records of active faults."""
    return ssh(vm, "pgrep -l ^chaos-; %s; true" % FAULT_FILES).splitlines()


def ledger(vm):
    """Past faults there, oldest first."""
    return [
        json.loads(line) for line in ssh(vm, "cat /var/lib/magsasa-chaos/ledger.jsonl 2>/dev/null || true").splitlines()
    ]


def boot_id(vm, check=True):
    """Identity of the present boot (text)."""
    return ssh(vm, "cat /proc/sys/kernel/random/boot_id", check=check, timeout=15).strip()


def boots_again(vm, command):
    """Run a command that makes it boot again, and wait until it answers; returns the seconds that it took."""
    before = boot_id(vm)
    start = time.monotonic()
    # In the background: nobody answers the connection once the power is cut.
    ssh(vm, "{ sleep 0.5; %s; } >/dev/null 2>&1 </dev/null &" % command)
    forget_connection(vm)
    while time.monotonic() < start + BOOT_LIMIT:
        with contextlib.suppress(subprocess.TimeoutExpired):  # the power may be cut between question and answer
            if lifecycle.answers(vm) and boot_id(vm, check=False) not in ("", before):
                return time.monotonic() - start
        forget_connection(vm)
        time.sleep(0.5)
    raise AssertionError(
        "the virtual machine did not boot again: %s" % vm.serial_log.read_text(errors="replace")[-2000:]
    )


def forget_connection(vm):
    """End the connection that ssh shares: one to an earlier boot hangs until it times out."""
    command = machines.ssh_command(vm)
    subprocess.run([*command[:-1], "-O", "exit", command[-1]], capture_output=True, timeout=20, check=False)


def traces(name):
    """What there is of a machine on this one (texts)."""
    folders = [places.runtime(name), places.disks(name), labs.places.runtime() / ("vm-%s.lock" % name)]
    found = ["process %d" % pid for pid in processes.find(machines.Machine(name, 0, "", "").tag)]
    return found + ["file %s" % each for each in folders if each.exists()]
