#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a database away."""
from __future__ import annotations

DOCUMENTATION = r"""
module: database_fault
short_description: Take a database of a host away for a bounded time
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(sqlite) holds the locks of a database file. V(outage) keeps reads and writes out, V(lock) only writes. The kernel drops the locks when the
    process that holds them ends, however it ends. The file is not changed.
  - V(postgresql) works on the server of this host that listens on O(port), without a driver or a password. V(outage) stops it (its systemd unit, or
    a fast shutdown and later the same command line again), V(pause) stops its processes so that clients wait, V(terminate) ends its sessions once a second.
  - The fault is over only when the server takes connections again.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  engine:
    description: The kind of database. V(sqlite) with O(path), V(postgresql) otherwise.
    type: str
    choices: [sqlite, postgresql]
  action:
    description: What to do. V(lock) needs SQLite; V(pause) and V(terminate) need PostgreSQL.
    type: str
    choices: [outage, lock, pause, terminate]
    default: outage
  path:
    description: The SQLite file.
    type: path
  port:
    description: The port of the PostgreSQL server. 5432 when left out.
    type: raw
  patience:
    description: How long to try for the locks, or to wait for a shutdown.
    type: str
    default: 10s
"""

EXAMPLES = r"""
- name: Ten seconds without the database
  magsasa.chaos.database_fault:
    name: no-database
    path: /var/lib/shop/shop.db
    duration: 10s

- name: A PostgreSQL server that hangs
  magsasa.chaos.database_fault:
    name: hanging
    engine: postgresql
    action: pause
    port: 5432
    duration: 10s
  become: true
"""

RETURN = r"""
# The shared results are described in the fragment magsasa.chaos.fault.
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._families.database import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
