# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line that an action says while it runs goes past what ansible-runner puts over Ansible's Display."""

from __future__ import annotations

import functools

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._say import say

WRAPPER = "def over(f):\n    @wraps(f)\n    def wrapper(*args):\n        wrote.append(args[1])\n        return f(*args)\n    return wrapper\n"


@pytest.mark.parametrize("path, wrote", [("/x/callback/awx_display.py", []), ("/x/other.py", ["a line"])])
def test_what_ansible_runner_puts_over_it_is_left_out(path, wrote):
    names = {"wrote": [], "wraps": functools.wraps}
    exec(compile(WRAPPER, path, "exec"), names)  # as a callback of that name does
    said = []

    class Display:
        def display(self, line):
            said.append(line)

    Display.display = names["over"](Display.display)
    say(Display(), "a line")
    assert (said, names["wrote"]) == (["a line"], wrote)
