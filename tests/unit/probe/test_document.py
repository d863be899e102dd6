# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON that a service says of itself: any document of a sensible depth, and no bomb."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._http import bounded_json
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=100,
)


@given(VALUES)
def test_what_is_json_is_read(value):
    assert bounded_json.parse(json.dumps(value)) == value


@given(st.text())
def test_brackets_in_a_text_are_no_levels(text):
    value = ['[{"' * 100 + text, {text: '\\"[' * 100}]
    assert bounded_json.parse(json.dumps(value)) == value
    assert bounded_json.parse(json.dumps([value] * 100, ensure_ascii=False)) == [value] * 100


@pytest.mark.parametrize("levels", [1, bounded_json.DEEPEST, bounded_json.DEEPEST + 1, 30000])
@pytest.mark.parametrize("form", ["[%s]", '{"a": %s}'])
def test_the_bound_of_levels(levels, form):
    opened, closed = form.split("%s")
    assert (bounded_json.parse(opened * levels + "1" + closed * levels) is not None) == (levels <= bounded_json.DEEPEST)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "]" * 60000,
        "[" * 60000,
        '"' * 60001,
        '"\\"' + '\\"' * 30000,
        "[" * 70 + '"\\',
        "9" * 60000 + "x",
        "nope",
    ],
)
def test_what_is_none(text):
    assert bounded_json.parse(text) is None


SMALL_STACK = """
import threading
from ansible_collections.magsasa.chaos.plugins.module_utils._check import http, wellness
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import handover
threading.stack_size(handover.STACK)
found = []
for body in (b"[" * 60000, b'{"status":' * 6000):
    thread = threading.Thread(target=lambda: found.append(http.database_status(wellness.read(body, {}).document)))
    thread.start()
    thread.join()
print(found)
"""


def test_a_bomb_does_not_end_a_recorder():
    """In the threads of a recorder, whose stack is small."""
    done = subprocess.run([sys.executable, "-c", SMALL_STACK], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[None, None]"), done.stderr
