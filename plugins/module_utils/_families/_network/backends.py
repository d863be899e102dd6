# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backend carries a network fault out: the first of the list that can do it and can be had. Pure. Private to
magsasa.chaos.

A backend is an object with ``name`` (as the record shows it), ``does`` (the step that it carries out),
``cannot(options)`` (why it can
never do this, or ""), ``obstacle(options, facts)`` (an error that says why not on this host, or None), ``plan(options,
facts)``,
``carry_out(ctx, args)`` and ``measure(ctx)``.
"""

from __future__ import annotations

from ..._errors import NotHere
from .iptables import Iptables
from .nfqueue import Nfqueue
from .nftables import Nftables
from .traffic_control import Shaping

BACKENDS = (
    Shaping("htb", "tc htb"),
    Shaping("prio", "tc netem"),
    Nftables(),
    Iptables(),
    Nfqueue(),
)  # in the order in which they are tried
BY_STEP = {each.does: each for each in BACKENDS}


def choose(options, facts):
    """``(backend, notes)``; the notes say which better one was passed over, and why. Raises what keeps the last one
    from working.
    """
    passed, last = [], None
    for backend in BACKENDS:
        if backend.cannot(options):
            continue
        last = backend.obstacle(options, facts)
        if last is None:
            return backend, ["%s is not used: %s" % each for each in passed]
        passed.append((backend.name, last))
    if last is None:
        reasons = sorted({backend.cannot(options) for backend in BACKENDS})
        raise NotHere("no backend on this host can do this (%s)" % "; ".join(reasons), "use fewer effects at once")
    raise last
