# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests are meant, and what is said to them. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import fnmatch
import http
import random
import re

WILD = re.compile(r"[*?\[]")


class Choice:
    """Of the requests that match, a share. ``paths``, ``methods``: empty lists mean all."""

    def __init__(self, paths, methods, percent, rolled=random.random):
        self._paths = [re.compile(_pattern(each)) for each in paths]
        self._methods = frozenset(methods)
        self._share = percent / 100.0
        self._rolled = rolled

    def matches(self, request):
        """Whether a framing.Request is one of those that are meant."""
        if self._methods and request.method not in self._methods:
            return False
        if not self._paths:
            return True
        path = path_of(request.target)
        return any(each.match(path) for each in self._paths)

    def hit(self):
        """Whether the next one of them is hit."""
        return self._share >= 1 or self._rolled() < self._share


def _pattern(path):
    """With a wildcard it is the whole path, without one the path and all below it."""
    if WILD.search(path):
        return fnmatch.translate(path)
    return re.escape(path.rstrip("/")) + r"(?:/|\Z)"


def path_of(target):
    """The path of a request's target, as it was sent, without the query: "/a/b" of "/a/b?c" and of
    "http://host/a/b".
    """
    path = target.partition("?")[0].partition("#")[0]
    scheme, mark, rest = path.partition("://")
    if mark and scheme.isalpha():
        path = "/" + rest.partition("/")[2]
    return path


def answer(status, method, last):
    """Bytes of a whole answer of ours to a request of ``method``; ``last``: the connection is closed after it."""
    try:
        reason = http.HTTPStatus(status).phrase
    except ValueError:
        reason = "Injected"
    text = b"" if status in (204, 304) else ("%d %s (injected by magsasa.chaos)\n" % (status, reason)).encode("ascii")
    head = ["HTTP/1.1 %d %s" % (status, reason), "Cache-Control: no-store"]
    head += ["Content-Type: text/plain; charset=utf-8", "Content-Length: %d" % len(text)] if text else []
    head += ["Connection: close"] if last else []
    return ("\r\n".join(head) + "\r\n\r\n").encode("ascii") + (b"" if method == "HEAD" else text)
