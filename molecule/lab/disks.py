# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk of a host: what it writes lies over the base image, which stays as it is."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from . import places
from .commands import run


def root(lab, host):
    """The root folder of a host (Path)."""
    return places.disks(lab.name) / host.name / "root"


def _hosts_file(lab):
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    return "\n".join(lines + ["%s %s" % (lab.address(host), host.name) for host in lab.hosts]) + "\n"


def make(lab, host, image, login_key, host_key):
    """Mount a host's disk and write what is its own: names, who may log in (public key text), its own key (private,
    public; texts).
    """
    folder = places.disks(lab.name) / host.name
    for name in ("upper", "work", "root"):
        (folder / name).mkdir(parents=True)
    options = "lowerdir=%s,upperdir=%s,workdir=%s" % (image, folder / "upper", folder / "work")
    # The source's name is what finds the mount again, wherever it is.
    run(["mount", "-t", "overlay", lab.tag, "-o", options, str(folder / "root")])
    inside = folder / "root"
    inside.chmod(0o755)
    (inside / "etc/hostname").write_text(host.name + "\n")
    (inside / "etc/hosts").write_text(_hosts_file(lab))
    (inside / "root/.ssh/authorized_keys").write_text(login_key)
    private = inside / "etc/ssh/ssh_host_ed25519_key"
    private.touch(mode=0o600)
    private.write_text(host_key[0])
    private.with_suffix(".pub").write_text(host_key[1])


def mounts(tag):
    """Where disks of a lab are mounted (texts)."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        source, target, kind = line.split()[:3]
        if kind == "overlay" and source == tag:
            found.append(target.encode().decode("unicode_escape"))
    return found


def _remove_nspawn_lock(folder):
    """systemd-nspawn that was killed leaves the file that locked its root folder."""
    with contextlib.suppress(OSError):
        found = folder.stat()
        (Path("/run/systemd/nspawn/locks") / ("inode-%d:%d" % (found.st_dev, found.st_ino))).unlink()


def end(tag, name):
    """Unmount and remove the disks of a lab; returns what is left (texts)."""
    for target in mounts(tag):
        _remove_nspawn_lock(Path(target))
        if run(["umount", target], check=False).returncode != 0:
            run(["umount", "-l", target], check=False)
    left = ["mount %s" % target for target in mounts(tag)]
    if not left:
        shutil.rmtree(places.disks(name), ignore_errors=True)
    return left + (["folder %s" % places.disks(name)] if places.disks(name).exists() else [])
