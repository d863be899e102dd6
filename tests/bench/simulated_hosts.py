# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection whose hosts answer without being there: as the one real host did whose answers were recorded before.

For tests/bench/bench_scale.py. With BENCH_RECORD it is Ansible's connection ``local`` and writes down each question and its
answer; else it answers from that file, after the time that a host takes (BENCH_ANSWER_S), and keeps the clock of a fault: a
look at its end waits for it, as on a host.
"""

from __future__ import annotations

DOCUMENTATION = """
name: simulated_hosts
short_description: hosts that answer without being there
author: magsasa.chaos contributors (@magsasa)
version_added: 0.1.0
description: See above.
"""

import json
import os
import time

from ansible.plugins.connection.local import Connection as Local

RECORD, ANSWERS, ANSWER_S = (os.environ.get("BENCH_" + name) for name in ("RECORD", "ANSWERS", "ANSWER_S"))
KNOWN, STARTED = {}, {}  # answers by question; when the fault of each connection was injected


def question(command, in_data):
    """What a host is asked: ``(do, options)`` of the runtime archive, ("module", {}) of a module; None for all else."""
    if in_data and command.rstrip("'\" ").endswith("ask -"):
        asked = json.loads(in_data)
        return asked["do"], asked["options"]
    return ("module", {}) if in_data else None


class Connection(Local):
    """See above."""

    transport = "simulated_hosts"

    def exec_command(self, cmd, in_data=None, sudoable=True):
        """(rc, output, errors) as of a host."""
        asked = question(cmd, in_data)
        if RECORD:
            return self._recorded(cmd, in_data, sudoable, asked)
        if not KNOWN:
            with open(ANSWERS, encoding="utf-8") as source:
                KNOWN.update(json.load(source))
        time.sleep(float(ANSWER_S))
        return (0, self._answer(*asked).encode(), b"") if asked else (1, b"", b"not simulated: " + cmd.encode())

    def _recorded(self, cmd, in_data, sudoable, asked):
        done = super().exec_command(cmd, in_data, sudoable)
        if asked:
            with open(RECORD, encoding="utf-8") as source:
                known = json.load(source)
            do, options = asked
            known[do + (" at the end" if "wait" in options else "")] = done[1].decode()  # of several the last
            if do == "look" and "wait" not in options:
                known.setdefault("look before" if "inject" not in known else "look", done[1].decode())
            with open(RECORD, "w", encoding="utf-8") as target:
                json.dump(known, target)
        return done

    def _answer(self, do, options):
        # Each host is a machine of its own, which the recorded one cannot say.
        return self._recorded_answer(do, options).replace(
            '"machine": "', '"machine": "%s ' % self._play_context.remote_addr
        )

    def _recorded_answer(self, do, options):
        if do == "inject":
            STARTED[id(self)] = time.monotonic()
        if do != "look":
            return KNOWN[do]
        injected = json.loads(KNOWN["inject"])["fault"]
        hold = injected["deadline"]["monotonic"] - injected["injected_at"]["monotonic"]
        since = STARTED.get(id(self))
        if since is None:
            return KNOWN["look before"]
        left = since + hold - time.monotonic()
        if "wait" in options:
            time.sleep(max(0.0, min(left, float(options["wait"].rstrip("s")))))
            left = since + hold - time.monotonic()
            if left <= 0.0:
                del STARTED[id(self)]
                return KNOWN["look at the end"]
        told = json.loads(KNOWN["look"])
        told["fault"]["seconds_left"] = max(0.0, left)
        return json.dumps(told)
