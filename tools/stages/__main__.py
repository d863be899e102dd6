# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run stages and print what each found. Usage: python -m stages --only A,B [--found FILE] -- PYTEST-OPTIONS"""
from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path

from . import lanes
from .plan import STAGES, chosen


def table(rows):
    """The rows in columns: the first to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(
        "  ".join(cell.ljust(width) if number == 0 else cell.rjust(width) for number, (cell, width) in enumerate(zip(row, widths))) for row in rows
    )


def alone(name, more):
    """(name, Found, seconds) of one stage in this process; its output is shown as it comes."""
    print("\n=== %s ===" % name, flush=True)
    start = time.monotonic()
    return name, STAGES[name](more), time.monotonic() - start


def main(arguments):
    names = arguments[1].split(",")
    if arguments[2] == "--found":  # one lane of another run
        found = alone(names[0], arguments[5:])[1]
        Path(arguments[3]).write_text(json.dumps(dataclasses.asdict(found)))
        return 0
    more = arguments[3:]
    results = []
    for step in chosen(names):
        if len(step) == 1:
            results += [alone(name, more) for name in step[0]]
        else:
            print("\n=== side by side: %s ===" % " | ".join(" ".join(lane) for lane in step), flush=True)
            results += lanes.run(step, more)
    print("\n=== summary ===")
    rows = [("stage", "passed", "failed", "skipped", "time")]
    rows += [(name, str(found.passed), str(found.failed), str(found.skipped), "%.0f s" % seconds) for name, found, seconds in results]
    print(table(rows))
    for name, found, _seconds in results:
        for note in found.notes:
            print("%s: %s" % (name, note))
    passed, failed, skipped = (sum(getattr(found, what) for _name, found, _seconds in results) for what in ("passed", "failed", "skipped"))
    # The last line has the form of pytest's own, for whoever reads totals.
    print("%d passed, %d failed, %d skipped in %.2fs" % (passed, failed, skipped, sum(seconds for _name, _found, seconds in results)))
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
