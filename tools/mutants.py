# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break the code a little, many times, and see whether the tests notice.

Usage: python tools/mutants.py [--seed S] [--count N] [--under PATH] [--also CHECKOUT] [--reached] [--list]
                               -- PYTEST-ARGUMENTS

Each breakage is one of: a condition turned round, a constant changed, a statement left out. It is made in a copy of the
checkout, so that the checkout stays as it is; the tests run there with ``-x``. Prints one line for each: caught (by
which test) or survived, where, and what was changed. The same seed draws the same breakages from the same code.

``--also`` compares two suites: only what another checkout has too (the same statement in a function of the same name)
is drawn, and each breakage is tried in both.

``--reached`` runs only those tests that came past the broken line, which is quicker by far. Which came past which line
is recorded before, in each of the checkouts, with coverage (``pip install coverage``):

    PYTHONPATH=tools .venv/bin/python -m coverage run --source plugins -m pytest -p mutants PYTEST-ARGUMENTS

It sees what runs in the process of the tests, so a module that goes to a target needs a try without ``--reached``.
"""

from __future__ import annotations

import argparse
import ast
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 900  # a breakage that makes the tests hang was noticed
TURNED = {
    ast.Lt: ast.GtE,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.Is: ast.IsNot,
}
TURNED.update({new: old for old, new in ((ast.In, ast.NotIn), (ast.Is, ast.IsNot))})

# node: what is replaced; text: by what; statement: the innermost one around it; key: the same in another checkout.
Place = collections.namedtuple("Place", "path node text statement what key")


def pytest_runtest_logstart(nodeid):
    """As a plugin of pytest: coverage is told which test runs from here on."""
    import coverage  # here, as only --reached needs it

    if coverage.Coverage.current():
        coverage.Coverage.current().switch_context(nodeid)


def change(node):
    """[(what, text instead of the node)] for a node."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in TURNED:
        turned = ast.Compare(node.left, [TURNED[type(node.ops[0])](), *node.ops[1:]], node.comparators)
        yield "condition turned", ast.unparse(turned)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "constant changed", repr(node.value + 1)
    elif isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign)):
        yield "statement left out", "pass"


def heading(statement):
    """A statement as text, without the block that belongs to it."""
    return ast.unparse(statement).splitlines()[0] if hasattr(statement, "body") else ast.unparse(statement)


def within(node, function, statement=None):
    """(name of the function, innermost statement, node) below a node, outside of documentation."""
    for child in ast.iter_child_nodes(node):
        inside = function
        if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
            inside = "%s.%s" % (function, child.name)
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        around = child if isinstance(child, ast.stmt) else statement
        if around is not None:
            yield inside, around, child
        yield from within(child, inside, around)


def places(root, under):
    """[Place] of a checkout, in order."""
    found, number = [], collections.Counter()
    for path in sorted((root / under).rglob("*.py")):
        if "/modules/" in str(path) or "/doc_fragments/" in str(path):
            continue
        for function, statement, node in within(ast.parse(path.read_text(encoding="utf-8")), ""):
            options = list(change(node)) if function else []
            if isinstance(node, (ast.If, ast.IfExp)) and not isinstance(node.test, ast.Compare):
                node, options = node.test, [("condition turned", "(not (%s))" % ast.unparse(node.test))]
            for what, text in options:
                same = (path.name, function, heading(statement), what, ast.unparse(node))
                number[path, same] += 1
                found.append(Place(path, node, text, statement, what, (*same, number[path, same])))
    return found


def draw(seed, count, under, also):
    """[[Place] of each checkout]: the same for the same seed and code. Each file has the same chance."""
    matching = collections.defaultdict(list)
    for place in places(also, under) if also else ():
        matching[place.key].append(place)
    by_file = collections.defaultdict(list)
    for place in places(ROOT, under):
        if not also or len(matching[place.key]) == 1:
            by_file[place.path].append([place, *matching[place.key]])
    choice, drawn = random.Random(seed), []
    while len(drawn) < count and by_file:
        path = choice.choice(sorted(by_file))
        drawn.append(by_file[path].pop(choice.randrange(len(by_file[path]))))
        if not by_file[path]:
            del by_file[path]
    return drawn


def broken(place):
    """The file's text with the breakage; all else, comments too, stays as it is, for tests that read the code."""
    text = place.path.read_bytes()
    lines = text.splitlines(keepends=True)
    begin = sum(map(len, lines[: place.node.lineno - 1])) + place.node.col_offset
    end = sum(map(len, lines[: place.node.end_lineno - 1])) + place.node.end_col_offset
    return text[:begin] + place.text.encode() + text[end:]


def reaching(root, place):
    """Sorted names of the tests that came past a place, by the .coverage of its checkout."""
    from coverage import CoverageData

    data = CoverageData(str(root / ".coverage"))
    data.read()
    by_line = data.contexts_by_lineno(str(place.path))
    lines = range(place.statement.lineno, place.node.lineno + 1)
    return sorted({test for line in lines for test in by_line.get(line, ()) if test})


def copy_of_checkout(root, folder):
    """The tracked files of a checkout in a folder."""
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, files):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target, follow_symlinks=False)


def failure(root, folder, tests):
    """The first test that fails in this copy of a checkout, or None. The environment is that of the checkout."""
    argv = [str(root / ".venv/bin/python"), "-m", "pytest", "-x", "-q", "-p", "no:pytest_ansible", *tests]
    environment = dict(os.environ, PYTHONPATH=str(folder / ".collections"), PYTHONDONTWRITEBYTECODE="1")
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "the time limit"
    if done.returncode == 0:
        return None
    named = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    return named.group(1) if named else "pytest, which ended with %d" % done.returncode


def tried(root, folder, place, given):
    """One line about a breakage: (whether it was caught, text). A test that fails without it too says nothing."""
    begun = time.monotonic()
    tests = given.tests
    if given.reached:
        tests = reaching(root, place)
    copy = folder / place.path.relative_to(root)
    copy.write_bytes(broken(place))
    try:
        by = failure(root, folder, tests) if tests else None
    finally:
        shutil.copy2(place.path, copy)
    if by and "::" in by and failure(root, folder, [by]):
        by, verdict = by + " FAILS ALSO WITHOUT IT", "unclear"
    else:
        verdict = "caught" if by else "survived"
    where = "%s:%d: %s" % (place.path.relative_to(root), place.node.lineno, place.what)
    return verdict == "caught", "%-8s %s (%s, %.0f s)" % (
        verdict,
        where,
        by or "%s tests" % (len(tests) if given.reached else "all"),
        time.monotonic() - begun,
    )


def main():
    parser = argparse.ArgumentParser(
        description="Break the code a little, many times, and see whether the tests notice."
    )
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--under", default="plugins")
    parser.add_argument("--also", type=Path, help="another checkout, whose tests are tried on the same breakages")
    parser.add_argument("--reached", action="store_true", help="run only the tests that came past the broken line")
    parser.add_argument("--list", action="store_true", help="only print what would be broken")
    parser.add_argument("tests", nargs="*")
    given = parser.parse_args()
    roots = [ROOT] + ([given.also.resolve()] if given.also else [])
    drawn = draw(given.seed, given.count, given.under, given.also and roots[1])
    if given.list:
        for place, *_others in drawn:
            print("%s:%d: %s: %s" % (place.path.relative_to(ROOT), place.node.lineno, place.what, place.text))
        return 0
    caught = [0 for root in roots]
    with tempfile.TemporaryDirectory(prefix="magsasa-mutants-") as scratch:
        for number, root in enumerate(roots):
            copy_of_checkout(root, Path(scratch) / str(number))
        for pair in drawn:
            for number, (root, place) in enumerate(zip(roots, pair)):
                seen, line = tried(root, Path(scratch) / str(number), place, given)
                caught[number] += seen
                print("%s%s" % ("  also: " if number else "", line), flush=True)
    for root, number in zip(roots, caught):
        print("%s: %d of %d caught (seed %s)" % (root.name, number, len(drawn), given.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
