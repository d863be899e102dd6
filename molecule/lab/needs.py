# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine needs to host a lab, and how it gets it."""

from __future__ import annotations

import os
import shutil

from .cgroups import hierarchies
from .commands import run
from .errors import LabError

# program -> Debian package
PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "mount": "mount",
}
# Bits of the capability set: for mounts and namespaces, and for their networks.
CAPABILITIES = {"CAP_SYS_ADMIN": 21, "CAP_NET_ADMIN": 12}
# The keys that the packages of the image are checked with; there already on Debian.
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def lacking(programs=None):
    """Debian packages of ``programs`` ({program: package}, the lab's if not given) that are not here."""
    packages = {package for program, package in (programs or PROGRAMS).items() if shutil.which(program) is None}
    if not os.path.exists(KEYRING):
        packages.add("debian-archive-keyring")
    return sorted(packages)


def has_overlay():
    """Whether the kernel has overlayfs; it is loaded when it can be."""
    for attempt in (0, 1):
        with open("/proc/filesystems") as source:
            if "overlay" in source.read():
                return True
        if attempt == 0 and shutil.which("modprobe"):
            run(["modprobe", "overlay"], check=False)
    return False


def effective_capabilities():
    """Capability set of this process (bits)."""
    with open("/proc/self/status") as source:
        return next(int(line.split()[1], 16) for line in source if line.startswith("CapEff:"))


def obstacle():
    """Why this machine cannot host a lab, whatever is installed (one sentence), or None."""
    if os.geteuid() != 0:
        return "the lab needs root, because its hosts have network namespaces and mounts of their own; run it as root"
    denied = [name for name, bit in CAPABILITIES.items() if not effective_capabilities() >> bit & 1]
    if denied:
        return (
            "the lab needs %s, which this container does not have; start it as privileged or use a machine"
            % " and ".join(denied)
        )
    if not has_overlay():
        return (
            "the lab needs a kernel with overlayfs, and this one has none; load the module overlay or use another"
            " machine"
        )
    if not hierarchies():
        return (
            "the lab needs control groups mounted writable below /sys/fs/cgroup; on a container, start it as privileged"
        )
    return not_installable("the lab", lacking())


def not_installable(what, packages):
    """Why ``what`` cannot have the Debian packages that it lacks (one sentence), or None."""
    if packages and shutil.which("apt-get") is None:
        return "%s needs %s and this machine has no apt-get to install them; install them or use Debian or Ubuntu" % (
            what,
            ", ".join(packages),
        )
    if packages and os.environ.get("CHAOS_NO_INSTALL"):
        return "%s needs %s and CHAOS_NO_INSTALL forbids to install them; install them yourself or unset it" % (
            what,
            ", ".join(packages),
        )
    return None


def require():
    """Make the machine able to host a lab: install what lacks. Raises LabError when it cannot."""
    reason = obstacle()
    if reason:
        raise LabError(reason)
    install("the lab")


def install(what, programs=None):
    """Install the packages that ``what`` lacks. Raises LabError when one is missing afterwards."""
    packages = lacking(programs)
    if not packages:
        return
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    argv = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    if run(argv, check=False, env=environment).returncode != 0:
        run(["apt-get", "update", "-q"], env=environment)
        run(argv, env=environment)
    if lacking(programs):
        raise LabError(
            "apt-get installed the packages of %s, but %s is still missing" % (what, ", ".join(lacking(programs)))
        )
