# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a health check and a probe look at: the options that both share. Private to magsasa.chaos."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment C(magsasa.chaos.check)."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - Check an HTTP or HTTPS endpoint, such as V(http://localhost:5000/health).
      - A user and a password in the URL are sent as Basic authentication and are never shown.
      - Exactly one of O(url), O(tcp), O(command) and O(database) says what is checked.
    type: str
  tcp:
    description:
      - Check that C(HOST:PORT) accepts a connection, such as V(localhost:5432) or V([::1]:5432).
    type: str
  command:
    description:
      - Check the exit code of a program, given as a list of the program and its arguments. There is no shell.
      - What the program starts in the background is not ended with it.
    type: list
    elements: str
  database:
    description:
      - Check that a database answers a query that only reads.
      - V(sqlite:////path/to/file) needs nothing. The file is opened read-only; a database in WAL mode that nobody has open keeps its two side files afterwards.
      - V(postgresql://user:password@host:5432/name) needs C(psql) on the host. Without a host the local socket is used.
    type: str
  method:
    description: HTTP method.
    type: str
    default: GET
  headers:
    description: HTTP headers to send. Their values are kept out of logs, process lists and files that others can read.
    type: dict
  body:
    description: Body of the HTTP request; what is no text is sent as JSON. It is kept out of logs and results.
    type: raw
  status:
    description: HTTP statuses, and ranges of them, that count as good.
    type: list
    elements: str
    default: ["200-299"]
  json:
    description:
      - Values that the JSON answer must hold, by a dotted path of keys and list positions, such as C(checks.database.status).
      - A list of values means one of them.
    type: dict
  self_report:
    description:
      - >-
        Whether a good answer (2xx) that says that the service is ill counts as failed, with the error C(said_ill). So do C({"status": "DOWN"}),
        C({"healthy": false}), C({"error": "no database"}) and the text C(Unhealthy), with or without a byte order mark, in UTF-8 or UTF-16, and
        compressed with gzip or deflate.
      - Statements about the whole service count, and those about its parts (C(checks), C(database)) only where there is none about the whole.
        The words are those of C(down), C(fail), C(error), C(unhealthy), C(degraded), C(critical), C(out of service), C(unavailable), C(not ready),
        C(offline) and their like; a word that nobody knows, C(warn) among them, is no illness.
      - What O(json) or O(matches) asks for is no complaint. V(false) believes the status alone.
    type: bool
    default: true
  matches:
    description:
      - A regular expression that must be found in the first 64 KiB of the HTTP body, in the first 4 KiB that a TCP server says,
        or in the output of the command.
    type: str
  rc:
    description: Exit codes of the command that count as good.
    type: list
    elements: int
    default: [0]
  max_latency:
    description: A good answer that takes longer than this counts as failed, such as V(500ms).
    type: str
  validate_certs:
    description: Whether a TLS certificate must be valid.
    type: bool
    default: true
  follow_redirects:
    description: Whether redirects are followed. Only those to the same host are; headers and credentials go to the same port only.
    type: bool
    default: false
attributes:
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
requirements:
  - Python 3.8 or later on the host
  - C(psql) for PostgreSQL databases
"""
