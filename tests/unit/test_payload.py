# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each module sends to a host: Ansible packs every file that a module imports, wherever in it the import stands.

A size is held here, never a time. What a module grew by is named with the imports that lead to it.
"""

from __future__ import annotations

import ast
import functools
import zlib

import pytest

from support.imports import CODE, imports, modules

PLUGINS = CODE.parent
PACKAGE = "ansible_collections.magsasa.chaos.plugins.module_utils."
NAME_COST = 2 * len("ansible_collections/magsasa/chaos/plugins/module_utils/") + 76  # of an entry of a zip file
AS_TEXT = 4 / 3.0  # the zip file is sent in base64
FAMILIES = sorted(path.stem for path in (CODE / "_families").glob("[a-z]*.py"))
# kB that are sent beside what Ansible sends for any module, ping included.
MOST = {
    "clock_fault": 256,
    "container_fault": 260,
    "cpu_fault": 258,
    "database_fault": 291,
    "disk_fault": 269,
    "dns_fault": 276,
    "endpoint_info": 96,
    "fault_halt": 233,
    "fault_info": 233,
    "fault_lease": 233,
    "file_fault": 261,
    "health_check": 84,
    "host_contact": 652,
    "host_fault": 253,
    "host_turn": 69,
    "http_fault": 279,
    "limit_fault": 275,
    "memory_fault": 260,
    "network_fault": 320,
    "preflight_info": 412,
    "probe": 162,
    "process_fault": 269,
    "service_fault": 261,
}
# What a fault module has no use for: it injects, ends and holds one fault of its family. Halting everything, what the
# conductor asks for, recorders, judging and detection are for other modules.
ELSEWHERE = (
    "_check _endpoint _http _judge _entry.ask _fault.assess _fault.ledger_queries _fault.poll _fault.recovery"
    " _life.earlier _life.keeper _life.keeper_shares _life.unrecorded _probe.recorder _probe.recorders _probe.control"
).split()
NEEDS = {"http_fault": {"_http"}}  # its worker speaks HTTP


@functools.lru_cache(maxsize=None)
def known():
    """{name below module_utils: path}."""
    return modules(CODE)


@functools.lru_cache(maxsize=None)
def of(name):
    """What a file of module_utils imports, with the packages that it is in."""
    parts = name.split(".")
    above = {".".join(parts[:count]) for count in range(1, len(parts))}
    return imports(name, known()[name], known()) | {each for each in above if each in known()}


def first(module):
    """What the file of a module itself imports."""
    names = set()
    for node in ast.walk(ast.parse((PLUGINS / "modules" / (module + ".py")).read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE[:-1]):
            source = node.module[len(PACKAGE) :]
            names |= {(source + "." + alias.name).strip(".") for alias in node.names} | {source}
    return {name for name in names if name in known()}


def payload(module):
    """{name of a file that is sent: its way there, from the module on}."""
    ways = {name: [module, name] for name in first(module)}
    queue = list(ways)
    while queue:
        name = queue.pop(0)
        for other in sorted(of(name)):
            if other not in ways:
                ways[other] = ways[name] + [other]
                queue.append(other)
    return ways


@functools.lru_cache(maxsize=None)
def kilobytes(name):
    """What one file adds to what is sent."""
    packed = len(zlib.compress(known()[name].read_bytes())) + NAME_COST + 2 * len(name)
    return packed * AS_TEXT / 1000.0


def sent(module):
    """kB of a module and all that travels with it."""
    own = len(zlib.compress((PLUGINS / "modules" / (module + ".py")).read_bytes()))
    return own * AS_TEXT / 1000.0 + sum(map(kilobytes, payload(module)))


def grown(module, most):
    """What to look at where a module sends more than ``most`` kB: the largest files, and who imports them."""
    ways = payload(module)
    largest = sorted(ways, key=kilobytes, reverse=True)[:12]
    return "%s sends %.0f kB, and at most %d are meant to be sent; the largest:\n%s" % (
        module,
        sent(module),
        most,
        "\n".join("  %5.1f kB  %s" % (kilobytes(name), " -> ".join(ways[name])) for name in largest),
    )


def useless(module):
    """The ways to files that a fault module of one family has no use for."""
    family = module.rpartition("_")[0]
    others = ["_families." + each for each in FAMILIES if each != family]
    others += ["_families._" + each for each in FAMILIES if each != family]
    unwanted = [each for each in ELSEWHERE + others if each not in NEEDS.get(module, ())]
    return [
        " -> ".join(way)
        for name, way in sorted(payload(module).items())
        if any(name == each or name.startswith(each + ".") for each in unwanted)
    ]


def test_every_module_that_runs_on_a_host_has_a_bound():
    on_hosts = {path.stem for path in (PLUGINS / "modules").glob("*.py") if first(path.stem)}
    assert on_hosts == set(MOST)


@pytest.mark.parametrize("module", sorted(MOST))
def test_a_module_sends_no_more_than_it_is_meant_to(module):
    assert sent(module) <= MOST[module], grown(module, MOST[module])


@pytest.mark.parametrize("module", sorted(MOST))
def test_a_bound_is_close_to_what_is_sent(module):
    assert sent(module) > MOST[module] - max(12, 0.08 * MOST[module]), "%s sends %.0f kB: lower its bound" % (
        module,
        sent(module),
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fault_module_sends_one_family_and_nothing_that_others_are_for(family):
    assert useless(family + "_fault") == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fault_module_sends_what_holds_and_ends_the_fault_when_the_module_is_gone(family):
    needed = "_entry.main _life.supervisor _life.guardian _life.stop_post _life.boot_sweep _probe.live".split()
    operations = {"_undo.operations." + path.stem for path in (CODE / "_undo" / "operations").glob("[a-z]*.py")}
    assert (set(needed) | operations) - set(payload(family + "_fault")) == set()


def test_what_dragged_a_payload_up_is_named(monkeypatch):
    there = of("_fault.request")
    monkeypatch.setitem(
        globals(), "of", lambda name: there | {"_entry.ask"} if name == "_fault.request" else BEFORE(name)
    )
    assert "memory_fault -> _fault.module -> _fault.request -> _entry.ask" in useless("memory_fault")
    assert sent("memory_fault") > MOST["memory_fault"]
    assert "_fault.request -> _entry.ask" in "\n".join(useless("memory_fault")) and "_endpoint" in grown(
        "memory_fault", 1
    )


BEFORE = of
