# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bound on the memory that an action takes on the controller. Private to magsasa.chaos.

What a host says is read to its end by Ansible's connection, whatever its length, before anybody else sees it. A host
that never
stops talking would take all memory of the controller. An action runs in a process of its own, so the kernel can hold
that one back.
"""

from __future__ import annotations

import contextlib
import resource

EXTRA = (
    384
    << 20
    # bytes that the process may take on top of what it has: the longest answer that is used (_commands.MOST_ANSWER) as
    # bytes,
    # text and objects
)
PER_HOST = 16 << 20  # a thread with its stack, and the samples of a long experiment, several times over


LOWERED = []  # [bound, what it was before], while it is one: a host that is this machine has it from us


@contextlib.contextmanager
def bounded(hosts):
    """Inside, a MemoryError meets whoever asks for more than ``hosts`` hosts may need. Where the kernel tells no size
    there is no bound.

    RLIMIT_DATA counts what a process may write to, also where it is mapped (Linux 4.7 and later; see setrlimit(2)).
    Programs that are
    started inside have the bound too, each for itself.
    """
    has = _data()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = None if has is None else has + EXTRA + PER_HOST * hosts
    lowers = wanted is not None and (soft == resource.RLIM_INFINITY or soft > wanted)
    if lowers:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
        LOWERED[:] = [wanted, soft]
    try:
        yield
    finally:
        if lowers:
            LOWERED.clear()
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _data():
    """Bytes of this process that the limit counts, or None."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as source:
            return next((int(line.split()[1]) << 10 for line in source if line.startswith("VmData:")), None)
    except (OSError, ValueError, IndexError):
        return None
