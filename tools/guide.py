# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out the page "Getting started" as written, and renew what it shows of the output. Usage: guide.py TARBALL

A ``code-block`` with a caption is a file, a ``console`` block is typed. Between ``.. excerpt NAME: begin`` and
``.. excerpt NAME: end`` is what the command before it has printed; ``report`` may be on other pages, too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import excerpts

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "docsite" / "rst"
PAGE = FOLDER / "getting_started.rst"
OTHERS = (FOLDER / "report.rst",)
BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n((?: +:\w+:.*\n)*)\n((?:(?: {2}.*)?\n)+)", re.MULTILINE)
EXCERPT = re.compile(r"^\.\. excerpt (\w+): begin\n(.*?)^\.\. excerpt \1: end$", re.MULTILINE | re.DOTALL)
INSTALL = "ansible-galaxy collection install magsasa.chaos"
# Root has a network of its own for it, where the sample application is the only service.
ALONE = ["unshare", "--net", "bash", "-c", 'ip link set lo up; exec bash -ec "$1"', "bash"]
LIMIT_S = 600


def blocks(text):
    """[(language, caption or "", content, position)] of the blocks of code of a page."""
    found = []
    for each in BLOCK.finditer(text):
        caption = re.search(r":caption: (.*)", each.group(2))
        content = textwrap.dedent(each.group(3)).strip("\n") + "\n"
        found.append((each.group(1), caption.group(1) if caption else "", content, each.start()))
    return found


def table(rows):
    """A list-table of the rows of a Markdown table."""
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if not row.startswith("|---")]
    lines = [".. list-table::", "  :header-rows: 1", ""]
    for row in cells:
        lines += ["  %s %s" % ("* -" if number == 0 else "  -", cell) for number, cell in enumerate(row)]
    return "\n".join(lines)


def shown(name, stdout):
    """What a page shows of an output."""
    if name == "report":
        return table(excerpts.report(excerpts.Run("", stdout)).splitlines())
    lines = [line for line in stdout.splitlines() if not excerpts.BETWEEN.match(line)]
    return ".. code-block:: text\n\n" + textwrap.indent("\n".join(lines), "  ")


def renewed(text, made):
    """The page with the excerpts in ``made`` ({name: text})."""
    return EXCERPT.sub(
        lambda each: ".. excerpt %s: begin\n\n%s\n\n.. excerpt %s: end" % (each.group(1), made[each.group(1)], each.group(1)),
        text,
    )  # fmt: skip


def strange(text, printed):
    """Phrases of a page's excerpts that are in no output of ``printed`` ({name: stdout}) in that form."""
    found = []
    for name, block in EXCERPT.findall(text):
        lines = [re.sub(r"^ +(\* -|-) ", "", line) for line in block.splitlines() if not re.match(r" *(\.\.|:)", line)]
        shown_here = excerpts.phrases("\n".join(line.strip() for line in lines))
        found += sorted(shown_here - excerpts.phrases(printed[name]) - excerpts.NO_PHRASE)
    return found


def carry_out(text, tarball, folder, environment):
    """Do what the page says in ``folder``, an empty one: ``{excerpt: stdout of the command before it}``. The
    collection is installed from ``tarball``. Raises AssertionError where a command fails or warns.
    """
    printed, exported, stdout = {}, "", ""
    todo = sorted(
        [(position, "do", each) for *each, position in blocks(text)]
        + [(each.start(), "excerpt", each.group(1)) for each in EXCERPT.finditer(text)]
    )
    for _position, kind, what in todo:
        if kind == "excerpt":
            printed[what] = stdout
            continue
        language, caption, content = what
        if caption:
            (folder / caption).write_text(content, encoding="utf-8")
        elif language == "console":
            done = _typed(
                exported + content.replace(INSTALL, "%s %s" % (INSTALL.rpartition(" ")[0], tarball)),
                folder,
                environment,
            )
            assert done.returncode == 0, "%s\n%s\n%s" % (content, done.stdout, done.stderr)
            assert "WARNING]" not in done.stderr, "%s\n%s" % (content, done.stderr)
            exported += "".join(line + "\n" for line in content.splitlines() if line.startswith("export "))
            stdout = done.stdout
    return printed


def _typed(commands, folder, environment):
    alone = ALONE if os.geteuid() == 0 else ["bash", "-ec"]
    return subprocess.run(
        [*alone, commands], cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


def main(arguments):
    """Exit code."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "CHAOS_", "APP_"))}
        printed = carry_out(PAGE.read_text(encoding="utf-8"), arguments[0], Path(folder), dict(kept, HOME=home))
    made = {name: shown(name, stdout) for name, stdout in printed.items()}
    for page in (PAGE, *OTHERS):
        page.write_text(renewed(page.read_text(encoding="utf-8"), made), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
