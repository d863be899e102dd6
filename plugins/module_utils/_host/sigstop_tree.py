# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop the processes of a tree (SIGSTOP) so that none escapes. Private to magsasa.chaos."""

from __future__ import annotations

import signal

from . import processes


def stop(ctx, root, planned, tree=True):
    """Stop ``planned`` ([pid, start], the parent first, so that it starts no more) and, with ``tree``, what appeared
    below ``root`` since.

    The undo of ``planned`` is the plan's; that of the others is added here. Returns (pid, start) of all of them.
    """
    known = {tuple(each) for each in planned}
    for pid, start in planned:
        processes.send(pid, start, signal.SIGSTOP)
    fresh = True
    while tree and fresh:
        running = [
            (pid, processes.start_time(pid))
            for pid in processes.below(root)
            if processes.state(pid) not in ("T", "Z", "X", None)
        ]
        fresh = [each for each in running if each[1] is not None and each not in known]
        for pid, start in fresh:
            known.add((pid, start))
            ctx.add_undo("process.resume", pid=pid, start=start)
            processes.send(pid, start, signal.SIGSTOP)
    return sorted(known)
