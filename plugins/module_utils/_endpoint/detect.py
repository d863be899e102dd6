# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Port detection: candidates asked side by side, rated, the best taken. Private to magsasa.chaos."""
from __future__ import annotations

import os
import threading
import time

from .._host import listeners as sockets
from . import ask, candidates, processes, ranking

SPARE = 0.15  # seconds of the total that are kept for everything but waiting


def detect(url=None, ports=(), paths=(), service=None, timeout_s=3.0, discover=False, environ=None):
    """The result of endpoint_info: ``{endpoint, step, candidates, elapsed_s}``. Takes at most ``timeout_s``, whatever the ports do."""
    began = time.monotonic()
    deadline = began + max(0.1, timeout_s - SPARE)
    found = sockets.listeners()
    chosen = candidates.choose(url, ports, os.environ if environ is None else environ, [each.port for each in found], discover)
    answers = _ask_all(chosen, found, tuple(paths) or ask.HEALTH_PATHS, deadline)
    rated = []
    for number, candidate in enumerate(chosen):
        mine = [each for each in found if each.port == candidate.port and (candidate.host is None or _is_here(candidate.host))]
        answer = answers.get(number) or {"speaks": False, "error": "timeout"}
        rated.append(_rated(number, candidate, mine, answer, service))
    rated = ranking.order(rated)
    best = next((each for each in rated if each["step"] != "none"), None)
    shown = [{key: value for key, value in each.items() if key not in ("answer", "order", "pids")} for each in rated]
    return {
        "endpoint": _endpoint(best) if best else None,
        "step": best["step"] if best else "none",
        "candidates": shown,
        "elapsed_s": round(time.monotonic() - began, 3),
    }


def _ask_all(chosen, found, paths, deadline):
    """{index: answer}; a thread that is not done by the deadline is left to its own deadline, which is the same."""
    answers = {}

    def work(number, candidate):
        answers[number] = ask.ask(candidate, ask.hosts(candidate, found), paths, deadline)

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(chosen)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline + SPARE / 2 - time.monotonic()))
    return dict(answers)


def _is_here(host):
    return host in ("localhost", "::1") or host.startswith("127.") or host in {each.address for each in sockets.listeners()}


def _rated(number, candidate, mine, answer, service):
    score, reasons, step = ranking.score(candidate, bool(mine), answer, service)
    pids = sorted({pid for each in mine for pid in each.pids})
    if mine and not pids:
        reasons.append("its process cannot be seen by this user")
    return {
        "port": candidate.port,
        "source": candidate.source,
        "score": score,
        "reasons": reasons,
        "step": step,
        "url": answer.get("url"),
        "healthy": bool(answer.get("healthy")),
        "service": answer.get("service"),
        "process": processes.describe(pids) if pids else None,
        "pids": pids,
        "order": number,
        "answer": answer,
    }


def _endpoint(best):
    answer = best["answer"]
    said = answer.get("database")
    return {
        "url": answer.get("url"),
        "health_url": answer.get("health_url") or answer.get("url"),
        "port": best["port"],
        "address": answer.get("address"),
        "scheme": answer.get("scheme"),
        "service": answer.get("service"),
        "version": answer.get("version"),
        "framework": answer.get("framework"),
        "healthy": best["healthy"],
        "status": answer.get("status"),
        "process": best["process"],
        "database": processes.database(best["pids"], said),
        "database_status": (said or {}).get("status"),
    }
