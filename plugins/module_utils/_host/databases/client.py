# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session of a database server's own client, which stays. Private to magsasa.chaos."""

from __future__ import annotations

import os
import subprocess

from ..._errors import HostError


class Session:
    """A connection that stays as long as this object's process lives: the client ends with the pipe that it reads, and
    by signal.

    ``word``: pattern of a line that is an answer; every other line is an error, which ``readable`` makes one line for
    people.
    ``prepare`` is called in the client's process before it becomes the client.
    """

    def __init__(self, argv, word, readable, prepare, environment=None, pass_fds=()):
        self._word = word
        self._readable = readable
        self._process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=dict(os.environ, LC_ALL="C", **(environment or {})),
            preexec_fn=prepare,
            pass_fds=pass_fds,
            universal_newlines=True,
            errors="replace",
        )

    def ask(self, sql):
        """The one line that statements give; raises HostError with what the client says instead."""
        try:
            self._process.stdin.write(sql + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline().strip()
        except OSError:
            line = ""
        if self._word.fullmatch(line):
            return line
        self.end()
        raise HostError(self._readable(line) if line else "the session was terminated")

    @property
    def over(self):
        """Whether it has ended."""
        return self._process.poll() is not None

    def wait(self):
        """Until it ends."""
        self._process.wait()

    def end(self):
        """Leave."""
        self._process.kill()
        self._process.communicate()
