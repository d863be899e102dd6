# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Up, down and status of a virtual machine."""

from __future__ import annotations

import os
import shutil
import socket
import time

from lab import layout, places as lab_places
from lab.commands import run
from lab.errors import LabError
from lab.locks import alone

from . import accelerator, image, needs, places, processes
from .machine import Machine, command, inventory

BOOT_LIMIT = 180  # seconds; without KVM a boot takes about 20 on a machine that has nothing else to do
PORT_TRIES = 5


def known():
    """Names of the machines that are up, or were when they died."""
    return sorted(path.parent.name[len("vm-") :] for path in lab_places.runtime().glob("vm-*/vm.json"))


def load(name):
    """The machine of this name. Raises LabError when it is not up."""
    try:
        return Machine.from_json((places.runtime(layout.check_name(name)) / "vm.json").read_text())
    except FileNotFoundError:
        raise LabError(
            "there is no virtual machine %s; bring it up first (up: %s)" % (name, ", ".join(known()) or "none")
        ) from None


def inventory_path(machine):
    """The inventory of a machine (Path)."""
    return machine.folder / "inventory.yml"


def answers(machine):
    """Whether its SSH server says its name."""
    try:
        with socket.create_connection(("127.0.0.1", machine.port), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _start(name, base):
    """Start QEMU; returns the machine. The port may be taken by another between choice and use: then with another
    one.
    """
    chosen = accelerator.choose(base)
    for attempt in range(1, PORT_TRIES + 1):
        machine = Machine(name, _free_port(), chosen, str(base.login_key))
        machine.folder.mkdir(mode=0o700, exist_ok=True)
        (machine.folder / "vm.json").write_text(machine.to_json())
        (machine.folder / "known_hosts").write_text("[127.0.0.1]:%d %s" % (machine.port, base.host_key))
        inventory_path(machine).write_text(inventory(machine))
        done = run(command(machine, base), check=False)
        if done.returncode == 0:
            return machine
        if attempt == PORT_TRIES or "host forwarding" not in done.stderr:
            raise LabError("QEMU did not start: %s" % (done.stderr.strip().splitlines() or ["no output"])[-1][:300])
    raise AssertionError("unreachable")


def _await_boot(machine):
    limit = time.monotonic() + BOOT_LIMIT
    while not answers(machine):
        if not processes.find(machine.tag):
            raise LabError("the virtual machine %s died while it booted; see %s" % (machine.name, machine.serial_log))
        if time.monotonic() >= limit:
            raise LabError(
                "the virtual machine %s did not answer by SSH within %d s; see %s"
                % (machine.name, BOOT_LIMIT, machine.serial_log)
            )
        time.sleep(0.1)


def up(name, say=print):
    """Bring up a machine; returns (machine, whether anything was done). One that answers stays; remains of others
    go first.
    """
    layout.check_name(name)
    needs.require()
    base = image.ready(say)
    with alone("vm-" + name):
        if name in known() and load(name).key == str(base.login_key) and answers(load(name)):
            return load(name), False
        _end(name)
        try:
            places.disks(name).mkdir(mode=0o700, parents=True)
            disk = Machine(name, 0, "", "").disk
            run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(base.disk), str(disk)])
            machine = _start(name, base)
            _await_boot(machine)
        except BaseException:
            _end(name, keep_log=True)
            raise
    return machine, True


def _end(name, keep_log=False):
    """Remove whatever there is of a machine, known or not. Raises LabError when something stays."""
    machine = Machine(name, 0, "", "")
    left = processes.end(machine.tag)
    if left:
        raise LabError("the virtual machine %s is down but left QEMU as process %s" % (name, ", ".join(map(str, left))))
    shutil.rmtree(places.disks(name), ignore_errors=True)
    if keep_log and machine.folder.is_dir():
        (machine.folder / "vm.json").unlink(missing_ok=True)
    else:
        shutil.rmtree(machine.folder, ignore_errors=True)


def down(name):
    """Take down a machine, or what is left of it; returns whether there was anything."""
    layout.check_name(name)
    if os.geteuid() != 0:
        raise LabError(needs.obstacle())
    with alone("vm-" + name):
        something = bool(name in known() or processes.find(Machine(name, 0, "", "").tag) or places.disks(name).exists())
        _end(name)
    (lab_places.runtime() / ("vm-%s.lock" % name)).unlink(missing_ok=True)
    return something


def status(name):
    """{name, port, accelerator, runs, answers} of a machine."""
    machine = load(name)
    return {
        "name": name,
        "port": machine.port,
        "accelerator": machine.accelerator,
        "runs": bool(processes.find(machine.tag)),
        "answers": answers(machine),
    }
