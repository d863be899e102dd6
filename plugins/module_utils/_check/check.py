# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check: does the target answer as it should, and how fast? Health checks and probes judge with this code.
Private to magsasa.chaos.
"""

from __future__ import annotations

import time
from collections import namedtuple

from . import http, tcp

# ok: bool; latency_s: from the start to the end of the answer; status: int (HTTP status, exit code) or None;
# error: a short kind, "" when ok; detail: one sentence of what was wrong, "" when ok
Outcome = namedtuple("Outcome", "ok latency_s status error detail")


def _command(spec, keepalive):
    from . import command  # not imported at the top: an HTTP recorder should not carry what it never needs

    return command.Check(spec, keepalive)


def _sql(spec, keepalive):
    from . import sql

    return sql.Check(spec, keepalive)


_KINDS = {"http": http.Check, "tcp": tcp.Check, "command": _command, "sql": _sql}


class Checker:
    """One check, prepared once and run many times by ONE thread (a kept connection belongs to it)."""

    def __init__(self, spec, keepalive=False):
        self._check = _KINDS[spec["kind"]](spec, keepalive)
        self._limit_s = spec.get("max_latency_s")
        self._timeout_s = spec["timeout_s"]

    def run(self, timeout_s=None):
        """Check once, within ``timeout_s`` (the spec's own when left out); returns an Outcome and never raises for
        what a target does.
        """
        begun = time.monotonic()
        status, error, detail = self._check.look(timeout_s or self._timeout_s)
        latency = time.monotonic() - begun
        if not error and self._limit_s is not None and latency > self._limit_s:
            error, detail = "assertion", "it took %.0f ms, the limit is %.0f ms" % (
                latency * 1000,
                self._limit_s * 1000,
            )
        return Outcome(not error, latency, status, error, detail)

    def database(self):
        """The state of its database as the service told in the last answer (text), or None."""
        return self._check.database() if hasattr(self._check, "database") else None

    def close(self):
        """Let go of a kept connection."""
        self._check.close()


def run(spec):
    """Run the check of ``spec`` (see spec.parse) once; returns an Outcome."""
    checker = Checker(spec)
    try:
        return checker.run()
    finally:
        checker.close()
