# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say a line while an action runs. Private to magsasa.chaos."""

from __future__ import annotations

RUNNER = "awx_display"  # ansible-runner's callback, which AWX always uses


def say(display, line):
    """Have the process of ansible-playbook print a line.

    Ansible's Display sends it there from a worker. ansible-runner puts a function of its own over it, which in some
    versions writes to the worker's standard output first; Ansible (2.19 and newer) warns about that.
    """
    shown = type(display).display
    if RUNNER in getattr(getattr(shown, "__code__", None), "co_filename", ""):
        shown = getattr(shown, "__wrapped__", shown)
    shown(display, line)
