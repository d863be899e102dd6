# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over what a run probes, and what of it a report may tell."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _probing


def probe_of_run(probe, url=None):
    """``chaos_probe`` with the URL of the command line in it; what is no mapping stays, for the preflight to name."""
    try:
        found = _probing.given(probe)
    except ChaosError:
        return probe
    return dict(found, url=str(url)) if url else found


def probe_target(probe, what="url"):
    """What a run's ``chaos_probe`` says about the service under test: its origin (url), or for a URL the headers to
    ask it with.
    """
    try:
        return _probing.origin(probe) if what == "url" else _probing.detection_headers(probe, what)
    except ChaosError:
        return "" if what == "url" else {}  # the preflight has the word on a probe that means nothing


class FilterModule:
    """Filters of the collection over probes."""

    def filters(self):
        """Name to function."""
        return {"probe_of_run": probe_of_run, "probe_target": probe_target}
