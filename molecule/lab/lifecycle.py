# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Up, down and status of a lab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import access, cgroups, disks, image, inotify, layout, needs, network, places
from .errors import LabError
from .locks import alone

BOOT_LIMIT = 120  # seconds


def known():
    """Names of the labs that are up, or were when the machine that hosts them lost them."""
    return sorted(path.parent.name for path in places.runtime().glob("*/lab.json"))


def load(name):
    """The lab of this name. Raises LabError when it is not up."""
    try:
        return layout.Lab.from_json((places.runtime(layout.check_name(name)) / "lab.json").read_text())
    except FileNotFoundError:
        raise LabError(
            "there is no lab %s; bring it up first (labs that are up: %s)" % (name, ", ".join(known()) or "none")
        ) from None


def inventory_path(lab):
    """The inventory of a lab (Path)."""
    return places.runtime(lab.name) / "inventory.yml"


def _claim(name, hosts):
    """Write down a new lab with the first subnet that no other lab has."""
    with alone("all"):
        taken = {load(each).subnet for each in known()}
        lab = layout.Lab(name, next(number for number in range(256) if number not in taken), hosts)
        places.runtime(name).mkdir(mode=0o700, exist_ok=True)
        (places.runtime(name) / "lab.json").write_text(lab.to_json())
        inotify.raise_limit()
    return lab


def _start_keeper(lab):
    environment = dict(os.environ, PYTHONPATH=str(Path(__file__).parents[1]), PYTHONDONTWRITEBYTECODE="1")
    with open(places.runtime(lab.name) / "keeper.log", "ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "lab.keeper", lab.name],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd="/",
            start_new_session=True,
        )


def _make(lab, base):
    """Make and start everything that a lab is."""
    login_key, host_key = access.make_keys(lab)
    network.make(lab)
    cgroups.make(lab.tag, "keeper")
    for host in lab.hosts:
        disks.make(lab, host, base, login_key, host_key)
        cgroups.make(lab.tag, host.name)
    _start_keeper(lab)
    missing = {host.name for host in lab.hosts} - set(access.answering(lab, BOOT_LIMIT))
    if missing:
        raise LabError(
            "%s did not answer by SSH within %d s; see %s"
            % (", ".join(sorted(missing)), BOOT_LIMIT, places.runtime(lab.name))
        )
    inventory_path(lab).write_text(
        layout.inventory(lab, access.ssh_arguments(lab), str(places.runtime(lab.name) / "login"))
    )


def up(name, hosts, say=print):
    """Bring up a lab; returns (lab, whether anything was done). One that is up with the same hosts stays; remains
    of others go first.
    """
    layout.check_name(name)
    needs.require()
    base = image.ready(say)
    with alone(name):
        if (
            name in known()
            and load(name).hosts == hosts
            and len(status(name)) == sum(row["answers"] for row in status(name))
        ):
            return load(name), False
        _end(name)
        lab = _claim(name, hosts)
        try:
            _make(lab, base)
        except BaseException:
            _end(name, keep_logs=True)
            raise
    return lab, True


def _end(name, keep_logs=False):
    """Remove whatever there is of a lab, known or not. Raises LabError when something stays."""
    tag = "mcl-" + name
    left = cgroups.end(tag)
    left += network.end(tag)
    left += disks.end(tag, name)
    for folder in Path("/run/systemd/nspawn").glob("*/%s-*" % tag):
        shutil.rmtree(folder, ignore_errors=True)
    if left:
        raise LabError("the lab %s is down but left: %s" % (name, "; ".join(left)))
    folder = places.runtime(name)
    if keep_logs and folder.is_dir():
        (folder / "lab.json").unlink(missing_ok=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    with alone("all"):
        if not known():
            inotify.put_back()


def down(name):
    """Take down a lab, or what is left of it; returns whether there was anything."""
    layout.check_name(name)
    if os.geteuid() != 0:
        raise LabError(needs.obstacle())
    tag = "mcl-" + name
    with alone(name):
        something = bool(name in known() or cgroups.groups(tag) or network.names(tag) or disks.mounts(tag))
        _end(name)
    (places.runtime() / (name + ".lock")).unlink(missing_ok=True)
    return something


def status(name):
    """[{name, address, group, protected, answers}] of a lab's hosts."""
    lab = load(name)
    answering = access.answering(lab, 2)
    return [
        {
            "name": host.name,
            "address": lab.address(host),
            "group": host.group,
            "protected": host.protected,
            "answers": host.name in answering,
        }
        for host in lab.hosts
    ]
