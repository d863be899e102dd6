# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which package has a program, by distribution: one table, one spelling. Private to magsasa.chaos."""

from __future__ import annotations

DEBIAN, RED_HAT = "Debian, Ubuntu", "RHEL, AlmaLinux, Rocky, Fedora"


def _table(debian, red_hat, suse, alpine=None, arch=None):
    found = {DEBIAN: debian, RED_HAT: red_hat, "SUSE": suse, "Alpine": alpine, "Arch": arch}
    return {distribution: package for distribution, package in found.items() if package}


_IPROUTE = _table("iproute2", "iproute-tc", "iproute2", "iproute2", "iproute2")
_MARIADB = _table("mariadb-client", "mariadb", "mariadb-client", "mariadb-client", "mariadb-clients")
_PODMAN = _table("podman", "podman", "podman", "podman", "podman")
# program as a message names it: {distribution: package}
PACKAGES = {
    "docker": _table("docker.io", "docker-ce", "docker", "docker", "docker"),
    "getent": _table("libc-bin", "glibc-common", "glibc", "musl-utils", "glibc"),
    "ip": _IPROUTE,
    "mariadb or mysql": _MARIADB,
    "nft": _table("nftables", "nftables", "nftables", "nftables", "nftables"),
    "podman": _PODMAN,
    "podman or docker": _PODMAN,
    "psql": _table("postgresql-client", "postgresql", "postgresql", "postgresql-client", "postgresql"),
    "ss": _table("iproute2", "iproute", "iproute2", "iproute2", "iproute2"),
    "systemctl": _table("systemd", "systemd", "systemd"),
    "systemd-run": _table("systemd", "systemd", "systemd"),
    "tc": _IPROUTE,
}


def where(program):
    """The packages of a program for a message: "Debian, Ubuntu: nftables; SUSE: nftables"."""
    return "; ".join("%s: %s" % pair for pair in PACKAGES[program].items())
