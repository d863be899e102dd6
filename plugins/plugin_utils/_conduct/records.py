# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of an experiment on one host, from what the conductor knows of it. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError, printable

from .. import _experiment, _probing


def of(subject, wave, stated, hosts=1):
    """The record. ``stated``: objectives of the inventory, see _objectives.apply; ``hosts``: how many the run has.
    Raises ChaosError for a bad scenario.
    """
    wave = (
        wave if wave and subject.host in (wave.get("hosts") or ()) else None
    )  # a host that was left out is in no wave
    collected = subject.probes.get(subject.probe_name) or {}
    given = {
        "scenario": {
            key: value for key, value in subject.scenario.items() if key != "probe"
        },  # a probe may hold secrets
        "target": _probing.tested(subject.endpoint, subject.options),
        "observer": subject.observer,
        "samples": collected.get("samples"),
        "probe": collected.get("summary"),
        "liveness": (subject.probes.get(subject.live) or {}).get("samples") if subject.live else None,
        "clock_offset": subject.offset,
        "fault": subject.fault,
        "skipped": subject.skipped,
        "refused": subject.refused,
        "failed": subject.failed,
        "wave": wave,
        "halted": subject.seen.get("halted"),
        "run_hosts": hosts,
    }
    try:
        return _experiment.judge(given, subject.host, stated)
    except Exception as error:  # what the host told cannot be judged; without it only a bad scenario can be wrong
        why = str(error) if isinstance(error, ChaosError) else "%s: %s" % (type(error).__name__, error)
        failed = "the answer of the host cannot be judged: %s" % printable(why, 300)
        bare = {key: given[key] for key in ("scenario", "observer", "skipped", "refused", "wave")}
        return _experiment.judge(dict(bare, failed=failed), subject.host, stated)
