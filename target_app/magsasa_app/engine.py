# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines with bounded waits, or, for the fragile mode, with those that nobody thought about."""

from __future__ import annotations

from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

# Connections of the pool, and threads that use them.
POOL = 8
FRAGILE_WAIT_S = 30


def make_engine(config):
    """The engine of the requests."""
    if config.database_url.get_backend_name() == "sqlite":
        return _sqlite(config)
    if config.fragile:
        return create_engine(config.database_url, pool_size=2, max_overflow=0, pool_timeout=FRAGILE_WAIT_S)
    return create_engine(
        config.database_url,
        pool_pre_ping=True,
        pool_size=POOL,
        max_overflow=2,
        pool_timeout=config.database_wait_s,
        pool_recycle=300,
        connect_args=_bounds(config),
    )


def make_fresh_engine(config):
    """The engine of checks: a new connection each time, which owes nothing to what happened before."""
    if config.database_url.get_backend_name() == "sqlite":
        return _sqlite(config)
    return create_engine(
        config.database_url, poolclass=NullPool, connect_args={} if config.fragile else _bounds(config)
    )


def _sqlite(config):
    """Opens the file anew each time: cheap, it sees a file that was put in another's place, and no lock outlives
    its request.
    """
    wait = FRAGILE_WAIT_S if config.fragile else config.lock_wait_s
    engine = create_engine(
        config.database_url, connect_args={"timeout": wait, "check_same_thread": False}, poolclass=NullPool
    )
    event.listen(engine, "connect", lambda connection, record: connection.execute("PRAGMA foreign_keys=ON"))
    return engine


def _bounds(config):
    """libpq's own time-outs: for connecting, for statements and locks on the server, and for a host that vanished."""
    return {
        "connect_timeout": config.connect_wait_s,
        "options": "-c statement_timeout=1000 -c lock_timeout=%d" % (config.lock_wait_s * 1000),
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 5000,
    }
