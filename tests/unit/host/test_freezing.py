# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree of real processes is stopped, with those that the plan did not know yet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes, sigstop_tree

PARENT = "import os, time; child = os.fork(); child and os.write(1, b'%d\\n' % child); time.sleep(600)"


class Ctx:
    """Keeps what would go to the ledger."""

    def __init__(self):
        self.undo = []

    def add_undo(self, op, **args):
        self.undo.append((op, args["pid"], args["start"], processes.state(args["pid"])))


@pytest.fixture(name="pair")
def _pair():
    """(parent, child) that sleep."""
    parent = subprocess.Popen([sys.executable, "-S", "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    yield parent.pid, child
    os.kill(child, signal.SIGKILL)
    parent.kill()
    parent.communicate()


@pytest.mark.parametrize("tree, stopped", [(True, [True, True]), (False, [True, False])])
def test_what_came_after_the_plan_is_stopped_too(pair, tree, stopped):
    parent, child = pair
    ctx = Ctx()
    found = sigstop_tree.stop(ctx, parent, [[parent, processes.start_time(parent)]], tree)
    limit = time.monotonic() + 5  # a signal takes its time
    while [processes.state(pid) == "T" for pid in pair] != stopped and time.monotonic() < limit:
        time.sleep(0.01)
    assert [processes.state(pid) == "T" for pid in pair] == stopped
    if tree:
        ((op, pid, start, state_then),) = ctx.undo
        assert (op, pid, start) == ("process.resume", child, processes.start_time(child)) and state_then != "T"
        assert sorted(found) == sorted((pid, processes.start_time(pid)) for pid in pair)
    else:
        assert ctx.undo == [] and found == [(parent, processes.start_time(parent))]
