# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which earlier run a run is compared with. Private to magsasa.chaos."""

from __future__ import annotations

import json
import os
import re

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import compare, history, write
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.upgrade import upgraded

LATEST, PASSED, NONE = "latest", "latest-passed", "none"
LARGEST = 64 << 20  # bytes of a report.json that is read for it
_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")


def earlier(folder, wanted, own=None, experiments=()):
    """The report to compare with (in today's form), or None where there is none and nobody named one.

    ``wanted``: None or "latest" (the newest before, with an experiment in common that tested the same service; where
    none did, the newest with an experiment in common, whose comparison says so), "latest-passed", "none", the id of
    a run in ``folder``, or a file.
    ``own``: id of the run itself; ``experiments``: its records, empty where they are not known yet. Raises
    ValueError, one sentence.
    """
    wanted = wanted or LATEST
    if wanted == NONE:
        return None
    if wanted not in (LATEST, PASSED):
        path = os.path.join(folder, wanted, write.DATA) if _ID.fullmatch(wanted) else os.path.expanduser(wanted)
        return _read(os.path.join(path, write.DATA) if os.path.isdir(path) else path, wanted)
    services = {record["id"]: compare.tested(record) for record in experiments}
    rows = [row for row in reversed(history.read(folder)) if _ID.fullmatch(row["id"]) and row["id"] != own]
    rows = [row for row in rows if row["verdict"] == "passed" or (wanted == LATEST and row["ran"])]
    if services:
        rows = [row for row in rows if services.keys() & row["scenarios"].keys()]
        rows.sort(key=lambda row: not _shares_service(services, row["scenarios"]))  # stays the newest first
    for row in rows:
        try:
            return _read(os.path.join(folder, row["id"], write.DATA), wanted)
        except ValueError:
            continue  # somebody has tidied up
    return None


def _shares_service(services, before):
    """Whether an experiment of ``services`` ({id: what it tested}) can be compared with one of a line of history."""
    return any(compare.is_same_service(history.tested(before[key]), services[key]) for key in before if key in services)


def _read(path, wanted):
    remedy = "name the id of a run in the folder of reports, latest, latest-passed, none, or a report.json"
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a pipe or a device has no end
            raise ValueError("chaos_compare: '%s' is not a file; %s" % (wanted, remedy))
        if os.path.getsize(path) > LARGEST:
            raise ValueError("chaos_compare: '%s' is larger than %d MiB; %s" % (wanted, LARGEST >> 20, remedy))
        with open(path, encoding="utf-8") as source:
            return upgraded(json.load(source))
    except OSError as error:
        raise ValueError("chaos_compare: '%s' cannot be read (%s: %s); %s" % (wanted, path, error.strerror, remedy))
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise ValueError("chaos_compare: '%s' is no JSON; %s" % (wanted, remedy))
