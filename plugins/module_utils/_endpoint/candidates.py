# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports are worth asking, in which order, and why. Pure. Private to magsasa.chaos."""
from __future__ import annotations

from collections import namedtuple

from .._errors import BadOption
from .._probe import url as urls

DEFAULT_PORTS = (8000, 5000, 5001, 3000)
ENVIRONMENT = ("CHAOS_TARGET_PORT", "APP_PORT")
MOST = 32
NOT_HTTP = {22, 25, 53, 110, 111, 143, 389, 445, 465, 587, 993, 995, 2049, 3306, 5432, 6379, 11211, 27017}

Candidate = namedtuple("Candidate", "port host scheme path named source")  # named: the user said so


def port(value, option):
    """A port number; raises BadOption."""
    text = str(value).strip()
    if isinstance(value, bool) or not text.isdigit() or not 0 < int(text) < 65536:
        raise BadOption(option, value, "is not a port", "use a number from 1 to 65535")
    return int(text)


def choose(url, ports, environ, listening, discover):
    """Candidates in the order of their claim: url, CHAOS_TARGET_PORT, APP_PORT, ports, the default ports, what else listens.

    ``listening``: ports that have a listener; used with ``discover``. An explicit ``url`` is the only candidate.
    """
    if url:
        parsed = urls.parse(url, "url")
        return [Candidate(parsed.port, parsed.host, parsed.scheme, parsed.target if parsed.target not in ("", "/") else None, True, "url")]
    found = []

    def add(number, named, source):
        if number not in [each.port for each in found]:
            found.append(Candidate(number, None, None, None, named, source))

    for name in ENVIRONMENT:
        if environ.get(name):
            add(port(environ[name], name), True, "environment variable " + name)
    if ports:
        for value in ports:
            add(port(value, "ports"), True, "option ports")
    else:
        for number in DEFAULT_PORTS:
            add(number, False, "default port")
    if discover:
        for number in listening:
            if number not in NOT_HTTP:
                add(number, False, "listening port")
    return found[:MOST]
