# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``state: absent`` of a fault module. Private to magsasa.chaos.

What undoes a fault is loaded only where there is one: most tasks that clean up find nothing.
"""

from __future__ import annotations

from .._errors import ChaosError
from .._ledger.ledger import Ledger
from . import record as records

PAST = 50  # faults of one name, among which that of a run is looked for


def absent(name, check_mode=False, run=None):
    """Undo a fault by name. ``fault`` is its final record, or None for a name that this host never knew.

    An experiment's clean-up (``run``) leaves alone what another run has injected under the same name.
    """
    ledger = Ledger()
    mine = records.of_run(run)
    found = ledger.find(name)
    found = found if found and mine(found) else None
    if check_mode or (found is None and not ledger.active()):
        past = found or next(filter(mine, ledger.past(PAST, name)), None)
        return {"changed": bool(found), "fault": records.public(past) if past else None, "swept": []}
    from .._life import ending, revert, tidying  # only here: see above

    ledger.prepare()
    final = ending.request(ledger, found, "absent") if found else None
    swept = [each for each in revert.sweep(ledger) if each["name"] != name]
    tidying.tidy(ledger)
    if final is None:
        final = next(filter(mine, ledger.past(PAST, name)), None)
    if final is not None and final.get("state") == "residue":
        raise ChaosError(
            "the revert of fault '%s' is incomplete: %s" % (name, "; ".join(final["residue"])),
            fault=records.public(final),
            changed=True,
        )
    return {
        "changed": bool(found),
        "fault": records.public(final) if final else None,
        "swept": [records.public(each) for each in swept],
    }
