# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Flask application, and the one place that turns errors into answers."""

from __future__ import annotations

import logging
import time

from flask import Flask, jsonify
from werkzeug.exceptions import HTTPException

from . import config as settings
from .api import BadRequest, api
from .database import Database, Unavailable
from .health import health
from .metrics import Metrics
from .web import web

log = logging.getLogger(__name__)
LONGEST_BODY = 64 * 1024


def create_app(config=None):
    """The application; makes and fills its tables when they are not there."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    app.extensions["database"] = Database(config or settings.from_environment())
    app.extensions["started"] = time.monotonic()
    for blueprint in (api, health, web):
        app.register_blueprint(blueprint)
    Metrics(app.extensions["database"]).watch(app)
    app.register_error_handler(BadRequest, _bad_request)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _internal)
    app.extensions["database"].start()
    return app


def _bad_request(error):
    return jsonify(error=str(error)), 400


def _unavailable(_error):
    return (
        jsonify(error="the database is not available; try again"),
        503,
        {"Retry-After": str(Unavailable.retry_after_s)},
    )


def _http(error):
    sentence = "there is nothing at this address" if error.code == 404 else (error.description or error.name)
    answer = jsonify(error=sentence)
    answer.status_code = error.code
    for name, value in error.get_headers():
        if name in ("Allow", "Location", "Retry-After"):
            answer.headers[name] = value
    return answer


def _internal(_error):
    log.exception("request failed")
    return jsonify(error="internal error"), 500
