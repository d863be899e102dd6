# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what follows from the table of variables (plugins/plugin_utils/_variables.py): the table in README.md, and
description and type of the role options that a variable feeds. Usage: write_variables.py [--check]. With --check
nothing is written; ends with 1 where something differs.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / ".collections"))

from ansible_collections.magsasa.chaos.plugins.plugin_utils import _variables

WIDTH = 120  # columns
BEGIN, END = "<!-- variables: begin -->", "<!-- variables: end -->"


def markdown(text):
    """A sentence of the table in Markdown: C(code), M(module)."""
    return re.sub(r"[CM]\(([^)]*)\)", r"`\1`", text)


def table():
    """The table in README.md."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    rows += ["| `%s` | %s | %s |" % (each.name, each.default, markdown(each.meaning)) for each in _variables.SETTINGS]
    return "\n".join(rows)


def quoted(text):
    """A YAML text in double quotes, or bare where it may be."""
    return '"%s"' % text.replace('"', '\\"')


def with_table(readme):
    """README.md with the present table."""
    head, _begin, rest = readme.partition(BEGIN)
    return "%s%s\n%s\n%s%s" % (head, BEGIN, table(), END, rest.partition(END)[2])


def with_spec(text, option, variable):
    """An argument_specs.yml with description and type of an option as the table has them."""
    # A template is no default that a page could show, and none of the type of the option.
    meaning = "%s The default is the variable C(%s)%s." % (
        variable.meaning,
        variable.name,
        ", then %s" % variable.default if variable.default else "",
    )
    meaning = quoted(meaning) if ": " in meaning or meaning.startswith(("`", "'")) else meaning
    description = textwrap.fill(
        "        description: " + meaning,
        WIDTH,
        subsequent_indent=" " * 10,
        break_long_words=False,
        break_on_hyphens=False,
    )
    block = "      %s:\n%s\n        type: %s\n" % (option, description, variable.type)
    return re.sub(r"^      %s:\n(?:        .*\n)+" % option, lambda _found: block, text, flags=re.MULTILINE)


def with_default(text, option, variable):
    """A defaults/main.yml with the default of an option as the table has it."""
    return re.sub(
        r"^%s: .*$" % option, lambda _found: "%s: %s" % (option, quoted(variable.template)), text, flags=re.MULTILINE
    )


def wanted():
    """``{path: text}`` of all files that follow from the table."""
    readme = ROOT / "README.md"
    texts = {readme: with_table(readme.read_text(encoding="utf-8"))}
    for variable in _variables.SETTINGS + _variables.RESULTS:
        for option in variable.options:
            role = ROOT / "roles" / option.partition("_")[0]
            for path, rewrite in (
                (role / "meta" / "argument_specs.yml", with_spec),
                (role / "defaults" / "main.yml", with_default),
            ):
                texts[path] = rewrite(texts.get(path) or path.read_text(encoding="utf-8"), option, variable)
    return texts


def main(arguments):
    """Exit code."""
    differing = [path for path, text in wanted().items() if path.read_text(encoding="utf-8") != text]
    for path in differing:
        print("%s %s" % ("differs:" if "--check" in arguments else "written:", path.relative_to(ROOT)))
        if "--check" not in arguments:
            path.write_text(wanted()[path], encoding="utf-8")
    return 1 if differing and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
