# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of the runtime archive: ``python archive.pyz ENTRY SPEC``. Private to magsasa.chaos."""

from __future__ import annotations

import functools
import importlib

from .._life import ready

# Entry: file and function. By name: each travels with whoever starts it (see their ``_travels``), so that a module
# sends what it needs and no more.
ENTRIES = {
    "ask": "_entry.ask main",
    "fault": "_life.supervisor main",
    "probe": "_probe.recorder main",
    "retry": "_life.stop_post retry",
    "sweep": "_life.boot_sweep main",
    "turn": "_life.turn main",
    "undo": "_life.stop_post main",
    "watch": "_life.stop_post watch",
}


# What the package loads only when it needs it, so that a question, which a host is asked every few seconds, costs a
# quarter less. Who stays needs it to undo, when the host may have no descriptor left, or no such Python.
LATE = ("ctypes", "socket", "subprocess")


def _load(name):
    return importlib.import_module(__name__.rpartition("._entry.")[0] + "." + name)


def main(arguments):
    """Run one entry; an error before it is ready goes to whoever started us, as one sentence."""
    entry, spec = arguments
    try:
        if entry not in ENTRIES:
            raise ValueError("no entry %r" % entry)
        for name in () if entry == "ask" else LATE:
            importlib.import_module(name)
        file, function = ENTRIES[entry].split()
        run = getattr(_load(file), function)
        if entry == "fault":
            run = functools.partial(run, window=_load("_probe.live").window)
        return run(spec, ready.say_ready)
    except Exception as error:  # the last net: whoever waits for us must hear a sentence, not a timeout
        ready.say_ready({"error": str(error) or type(error).__name__, "kind": type(error).__name__})
        raise
