# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How gunicorn runs the application; the fragile mode is one synchronous worker that waits for ever."""

from __future__ import annotations

import ctypes
import os
import signal

# Loaded once, before the fork: a worker that died is back at once.
import magsasa_app.app  # noqa: F401  pylint: disable=unused-import
from magsasa_app import config as settings

_config = settings.from_environment()
bind = "%s:%d" % ("[%s]" % _config.bind if ":" in _config.bind else _config.bind, _config.port)
proc_name = "magsasa-card-erp"
# One process, so that /metrics counts everything.
workers = 1
worker_class = "sync" if _config.fragile else "magsasa_app.worker.Worker"
threads = 1 if _config.fragile else 16
timeout = 120 if _config.fragile else 30
graceful_timeout = 5
keepalive = 5
accesslog = None
errorlog = "-"
loglevel = "warning"
control_socket_disable = True


def post_fork(server, worker):
    """The worker dies with its master, however that died: else it would keep the port from the next one for a while."""
    PR_SET_PDEATHSIG = 1
    try:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):  # not Linux: it notices within a second by itself
        pass
    if os.getppid() != server.pid:  # the master died before the line above
        os._exit(1)


def worker_exit(server, worker):
    """Requests are drained by now. A thread that hangs on a stopped database would keep the interpreter from ending."""
    if worker.pid == os.getpid() and worker.booted:  # gunicorn also calls this in the master, and after a failed boot
        os._exit(0)
