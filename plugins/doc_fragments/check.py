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
      - An HTTP or HTTPS endpoint to check, such as V(http://localhost:5000/health).
      - A user and a password in the URL are sent as Basic authentication and are never shown.
      - Give exactly one of O(url), O(tcp), O(command) and O(database).
    type: str
  tcp:
    description:
      - An address to connect to as C(HOST:PORT), such as V(localhost:5432) or V([::1]:5432). The check is good when it
        accepts the connection.
      - The kernel accepts connections for a process that hangs or is stopped. If the server speaks first, require that
        with O(matches).
    type: str
  command:
    description:
      - A program to run, as a list of the program and its arguments, without a shell. The check is good when O(rc)
        contains its exit code.
      - Processes that the program leaves in the background are not ended with it.
    type: list
    elements: str
  database:
    description:
      - A database to query, by its URL. The query only reads.
      - V(sqlite:////path/to/file) needs no program. The file is opened read-only; a database in WAL mode that no other
        process has open keeps its two side files afterwards. As root, it is opened as the user who owns the file; a
        database of root beside which others can put a file is not opened.
      - V(postgresql://user:password@host:5432/name) needs C(psql) on the host. Without a host in the URL the local
        socket is used.
    type: str
  method:
    description: Method of the HTTP request.
    type: str
    default: GET
  headers:
    description: Headers of the HTTP request. Their values are kept out of logs, process lists and files that others can
      read.
    type: dict
  body:
    description: Body of the HTTP request. Anything but text is sent as JSON. It is kept out of logs and results.
    type: raw
  status:
    description: HTTP status codes, or ranges of them, that count as good.
    type: list
    elements: str
    default: ["200-299"]
  json:
    description:
      - Required values in the JSON answer, by a dotted path of keys and list positions, such as
        C(checks.database.status).
      - If a list is given, one of its values is required.
    type: dict
  self_report:
    description:
      - >-
        Whether a 2xx answer that reports the service as unhealthy counts as failed, with the error C(said_ill).
        Examples are C({"status": "DOWN"}), C({"healthy": false}), C({"error": "no database"}), the text
        C(Unhealthy) and the error pages of common frameworks and proxies. A byte order mark, UTF-16, gzip and
        deflate are understood.
      - A statement about the whole service counts. Statements about its parts (C(checks), C(database)) count only
        without one about the whole. The recognised words are C(down), C(fail), C(error), C(unhealthy), C(degraded),
        C(critical), C(out of service), C(unavailable), C(not ready), C(offline) and similar. An unknown word, such as
        C(warn), does not count as unhealthy.
      - Values that O(json) or O(matches) requires are not taken as a complaint. With V(false) only the status code
        counts.
    type: bool
    default: true
  matches:
    description:
      - A regular expression that must match within the first 64 KiB of the HTTP body, the first 4 KiB that a TCP server
        sends, or the output of the command.
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
    description: Whether redirects are followed. Only redirects to the same host are; headers and credentials are sent
      to the same port only.
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
