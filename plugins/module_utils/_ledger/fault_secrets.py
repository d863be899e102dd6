# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fault must know and nobody else may: kept in a private file of the run folder, never in the ledger. Private to
magsasa.chaos.

The run folder is gone after a reboot, and the file with the fault.
"""

from __future__ import annotations

import json
import os

from . import private_files

_known = {}  # fault id: what this process remembers


def _path(fault_id):
    return os.path.join(private_files.folders().run, fault_id + ".secret")


def put(fault_id, secret):
    """Keep ``secret`` (dict)."""
    private_files.write_private(_path(fault_id), json.dumps(secret), durable=False)


def remember(fault_id):
    """Have it in memory too: somebody may take the run folder away before the undo."""
    _known[fault_id] = get(fault_id)


def get(fault_id):
    """What was kept, {} when there is nothing."""
    return private_files.read_json(_path(fault_id)) or _known.get(fault_id) or {}


def drop(fault_id):
    """Forget it."""
    _known.pop(fault_id, None)
    private_files.discard(_path(fault_id))
