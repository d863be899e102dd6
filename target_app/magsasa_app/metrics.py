# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/metrics in Prometheus' text format."""

from __future__ import annotations

import re
import time

from flask import Response, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Requests by route and status, their latency, and whether the database answers."""

    def __init__(self, database):
        disable_created_metrics()
        self._database = database
        self._registry = CollectorRegistry()
        self._requests = Counter("http_requests", "Requests answered.", ["route", "status"], registry=self._registry)
        self._seconds = Histogram(
            "http_request_duration_seconds", "Time to answer.", ["route"], buckets=_BUCKETS_S, registry=self._registry
        )
        self._up = Gauge("database_up", "1 while requests are let through to the database.", registry=self._registry)

    def watch(self, app):
        """Count every request of the application, and answer /metrics."""
        app.before_request(self._begin)
        app.after_request(self._count)
        app.add_url_rule("/metrics", "metrics", self._answer)

    @staticmethod
    def _begin():
        request.environ["magsasa.began"] = time.monotonic()

    def _count(self, response):
        # The rule, never the path: a client must not be able to make new labels.
        route = re.sub(r"<(?:[^<>]*:)?(\w+)>", r"<\1>", request.url_rule.rule) if request.url_rule else "unknown"
        self._requests.labels(route, str(response.status_code)).inc()
        self._seconds.labels(route).observe(time.monotonic() - request.environ["magsasa.began"])
        return response

    def _answer(self):
        self._up.set(1 if self._database.up else 0)
        return Response(generate_latest(self._registry), content_type=CONTENT_TYPE_LATEST)
