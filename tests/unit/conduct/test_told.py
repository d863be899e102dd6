# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a host that could not run a module: the line that says why, and what helps."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _hosts

SHIM = "pyenv: python3.13: command not found\n\nThe `python3.13' command exists in these Python versions:\n  3.13.0\n"
TRACE = "Traceback (most recent call last):\n  File ...\nImportError: No module named json\n"


@pytest.mark.parametrize(
    "rc, said, why, helps",
    [
        (127, SHIM, "(exit code 127: pyenv: python3.13: command not found)", True),
        (
            126,
            "sh: 1: /opt/python: Permission denied\n",
            "(exit code 126: sh: 1: /opt/python: Permission denied)",
            True,
        ),
        (1, TRACE, "(exit code 1: ImportError: No module named json)", False),
        (1, "", "(exit code 1: it said nothing)", False),
    ],
)
def test_the_line_that_says_why_and_what_helps(rc, said, why, helps):
    told = _hosts._told({"failed": True, "rc": rc, "module_stderr": said, "module_stdout": "", "exception": "no JSON"})
    assert why in told["msg"] and ("ansible_python_interpreter" in told["msg"]) is helps
    assert "exception" not in told, "Ansible would show that instead of the sentence"


def test_an_answer_of_a_module_is_handed_on():
    for result in ({"changed": False}, {"failed": True, "msg": "m", "exception": "e"}):
        assert _hosts._told(dict(result)) == result
