# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folder of module_utils may import which: the table of docs/design.md, section 8, held against the code."""

from __future__ import annotations

import re

import pytest

from support.imports import CODE, ROOT, imports, modules

# Those that know Ansible and are imported by modules alone. They stand above everything.
ANSIBLE = {"_fault.module", "_probe.module"}
ROW = re.compile(r"^\| `(_\w+|_\*\.py)/?` \|([^|]*)\|", re.M)


def allowed():
    """{room: rooms that it may import} as docs/design.md says; files beside the rooms are ``_*.py``."""
    text = (ROOT / "docs" / "design.md").read_text()
    rows = ROW.findall(text.partition("<!-- imports -->")[2].partition("<!-- /imports -->")[0])
    return {room: set(re.findall(r"`(_\w+|_\*\.py)/?`", rooms)) for room, rooms in rows}


def room(name):
    """The folder that a module is in."""
    return name.partition(".")[0] if (CODE / name.partition(".")[0]).is_dir() else "_*.py"


def graph(code=CODE):
    """{module: modules that it imports}."""
    known = modules(code)
    return {name: imports(name, path, known) for name, path in known.items()}


def upward(edges, table):
    """Imports that the table does not allow, as sentences."""
    return [
        "%s imports %s" % (name, other)
        for name, others in sorted(edges.items())
        for other in sorted(others)
        if name not in ANSIBLE and room(name) != room(other) and room(other) not in table.get(room(name), ())
    ]


def circles(edges):
    """Modules that import each other in a circle, as lists. A package's own file is no part of one: it is loaded
    with whatever is in it.
    """
    found, done = [], set()

    def visit(name, path):
        if name in path:
            found.append(path[path.index(name) :] + [name])
            return
        if name not in done:
            for other in sorted(edges[name]):
                visit(other, path + [name])
            done.add(name)

    for name in sorted(edges):
        visit(name, [])
    return found


def test_no_module_imports_against_the_table():
    assert upward(graph(), allowed()) == []


def test_no_modules_import_each_other_in_a_circle():
    assert circles(graph()) == []


def test_every_room_is_in_the_table_and_every_row_is_a_room():
    rooms = {room(name) for name in modules(CODE)}
    assert rooms == set(allowed())


def test_nothing_of_the_engine_imports_what_knows_ansible():
    edges = graph()
    assert [(name, other) for name, others in edges.items() for other in others & ANSIBLE] == []


@pytest.mark.parametrize(
    ("name", "other", "finds"), [("_ledger.ledger", "_life.launch", upward), ("_life.launch", "_life.turn", circles)]
)
def test_an_import_against_the_table_is_found(name, other, finds):
    edges = graph()
    edges[name] = edges[name] | {other}
    assert finds(edges, allowed()) if finds is upward else finds(edges)
