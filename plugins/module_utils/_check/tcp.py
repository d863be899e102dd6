# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP checks: a connection, and a pattern in what the server says first. Private to magsasa.chaos."""

from __future__ import annotations

import re
import time

from . import regex_timeout as patterns
from .._http import deadline_socket

MOST_BYTES = 4096  # of a banner are looked at


class Check:
    """See check.Checker."""

    def __init__(self, spec, _keepalive):
        self._host, self._port = spec["host"], spec["port"]
        self._pattern = re.compile(spec["matches"].encode("utf-8")) if spec.get("matches") else None

    def look(self, timeout_s):
        """(None, error, detail) of one connection."""
        deadline = time.monotonic() + timeout_s
        sock = None
        try:
            sock = deadline_socket.connect(self._host, self._port, deadline)
            return (None,) + (self._banner(sock, deadline) if self._pattern else ("", ""))
        except deadline_socket.WireError as error:
            return None, error.kind, str(error)
        finally:
            deadline_socket.sock_close(sock)

    def _banner(self, sock, deadline):
        heard = b""
        while not patterns.search(self._pattern, heard):
            piece = deadline_socket.receive(sock, MOST_BYTES - len(heard), deadline)
            heard += piece
            if not piece or len(heard) >= MOST_BYTES:
                return patterns.judge(self._pattern, heard, "what the server sends first does not match")
        return "", ""

    def close(self):
        pass
