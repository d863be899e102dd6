# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gunicorn's thread worker, whose one event loop here never waits for a client.

gunicorn 25 and later close a connection by waiting up to two seconds for the client to close it first, and do so in the
loop that
accepts everybody else: one client that is slow to close stops the whole service for that long.
"""

from __future__ import annotations

import functools

from gunicorn.workers.gthread import ThreadWorker


def close(sock, graceful=False):
    """Close without waiting. What the client sent and nobody read is taken first, else the kernel would reset the
    connection.
    """
    try:
        sock.setblocking(False)
        for _each in range(16):
            if not sock.recv(65536):
                break
    except OSError:  # nothing there, or gone already
        pass
    finally:
        sock.close()


class Worker(ThreadWorker):
    """See above."""

    def enqueue_req(self, conn):
        conn.close = functools.partial(close, conn.sock)
        super().enqueue_req(conn)
