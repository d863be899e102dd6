# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a detached process tells whoever started it that it is ready. Private to magsasa.chaos."""

from __future__ import annotations

import json
import os


def say_ready(value):
    """Called once in the detached process: hand ``value`` to whoever started it and close the pipe.

    The starter may be gone (its SSH connection cut): then nobody hears it, and the process goes on.
    """
    told = os.environ.pop("MAGSASA_CHAOS_READY", "")
    text = json.dumps(value) + "\n"
    try:
        if told.isdigit():
            descriptor = int(told)
        elif told:  # a FIFO: the starter of a unit is not its parent
            descriptor = os.open(told, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
            os.set_blocking(descriptor, True)
        else:
            return
        with os.fdopen(descriptor, "wb") as pipe:
            pipe.write(text.encode("utf-8"))
    except OSError:
        pass
