# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask one target what it is, within a time that is never exceeded. Private to magsasa.chaos."""

from __future__ import annotations

import queue
import threading
import time

from .. import _redact
from .._http import url as urls
from .._http.exchange import REDIRECTS, fetch
from . import fitness, identify

HEALTH_PATHS = ("/health", "/healthz", "/ready", "/live", "/actuator/health", "/")
LIVE_PATHS = ("/live", "/livez", "/health/live", "/healthz/live", "/actuator/health/liveness")
MOST_BYTES = 65536  # of one answer
LEAST = 0.05  # seconds below which another request makes no sense
SETTLE = 0.1  # seconds by which requests end before the deadline, so that what came of them is still heard
KEPT_FROM_US = (401, 403, 407)
_PERHAPS_TLS = ("garbage", "reset")  # what plain HTTP gets from a port that wants TLS


def base_url(scheme, host, port):
    """http://HOST:PORT with brackets around an IPv6 address."""
    return "%s://%s:%d" % (scheme, "[%s]" % host if ":" in host else host, port)


def silent(error, **more):
    """The answer of a target that said nothing useful; ``error``: a kind of _http.exchange, or a few words."""
    return dict({"speaks": False, "error": error, "healthy": False, "unanswered": []}, **more)


def ask(target, paths, deadline):
    """What a target says, as a dict; by ``deadline`` (monotonic seconds) whatever the target does. Never raises for
    what it says.

    ``speaks`` (HTTP), ``error`` (kind, when it does not), ``scheme``, ``address``, ``url``, ``health_url``,
    ``healthy``, ``answer_s``,
    ``redirect`` (where to, shortened), ``login`` (whether it is a page to log in), ``unanswered`` (paths),
    ``truncated`` and what
    identify.describe() tells.
    """
    found = silent("nothing listens")
    for address in target.addresses:
        found = _ask_address(target.candidate, address, paths, deadline)
        if found["speaks"] or found["error"] not in ("refused", "unreachable") or deadline - time.monotonic() < LEAST:
            break
    return found


def _ask_address(candidate, address, paths, deadline):
    """The same for one address: plain HTTP first, TLS where the answer looks as if the port wanted that."""
    paths = [candidate.path] if candidate.path else paths
    headers = dict(candidate.headers or {})
    if candidate.auth:
        headers["Authorization"] = candidate.auth
    first = _ask_paths(candidate.scheme or "http", address, candidate.port, paths, headers, deadline)
    if candidate.scheme or first["speaks"] or first["error"] not in _PERHAPS_TLS:
        return first
    second = _ask_paths("https", address, candidate.port, paths, headers, deadline)
    return second if second["speaks"] else dict(first, error="%s, and no TLS" % first["error"])


def _ask_paths(scheme, address, port, paths, headers, deadline):
    """Ask the paths in their order. One that keeps silent does not hold the next ones up, but its answer still
    counts first.
    """
    base = base_url(scheme, address, port)
    about = {"scheme": scheme, "address": address, "url": base}
    came = queue.Queue()
    answers = {}  # index of the path: (response, url, seconds, redirect, login)
    started = 0

    def work(index):
        came.put((index, _follow(base, paths[index], headers, deadline - SETTLE)))

    while True:
        left = deadline - time.monotonic()
        if started < len(paths) and left >= LEAST and _start(work, started):
            started += 1
            patience = left / (len(paths) - started + 2)
        elif len(answers) < started and left > 0:
            patience = left
        else:
            break
        try:
            index, answer = came.get(timeout=patience)
        except queue.Empty:
            continue
        answers[index] = answer
        if answer[0].status is None and answer[0].error_kind != "timeout" and not _heard(answers):
            return silent(answer[0].error_kind, **about)
        if scheme == "http" and _wants_tls(answer[0]):
            return silent("garbage", **about)
        if _settled(answers):
            break
    return _summary(about, paths, answers, started)


def _start(work, index):
    """Start a request; False when this host has no thread left for it."""
    try:
        threading.Thread(target=work, args=(index,), name="ask", daemon=True).start()
    except RuntimeError:
        return False
    return True


def _follow(base, path, headers, deadline):
    """(response, url, seconds, redirect, login) of one path; a redirect is followed once, and only to the same
    scheme, host and port.
    """
    began = time.monotonic()
    url = base + path
    response = fetch(url, headers=headers, timeout=max(LEAST, deadline - began), max_bytes=MOST_BYTES, verify_tls=False)
    location = response.headers.get("location") if response.status in REDIRECTS else None
    redirect = _redact.url(location) if location else None
    leads = urls.followed(url, urls.parse(url), location) if location else None
    if leads and leads[1] and deadline - time.monotonic() >= LEAST:
        again = fetch(
            leads[0], headers=headers, timeout=deadline - time.monotonic(), max_bytes=MOST_BYTES, verify_tls=False
        )
        if again.error is None and again.status not in REDIRECTS:
            response, url = again, leads[0]
    asked_for = fitness.is_login_path(path)  # whoever names a login page wants it
    leads_there = url != base + path and fitness.is_login_path(url[len(base) :])
    login = not asked_for and (leads_there or fitness.is_login_page(response.body))
    return response, url, time.monotonic() - began, redirect, login


def _heard(answers):
    return any(answer[0].status is not None for answer in answers.values())


def _wants_tls(response):
    """Whether this is the complaint of a TLS port about plain HTTP; servers put it into an answer 400."""
    said = response.body[:2000].upper()
    return response.status == 400 and (b"HTTPS" in said or b"SSL-ENABLED" in said)


def _verdict(answer):
    """As identify.verdict(); None for an answer that was not whole, and for a page to log in: that says nothing
    about what is behind it.
    """
    response, login = answer[0], answer[4]
    if response.error is not None or (login and 200 <= response.status < 300):
        return None
    return identify.verdict(response)


def _settled(answers):
    """Whether a path gave its verdict and none before it may still do so."""
    for index in range(max(answers) + 1):
        if index not in answers:
            return False
        if _verdict(answers[index]):
            return True
    return False


def _summary(about, paths, answers, started):
    """The dict that ask() returns, from the first path with a verdict, else from the first that answered at all."""
    heard = [index for index in sorted(answers) if answers[index][0].status is not None]
    if not heard:
        return silent("timeout", **about)
    told = [index for index in heard if _verdict(answers[index])]
    # Without a verdict the path that is kept from us tells more than those that are not there.
    kept = [
        index for index in heard if answers[index][0].status in KEPT_FROM_US or answers[index][4] or answers[index][3]
    ]
    chosen = (told or kept or heard)[0]
    response, url, seconds, redirect, login = answers[chosen]
    late = [index for index in range(started) if index not in answers or answers[index][0].error_kind == "timeout"]
    said = identify.describe(response)
    return dict(
        said,
        **about,
        speaks=True,
        error=response.error_kind,
        healthy=response.error is None and said["verdict"] == "well" and not login,
        health_url=url,
        answer_s=round(seconds, 3),
        redirect=redirect or next((answers[index][3] for index in heard if answers[index][3]), None),
        followed=bool(redirect) and response.status not in REDIRECTS,
        login=login,
        unanswered=[paths[index] for index in late if index <= chosen],
        truncated=response.truncated,
    )
