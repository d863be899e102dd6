# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image that every virtual machine starts from: Debian with a kernel that has netem, on an ext4 disk."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from lab.commands import run

from . import places

SUITE = "bookworm"
PACKAGES = (
    "systemd-sysv dbus python3 openssh-server iproute2 nftables procps iputils-ping initramfs-tools zstd"
    " linux-image-cloud-amd64".split()
)
# All that lies between the kernel and its disk, and its network card, so that it is there from the first. More would
# only be unpacked at every boot.
MODULES = "virtio_pci virtio_blk virtio_net ext4"
# Without KVM every unit costs a good part of a second at boot, and these are of no use here.
KEEP_OFF = """
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer getty@tty1.service
    serial-getty@ttyS0.service
    dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount
    modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service
    systemd-pstore.service systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-logind.service systemd-networkd.service
    systemd-networkd.socket systemd-binfmt.service systemd-journal-flush.service systemd-modules-load.service systemd-random-seed.service
""".split()
# A plain unit: a network manager alone would take four seconds of a boot.
NETWORK = """[Unit]
DefaultDependencies=no
After=systemd-remount-fs.service
Before=network.target
Wants=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=ip link set lo up
ExecStart=ip address add 10.0.2.15/24 dev eth0
ExecStart=ip link set eth0 up
ExecStart=ip route add default via 10.0.2.2
[Install]
WantedBy=multi-user.target
"""
SSHD = (
    "PermitRootLogin prohibit-password\nPasswordAuthentication no\nUseDNS no\nHostKey /etc/ssh/ssh_host_ed25519_key\n"
)
DISK_SIZE = "3G"  # sparse
VERSION = 1  # raise it when the image is made in another way


@dataclass(frozen=True)
class Image:
    """A built image: its folder, which holds the disk, the kernel, and the keys (all Paths)."""

    folder: Path

    @property
    def disk(self):
        """The disk (raw)."""
        return self.folder / "disk.img"

    @property
    def kernel(self):
        """The kernel that QEMU starts."""
        return self.folder / "vmlinuz"

    @property
    def initrd(self):
        """What the kernel starts with."""
        return self.folder / "initrd"

    @property
    def login_key(self):
        """Private key of the one who may log in."""
        return self.folder / "login"

    @property
    def host_key(self):
        """Public key of the host (text)."""
        return (self.folder / "host.pub").read_text()


def recipe():
    """Everything that decides what is in the image (text)."""
    return "\n".join([str(VERSION), SUITE, *PACKAGES, MODULES, *KEEP_OFF, NETWORK, SSHD, DISK_SIZE])


def present():
    """The image of the present recipe, built or not (Image)."""
    return Image(places.images() / hashlib.sha256(recipe().encode()).hexdigest()[:16])


def _install_system(root):
    argv = ["mmdebstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES)]
    # Nothing needs to survive a power cut: a build that is cut short starts again.
    argv += ["--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"']
    argv += ["--dpkgopt=path-exclude=/usr/share/%s/*" % name for name in ("man", "doc", "locale", "info")]
    # The kernel's package makes the initrd while it is installed, so its settings come first.
    settings = 'mkdir -p "$1"/etc/initramfs-tools/conf.d; echo MODULES=list >"$1"/etc/initramfs-tools/conf.d/lab; '
    argv += ["--essential-hook=%sprintf '%%s\\n' %s >\"$1\"/etc/initramfs-tools/modules" % (settings, MODULES)]
    run([*argv, SUITE, str(root)], timeout=1200)


def _make_keys(folder):
    for name in ("login", "host"):
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "magsasa-chaos vm " + name, "-f", str(folder / name)])


def _settle(root, keys):
    """Network, who may log in, what stays off."""
    run(["systemctl", "--root=%s" % root, "-q", "mask", *KEEP_OFF])
    (root / "etc/systemd/system/lab-network.service").write_text(NETWORK)
    run(["systemctl", "--root=%s" % root, "-q", "enable", "lab-network.service", "ssh.service"])
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for name in ("", ".pub"):
        shutil.copy(keys / ("host" + name), root / ("etc/ssh/ssh_host_ed25519_key" + name))
    (root / "etc/ssh/sshd_config.d").mkdir(exist_ok=True)
    (root / "etc/ssh/sshd_config.d/lab.conf").write_text(SSHD)
    (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    shutil.copy(keys / "login.pub", root / "root/.ssh/authorized_keys")
    (root / "etc/hostname").write_text("vm\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost vm\n")
    with contextlib.suppress(FileNotFoundError):
        (root / "etc/resolv.conf").unlink()
    (root / "etc/resolv.conf").write_text("# This host has no way out.\n")


def _build(image, say):
    partial = Image(image.folder.with_name(image.folder.name + ".partial"))
    shutil.rmtree(partial.folder, ignore_errors=True)
    partial.folder.mkdir(mode=0o700, parents=True)
    say("Building the image of the virtual machine (Debian %s with its kernel; once, about a minute) ..." % SUITE)
    with tempfile.TemporaryDirectory(prefix="root-", dir=partial.folder) as scratch:
        root = Path(scratch) / "root"
        _install_system(root)
        _make_keys(partial.folder)
        _settle(root, partial.folder)
        shutil.copy(next((root / "boot").glob("vmlinuz-*")), partial.kernel)
        shutil.copy(next((root / "boot").glob("initrd.img-*")), partial.initrd)
        run(["mkfs.ext4", "-q", "-d", str(root), str(partial.disk), DISK_SIZE])
    partial.folder.rename(image.folder)


def _remove_old():
    """Remove images of other recipes that nobody built within a week. A machine that runs on one keeps the open
    file.
    """
    for path in places.images().iterdir():
        if path.is_dir() and path != present().folder and time.time() - path.stat().st_ctime > 7 * 86400:
            shutil.rmtree(path, ignore_errors=True)


def ready(say=print):
    """The image (Image); it is built when it is not there. Raises LabError."""
    image = present()
    if image.folder.is_dir():
        return image
    places.images().mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(places.images() / "build.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.folder.is_dir():
            _build(image, say)
            _remove_old()
    return image
