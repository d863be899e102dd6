# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How gunicorn runs the application; the fragile mode is one synchronous worker that waits for ever."""
from __future__ import annotations

from magsasa_app import config as settings

_config = settings.from_environment()
bind = "%s:%d" % ("[%s]" % _config.bind if ":" in _config.bind else _config.bind, _config.port)
proc_name = "magsasa-card-erp"
workers = 1
worker_class = "sync" if _config.fragile else "gthread"
threads = 1 if _config.fragile else 16
timeout = 120 if _config.fragile else 30
graceful_timeout = 5
keepalive = 5
accesslog = None
errorlog = "-"
loglevel = "warning"
control_socket_disable = True
