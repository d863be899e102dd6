# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renew the excerpts of real runs in README.md. Usage: excerpts.py [FOLDER].

A block between ``<!-- excerpt NAME: begin -->`` and ``<!-- excerpt NAME: end -->`` is taken from a short run on this
machine, in a network
of its own (root), so that the sample application is the only service. With FOLDER, which contains ``stdout`` and
``report.md`` of such a run,
it is taken from those. A test compares the blocks with a run that the suite makes anyway: see ``strange``.
The excerpts of the guides are renewed by guide.py.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "README.md"
ARGUMENTS = [
    "--scenario",
    "memory-light,app-restart",
    "--",
    "-e",
    "chaos_baseline=3s",
]  # quick, and the same whatever the kernel offers
# What a run prints between the beginning of a scenario and its verdict.
BETWEEN = re.compile(r"^[\d:]+  \d+/\d+ [\w.-]+ (begins|baseline|hold|recovery|wave)\b")
NO_PHRASE = {"```", "N more"}  # how many figures fit on a line differs from run to run
LIMIT_S = 1200

Run = namedtuple("Run", "stdout markdown")


class Missing(Exception):
    """A run, or the page, lacks what an excerpt is made of."""


def terminal(run):
    """The output from its first line to the path of the report; of each scenario the line with its verdict."""
    found = list(
        re.finditer(r"^[\d:]+  chaos [a-z]+: .*?^CHAOS [A-Z]+: .*?^report: .*?$", run.stdout, re.MULTILINE | re.DOTALL)
    )
    if not found:
        raise Missing("the output of the run has nothing from 'chaos ...:' and 'CHAOS ...:' to 'report: ...'")
    return "```\n%s\n```" % "\n".join(line for line in found[-1].group().splitlines() if not BETWEEN.match(line))


def report(run):
    """The table of experiments."""
    rows = [
        line
        for line in run.markdown.partition("\n## Experiments\n")[2].partition("\n## ")[0].splitlines()
        if line.startswith("|")
    ]
    if len(rows) < 3:
        raise Missing("report.md has no table '## Experiments'")
    return "\n".join(rows)


EXCERPTS = {"terminal": terminal, "report": report}


def blocks(page):
    """``{name: text}`` of the excerpts in a page."""
    return dict(re.findall(r"<!-- excerpt (\w+): begin -->\n(.*?)\n?<!-- excerpt \1: end -->", page, re.DOTALL))


def renewed(page, run):
    """The page with the excerpts of a run."""
    if set(blocks(page)) != set(EXCERPTS):
        raise Missing("%s has the excerpts %s, and not %s" % (PAGE.name, ", ".join(blocks(page)), ", ".join(EXCERPTS)))
    for name, pick in EXCERPTS.items():
        begin, end = "<!-- excerpt %s: begin -->" % name, "<!-- excerpt %s: end -->" % name
        head, _begin, rest = page.partition(begin)
        page = "%s%s\n%s\n%s%s" % (head, begin, pick(run), end, rest.partition(end)[2])
    return page


def short_run():
    """A run of this checkout, where nothing else listens."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("CHAOS_", "ANSIBLE_", "APP_PORT"))
    }
    with tempfile.TemporaryDirectory() as place:
        argv = [str(ROOT / "run_chaos_tests.sh"), "--report-dir", place + "/reports", *ARGUMENTS]
        alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *argv]
        done = subprocess.run(
            alone, env=environment, cwd=place, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        if done.returncode:
            raise Missing("the run ended with code %d: %s" % (done.returncode, (done.stdout + done.stderr)[-2000:]))
        return Run(
            done.stdout.replace(place + "/", ""),
            Path(place, "reports", "latest", "report.md").read_text(encoding="utf-8"),
        )


def shape(phrase):
    """A phrase without what differs between two runs: figures, addresses, paths, process names."""
    phrase = re.sub(r"https?://\S+?(?=[\s;,)|]|$)", "URL", phrase)
    phrase = re.sub(r"\S*/\S*report\S*", "PATH", phrase)
    phrase = re.sub(r"process \S+", "process NAME", phrase)
    phrase = re.sub(r"(?<=chaos )(smoke|light|medium|heavy|full)$", "INTENSITY", phrase)
    return re.sub(r"[-+]?\d+(\.\d+)*", "N", phrase).strip()


def phrases(text):
    """The shapes of all phrases of a text; a line that goes on in the next one, indented, is one."""
    whole = re.sub(r"\n {4,}", " ", text)
    parts = [part for line in whole.splitlines() for part in re.split(r"[;|]|(?<=\w): ", re.sub(r"^  +", "", line))]
    return {shape(re.sub(r"\s+", " ", part)) for part in parts} - {""}


def strange(page, run, left_out=()):
    """Phrases of a page's excerpts that a real run does not print in that form; ``left_out``: words whose lines the
    run cannot have.
    """
    lines = [line for text in blocks(page).values() for line in re.sub(r"\n {4,}", " ", text).splitlines()]
    real = phrases(run.stdout) | phrases(run.markdown)
    return sorted(
        phrases("\n".join(line for line in lines if not any(word in line for word in left_out))) - real - NO_PHRASE
    )


def main(arguments):
    """Exit code."""
    try:
        run = (
            Run(*(Path(arguments[0], name).read_text(encoding="utf-8") for name in ("stdout", "report.md")))
            if arguments
            else short_run()
        )
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), run), encoding="utf-8")
    except (Missing, OSError, subprocess.SubprocessError) as error:
        print("excerpts: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
