# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a PostgreSQL server whether it takes connections, with the start of its protocol and no credentials. Private to
magsasa.chaos.

Message formats: PostgreSQL documentation, "Frontend/Backend Protocol", Message Formats.
"""

from __future__ import annotations

import os
import struct

from .first_answer import first_answer

_PROTOCOL_3 = 196608
_CANNOT_CONNECT_NOW = b"57P03"  # starting up, shutting down, in recovery


def ping(address, port, timeout=1.0):
    """ "accepting", "starting", "refused" or "silent". ``address``: a host, or the folder of its Unix socket."""
    body = struct.pack("!I", _PROTOCOL_3) + b"user\0magsasa-chaos-ping\0database\0postgres\0\0"
    path = os.path.join(address, ".s.PGSQL.%d" % port) if address.startswith("/") else address
    answer, failure = first_answer(path, port, timeout, struct.pack("!I", len(body) + 4) + body)
    if failure:
        return failure
    if answer[:1] == b"E" and _CANNOT_CONNECT_NOW in answer:
        return "starting"
    return "accepting" if answer[:1] in (b"R", b"E") else "refused"
