# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A little terminal: what somebody sees of a program that moves the cursor, and a program that believes to run in
one.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)|(\x1b)")


class Terminal:
    """Takes text, and has lines. Knows what the console sends, and fails for all else. Characters are one cell wide."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self._lines = [""]
        self._goes_on = [False]  # whether a line is wrapped into the next
        self._row = self._column = 0

    def feed(self, text):
        """What a program has written."""
        for number, letter, back, down, plain, odd in TOKEN.findall(text):
            assert not odd, "an escape that is none: %r" % text
            if letter == "m":
                continue
            if letter == "A":
                top = max(0, len(self._lines) - self.height)
                self._row = max(top, self._row - int(number or 1))
            elif letter == "J":
                assert not number
                self._lines[self._row] = self._lines[self._row][: self._column]
                del self._lines[self._row + 1 :], self._goes_on[self._row + 1 :]
                self._goes_on[self._row] = False
            elif letter:
                raise AssertionError("escape [%s%s" % (number, letter))
            elif back:
                self._column = 0
            elif down:
                self._down()
                self._column = 0  # a terminal turns a line feed into both
            else:
                self._write(plain)

    def _down(self, wrapped=False):
        self._goes_on[self._row] = wrapped
        self._row += 1
        if self._row == len(self._lines):
            self._lines.append("")
            self._goes_on.append(False)

    def _write(self, text):
        for letter in text:
            if self._column == self.width:
                self._down(wrapped=True)
                self._column = 0
            line = self._lines[self._row].ljust(self._column)
            self._lines[self._row] = line[: self._column] + letter + line[self._column + 1 :]
            self._column += 1

    def resize(self, width, height):
        """As tmux and most others do it: lines that were wrapped are wrapped anew."""
        whole, number = [""], 0
        for row, line in enumerate(self._lines):
            if row == self._row:
                number = len(whole) - 1
            whole[-1] += line
            if not self._goes_on[row]:
                whole.append("")
        lines, wrapped = [], []
        for index, line in enumerate(whole[:-1]):
            if index == number:
                at = len(lines)
            parts = [line[begin : begin + width] for begin in range(0, max(1, len(line)), width)]
            lines += parts
            wrapped += [True] * (len(parts) - 1) + [False]
        self._lines, self._goes_on, self._row = lines, wrapped, at
        self.width, self.height = width, height

    def lines(self):
        """All lines, those that have scrolled away too."""
        return [line.rstrip() for line in self._lines]

    def screen(self):
        """What is seen."""
        return self.lines()[-self.height :]


class Session:
    """A program in a terminal of ``width`` times ``height``."""

    def __init__(self, argv, width=80, height=24, **more):
        self.terminal = Terminal(width, height)
        self._handle, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.raw = ""
        self._rest = b""
        self.process = subprocess.Popen(
            argv, stdin=other, stdout=other, stderr=other, start_new_session=True, preexec_fn=self._control, **more
        )
        os.close(other)

    @staticmethod
    def _control():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def read(self, seconds):
        """Take what comes within that time."""
        until = time.monotonic() + seconds
        while select.select([self._handle], [], [], max(0.0, until - time.monotonic()))[0]:
            try:
                data = os.read(self._handle, 65536)
            except OSError:  # the program is gone
                return False
            text, self._rest = _decoded(self._rest + data)
            self.raw += text
            self.terminal.feed(text)
        return True

    def wait(self, text, seconds):
        """Until ``text`` is on the screen; says whether it came."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            alive = self.read(0.1)
            if text in "\n".join(self.terminal.screen()):
                return True
            if not alive:
                return False
        return False

    def press(self, keys):
        """Type."""
        os.write(self._handle, keys.encode())

    def end(self, seconds):
        """The exit code, after it has ended."""
        until = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < until:
            self.read(0.1)
        self.read(0.2)
        return self.process.wait(1)

    def close(self):
        """Nothing stays."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._handle)


def _decoded(data):
    """(text, bytes of a character that is not whole)."""
    for cut in range(4):
        try:
            return data[: len(data) - cut].decode("utf-8"), data[len(data) - cut :]
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace"), b""
