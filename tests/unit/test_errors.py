# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors are one sentence that names the option, the value and the remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.magsasa.chaos.plugins.module_utils import _packages
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import (
    BadOption,
    ChaosError,
    HostError,
    MissingTool,
    Refused,
    printable,
)


@pytest.mark.parametrize(
    "value, text",
    [
        ("plain", "plain"),
        ("two\nlines\ttab", "two?lines?tab"),
        ("\x1b[31mred", "?[31mred"),
        ("right\u202eleft", "right?left"),
        ("Größe", "Größe"),
        (5, "5"),
        (None, "None"),
        (["a"], "['a']"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 77 + "..."),
    ],
)
def test_printable(value, text):
    assert printable(value) == text


@given(st.text(), st.integers(min_value=3, max_value=200))
def test_printable_is_one_bounded_line(value, limit):
    text = printable(value, limit)
    assert text.isprintable() and len(text) <= limit


def test_bad_option():
    error = BadOption("load", "200%\n", "is above the maximum of 100%", "use 100% or less")
    assert str(error) == "load: '200%?' is above the maximum of 100%; use 100% or less"
    assert error.details == {"option": "load"}


@pytest.mark.parametrize(
    "how, text",
    [
        ({"key": "chaos_reserve"}, "refused by the memory guard: 1 MiB left; set chaos_reserve to lift this guard"),
        ({"remedy": "ask the owner"}, "refused by the memory guard: 1 MiB left; ask the owner"),
        ({}, "refused by the memory guard: 1 MiB left; this guard cannot be lifted"),
    ],
)
def test_refused(how, text):
    error = Refused("memory", "1 MiB left", **how)
    assert str(error) == text
    assert error.details == {"guard": "memory", "figure": "1 MiB left", "key": how.get("key")}


def test_missing_tool_names_the_packages_of_each_family():
    error = MissingTool("ss", "reset connections")
    assert (
        str(error)
        == "ss is not installed on this host and is needed to reset connections; install it (Debian, Ubuntu: iproute2;"
        " RHEL, AlmaLinux, Rocky, Fedora: iproute; SUSE: iproute2; Alpine: iproute2; Arch: iproute2)"
    )
    assert error.details["packages"]["RHEL, AlmaLinux, Rocky, Fedora"] == "iproute"


@pytest.mark.parametrize(
    "error", [BadOption("a", "b", "c", "d"), Refused("a", "b"), MissingTool("nft", "b"), HostError("a", rc=1)]
)
def test_every_error_is_caught_as_one(error):
    assert isinstance(error, ChaosError)


def test_details_go_beside_the_message():
    assert HostError("no", rc=1, cmd=["x"]).details == {"rc": 1, "cmd": ["x"]}


def test_every_program_that_may_be_missing_is_in_the_table_of_packages():
    """By one spelling of each distribution, those with systemd at least."""
    plugins = Path(__file__).parents[2] / "plugins" / "module_utils"
    named = {name for path in plugins.rglob("*.py") for name in re.findall(r'MissingTool\("([^"]+)"', path.read_text())}
    assert named <= set(_packages.PACKAGES)
    spelt = {"Debian, Ubuntu", "RHEL, AlmaLinux, Rocky, Fedora", "SUSE", "Alpine", "Arch"}
    for tool, packages in _packages.PACKAGES.items():
        assert {"Debian, Ubuntu", "RHEL, AlmaLinux, Rocky, Fedora", "SUSE"} <= set(packages) <= spelt, tool
    lists = [
        path.name
        for path in (plugins).rglob("*.py")
        if re.search(r'["/](?:RHEL|SUSE|RedHat)[^"]*": ', path.read_text())
    ]
    assert lists == ["_packages.py"], "a second table of packages"
