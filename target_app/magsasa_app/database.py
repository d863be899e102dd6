# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way to the database: every wait is bounded, and an outage is answered fast.

A request never waits longer than ``database_wait_s``: its work runs on a small pool of threads, and a thread that hangs
is given
up by its request. (A stopped server keeps its sockets open and its kernel acknowledges what is sent, so no time-out of
the
connection itself ever fires.) While the breaker is open nothing is sent to the database but the re-check.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitedTooLong

from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from .breaker import Breaker
from .engine import POOL, make_engine, make_fresh_engine
from .models import Base, Farmer
from .seed import seed


class Unavailable(Exception):
    """The database does not answer; the request gets 503 and Retry-After."""

    retry_after_s = 1


class GivenUp(Exception):
    """The request that wanted this work has been answered already: nothing is committed for it."""


class Database:
    """Runs pieces of work, each with a Session of its own."""

    def __init__(self, config):
        self.config = config
        self.engine = make_engine(config)
        self._fresh = make_fresh_engine(config)
        self._threads = ThreadPoolExecutor(POOL, "database")
        self._prepared = False
        self._breaker = Breaker(self._check, on_close=self._renew)

    @property
    def up(self):
        """Whether requests are let through."""
        return self._breaker.closed

    @property
    def where(self):
        """Backend, and the file of an SQLite database or host and port of a server; never a credential."""
        url = self.engine.url
        if url.get_backend_name() == "sqlite":
            return {"backend": "sqlite", "path": url.database}
        return {
            "backend": "postgresql",
            "host": url.host or url.query.get("host") or "localhost",
            "port": url.port or 5432,
        }

    def start(self):
        """Make and fill the tables that are missing. A database that is away does not keep the service from
        starting, unless it is fragile.
        """
        if self.config.fragile:
            self._check()
            return
        try:
            self._threads.submit(self._check).result(self.config.connect_wait_s + 1)
        except (SQLAlchemyError, WaitedTooLong) as error:
            self._breaker.open(type(error).__name__)

    def call(self, work):
        """Result of ``work(session)``; raises Unavailable when the database does not answer in time."""
        if self.config.fragile:
            with Session(self.engine) as session:
                return work(session)
        if not self._breaker.closed:
            raise Unavailable()
        given_up = threading.Event()
        wanted = self._threads.submit(self._work, work, given_up)
        try:
            result = wanted.result(self.config.database_wait_s)
        except WaitedTooLong:
            given_up.set()
            wanted.cancel()
            why = "no answer within %.0f ms" % (self.config.database_wait_s * 1000)
        except PoolTimeout:
            why = "no free connection"
        except DBAPIError as error:
            if not is_outage(error):
                raise
            why = type(error.orig).__name__
        else:
            self._breaker.succeeded()
            return result
        self._breaker.failed(why)
        raise Unavailable()

    def ping_ms(self):
        """Milliseconds that a small read takes; raises Unavailable."""
        began = time.monotonic()
        self.call(lambda session: session.execute(select(Farmer.id).limit(1)).first())
        return (time.monotonic() - began) * 1000.0

    def _work(self, work, given_up):
        with Session(self.engine) as session:

            def refuse(_session):
                if given_up.is_set():
                    raise GivenUp()

            # A client that was told to try again must not find its first attempt done as well.
            event.listen(session, "before_commit", refuse)
            return work(session)

    def _check(self):
        """Raises while the database cannot be used. Always over a new connection: those of the pool may hang."""
        with Session(self._fresh) as session:
            if not self._prepared:
                Base.metadata.create_all(session.connection())
                seed(session)
                session.commit()
                self._prepared = True
            session.execute(select(Farmer.id).limit(1)).first()

    def _renew(self):
        """Leave what hangs behind: connections and threads from before the outage."""
        self.engine.dispose()
        self._threads, old = ThreadPoolExecutor(POOL, "database"), self._threads
        old.shutdown(wait=False)


def is_outage(error):
    """Whether a driver's error means that the database is away, locked or too slow, rather than that the statement
    is wrong.
    """
    return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
