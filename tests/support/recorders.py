# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recorder of a test: started and stopped without Ansible, its processes and its files."""

from __future__ import annotations

import contextlib
import os

from ansible_collections.magsasa.chaos.plugins.module_utils._check import spec
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import collect, control, samples
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import recorders as probes

from .http_server import answer

UP = answer({"status": "ok"})


@contextlib.contextmanager
def own_state(folder, monkeypatch):
    """A state folder (Path) of the test's own; whatever a failed test leaves running is ended."""
    monkeypatch.setenv("MAGSASA_CHAOS_STATE", str(folder))
    try:
        yield folder
    finally:
        run = str(folder / "run")
        for name in probes.names(run):
            probes.discard(run, name)
    assert recorders(folder) == []


def recorders(folder):
    """Pids of living processes that belong to probes of this state folder."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open("/proc/%s/environ" % entry, "rb") as source:
                pairs = source.read().split(b"\0")
            with open("/proc/%s/stat" % entry) as source:
                gone = source.read().rpartition(")")[2].split()[0] in "ZX"
        except (OSError, ValueError):
            continue
        if (
            not gone
            and b"MAGSASA_CHAOS_STATE=%s" % str(folder).encode() in pairs
            and any(pair.startswith(b"MAGSASA_CHAOS_PROBE=") for pair in pairs)
        ):
            found.append(int(entry))
    return found


def left(folder):
    """Files of the run folder."""
    return (
        sorted(str(path.relative_to(folder)) for path in (folder / "run").rglob("*"))
        if (folder / "run").exists()
        else []
    )


def options(**given):
    found = {name: option.get("default") for name, option in spec.OPTIONS.items()}
    found.update(name="p", rate=20.0, timeout="2s", max_duration="2m", max_in_flight=None, keepalive=False, lease=None)
    found.update(given)
    return found


def start(**given):
    more = {key: given.pop(key) for key in ("linger_s",) if key in given}
    return control.start(dict(control.parse(options(**given)), **more))[1]


def stop(name="p"):
    """(samples, result) of a recorder."""
    changed, result = collect.stop(name)
    assert changed
    return samples.unpack(result["samples"]), result


def missed(rows, rate):
    """How many of the probes that were due left no sample, the last ones aside (they may have been under way)."""
    first = rows[0].intended_s
    numbers = [round((row.intended_s - first) * rate) for row in rows]
    assert len(set(numbers)) == len(numbers)
    return len(set(range(numbers[-1] - 2)) - set(numbers))
