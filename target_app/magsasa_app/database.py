# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way to the database: bounded waits, a circuit breaker, and a re-check in the background while it is open.

A request never waits longer than ``database_wait_s``: the work runs on a small pool of threads, and a thread that hangs (a
stopped server keeps its sockets open) is given up by its request. While the breaker is open nothing is sent to the database
but the re-check, so no thread piles up behind another.
"""
from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitedTooLong

from sqlalchemy import create_engine, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from .models import Base, Farmer

log = logging.getLogger(__name__)
RECHECK_S = 0.25
POOL_THREADS = 8


class Unavailable(Exception):
    """The database does not answer; the request gets 503 and Retry-After."""

    retry_after_s = 1


def make_engine(config):
    """Engine with the waits of the configuration; SQLite opens its file anew each time, so no lock outlives a request."""
    if config.database_url.startswith("sqlite"):
        wait = 30.0 if config.fragile else config.lock_wait_s
        engine = create_engine(config.database_url, connect_args={"timeout": wait, "check_same_thread": False}, poolclass=NullPool)
        event.listen(engine, "connect", lambda connection, record: connection.execute("PRAGMA foreign_keys=ON"))
        return engine
    if config.fragile:
        return create_engine(config.database_url, pool_size=2, max_overflow=0, pool_timeout=30)
    return create_engine(
        config.database_url,
        pool_pre_ping=True,
        pool_size=POOL_THREADS,
        max_overflow=2,
        pool_timeout=config.database_wait_s,
        pool_recycle=300,
        connect_args={"connect_timeout": 2, "options": "-c statement_timeout=2000 -c lock_timeout=300"},
    )


class Database:
    """Runs pieces of work, each with a Session of its own."""

    def __init__(self, config):
        self.config = config
        self.engine = make_engine(config)
        self.up = True
        self._threads = ThreadPoolExecutor(POOL_THREADS, "database")
        self._lock = threading.Lock()

    @property
    def backend(self):
        """ "sqlite" or "postgresql"."""
        return self.engine.url.get_backend_name()

    @property
    def where(self):
        """File of an SQLite database, host and port of a server; never a credential."""
        url = self.engine.url
        if self.backend == "sqlite":
            return {"path": url.database}
        return {"host": url.host or "localhost", "port": url.port or 5432}

    def create(self):
        """Make the tables that are missing."""
        Base.metadata.create_all(self.engine)

    def _work(self, work):
        with Session(self.engine) as session:
            return work(session)

    def call(self, work):
        """Result of ``work(session)``; raises Unavailable when the database does not answer in time."""
        if self.config.fragile:
            return self._work(work)
        if not self.up:
            raise Unavailable("the database is not available")
        try:
            return self._threads.submit(self._work, work).result(self.config.database_wait_s)
        except WaitedTooLong:
            self._open("no answer within %.0f ms" % (self.config.database_wait_s * 1000))
        except PoolTimeout:
            self._open("no free connection")
        except DBAPIError as error:
            if not is_outage(error):
                raise
            self._open(type(error.orig).__name__)
        raise Unavailable("the database is not available")

    def ping_ms(self):
        """Milliseconds that a small read takes; raises Unavailable."""
        began = time.monotonic()
        self.call(lambda session: session.execute(select(Farmer.id).limit(1)).first())
        return (time.monotonic() - began) * 1000.0

    def _open(self, why):
        """Open the breaker and let one thread re-check until the database answers again."""
        with self._lock:
            if not self.up:
                return
            self.up = False
        log.warning("database unavailable (%s): answering 503 until it is back", why)
        threading.Thread(target=self._recheck, name="recheck", daemon=True).start()

    def _recheck(self):
        while True:
            time.sleep(RECHECK_S)
            try:
                self._work(lambda session: session.execute(select(Farmer.id).limit(1)).first())
            except (DBAPIError, PoolTimeout):
                continue
            self._threads, stuck = ThreadPoolExecutor(POOL_THREADS, "database"), self._threads
            stuck.shutdown(wait=False)
            self.up = True
            log.warning("database available again")
            return


def is_outage(error):
    """Whether a driver's error means that the database is away, rather than that the statement is wrong."""
    return error.connection_invalidated or type(error.orig).__name__ in (
        "OperationalError",
        "InterfaceError",
        "QueryCanceled",
        "LockNotAvailable",
        "AdminShutdown",
        "CannotConnectNow",
        "TooManyConnections",
        "ObjectNotInPrerequisiteState",
    )
