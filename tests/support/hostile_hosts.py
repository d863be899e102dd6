# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to this machine that turns hostile at one question of a run: put beside a play, it is a connection plugin.

The name of the host says how: ``hang-inject`` takes the question that injects, and never answers from then on. What is asked
before reaches a real host, so faults and probes are there. How long the conductor waits is cut short here (table
below), as this module is loaded into the worker that conducts.
"""

from __future__ import annotations

DOCUMENTATION = """
name: hostile_hosts
short_description: hosts that turn hostile
author: magsasa.chaos contributors (@magsasa)
version_added: 0.1.0
description: See above.
"""

import json
import os
import time

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local
from ansible_collections.magsasa.chaos.plugins.action import first_contact, host_turn
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import baseline, hold, life

WAITS = (  # seconds on a quiet machine
    (first_contact, "CONTACT_S", 15.0),
    (host_turn, "RELEASE_S", 3.0),
    (host_turn, "EXECUTE_S", 15.0),
    (baseline, "LATE_S", 5.0),
    (baseline, "SILENT_S", 8.0),
    (hold, "INJECT_S", 8.0),
    (hold, "SILENT_S", 8.0),
    (life, "LOST_S", 2.0),
)
for module, name, seconds in WAITS:
    assert hasattr(module, name), name
    setattr(module, name, seconds * float(os.environ.get("CHAOS_TEST_SLOWER", "1")))

STEPS = ("contact", "assess", "begin", "look", "inject", "held", "end", "finish")
LIES = ('{"clock": {"monotonic": "now"}, "fault": 3, "probes": [1], "active": "yes"}\n', "{}\n", "[" * 5000 + "\n")


class Connection(Local):
    """See above."""

    transport = "hostile_hosts"
    injected, lies = False, 0

    def _step(self, command, in_data):
        """Which of STEPS a command is."""
        if not in_data:
            return None
        if not command.rstrip("'\" ").endswith("ask -"):
            return "contact"
        asked = json.loads(in_data)
        if asked["do"] == "inject":
            self.injected = True
        if asked["do"] == "look" and self.injected:
            return "end" if "wait" in asked["options"] else "held"
        return asked["do"]

    def exec_command(self, cmd, in_data=None, sudoable=True):
        """(rc, output, errors) as of the host."""
        name = self._play_context.remote_addr
        how, _dash, at = str(name).partition("-")
        # It is hostile for good, and each task has a connection of its own.
        mark = os.path.join(os.environ["CHAOS_TEST_TURNED"], str(name))
        if self._step(cmd, in_data) == at:
            with open(mark, "w", encoding="ascii"):
                pass
        if not os.path.exists(mark):
            return super().exec_command(cmd, in_data, sudoable)
        if how == "hang":
            time.sleep(3600)
        if how == "gone":
            raise AnsibleConnectionFailure("the connection was cut")
        if how == "nopython":
            return 127, b"", b"/bin/sh: python3: not found\n"
        self.lies += 1
        return 0, LIES[self.lies % len(LIES)].encode(), b""
