# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run stages and print what each found. Usage: python -m stages --only A,B [--found FILE] -- PYTEST-OPTIONS"""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import sys
import time
from pathlib import Path

from . import lanes, summary
from .plan import PATIENCE, PATIENT, STAGES, chosen
from .work import Work


def _cpu_s():
    """Seconds of processor time of the programs that this one has started and waited for, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def alone(name, more):
    """(name, Found, seconds) of one stage in this process; its output is shown as it comes."""
    print("\n=== %s ===" % name, flush=True)
    start, used = time.monotonic(), _cpu_s()
    found = STAGES[name](more)
    found.cpu_s = _cpu_s() - used
    return name, found, time.monotonic() - start


def main(arguments):
    names = arguments[1].split(",")
    if arguments[2] == "--found":  # one lane of another run
        os.nice(PATIENCE if names[0] in PATIENT else 0)
        found = alone(names[0], arguments[5:])[1]
        Path(arguments[3]).write_text(json.dumps(dataclasses.asdict(found)))
        return 0
    more = arguments[3:]
    # A test may print anything, and a terminal need not know every letter of it.
    sys.stdout.reconfigure(errors="backslashreplace")
    results, begun, work = [], time.monotonic(), Work()
    for number, stages in chosen(names):
        if number == 1:
            results += [alone(name, more) for name in stages]
        else:
            print("\n=== %d side by side: %s ===" % (number, ", ".join(stages)), flush=True)
            results += lanes.run(stages, number, more)
    print(summary.text(results, time.monotonic() - begun, work.share()), flush=True)
    return 1 if summary.failures(results) else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
