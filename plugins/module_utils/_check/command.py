# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command checks: a program's exit code, and a pattern in its output. Private to magsasa.chaos."""

from __future__ import annotations

import re
import subprocess

from .. import _cmd
from .._errors import HostError
from . import regex_timeout as patterns


class Check:
    """See check.Checker."""

    def __init__(self, spec, _keepalive):
        self._argv, self._codes = spec["argv"], spec["rc"]
        self._pattern = re.compile(spec["matches"]) if spec.get("matches") else None

    def look(self, timeout_s):
        """(exit code, error, detail) of one run; a program that is not there is a failed check."""
        try:
            done = _cmd.run(self._argv, timeout=timeout_s, check=False)
        except HostError as error:
            if isinstance(error.__context__, subprocess.TimeoutExpired):
                return None, "timeout", "the command did not end within the time limit"
            return None, "unreachable", str(error)
        if done.rc not in self._codes:
            return done.rc, "status", "it ended with code %d" % done.rc
        if self._pattern is None:
            return done.rc, "", ""
        return (done.rc,) + patterns.judge(self._pattern, done.stdout, "the output does not match")

    def close(self):
        pass
