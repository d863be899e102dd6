# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that several rooms must make alike. Private to magsasa.chaos."""

from __future__ import annotations

import hashlib
import re

LONGEST = 63
# Variables of the environment by which the callback tells its workers the id of the run, and where its reports go unless a variable says otherwise.
RUN = "MAGSASA_CHAOS_RUN"
REPORTS = "MAGSASA_CHAOS_REPORTS"

FAMILIES = (
    "cpu",
    "memory",
    "disk",
    "network",
    "dns",
    "http",
    "process",
    "service",
    "container",
    "database",
    "file",
    "limit",
    "clock",
    "host",
)


def probe(experiment, host, observer=None):
    """Name of the probe of an experiment on ``host``: the experiment's, or one of its own on an observer that may watch several hosts.

    >>> probe("cpu-light", "web1")
    'cpu-light'
    >>> probe("cpu-light", "web1", "watcher")
    'cpu-light.web1'
    """
    if not observer or observer == host:
        return experiment
    name = "%s.%s" % (experiment, re.sub("[^A-Za-z0-9._-]", "-", host))
    if len(name) <= LONGEST and name.endswith("." + host):
        return name
    # Two hosts must not become one by what was cut off or replaced.
    return "%s-%s" % (name[: LONGEST - 9], hashlib.sha256(host.encode("utf-8")).hexdigest()[:8])
