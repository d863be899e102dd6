# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a marked test needs of the machine, and whether it is there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def postgres_folder():
    """Folder that holds initdb and pg_ctl (Path), newest version first, or None. Debian keeps them off the PATH."""
    on_path = shutil.which("initdb")
    places = [Path(os.path.realpath(on_path)).parent] if on_path else []
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    places += sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    places += [Path("/usr/pgsql-%d/bin" % version) for version in range(20, 11, -1)]
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


def mariadb_server():
    """Path of the server's program, or None. Debian keeps it off a plain user's PATH."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/libexec"])
    return shutil.which("mariadbd", path=path) if shutil.which("mariadb-install-db", path=path) else None


def chromium():
    """Path of the browser's program, or None."""
    return next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)


def missing(marker):
    """Why a test with this marker cannot run here (text), or None."""
    if marker == "root" and os.geteuid() != 0:
        return "needs root; run the tests as root"
    if marker == "postgres" and postgres_folder() is None:
        return "needs a PostgreSQL server's programs; install the package postgresql (Fedora, RHEL: postgresql-server)"
    if marker == "mariadb" and mariadb_server() is None:
        return "needs a MariaDB server's programs; install the package mariadb-server"
    if marker == "podman" and not (shutil.which("podman") and shutil.which("busybox")):
        return (
            "needs podman and busybox; install the packages podman, runc and busybox-static (Fedora, RHEL: podman and"
            " busybox)"
        )
    if marker == "docker" and not (shutil.which("dockerd") and shutil.which("busybox")):
        return "needs a docker daemon's program and busybox; install the packages docker.io and busybox-static"
    if marker == "chromium" and chromium() is None:
        return "needs the browser Chromium; install the package chromium"
    return None
