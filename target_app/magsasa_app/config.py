# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings from the environment, each checked once."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError


@dataclass(frozen=True)
class Config:
    """Settings of one process. ``fragile`` switches every resilient habit off."""

    database_url: URL
    port: int
    bind: str
    fragile: bool

    # How long a request may wait for the database before it is answered with 503, and for a lock of somebody else.
    database_wait_s: float = 0.35
    lock_wait_s: float = 0.2
    # How long a new connection to a server may take; libpq takes less than 2 s for 2 s.
    connect_wait_s: int = 2


def from_environment(environ=None):
    """Config of DATABASE_URL, APP_DATABASE_FILE, APP_PORT, APP_BIND and FRAGILE; raises ValueError with one
    sentence.
    """
    environ = os.environ if environ is None else environ
    port = environ.get("APP_PORT") or "8000"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("APP_PORT: '%s' is not a port; use a number from 1 to 65535" % port)
    fragile = (environ.get("FRAGILE") or "0").lower()
    if fragile not in ("0", "1", "true", "false", "yes", "no"):
        raise ValueError("FRAGILE: '%s' is neither on nor off; use 1 or 0" % fragile)
    url = (
        _url(environ["DATABASE_URL"])
        if environ.get("DATABASE_URL")
        else URL.create("sqlite", database=environ.get("APP_DATABASE_FILE") or "magsasa.db")
    )
    return Config(
        database_url=_supported(url),
        port=int(port),
        bind=environ.get("APP_BIND") or "127.0.0.1",
        fragile=fragile in ("1", "true", "yes"),
    )


def _url(text):
    """Never quotes the text in its error: it may hold a password."""
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(
            "DATABASE_URL: is not a URL; write postgresql://user:password@host:5432/name or sqlite:////path/to/file"
        ) from None


def _supported(url):
    """The URL with its driver, and with the absolute path of an SQLite file."""
    kind = url.drivername.partition("+")[0]
    if kind in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise ValueError("DATABASE_URL: '%s' is not supported; use postgresql or sqlite" % kind[:20])
    if url.database in (None, "", ":memory:"):
        raise ValueError("DATABASE_URL: the database would be in memory; name a file, as in sqlite:////path/to/file")
    path = os.path.abspath(url.database)
    if not os.path.isdir(os.path.dirname(path)):
        raise ValueError("DATABASE_URL: there is no folder %s; make it first" % os.path.dirname(path))
    return url.set(database=path)
