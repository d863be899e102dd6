# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cell of the matrix: a fault on a host, and what a user may do about it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys

from support.lab import clean_environment, ledger, lifecycle, on_hosts
from support.modules import ROOT

from . import state


class Cell:
    """One fault, one host, one way in which things go wrong."""

    def __init__(self, lab, host, fault):
        self.lab, self.host, self.fault = lab, host, fault
        self.before = state.of(lab, host)
        self._kept = []
        self._known = {past["id"] for past in ledger(lab, host)}

    def inject(self, duration, **more):
        """Put the fault in; it must go in."""
        self.ask(duration, **more)

    def ask(self, duration, *switches, **more):
        """The same, with switches of the program ansible; returns what the module said."""
        result = on_hosts(self.lab, self.host, self.fault.module, self._options("crash", duration, **more), *switches)[
            self.host
        ]
        assert not result.get("failed"), result
        return result

    def _options(self, name, duration, **more):
        return dict(self.fault.options, name=name, duration=duration, **more)

    @contextlib.contextmanager
    def start(self, duration, name="crash"):
        """Ansible that injects, as a process group of its own (Popen); nothing of it is left after the block."""
        argv = [
            os.path.join(os.path.dirname(sys.executable), "ansible"),
            self.host,
            "-i",
            str(lifecycle.inventory_path(self.lab)),
        ]
        argv += ["-m", "magsasa.chaos." + self.fault.module, "-a", json.dumps(self._options(name, duration))]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running = subprocess.Popen(argv, cwd=ROOT, env=clean_environment(), start_new_session=True, **quiet)
        try:
            yield running
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait(10)

    def end(self, name="crash"):
        """Ask for the fault's end, as a user would."""
        return on_hosts(self.lab, self.host, self.fault.module, {"name": name, "state": "absent"})[self.host]

    def contact(self):
        """The panic button, which is also the next contact."""
        return on_hosts(self.lab, self.host, "fault_halt", {})[self.host]

    def keep_ledger(self):
        """Remember what the ledger says of the past: its disk goes away."""
        self._kept = ledger(self.lab, self.host)

    def past(self):
        """What the ledger says of the faults of this cell (records)."""
        return [past for past in ledger(self.lab, self.host) + self._kept if past["id"] not in self._known]

    def changes(self):
        """What is different on the host from before (texts)."""
        return state.difference(self.before, state.of(self.lab, self.host))
