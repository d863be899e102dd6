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
  - With V(engine=sqlite) it holds the locks of a database file, as SQLite itself takes them. V(outage) keeps readers and writers out, V(lock) only writers.
    The kernel drops the locks when the process that holds them ends, however it ends. The file is not changed.
  - With V(engine=postgresql) it works on the server that listens on O(port).
  - V(outage) stops it (its systemd service, or a fast shutdown and later the same command line again), V(pause) stops its processes so that clients
    wait, V(terminate) ends its sessions once a second. These need no client, no driver and no password, but the rights of the server's user or root.
  - V(refuse) lets one database take no connections, V(exhaust) uses up the free connections of the server, V(lock) locks one table. These need
    C(psql) on the host and a role that may do it.
  - With V(engine=mysql) or V(engine=mariadb), which are the same, V(outage) and V(pause) do likewise. V(terminate), V(refuse), V(exhaust) and V(lock) need the
    client C(mariadb) or C(mysql) on the host and an account that may do it. V(refuse) locks one account out, as these servers cannot close a database.
  - The fault of a server is over only when it takes connections again.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  engine:
    description: The kind of database. When left out, V(sqlite) with O(path), V(postgresql) otherwise.
    type: str
    choices: [sqlite, postgresql, mysql, mariadb]
  action:
    description: What to do. SQLite knows V(outage) and V(lock), the servers all of them.
    type: str
    choices: [outage, lock, pause, terminate, refuse, exhaust]
    default: outage
  path:
    description: The SQLite file, as an absolute path. A link is followed.
    type: path
  port:
    description: The port of the server. When left out, 5432 for PostgreSQL and 3306 for MySQL and MariaDB.
    type: raw
  patience:
    description: How long to try for a lock, or to wait for a shutdown.
    type: str
    default: 10s
  database:
    description: The database of V(lock); with PostgreSQL also that of V(refuse), and the one that V(exhaust) connects to (V(postgres) when left out).
    type: str
  table:
    description: The table of V(lock), as C(TABLE) or with PostgreSQL also C(SCHEMA.TABLE), in the letters that the server shows.
    type: str
  account:
    description: The account of V(refuse) with MySQL and MariaDB, as C(USER@HOST) or C(USER), which is C(USER@%).
    type: str
  login_user:
    description:
      - The role or account that works by SQL.
      - When left out, root works as O(become_user) with PostgreSQL and as C(root) with MySQL and MariaDB, anybody else as himself.
    type: str
  login_password:
    description: Its password. It is kept in a private file of the host as long as the fault lasts, and never in the ledger.
    type: str
  login_host:
    description: Where the server is. The Unix socket of the server on O(port) when left out.
    type: str
  login_unix_socket:
    description: The server's Unix socket, with PostgreSQL the folder that it is in.
    type: path
  become_user:
    description: With PostgreSQL, the operating system's user whom root runs C(psql) as, when O(login_user) is left out.
    type: str
    default: postgres
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

- name: A table that nobody gets at
  magsasa.chaos.database_fault:
    name: locked-orders
    engine: postgresql
    action: lock
    database: shop
    table: orders
    duration: 20s
  become: true

- name: A MariaDB server that takes no more connections
  magsasa.chaos.database_fault:
    name: full
    engine: mariadb
    action: exhaust
    duration: 20s
  become: true
"""

RETURN = r"""
fault:
  description: The record of the fault, as the host's ledger holds it.
  returned: always, except O(state=absent) with a name that the host never knew
  type: dict
  contains:
    id:
      description: Identity of this one run of the fault.
      type: str
      sample: 3f9c1b0a77d2
    state:
      description: V(planned) in check mode, V(active), V(reverted), or V(residue) when something could not be undone.
      type: str
      sample: active
    requested:
      description: Figures that were asked for, with their unit in the key.
      type: dict
      sample: {engine: sqlite, path: /var/lib/shop/shop.db}
    backend:
      description: What carries the fault out.
      type: str
      sample: SQLite locks on the file
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "keep reads and writes of /var/lib/shop/shop.db from everybody else", undo: ["workers.end fault=3f9c1b0a77d2"], tool: null}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description: Figures that were measured.
      type: dict
      sample: {read: busy, write: busy, tried: 4, refused: 4}
    injected_at:
      description: Both clocks of the host when the fault was in.
      type: dict
      sample: {monotonic: 1311.204817, wall: 1795600000.114}
    reverted_at:
      description: Both clocks of the host when the revert was done and checked.
      type: dict
      sample: {monotonic: 1341.209114, wall: 1795600030.118}
    revert_cause:
      description: What ended it (deadline, absent, halt, halt_condition, lease, worker_died, guardian_died, supervisor_died, orphaned, failed, event_over).
      type: str
      sample: deadline
    residue:
      description: What is left of the fault after the revert, one sentence each.
      type: list
      elements: str
      sample: []
    differences:
      description:
        - What is not as it was before, though the fault is undone, one sentence each.
        - Whoever changed it, an experiment with a difference has the status C(failed).
        - Only there once the fault is reverted.
      type: list
      elements: str
      sample: []
swept:
  description: Faults that nobody held any more and that this run undid first.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._families.database import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
