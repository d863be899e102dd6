# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a run as its events tell it: drawn on a terminal, in lines elsewhere. Private to magsasa.chaos."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time

from ansible import constants
from ansible.utils.color import stringc
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events, _outcome
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console import lines, live
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console.interrupt import Interrupt
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console.screen import Aside, Screen
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console.state import State

LOOK_S = 0.25  # between two looks at the events, and two frames
COLORS = {
    "passed": constants.COLOR_OK,
    "failed": constants.COLOR_ERROR,
    "unknown": constants.COLOR_WARN,
    "skipped": constants.COLOR_SKIP,
    "planned": constants.COLOR_VERBOSE,
}


class Follower:
    """Follows the events of a run in a thread of its own. ``display``: Ansible's."""

    def __init__(self, display):
        self._display = display
        self._lock = getattr(display, "_lock", None) or threading.RLock()  # Ansible holds it while it forks a worker
        self._state = State()
        self._lines = lines.Lines(self._state)
        self._path = self._reader = self._painter = self._screen = None
        self._asides = []
        self._over = threading.Event()
        self._thread = None
        self._interrupt = Interrupt(self._under_way, self._stop)

    def start(self, drawn):
        """Hear events from here on; returns whether any can be heard. ``drawn``: on a terminal, with rich."""
        self._path = _events.listen(constants.DEFAULT_LOCAL_TMP)
        if self._path is None:
            return False
        self._reader = _events.Reader(self._path)
        if drawn:
            unicode = "utf" in (getattr(sys.stdout, "encoding", "") or "").lower()
            self._painter = live.Painter(
                color=not constants.ANSIBLE_NOCOLOR and "NO_COLOR" not in os.environ, unicode=unicode
            )
        atexit.register(self.finish, interrupted=True)  # after the one of slo_report, so it is called before
        self._interrupt.install(self._pause)
        self._thread = threading.Thread(target=self._follow, name="chaos-console", daemon=True)
        self._thread.start()
        return True

    def told_any(self):
        """Whether a scenario was told of."""
        return bool(self._state.scenarios)

    def _follow(self):
        while not self._over.wait(LOOK_S):
            self._look()

    def _look(self):
        """Take what is new and show it. Nothing that goes wrong here may end the run."""
        try:
            with self._lock:
                for event in self._reader.read():
                    self._print(self._changed(self._state.apply(event), event["at"]))
                now = time.time()
                if self._screen is not None:
                    self._draw(now)
                else:
                    self._print(self._lines.heartbeat(now))
        except Exception as error:
            self._give_up(error)

    def _give_up(self, error):
        self._over.set()
        self._close_screen()
        self._painter = None
        self._display.warning("the live display has ended (%s: %s); the run goes on" % (type(error).__name__, error))

    def _changed(self, changes, at):
        """Lines for what changed."""
        if any(kind == "over" for kind, _what in changes):
            _outcome.SEEN["shown"] = True
        if self._painter is None:
            return self._lines.take(changes, at)
        made = []
        for change in changes:
            kind, what = change
            if kind in ("begins", "over"):
                self._print(made + self._lines.head(at))
                made = []
            if kind in ("begins", "wave", "over") and self._screen is None:  # of a play that has not told its run
                made += self._lines.take([change], at)
            elif kind == "over":
                width = self._screen.size()[0]
                texts = self._painter.over(what, self._lines.several(), live.id_width(self._state), width)
                self._screen.above("\n".join(line for line, _cells in self._painter.paint(texts, width)))
            elif kind in lines.TOLD:
                made += self._lines.take([change], at)
            if kind == "run":
                self._print(made)
                made = []
                self._open_screen()
        return made

    def _print(self, made):
        """Print lines that stay."""
        for line in made:
            if self._screen is not None:
                width = self._screen.size()[0]
                painted = self._painter.paint(self._painter.sentence(line[1:], width), width)
                self._screen.above("\n".join(text for text, _cells in painted))
            else:
                parts = line if self._painter is None else line[1:]
                self._display.display(
                    "".join(stringc(text, COLORS[style]) if style in COLORS else text for text, style in parts)
                )
        if made:
            flush()

    # -- the terminal

    def _open_screen(self):
        if self._screen is not None or self._over.is_set():
            return
        flush()
        self._screen = Screen(sys.stdout.fileno(), self._lock)
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if name == "stdout" or stream.isatty():
                aside = Aside(stream, self._screen, self._lock)
                setattr(sys, name, aside)
                self._asides.append((name, stream, aside))

    def _pause(self, paused):
        if self._screen is not None:
            self._screen.pause(paused)

    def _close_screen(self):
        with self._lock:
            screen, self._screen = self._screen, None
            if screen is None:
                return
            screen.clear()
            for name, stream, aside in self._asides:
                aside.end()
                if getattr(sys, name) is aside:
                    setattr(sys, name, stream)
            screen.clear()
            self._asides = []

    def _draw(self, now):
        width, height = self._screen.size()
        self._screen.draw(self._painter.paint(self._painter.frame(self._state, now, width, height), width))

    # -- Ctrl-C

    def _under_way(self):
        return (
            self._path is not None
            and not self._over.is_set()
            and not self._state.over
            and self._state.current is not None
        )

    def _stop(self, name):
        """Called by a signal: the thread says it."""
        _outcome.SEEN["interrupted"] = self._state.stopping = True
        _events.ask_to_stop(self._path, name)
        threading.Thread(target=self._say, args=(lines.stopping(self._state),), daemon=True).start()

    def _say(self, text):
        with self._lock:
            self._print([self._lines.sentence(text, time.time())])

    def finish(self, interrupted=False):
        """The last events, and the terminal as it was."""
        if self._path is None:
            return
        self._over.set()
        if self._thread is not threading.current_thread():
            self._thread.join(2.0)
        with self._lock:
            try:
                for event in self._reader.read(1 << 26):
                    self._print(self._changed(self._state.apply(event), event["at"]))
                said = lines.abandoned(self._state) if interrupted and self._state.current is not None else None
                self._print(self._changed(self._state.finish(), time.time()))
            finally:
                self._close_screen()
            if said:
                self._say(said)
        self._interrupt.remove()
        _events.forget(self._path)
        self._path = None


def flush():
    """Stdout, where it is still there."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        pass
