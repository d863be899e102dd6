#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a database on a host unavailable for a bounded time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database_fault
short_description: Make a database on a host unavailable for a bounded time
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - "O(engine=sqlite) holds the same locks on the database file that SQLite itself takes: V(outage) blocks readers and
    writers, V(lock) blocks writers only. The kernel drops the locks when the process that holds them ends, however it
    ends. The file is not changed."
  - As root, it opens an SQLite database only as the user who owns the file, and only while it is the file that was there
    when the fault was planned. A database that belongs to root is refused if anybody else can write to the file, to its
    folder or to a folder above, as a journal put beside it would make SQLite delete any file as root.
  - O(engine=postgresql) acts on the server that listens on O(port).
  - V(outage) stops the server (its systemd service; or a fast shutdown, and later the same command line again),
    V(pause) freezes its processes so that clients wait, V(terminate) terminates its sessions once a second. These need
    no client, driver or password, only root or the user that the server runs as.
  - V(refuse) closes one database to new connections, V(exhaust) uses up the free connections of the server, V(lock)
    locks one table. These need C(psql) on the host and a role with the privilege.
  - With O(engine=mysql) or O(engine=mariadb), which mean the same, V(outage) and V(pause) work likewise. V(terminate),
    V(refuse), V(exhaust) and V(lock) need the client C(mariadb) or C(mysql) on the host and an account with the
    privilege. V(refuse) locks an account, as these servers cannot close a database.
  - The revert of a server fault is complete only when the server accepts connections again.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  engine:
    description: The kind of database. The default is V(sqlite) with O(path) and V(postgresql) without it.
    type: str
    choices: [sqlite, postgresql, mysql, mariadb]
  action:
    description: The kind of fault. SQLite supports V(outage) and V(lock), the servers support all of them.
    type: str
    choices: [outage, lock, pause, terminate, refuse, exhaust]
    default: outage
  path:
    description: Absolute path of the SQLite file. Symbolic links are followed. The owner of the file must be able to
      enter each folder above it.
    type: path
  port:
    description: Port of the server. The default is 5432 for PostgreSQL and 3306 for MySQL and MariaDB.
    type: raw
  patience:
    description: How long to try for a lock, or to wait for a shutdown. At most V(50s).
    type: str
    default: 10s
  database:
    description: The database of V(lock). With PostgreSQL also that of V(refuse), and the one that V(exhaust) connects
      to (default V(postgres)).
    type: str
  table:
    description: The table of V(lock), as C(TABLE), or with PostgreSQL also as C(SCHEMA.TABLE), spelled as the server
      shows it.
    type: str
  account:
    description:
      - The account of V(refuse) with MySQL and MariaDB, as C(USER@HOST), or C(USER) for C(USER@%).
      - Only this account is locked, and only its sessions are terminated. RV(fault.notes) tells by which other accounts
        the same user can still log in.
    type: str
  login_user:
    description:
      - The role or account for actions that use SQL.
      - Without it, root connects as O(become_user) to PostgreSQL and as C(root) to MySQL and MariaDB; any other user
        connects under their own name.
    type: str
  login_password:
    description: The password of O(login_user). It is kept in a private file on the host while the fault lasts, and
      never in the ledger.
    type: str
  login_host:
    description: Address of the server. The default is the Unix socket of the server on O(port).
    type: str
  login_unix_socket:
    description: The Unix socket of the server; with PostgreSQL, the folder that contains it.
    type: path
  become_user:
    description: With PostgreSQL, the operating system user as which root runs C(psql) when O(login_user) is not given.
    type: str
    default: postgres
seealso:
  - module: magsasa.chaos.network_fault
  - module: magsasa.chaos.service_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Take the SQLite database away for ten seconds
  magsasa.chaos.database_fault:
    name: no-database
    path: /var/lib/shop/shop.db
    duration: 10s

- name: Let a PostgreSQL server hang
  magsasa.chaos.database_fault:
    name: hanging
    engine: postgresql
    action: pause
    port: 5432
    duration: 10s
  become: true

- name: Lock one table
  magsasa.chaos.database_fault:
    name: locked-orders
    engine: postgresql
    action: lock
    database: shop
    table: orders
    duration: 20s
  become: true

- name: Use up all connections of a MariaDB server
  magsasa.chaos.database_fault:
    name: full
    engine: mariadb
    action: exhaust
    duration: 20s
  become: true

- name: Block the writers of a SQLite database, and try for half a minute to get the lock
  magsasa.chaos.database_fault:
    name: read-only
    engine: sqlite
    action: lock
    path: /var/lib/shop/shop.db
    patience: 30s
    duration: 30s

- name: Close one database to new connections, with a role of its own over the network
  magsasa.chaos.database_fault:
    name: closed
    engine: postgresql
    action: refuse
    database: shop
    login_host: 192.0.2.20
    login_user: chaos
    login_password: "{{ vault_chaos_password }}"
    duration: 30s

- name: Lock an account of a MySQL server
  magsasa.chaos.database_fault:
    name: locked-out
    engine: mysql
    action: refuse
    account: shop@%
    login_unix_socket: /run/mysqld/mysqld.sock
    duration: 30s
  become: true

- name: Use up the connections of a server whose superuser is not postgres
  magsasa.chaos.database_fault:
    name: no-connections
    engine: postgresql
    action: exhaust
    become_user: pgadmin
    duration: 20m
    max_duration: 30m
    lease: 60s
    halt_on: {probe: shop, error_rate: 80%, for: 10s}
    force: true  # also while another run experiments on this host
  become: true

- name: Revert early
  magsasa.chaos.database_fault:
    name: no-database
    state: absent
"""

RETURN = r"""
fault:
  description: The record of the fault, as the host's ledger holds it.
  returned: always, except with O(state=absent) for a name that is not in the ledger
  type: dict
  contains:
    id:
      description: Identifier of this injection.
      type: str
      sample: 3f9c1b0a77d2
    state:
      description:
        - State of the fault. V(planned) in check mode, V(armed) while it is being injected, V(active) while it lasts,
          V(reverted) afterwards.
        - V(residue) when the revert left something behind; see RV(fault.residue).
      type: str
      choices: [planned, armed, active, reverted, residue]
      sample: active
    requested:
      description: Requested figures. The unit is part of the key.
      type: dict
      sample: {engine: sqlite, path: /var/lib/shop/shop.db}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: SQLite locks on the file
    notes:
      description: Fallbacks that were used, and limits of this fault on this host, one sentence each.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step (C(says)), the operations that revert it (C(undo)), and the program that it needs
        (C(tool)).
      type: list
      elements: dict
      sample: [{says: "keep reads and writes of /var/lib/shop/shop.db from everybody else",
        undo: ["workers.end fault=3f9c1b0a77d2"], tool: null}]
    effect:
      description:
        - Whether the fault took effect. V(confirmed) when the measurement agrees with RV(fault.requested), V(mismatch)
          when it does not.
        - V(inconclusive) when there is no evidence that the fault took effect.
      type: str
      choices: [confirmed, mismatch, inconclusive]
      sample: confirmed
    measured:
      description: Measured figures. With SQLite, how a read and a write ended (C(read), C(write)), and how many
        attempts (C(tried)) the locks refused (C(refused)).
      type: dict
      sample: {read: busy, write: busy, tried: 4, refused: 4}
    injected_at:
      description: When the injection was complete, on the monotonic clock and the wall clock of the host.
      type: dict
      sample: {monotonic: 1311.204817, wall: 1795600000.114}
    reverted_at:
      description: When the revert was complete and verified, on both clocks of the host.
      type: dict
      sample: {monotonic: 1341.209114, wall: 1795600030.118}
    revert_cause:
      description:
        - What ended the fault. V(deadline) after O(duration), V(absent) by O(state=absent), V(halt) by
          M(magsasa.chaos.fault_halt), V(halt_condition) when O(halt_on) was met, V(lease) when nobody renewed it,
          V(event_over) when an event such as a kill was complete.
        - V(worker_died), V(guardian_died) and V(supervisor_died) when that process of the fault died, V(terminated)
          when the host shut down or somebody stopped the fault's processes, V(orphaned) when a later task found that no
          process held the fault any more, V(failed) when the injection failed.
      type: str
      choices: [deadline, absent, halt, halt_condition, lease, worker_died, guardian_died, supervisor_died, orphaned,
        failed, terminated, event_over]
      sample: deadline
    residue:
      description: What the revert left behind, one sentence each; empty after a complete revert.
      type: list
      elements: str
      sample: []
    differences:
      description:
        - What differs from the state before the injection although the fault is reverted, one sentence each.
        - An experiment with a difference has the status C(failed), whoever caused it.
        - Present once the fault is reverted.
      type: list
      elements: str
      sample: []
swept:
  description: Faults that no process held any more and that this task reverted first.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run  # first, see keep_code
from ansible_collections.magsasa.chaos.plugins.module_utils._families.database import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
