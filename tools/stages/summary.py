# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a run: one table, what did not run and why, what was tried again, and the slowest tests."""

from __future__ import annotations

MOST_TRIED_AGAIN = 3  # a machine that starves more tests than this shows nothing
SLOWEST = 30
HEAD = ("stage", "tests", "passed", "failed", "tried again", "skipped", "time", "CPU")


def table(rows):
    """The rows in columns: the first to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    )


def _row(name, counts, seconds, cpu_s):
    return (name, *map(str, counts), "%.0f s" % seconds, "%.0f s" % cpu_s)


def _counts(found):
    return (
        found.passed + found.failed + found.skipped,
        found.passed,
        found.failed,
        len(found.tried_again),
        found.skipped,
    )


def failures(results):
    """Number of failures of a run; ``results``: [(stage, Found, seconds)]."""
    failed = sum(found.failed for _name, found, _seconds in results)
    starved = sum(len(found.tried_again) for _name, found, _seconds in results) > MOST_TRIED_AGAIN
    return failed + starved + _nothing_matched(results)


def _nothing_matched(results):
    """Whether tests were asked for and none of any stage ran: a name that does not exist any more is no success."""
    return {found.matched for _name, found, _seconds in results} - {None} == {False}


def text(results, seconds, work=None):
    """The whole end of a run that took ``seconds`` (text); its last line has the form of pytest's own, for whoever
    reads totals. ``work``: share (0 to 1) of the time in which a processor was at work, if that is known.
    """
    totals = [sum(column) for column in zip(*(_counts(found) for _name, found, _seconds in results))]
    lines = ["", "=== the slowest %d tests ===" % SLOWEST]
    slowest = sorted(
        ((duration, name, test) for name, found, _seconds in results for duration, test in found.tests), reverse=True
    )
    lines += ["%6.1f s  %-11s  %s" % each for each in slowest[:SLOWEST]]
    lines += ["", "=== summary ==="]
    rows = [_row(name, _counts(found), spent, found.cpu_s) for name, found, spent in results]
    rows.append(_row("all", totals, seconds, sum(found.cpu_s for _name, found, _spent in results)))
    lines.append(table([HEAD, *rows]))
    if work is not None:
        lines.append("the processors of this machine were at work for %.0f %% of the time" % (100 * work))
    lines += ["%s: %s" % (name, note) for name, found, _seconds in results for note in found.notes]
    lines += [
        "%s: retried, because the CPU was overloaded: %s" % (name, each)
        for name, found, _seconds in results
        for each in found.tried_again
    ]
    if totals[3] > MOST_TRIED_AGAIN:
        lines.append(
            "%d tests were retried, more than %d, so this run proves nothing; use a machine with less load"
            % (totals[3], MOST_TRIED_AGAIN)
        )
    if _nothing_matched(results):
        lines.append("no test of any stage matches the pytest options, so this run tested nothing")
    lines.append("%d passed, %d failed, %d skipped in %.2fs" % (totals[1], failures(results), totals[4], seconds))
    return "\n".join(lines)
