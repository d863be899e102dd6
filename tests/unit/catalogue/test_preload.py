# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which fault families ansible-playbook loads before it forks its workers: those that the run will use."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _preload, _shelves

OWN = {"id": "own-dns", "family": "dns", "intensity": "light", "hold": "5s"}


def of_light():
    return sorted({each["family"] for each in _shelves.load() if each["intensity"] == "light"})


@pytest.mark.parametrize("said", [{}, {"chaos_intensity": ""}, {"chaos_intensity": "light", "chaos_scenarios": []}])
def test_without_a_word_those_of_light(said):
    assert _preload.chosen(said, _shelves.load()) == of_light() and "dns" not in of_light()


def test_those_that_are_named_and_those_of_ones_own():
    assert _preload.chosen({"chaos_scenarios": "cpu-light,memory"}, _shelves.load()) == ["cpu", "memory"]
    said = {"chaos_extra_scenarios": [OWN]}
    assert _preload.chosen(said, _shelves.load()) == sorted([*of_light(), "dns"])
    assert _preload.chosen(dict(said, chaos_scenarios=["own-dns"]), _shelves.load()) == ["dns"]


@pytest.mark.parametrize(
    "said",
    [
        {"chaos_intensity": "{{ mine }}"},
        {"chaos_scenarios": "{{ mine }}"},
        {"chaos_scenarios": ["no-such"]},
        {"chaos_extra_scenarios": "{{ mine }}"},
        {"chaos_extra_scenarios": [{"id": "x"}]},
        {"chaos_scenario_files": ["mine.yml"]},
    ],
)
def test_what_nobody_can_know_yet_is_left_to_the_workers(said):
    assert _preload._quietly(_preload.chosen, said, _shelves.load()) is None
