# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of the runtime archive: ``python archive.pyz ENTRY SPEC``. Private to magsasa.chaos."""

from __future__ import annotations

import functools
import importlib

from .._life import ready


def main(arguments):
    """Run one entry; an error before it is ready goes to whoever started us, as one sentence."""
    entry, spec = arguments
    try:
        if entry == "fault":
            from .._life.supervisor import main as supervise
            from .._probe import live

            run = functools.partial(supervise, window=live.window)
        elif entry == "probe":
            from .._probe.recorder import main as run
        elif entry == "turn":
            from .._life.turn import main as run
        elif entry == "undo":
            from .._life.stop_post import main as run
        elif entry == "retry":
            from .._life.stop_post import retry as run
        elif entry == "watch":
            from .._life.stop_post import watch as run
        elif entry == "sweep":
            from .._life.boot_sweep import main as run
        elif entry == "ask":
            # By name: what it needs travels with the module host_contact alone, and so is in the archive of that one
            # only.
            run = importlib.import_module(__name__.rpartition("._entry.")[0] + "._entry.ask").main
        else:
            raise ValueError("no entry %r" % entry)
        return run(spec, ready.say_ready)
    except Exception as error:  # the last net: whoever waits for us must hear a sentence, not a timeout
        ready.say_ready({"error": str(error) or type(error).__name__, "kind": type(error).__name__})
        raise
