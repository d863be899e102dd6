# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run this is: one ansible-playbook is one run, whatever its plays do. Private to magsasa.chaos."""

from __future__ import annotations

import getpass
import hashlib
import os
import socket

from ansible_collections.magsasa.chaos.plugins.module_utils import _clock
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import printable
from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes


def identity():
    """12 hexadecimal digits that every action of this ansible-playbook makes alike: actions run in workers,
    children of one process.
    """
    main = os.getppid()
    text = "%s:%s:%d:%s" % (socket.gethostname(), _clock.boot_id(), main, processes.start_time(main))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def who(task_vars):
    """Who started this run, for a sentence on a host."""
    for head in ("awx", "tower"):
        job = task_vars.get(head + "_job_id")
        if job:
            return printable("%s, AWX job %s" % (task_vars.get(head + "_user_name") or "AWX", job), 120)
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        user = str(os.geteuid())
    return printable("%s at %s, process %d" % (user, socket.gethostname(), os.getppid()), 120)


def run(task_vars, host, experiment=False, **more):
    """The option ``run`` of a module: see module_utils/_life/turn.py. ``host``: what the inventory calls the host
    that is touched.
    """
    given = {"id": identity(), "by": who(task_vars), "host": str(host), "experiment": bool(experiment)}
    given.update({key: value for key, value in more.items() if value not in (None, "")})
    return given
