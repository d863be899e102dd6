# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators and machines ask: is it well, is it alive, may it get traffic?"""

from __future__ import annotations

import time

from flask import Blueprint, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from . import SERVICE, __version__
from .database import Unavailable

health = Blueprint("health", __name__)
_RETRY = {"Retry-After": str(Unavailable.retry_after_s)}


def _uptime_s():
    return round(time.monotonic() - current_app.extensions["started"], 3)


def _database_check():
    database = current_app.extensions["database"]
    try:
        return dict(database.where, status="up", latency_ms=round(database.ping_ms(), 3))
    except (Unavailable, SQLAlchemyError) as error:
        return dict(database.where, status="down", latency_ms=None, error=type(error).__name__)


@health.get("/health")
def is_well():
    """200 when everything that the service needs is there, 503 when not."""
    check = _database_check()
    well = check["status"] == "up"
    body = {
        "service": SERVICE,
        "version": __version__,
        "status": "ok" if well else "degraded",
        "uptime_s": _uptime_s(),
        "checks": {"database": check},
    }
    return (jsonify(body), 200) if well else (jsonify(body), 503, _RETRY)


@health.get("/live")
def is_alive():
    """200 as long as the process answers at all, whatever its database does."""
    return jsonify(service=SERVICE, version=__version__, status="alive", uptime_s=_uptime_s())


@health.get("/ready")
def is_ready():
    """200 when requests can be answered; the database's word counts."""
    ready = _database_check()["status"] == "up"
    body = {"service": SERVICE, "version": __version__, "status": "ready" if ready else "not ready"}
    return (jsonify(body), 200) if ready else (jsonify(body), 503, _RETRY)
