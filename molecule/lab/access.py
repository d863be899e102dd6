# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of a lab and the way to its hosts by SSH."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from . import places
from .commands import run

HERE = Path(__file__).parent


def _inside(lab, program, *arguments):
    """A program of this folder, run in the network of a lab (list of arguments); %h and %p are for ssh."""
    return ["ip", "netns", "exec", lab.namespace(), sys.executable, "-I", "-S", "-B", str(program), *arguments]


def make_keys(lab):
    """Make the keys of a lab. Returns (public key that may log in, (host's private key, host's public key)), texts."""
    folder = places.runtime(lab.name)
    for name in ("login", "host"):
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "%s %s" % (lab.tag, name), "-f", str(folder / name)])
    host_key = ((folder / "host").read_text(), (folder / "host.pub").read_text())
    (folder / "known_hosts").write_text("10.213.%d.* %s" % (lab.subnet, host_key[1]))
    shutil.copy(HERE / "relay.py", folder / "relay.py")
    return (folder / "login.pub").read_text(), host_key


def ssh_options(lab):
    """Options for ssh (list of arguments): through the relay, only with this lab's keys, connections shared."""
    folder = places.runtime(lab.name)
    options = {
        "ProxyCommand": shlex.join(_inside(lab, folder / "relay.py", "%h", "%p")),
        "UserKnownHostsFile": folder / "known_hosts",
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "ControlMaster": "auto",
        "ControlPersist": "60s",
        "ControlPath": folder / "cp-%h",
        "LogLevel": "ERROR",
    }
    return [part for name, value in options.items() for part in ("-o", "%s=%s" % (name, value))]


def ssh_command(lab, host, *words):
    """The ssh command that reaches a host (list of arguments)."""
    key = places.runtime(lab.name) / "login"
    return ["ssh", "-F", "none", "-i", str(key), *ssh_options(lab), "root@" + lab.address(host), *words]


def answering(lab, seconds):
    """Names of the hosts whose SSH server answers within ``seconds``; returns as soon as all do."""
    addresses = {lab.address(host): host.name for host in lab.hosts}
    done = run(_inside(lab, HERE / "answers.py", str(seconds), *addresses), check=False, timeout=seconds + 60)
    return [addresses[address] for address in done.stdout.split() if address in addresses]


def ssh_arguments(lab):
    """The same options as one text, for Ansible."""
    return shlex.join(ssh_options(lab))
