# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take away what is on a host for faults and probes only, once none is there. Private to magsasa.chaos."""

from __future__ import annotations

import os

from .._errors import HostError
from .._ledger import private_files
from . import fault_unit

# see boot_units.py; somebody may have taken the archive away, and not this
SWEEP = "/etc/systemd/system/magsasa-chaos-sweep.service"


def tidy(ledger):
    """Take away folders, the runtime archive and the sweep at boot, unless somebody needs them. Raises nothing: the
    next contact tries again.
    """
    try:
        if os.path.lexists(ledger.boot_archive) or (
            ledger.folders.ledger == private_files.HOST.ledger and os.path.lexists(SWEEP)
        ):
            from . import boot_units  # seldom needed, and it loads every undo operation

            boot_units.disarm(ledger)
    except (HostError, OSError):
        pass  # a sweep without a fault does nothing
    ledger.remove_unused(fault_unit.wanted)
