# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a virtual machine is: name, ports, QEMU's command line, inventory. Pure: nothing here looks at the machine,
or changes it.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from . import places

MEMORY_MB = 768
CPUS = 2
# How QEMU runs the guest. To emulate a processor with many instructions ("max") costs half as much again as a plain
# one.
ACCELERATORS = {"kvm": ["-accel", "kvm", "-cpu", "host"], "tcg": ["-accel", "tcg,thread=multi", "-cpu", "qemu64,-svm"]}
# What a boot can do without: an emulated processor takes seconds over it.
KERNEL_ARGUMENTS = (
    "root=/dev/vda rw net.ifnames=0 quiet loglevel=4 mitigations=off audit=0 apparmor=0 systemd.show_status=0"
)
PROGRAM = "qemu-system-x86_64"


@dataclass(frozen=True)
class Machine:
    """A virtual machine: its name, the port on 127.0.0.1 that leads to its SSH server, its accelerator, its private
    key's path (str).
    """

    name: str
    port: int
    accelerator: str
    key: str

    @property
    def tag(self):
        """The name that its QEMU process carries."""
        return "magsasa-chaos-vm-" + self.name

    @property
    def folder(self):
        """Folder of its small files (Path)."""
        return places.runtime(self.name)

    @property
    def disk(self):
        """The disk (Path): what differs from the image's."""
        return places.disks(self.name) / "disk.qcow2"

    @property
    def serial_log(self):
        """What the guest writes to its console (Path)."""
        return self.folder / "serial.log"

    def to_json(self):
        """Text that ``from_json`` reads."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text):
        """A machine as ``to_json`` wrote it."""
        return cls(**json.loads(text))


def qemu(accelerator, image, kernel_arguments, memory_mb=MEMORY_MB):
    """The command that starts a guest with nothing but kernel, processors and memory (list of arguments)."""
    return [
        *(PROGRAM, "-nodefaults", "-no-user-config", "-display", "none"),
        *(*ACCELERATORS[accelerator], "-smp", str(CPUS), "-m", str(memory_mb)),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", "console=ttyS0 " + kernel_arguments),
    ]


def command(machine, image):
    """The command that starts a machine in the background (list of arguments); it returns when QEMU runs."""
    # Whatever the guest writes goes with the machine, so nothing waits for a disk.
    return [
        *qemu(machine.accelerator, image, KERNEL_ARGUMENTS),
        *("-name", machine.tag, "-daemonize", "-serial", "file:%s" % machine.serial_log),
        *("-drive", "file=%s,format=qcow2,if=virtio,cache=unsafe" % machine.disk, "-device", "virtio-rng-pci"),
        *(
            "-netdev",
            "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:%d-:22" % machine.port,
            "-device",
            "virtio-net-pci,netdev=net",
        ),
    ]


def ssh_options(machine):
    """Options for ssh (list of arguments): only with this machine's keys, connections shared."""
    options = {
        "UserKnownHostsFile": machine.folder / "known_hosts",
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "ControlMaster": "auto",
        "ControlPersist": "60s",
        "ControlPath": machine.folder / "ssh",
        # A guest that lost its power never says that a connection is over.
        "ServerAliveInterval": "5",
        "LogLevel": "ERROR",
    }
    return [part for name, value in options.items() for part in ("-o", "%s=%s" % (name, value))]


def ssh_command(machine, *words):
    """The ssh command that reaches a machine (list of arguments)."""
    return [
        "ssh",
        "-F",
        "none",
        "-i",
        machine.key,
        "-p",
        str(machine.port),
        *ssh_options(machine),
        "root@127.0.0.1",
        *words,
    ]


def inventory(machine):
    """Inventory (YAML text; JSON is YAML) whose one host may be touched."""
    values = {
        "ansible_host": "127.0.0.1",
        "ansible_port": machine.port,
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": machine.key,
        "ansible_ssh_common_args": shlex.join(ssh_options(machine)),
        "chaos_allowed": True,
    }
    groups = {"vm": {"hosts": {machine.name: values}}, "chaos_targets": {"children": {"vm": {}}}}
    return json.dumps({"all": {"children": groups}}, indent=2) + "\n"
