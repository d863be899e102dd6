# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live lines of a terminal: what somebody sees after each frame."""

from __future__ import annotations

import io
import os
import threading

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console.screen import Aside, Screen

from support.terminal import Terminal


class Seen(Screen):
    """A Screen whose terminal is the little one."""

    def __init__(self, width=40, height=10):
        super().__init__(-1, threading.RLock())
        self.terminal = Terminal(width, height)
        self.writes = 0

    def size(self):
        return self.terminal.width, self.terminal.height

    def _write(self, text):
        self.writes += 1
        self.terminal.feed(text)

    def frame(self, *lines):
        self.draw([(line, len(line)) for line in lines])


@pytest.fixture
def seen():
    return Seen()


def test_a_frame_takes_the_place_of_the_one_before(seen):
    seen.frame("one", "two", "three")
    seen.frame("four", "five")
    assert seen.terminal.lines() == ["four", "five", ""]


def test_the_same_frame_is_not_written_again(seen):
    seen.frame("one", "two")
    seen.frame("one", "two")
    assert seen.writes == 1


def test_what_stays_stands_above(seen):
    seen.frame("live 1", "live 2")
    seen.above("done a\n")
    seen.frame("live 3")
    seen.above("done b")
    assert seen.terminal.lines() == ["done a", "done b", "live 3", ""]
    seen.clear()
    assert seen.terminal.lines() == ["done a", "done b", ""]


def test_lines_that_scroll_away_are_whole(seen):
    for number in range(30):
        seen.frame("live %d" % number, "foot")
        seen.above("done %d" % number)
    assert seen.terminal.lines() == ["done %d" % number for number in range(30)] + ["live 29", "foot", ""]


@pytest.mark.parametrize("sizes", [[(20, 10)], [(80, 30)], [(13, 10), (60, 10)], [(40, 5)]])
def test_a_resized_terminal_has_one_frame(seen, sizes):
    seen.above("done " + "x" * 20)
    lines = ["a" * 39, "b" * 30, "c"]
    seen.frame(*lines)
    for width, height in sizes:
        seen.terminal.resize(width, height)
        lines = [line[: width - 1] for line in ("a" * 39, "b" * 30, "c")]
        seen.frame(*lines)
    seen.above("later")
    found = seen.terminal.lines()
    assert "".join(found).count("a" * len(lines[0])) == 1, found
    assert found[-len(lines) - 1 :] == [*lines, ""] and "later" in found
    assert "".join(found[: found.index("later")]).replace(" ", "").startswith("done")


def test_after_ctrl_z_what_stands_there_is_not_erased(seen):
    seen.frame("live 1", "live 2")
    seen.pause(True)
    seen.frame("live 3", "live 4")  # while it is stopped nothing is drawn
    seen.terminal.feed("[1]+ Stopped\n$ fg\n")
    seen.pause(False)
    seen.frame("live 5", "live 6")
    seen.frame("live 7", "live 8")
    assert seen.terminal.lines() == ["live 1", "live 2", "[1]+ Stopped", "$ fg", "live 7", "live 8", ""]


def test_warnings_of_ansible_stand_above(seen):
    stream = io.StringIO()
    aside = Aside(stream, seen, threading.RLock())
    seen.frame("live")
    aside.write("[WARNING]: a ")
    aside.write("long one\nand")
    assert seen.terminal.lines() == ["[WARNING]: a long one", "live", ""]
    aside.end()
    assert seen.terminal.lines() == ["[WARNING]: a long one", "and", "live", ""] and stream.getvalue() == ""


def test_a_worker_writes_to_the_stream_itself(seen, monkeypatch):
    stream = io.StringIO()
    aside = Aside(stream, seen, threading.RLock())
    monkeypatch.setattr(os, "getpid", lambda: -1)
    aside.write("from a child\n")
    aside.flush()
    assert stream.getvalue() == "from a child\n" and seen.writes == 0


def test_a_terminal_that_is_gone_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    screen = Screen(writing, threading.RLock())
    try:
        assert screen.size() == (80, 24)
        screen.draw([("x", 1)])
    finally:
        os.close(writing)
