# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether chance alone explains a count. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import math

ENOUGH = 200  # requests or packets; of fewer no share can be judged
SIGMAS = 5  # how far off chance alone may take the share


def unlikely(asked_pct, hit, of):
    """Whether chance alone hardly explains ``hit`` packets or requests out of ``of`` when a share was asked for."""
    share = asked_pct / 100.0
    return of >= ENOUGH and abs(hit / float(of) - share) > SIGMAS * math.sqrt(share * (1 - share) / of) + 1e-9
