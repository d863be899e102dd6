# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as data: ``report.json`` is this, everything else is drawn from it. Pure. Private to magsasa.chaos."""
from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._judge import verdict
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import text

SCHEMA = "magsasa.chaos/report/1"


def build(run, records):
    """``run``: id, started, finished, intensity, dry_run, seed, versions, command; ``records``: experiment records in order."""
    return text.clean({"schema": SCHEMA, "run": run, "summary": verdict.summary(records), "experiments": records})
