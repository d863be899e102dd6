# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break the code a little, many times, and see whether the tests notice.

Usage: python tools/mutants.py [--seed S] [--count N] [--under PATH] [--list] -- PYTEST-ARGUMENTS

Each breakage is one of: a condition turned round, a constant changed, a statement left out. It is made in a copy of the
checkout, so that the
checkout stays as it is; the tests run there with ``-x``. Prints one line for each: caught or survived, where, and what
was changed.
The same seed draws the same breakages from the same code, so that two suites can be compared.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
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


def places(tree):
    """[(line, what, change)] of a module; ``change(node)`` is carried out on the tree itself. Documentation is left
    alone.
    """
    documentation = {
        id(node.body[0])
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = []
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if isinstance(node, ast.Compare) and type(node.ops[0]) in TURNED:
                found.append(
                    (
                        node.lineno,
                        "condition turned",
                        lambda node=node: node.ops.__setitem__(0, TURNED[type(node.ops[0])]()),
                    )
                )
            elif isinstance(node, (ast.If, ast.IfExp)) and not isinstance(node.test, ast.Compare):
                found.append(
                    (
                        node.lineno,
                        "condition turned",
                        lambda node=node: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test)),
                    )
                )
            elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
                found.append(
                    (node.lineno, "constant changed", lambda node=node: setattr(node, "value", node.value + 1))
                )
            for number, statement in enumerate(
                getattr(node, "body", None) if isinstance(getattr(node, "body", None), list) else ()
            ):
                if isinstance(statement, (ast.Expr, ast.Assign, ast.AugAssign)) and id(statement) not in documentation:
                    found.append(
                        (
                            statement.lineno,
                            "statement left out",
                            lambda node=node, number=number: node.body.__setitem__(number, ast.Pass()),
                        )
                    )
    return found


def draw(seed, count, under):
    """[(path from the root, line, what, new text)], the same for the same seed and code."""
    choice = random.Random(seed)
    files = sorted(
        path for path in (ROOT / under).rglob("*.py") if "/modules/" not in str(path) and path.stat().st_size
    )
    drawn = []
    while len(drawn) < count:
        path = choice.choice(files)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = places(tree)
        if not found:
            continue
        line, what, change = choice.choice(found)
        change()
        drawn.append((str(path.relative_to(ROOT)), line, what, ast.unparse(ast.fix_missing_locations(tree)) + "\n"))
    return drawn


def copy_of_checkout(folder):
    """The tracked files in a folder, with the environment of this checkout."""
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, files):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)


def noticed(folder, path, text, tests):
    """Whether the tests fail with this text in the file."""
    kept = (folder / path).read_text(encoding="utf-8")
    (folder / path).write_text(text, encoding="utf-8")
    try:
        argv = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:pytest_ansible", *tests]
        environment = dict(os.environ, PYTHONPATH=str(folder / ".collections"), PYTHONDONTWRITEBYTECODE="1")
        done = subprocess.run(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
        return done.returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        (folder / path).write_text(kept, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(
        description="Break the code a little, many times, and see whether the tests notice."
    )
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--under", default="plugins")
    parser.add_argument("--list", action="store_true", help="only print what would be broken")
    parser.add_argument("tests", nargs="*")
    given = parser.parse_args()
    drawn = draw(given.seed, given.count, given.under)
    if given.list:
        for path, line, what, _text in drawn:
            print("%s:%d: %s" % (path, line, what))
        return 0
    caught = 0
    with tempfile.TemporaryDirectory(prefix="magsasa-mutants-") as scratch:
        folder = Path(scratch)
        copy_of_checkout(folder)
        if noticed(folder, drawn[0][0], (ROOT / drawn[0][0]).read_text(encoding="utf-8"), given.tests):
            print("the tests fail without any breakage; nothing can be said")
            return 1
        for path, line, what, text in drawn:
            begun = time.monotonic()
            seen = noticed(folder, path, text, given.tests)
            caught += seen
            print(
                "%-8s %s:%d: %s (%.0f s)"
                % ("caught" if seen else "survived", path, line, what, time.monotonic() - begun),
                flush=True,
            )
    print("%d of %d caught (seed %s)" % (caught, len(drawn), given.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
