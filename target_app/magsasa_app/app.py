# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Flask application: pages, health, metrics, and one place that turns errors into answers."""
from __future__ import annotations

import logging
import time

from flask import Flask, Response, jsonify, render_template, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from . import SERVICE, __version__, config as settings
from .api import BadRequest, api
from .database import Database, Unavailable
from .models import Farmer, LoanPayment, Order, OrderLine
from .seed import seed

log = logging.getLogger(__name__)


def create_app(config=None, database=None):
    """The application; makes and seeds its tables when they are not there."""
    config = config or settings.from_environment()
    app = Flask(__name__)
    app.config["DATABASE"] = database or Database(config)
    app.config["STARTED"] = time.monotonic()
    app.register_blueprint(api)
    _prepare(app.config["DATABASE"])
    _health(app)
    _page(app)
    _metrics(app)
    _errors(app, config)
    return app


def _prepare(database):
    """Tables and seed; a database that is away now does not keep the service from starting."""
    try:
        database.create()
        database._work(seed)
    except SQLAlchemyError as error:
        log.warning("the database cannot be prepared yet (%s)", type(error).__name__)


def _health(app):
    database = app.config["DATABASE"]

    def uptime():
        return round(time.monotonic() - app.config["STARTED"], 3)

    @app.get("/health")
    def health():
        check = dict({"backend": database.backend}, **database.where)
        try:
            check.update(status="up", latency_ms=round(database.ping_ms(), 3))
        except (Unavailable, SQLAlchemyError) as error:
            check.update(status="down", error=type(error).__name__)
        well = check["status"] == "up"
        body = {"service": SERVICE, "version": __version__, "status": "ok" if well else "degraded", "uptime_s": uptime(), "checks": {"database": check}}
        return (jsonify(body), 200) if well else (jsonify(body), 503, {"Retry-After": "1"})

    @app.get("/live")
    def live():
        return jsonify(service=SERVICE, status="alive", uptime_s=uptime())

    @app.get("/ready")
    def ready():
        database.ping_ms()
        return jsonify(service=SERVICE, status="ready")


def _page(app):
    database = app.config["DATABASE"]

    def summary(session):
        provinces = session.execute(select(Farmer.province, func.count()).group_by(Farmer.province).order_by(Farmer.province)).all()
        return {
            "provinces": [(name, count) for name, count in provinces],
            "farmers": session.scalar(select(func.count()).select_from(Farmer)),
            "orders": session.scalar(select(func.count()).select_from(Order)),
            "ordered": session.scalar(select(func.coalesce(func.sum(OrderLine.quantity * OrderLine.price), 0))),
            "paid": session.scalar(select(func.coalesce(func.sum(LoanPayment.amount), 0))),
        }

    @app.get("/")
    def index():
        return render_template("index.html", service=SERVICE, version=__version__, **database.call(summary))


def _metrics(app):
    registry = CollectorRegistry()
    requests = Counter("http_requests_total", "Requests.", ["route", "status"], registry=registry)
    seconds = Histogram("http_request_seconds", "Time to answer.", ["route"], registry=registry)
    up = Gauge("database_up", "Whether the database answers.", registry=registry)

    @app.before_request
    def begin():
        request.environ["magsasa.began"] = time.monotonic()

    @app.after_request
    def count(response):
        route = request.url_rule.rule if request.url_rule else "unknown"
        requests.labels(route, str(response.status_code)).inc()
        seconds.labels(route).observe(time.monotonic() - request.environ.get("magsasa.began", time.monotonic()))
        return response

    @app.get("/metrics")
    def metrics():
        up.set(1 if app.config["DATABASE"].up else 0)
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _errors(app, config):
    @app.errorhandler(BadRequest)
    def bad(error):
        return jsonify(error=str(error)), 400

    @app.errorhandler(404)
    def missing(error):
        return jsonify(error="there is nothing at this address"), 404

    @app.errorhandler(Unavailable)
    def unavailable(error):
        return jsonify(error="the database is not available; try again"), 503, {"Retry-After": str(Unavailable.retry_after_s)}

    @app.errorhandler(Exception)
    def failed(error):
        if hasattr(error, "code") and hasattr(error, "get_response"):
            return jsonify(error=getattr(error, "description", "refused")), error.code
        log.exception("request failed")
        return jsonify(error="internal error"), 500
