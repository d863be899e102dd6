# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Port detection: look who listens, ask side by side, rate, take the best. Private to magsasa.chaos."""

from __future__ import annotations

import os
import socket
import threading
import time

from .._host import listeners as sockets
from .._host import processes as host_processes
from .._errors import printable
from .._http import exchange
from .._http import url as urls
from .._http import deadline_socket
from . import ask, candidates, choice, database, fitness, identify, processes, ranking, table
from .choice import Found

SPARE = 0.15  # seconds of the total that are kept for everything but waiting
LIVE_S = 0.5  # seconds at most for the question where the service tells that it is alive


def detect(
    url=None, ports=(), addresses=(), paths=(), service=None, timeout_s=3.0, discover=False, environ=None, headers=None
):
    """The result of endpoint_info: ``{endpoint, step, why, refusal, named, sentence, candidates, not_asked, table,
    elapsed_s}``.

    Takes at most ``timeout_s`` (at least 0.2), whatever the ports do. ``environ``: the task's environment; ``headers``:
    for ``url`` and
    nobody else. Raises BadOption.
    """
    began = time.monotonic()
    deadline = began + max(timeout_s / 2, timeout_s - SPARE)
    environ = os.environ if environ is None else environ
    paths = tuple(paths) or ask.HEALTH_PATHS
    listening = sockets.listeners()
    claims = candidates.choose(url, ports, environ, _discovered(listening) if discover else (), headers)
    found = _look(claims[: candidates.MOST], listening, addresses, paths, service, deadline)
    choice_made = choice.choose(found, claims, service)
    best, refusal = choice_made.best, choice_made.refusal
    if refusal and (url or not discover) and claims[0].named:
        refusal = choice.choose(found + _others(found, listening, addresses, paths, deadline), claims, service).refusal
    shown = [_candidate(each) for each in ([best] if best else []) + [each for each in found if each is not best]]
    step = best.rating.step if best else "none"
    endpoint = dict(_whole_endpoint(best, listening, deadline), step=step, why=choice_made.why) if best else None
    return {
        "endpoint": endpoint,
        "step": step,
        "why": choice_made.why,
        "refusal": refusal,
        "named": claims[0].named,
        "sentence": choice.sentence(endpoint, step, choice_made.why) if best else refusal,
        "candidates": shown,
        "not_asked": [each.port for each in claims[candidates.MOST :]],
        "table": table.lines(shown, bool(best)),
        "elapsed_s": round(time.monotonic() - began, 3),
    }


def _look(claims, listening, addresses, paths, service, deadline):
    """What is at these candidates (list of Found), best first."""
    targets = _targets(claims, listening, addresses, deadline)
    borrowed = [None if target.candidate.named else processes.run_that_owns(target.pids) for target in targets]
    answers = iter(_ask_all([target for target, run in zip(targets, borrowed) if not run], paths, deadline))
    found = [
        _of_another_run(target, run) if run else _found(target, next(answers), service)
        for target, run in zip(targets, borrowed)
    ]
    order = sorted(
        range(len(found)), key=lambda index: ranking.key(found[index].target.candidate, found[index].rating, index)
    )
    return [found[index] for index in order]


def _others(found, listening, addresses, paths, deadline):
    """What else is on this host, for a refusal that says so; asked with what is left of the time, and with nobody's
    headers.
    """
    if deadline - time.monotonic() < 2 * ask.LEAST:
        return []
    known = {each.target.candidate.port for each in found if each.target.listening}
    claims = [each for each in candidates.choose(None, (), {}, _discovered(listening)) if each.port not in known]
    return _look(claims[: candidates.MOST], listening, addresses, paths, None, deadline) if claims else []


def _of_another_run(target, run):
    """The sample application of another run: it goes away with it."""
    reasons = [target.candidate.source, "is the sample application of another run (process %d)" % run]
    return Found(
        target, ranking.Rating(0, reasons, "none", False), ask.silent("not tried"), processes.describe(target.pids)
    )


def _discovered(listening):
    """Ports that listen and may speak HTTP, ascending. What root sees no process of belongs to another container:
    no fault here would meet it.
    """
    names = {}
    for each in listening:
        if each.pids or os.geteuid() != 0:
            names.setdefault(each.port, set()).update(map(host_processes.comm, each.pids))
    return [number for number in sorted(names) if candidates.may_be_http(number, names[number])]


def _targets(chosen, listening, addresses, deadline):
    if chosen[0].host is None:
        return [target for candidate in chosen for target in candidates.targets(candidate, listening, addresses)]
    candidate = chosen[0]
    urls.parse(
        ask.base_url(candidate.scheme, candidate.host, candidate.port) + (candidate.path or "/"), "url"
    )  # still short enough when quoted
    rows = []
    for address in _own(candidate, deadline):
        rows += [each for each in candidates.targets(candidate, listening, [address]) if each.listening]
    pids = sorted({pid for each in rows for pid in each.pids})
    return [candidates.Target(candidate, [candidate.host], bool(rows), pids)]


def _own(candidate, deadline):
    """Addresses of a url's host that belong to this host."""
    try:
        resolved = deadline_socket.resolve(candidate.host, candidate.port, deadline)
    except deadline_socket.WireError:
        return []
    return sorted({address[0] for family, _kind, _protocol, _name, address in resolved if _is_own(family, address)})


def _is_own(family, address):
    """Whether an address is one of this host's: only those can be bound."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.bind((address[0], 0) + tuple(address[2:]))
        return True
    except OSError:
        return False


def _ask_all(targets, paths, deadline):
    """The answers in the order of ``targets``. A thread that is late is left alone; its own deadline is the same."""
    answers = {}

    def work(index):
        answers[index] = ask.ask(targets[index], paths, deadline)

    threads = []
    for index in range(len(targets)):
        thread = threading.Thread(target=work, args=(index,), name="target", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            answers[index] = ask.silent("this host has no thread left to try it")
        else:
            threads.append(thread)
    for thread in threads:
        thread.join(max(0.0, deadline + SPARE / 3 - time.monotonic()))
    return [answers.get(index) or ask.silent("timeout") for index in range(len(targets))]


def _found(target, answer, service):
    process = processes.describe(target.pids)
    if answer["speaks"] and not answer.get("framework") and process:
        answer["framework"] = identify.program(host_processes.argv(process["pid"]))
    rating = ranking.rate(target.candidate, target.listening, answer, service, process)
    if not process and target.listening:
        rating.reasons.append(
            "its process is not visible to this user" if not target.pids else "its process has just ended"
        )
    elif not process and answer["speaks"] and target.candidate.host:
        rating.reasons.append("no process of this host listens there")
    return Found(target, rating, answer, process)


def _whole_endpoint(best, listening, deadline):
    """The entry ``endpoint``, with what is asked of the chosen one only."""
    endpoint = _endpoint(best, listening)
    endpoint["live_url"] = _live_url(best, deadline)
    endpoint["certificate"] = _certificate(best, deadline)
    endpoint["not_well"] = fitness.complaint(
        dict(best.answer, health_url=endpoint["health_url"]), endpoint["certificate"]
    )
    return endpoint


def _certificate(found, deadline):
    """What is wrong with the TLS certificate of a service that answers; None where nothing is, or where that was
    not found out.
    """
    answer = found.answer
    left = min(deadline, time.monotonic() + LIVE_S) - time.monotonic()
    if answer.get("scheme") != "https" or not answer["speaks"] or left < ask.LEAST:
        return None
    response = exchange.fetch(answer["health_url"], timeout=left, max_bytes=0, verify_tls=True)
    return printable(response.error, 200) if response.error_kind == "tls" else None


def _live_url(found, deadline):
    """Where a healthy service tells only whether it is alive, or None; asked with what is left of the time, at most
    LIVE_S.
    """
    answer = found.answer
    if not answer["healthy"]:
        return None
    candidate = found.target.candidate._replace(path=None, scheme=answer["scheme"])
    target = found.target._replace(candidate=candidate, addresses=[answer["address"]])
    said = _ask_all([target], ask.LIVE_PATHS, min(deadline, time.monotonic() + LIVE_S))[0]
    return said["health_url"] if said["healthy"] else None


def _candidate(found):
    """One entry of ``candidates``."""
    candidate, answer = found.target.candidate, found.answer
    return {
        "port": candidate.port,
        "address": answer.get("address") or found.target.addresses[0],
        "source": candidate.source,
        "score": found.rating.score,
        "step": found.rating.step,
        "reasons": found.rating.reasons,
        "url": answer["url"] if answer["speaks"] else None,
        "healthy": answer["healthy"],
        "service": answer.get("service"),
        "version": answer.get("version"),
        "framework": answer.get("framework"),
        "process": found.process,
    }


def _endpoint(found, listening):
    """The entry ``endpoint``."""
    answer, process = found.answer, found.process
    candidate, address = found.target.candidate, found.answer.get("address") or found.target.addresses[0]
    url = answer.get("url") or ask.base_url(candidate.scheme or "http", address, candidate.port)
    return {
        "url": url,
        "health_url": answer.get("health_url") or url + (candidate.path or ""),
        "port": candidate.port,
        "address": address,
        "scheme": answer.get("scheme") or candidate.scheme or "http",
        "pid": process["pid"] if process else None,
        "start_time": process["start_time"] if process else None,
        "service": answer.get("service"),
        "version": answer.get("version"),
        "framework": answer.get("framework"),
        "healthy": answer["healthy"],
        "status": answer.get("status"),
        "process": process,
        "unit": process["unit"] if process else None,
        "database": database.find(found.target.pids, answer.get("database"), listening),
    }
