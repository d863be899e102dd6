# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lower lines of a terminal that are drawn again and again, while other text passes above them. Private to
magsasa.chaos.

Nothing but "up", "erase" and colours is sent: no second screen, no hidden cursor, so that a process that is killed
leaves a
terminal that works. A frame is one write, and nothing of a frame waits in a buffer that a forked worker would inherit.
"""

from __future__ import annotations

import io
import os

ERASE = "\x1b[J"


class Screen:
    """``handle``: file descriptor of a terminal; ``lock``: who prints holds it (an RLock that is also held while
    workers are forked).
    """

    def __init__(self, handle, lock):
        self._handle = handle
        self._lock = lock
        self._widths = []  # of the live lines that stand there, in cells
        self._shown = []
        self._size = None
        self._stale = self._paused = False

    def size(self):
        """(columns, lines) just now."""
        try:
            found = os.get_terminal_size(self._handle)
        except OSError:
            return 80, 24
        return max(2, found.columns or 80), max(2, found.lines or 24)

    def _back(self):
        """To the first of the live lines. A terminal that has become narrower has wrapped them."""
        columns, height = self.size()
        if self._stale:
            self._stale, self._widths = False, []
        rows = sum(max(1, -(-width // columns)) for width in self._widths)
        return "\r" + ("\x1b[%dA" % min(rows, height - 1) if rows else "") + ERASE

    def draw(self, painted):
        """Replace the live lines: ``[(line, width in cells)]``."""
        with self._lock:
            if self._paused:
                return
            lines, resized = [line for line, _width in painted], self._resized()
            if (
                lines == self._shown
                and not self._stale
                and sum(self._widths) == sum(width for _line, width in painted)
                and not resized
            ):
                return
            self._write(self._back() + "".join(line + "\n" for line in lines))
            self._shown, self._widths = lines, [width for _line, width in painted]

    def _resized(self):
        before, self._size = self._size, self.size()
        return before != self._size

    def above(self, text):
        """Print whole lines that stay, above the live ones."""
        with self._lock:
            self._write(
                self._back()
                + text
                + ("" if text.endswith("\n") else "\n")
                + "".join(line + "\n" for line in self._shown)
            )

    def clear(self):
        """Take the live lines away."""
        with self._lock:
            if self._widths:
                self._write(self._back())
            self._shown, self._widths = [], []

    def pause(self, paused):
        """Meanwhile (Ctrl-Z) the terminal is somebody else's, and what stands there afterwards is not ours to
        erase. A signal's handler calls this.
        """
        self._paused = paused
        self._stale = True

    def _write(self, text):
        data = text.encode("utf-8", "replace")
        while data:
            try:
                data = data[os.write(self._handle, data) :]
            except BlockingIOError:
                continue
            except OSError:  # the terminal is gone
                return


class Aside(io.TextIOBase):
    """Stands for sys.stdout or sys.stderr meanwhile: lines of Ansible (warnings, failures) go above the live ones."""

    def __init__(self, stream, screen, lock):
        super().__init__()
        self._stream = stream
        self._screen = screen
        self._lock = lock
        self._main = os.getpid()
        self._rest = ""

    def write(self, text):
        """Whole lines at once; what is no whole line waits for its end."""
        if os.getpid() != self._main:
            return self._stream.write(text)
        with self._lock:
            lines, newline, self._rest = (self._rest + text).rpartition("\n")
            if newline:
                self._screen.above(lines + newline)
        return len(text)

    def flush(self):
        """Nothing waits but the begin of a line."""
        if os.getpid() != self._main:
            self._stream.flush()

    def end(self):
        """What waits is printed."""
        with self._lock:
            if self._rest:
                self._screen.above(self._rest)
                self._rest = ""

    def isatty(self):
        """As the stream behind it."""
        return self._stream.isatty()

    def fileno(self):
        """As the stream behind it."""
        return self._stream.fileno()

    def writable(self):
        """It is."""
        return True

    @property
    def encoding(self):
        """As the stream behind it."""
        return self._stream.encoding

    @property
    def errors(self):
        """As the stream behind it."""
        return self._stream.errors

    @property
    def buffer(self):
        """As the stream behind it."""
        return self._stream.buffer
