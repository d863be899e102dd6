# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run stages one after the other and print what each found. Usage: python -m stages --only A,B -- PYTEST-OPTIONS"""
from __future__ import annotations

import sys
import time

from . import checks, pytest_run, sanity

STAGES = {
    "lint": checks.run,
    "sanity": sanity.run,
    "unit": lambda more: pytest_run.run("unit", "tests/unit", more),
    "app": lambda more: pytest_run.run("app", "target_app/tests", more),
    "integration": lambda more: pytest_run.run("integration", "tests/integration", more),
}


def table(rows):
    """The rows in columns: the first to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(
        "  ".join(cell.ljust(width) if number == 0 else cell.rjust(width) for number, (cell, width) in enumerate(zip(row, widths))) for row in rows
    )


def main(arguments):
    names, more = arguments[1].split(","), arguments[3:]
    results = []
    for name in names:
        print("\n=== %s ===" % name, flush=True)
        start = time.monotonic()
        found = STAGES[name](more)
        results.append((name, found, time.monotonic() - start))
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
