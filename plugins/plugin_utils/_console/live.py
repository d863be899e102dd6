# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run on a terminal, drawn with the library rich: what a screen shows just now. Pure. Private to magsasa.chaos.

The environment of the chaos command has that library; a controller need not, and has lines then.
"""

from __future__ import annotations

import io
import textwrap

from . import lines

try:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text
except ImportError:
    Console = Text = cell_len = None

HAS_RICH = Console is not None
COLORS = {
    "passed": "green",
    "failed": "bold red",
    "unknown": "yellow",
    "skipped": "cyan",
    "planned": "blue",
    "faint": "dim",
    "strong": "bold",
}
PHASE_COLORS = {"baseline": "cyan", "hold": "magenta", "recovery": "green"}
NARROWEST_BAR, WIDEST_BAR = 8, 48
LONGEST_ID = 26
PHASE = 21  # columns for a phase and what is left of it
WIDE = 110  # columns from which on the figures stand on the same line
FIGURES = 28
WORD = 8
SHAPES = {
    True: ("━", "─", "╸", "┊"),
    False: ("=", "-", "-", "|"),
}  # done, to come, in between, border; with and without Unicode
MOST_LINES = 3  # of a scenario that is over


class Painter:
    """Turns texts into what a terminal takes. ``color`` is False where NO_COLOR is set; ``unicode``: whether the
    terminal shows more than ASCII.
    """

    def __init__(self, color=True, unicode=True):
        self._color = color
        self._shapes = SHAPES[bool(unicode)]
        self._unicode = unicode

    def paint(self, texts, width):
        """``[(line with its colours, width in cells)]``; no line is wider than ``width`` - 1, so that none wraps."""
        made = []
        for text in texts:
            text = text.copy()
            text.truncate(max(1, width - 1), overflow="ellipsis" if self._unicode else "crop")
            target = io.StringIO()
            system = "standard" if self._color else None
            console = Console(
                file=target,
                width=max(2, width),
                color_system=system,
                force_terminal=self._color,
                no_color=not self._color,
                legacy_windows=False,
            )
            console.print(text, end="", soft_wrap=True, highlight=False, markup=False, emoji=False)
            made.append((target.getvalue(), cell_len(text.plain)))
        return made

    @staticmethod
    def line(parts):
        """A line of ``lines`` (text, style) as a text of rich."""
        text = Text()
        for said, style in parts:
            text.append(said, COLORS.get(style) or "")
        return text

    # -- what stays on the screen

    @staticmethod
    def sentence(parts, width):
        """A line of ``lines`` (text, style) as lines of a screen; one of several styles is not wrapped."""
        if len(parts) != 1:
            return [Painter.line(parts)]
        ((said, style),) = parts
        wrapped = textwrap.wrap(
            said, max(20, width - 1), subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
        )
        return [Text(line, COLORS.get(style) or "") for line in wrapped]

    def over(self, scenario, several, ids, width):
        """The lines of a scenario that is over: word, id, figure or reason."""
        word, told = lines.verdict(scenario, several)
        told = told[len(word) + 1 :] if told.startswith(word + " ") else told  # "refused by the window guard"
        head = Text("  ")
        head.append("%-*s" % (WORD, word), COLORS[lines.STYLE_OF.get(word, "unknown")])
        head.append(" %-*s  " % (ids, scenario.id))
        indent = head.cell_len
        room = width - 1 - indent
        most = MOST_LINES
        if room < 20:
            indent, room, most = 4, width - 5, MOST_LINES + 1  # the first has no place for words
            wrapped = ["", *textwrap.wrap(told, max(room, 10), break_on_hyphens=False)]
        else:
            wrapped = textwrap.wrap(told, room, break_on_hyphens=False) or [""]
        if len(wrapped) > most:
            wrapped = wrapped[: most - 1] + [wrapped[most - 1] + " ..."]
        head.append(wrapped[0])
        return [head] + [Text(" " * indent + line) for line in wrapped[1:]]

    # -- what is drawn again and again

    def frame(self, state, now, width, height):
        """The live part of the screen (list of Text), never higher than ``height`` - 1 lines."""
        ids = id_width(state)
        room = max(2, height - 1)
        foot = [Text(), self._foot(state, now, width)] if room >= 5 else [self._foot(state, now, width)]
        active = self._active(state, now, ids, width) if state.current is not None else self._between(state)
        waiting = [key for key in state.waiting() if state.current is None or key != state.current.id]
        most = room - len(foot) - len(active)
        shown = waiting if len(waiting) <= most else waiting[: max(0, most - 1)]
        texts = active + [Text("  %-*s %s" % (WORD, "waits", key), "dim") for key in shown]
        if len(shown) < len(waiting) and most > 0:
            texts.append(Text("  %-*s %s" % (WORD, "", "and %d more" % (len(waiting) - len(shown))), "dim"))
        return (texts + foot)[-room:]

    def _active(self, state, now, ids, width):
        """The scenario that runs: always as many lines, so that nothing jumps."""
        scenario = state.current
        head = Text("  ")
        head.append("%-*s" % (WORD, "runs"), "bold")
        head.append(" %-*s  " % (ids, scenario.id), "bold")
        phase, figures = lines.phase(scenario, now), ", ".join(lines.figures(scenario))
        wide = width >= WIDE
        columns = min(WIDEST_BAR, width - 1 - head.cell_len - 2 - PHASE - (FIGURES if wide else 0))
        told = self._hosts(state, scenario) + [lines.silent(scenario, named=wide)]
        told += ([] if wide else [figures]) + [lines.measured(scenario)]
        aside = "; ".join(filter(None, told))
        if columns < NARROWEST_BAR:
            narrow = (
                Text("    ")
                .append_text(self.progress(scenario, now, max(NARROWEST_BAR, min(WIDEST_BAR, width - 5 - PHASE))))
                .append("  " + phase)
            )
            return [head, narrow, Text("    " + aside)]
        head.append_text(self.progress(scenario, now, columns)).append(
            "  %-*s%s" % (PHASE - 2, phase, figures if wide else "")
        )
        return [head, Text(" " * (2 + WORD + 1) + aside)]

    @staticmethod
    def _hosts(state, scenario):
        if (state.run.get("host_count") or 0) < 2:
            return []
        told = lines.count(scenario.wave_hosts, "host") + (
            ", wave %d of %d" % (scenario.wave, scenario.waves) if scenario.waves > 1 else ""
        )
        return [told] + [", ".join("%d %s" % (number, word) for word, number in scenario.words().most_common())]

    def progress(self, scenario, now, width):
        """Baseline, hold and recovery, each as wide as it is long."""
        done_shape, open_shape, between, border = self._shapes
        shares = [share for share in scenario.shares(now) if share[1] > 0]
        whole = sum(weight for _phase, weight, _done in shares) or 1.0
        inner = max(len(shares), width - (len(shares) - 1))
        text = Text()
        left = inner
        for number, (phase, weight, done) in enumerate(shares):
            rest = len(shares) - number - 1
            cells = left if not rest else max(1, min(left - rest, round(inner * weight / whole)))
            left -= cells
            full = int(done * cells + 1e-9)
            head = between if 0 < full < cells or (0 < done < 1 and full < cells) else ""
            text.append(done_shape * full + head, PHASE_COLORS[phase])
            text.append(open_shape * (cells - full - len(head)), "dim")
            if rest:
                text.append(border, "dim")
        return text

    @staticmethod
    def _between(state):
        """Nothing runs just now."""
        said = (
            ""
            if state.over or (state.scenarios and not state.waiting())
            else "asks the hosts" if not state.scenarios else "goes on"
        )
        return [Text("  %-*s %s" % (WORD, "", said), "dim"), Text()]

    @staticmethod
    def _foot(state, now, width):
        planned = len(state.planned())
        left = state.left_s(now)
        parts = ["%d of %d done" % (state.done(), planned)] if planned else []
        if left is not None and not state.over:
            parts.append("about %s left" % lines.about(left) if left >= 3 else "nearly done")
        text = Text(" " + ", ".join(parts), "bold")
        said = "ends; a second Ctrl-C does not wait" if state.stopping else "Ctrl-C puts everything back"
        gap = width - 1 - text.cell_len - len(said)
        if gap >= 2:
            text.append(" " * gap + said, "not bold dim")
        return text


def id_width(state):
    """Columns for the ids of the scenarios of a run."""
    return min(LONGEST_ID, max([len(key) for key in state.planned()] + [len(key) for key in state.scenarios] + [4]))
