# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings from the environment, each checked once."""
from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """Settings of one process. ``fragile`` switches every resilient habit off."""

    database_url: str
    port: int
    bind: str
    fragile: bool

    # How long a request may wait for the database before it is answered with 503, and what the driver may wait for a lock.
    database_wait_s: float = 0.35
    lock_wait_s: float = 0.2


def from_environment(environ=None):
    """Config of DATABASE_URL, APP_PORT, APP_BIND and FRAGILE; raises ValueError with one sentence for what cannot be used."""
    environ = os.environ if environ is None else environ
    url = environ.get("DATABASE_URL") or "sqlite:///" + os.path.abspath(environ.get("APP_DATABASE_FILE") or "magsasa.db")
    if url.startswith("postgres://"):
        url = "postgresql://" + url[len("postgres://"):]
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url[len("postgresql://"):]
    port = environ.get("APP_PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("APP_PORT: '%s' is not a port; use a number from 1 to 65535" % port)
    fragile = (environ.get("FRAGILE") or "0").lower()
    if fragile not in ("0", "1", "true", "false", "yes", "no"):
        raise ValueError("FRAGILE: '%s' is neither on nor off; use 1 or 0" % fragile)
    return Config(database_url=url, port=int(port), bind=environ.get("APP_BIND") or "127.0.0.1", fragile=fragile in ("1", "true", "yes"))
