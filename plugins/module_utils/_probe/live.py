# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live figures of a running recorder, from the end of its file only. Private to magsasa.chaos."""

from __future__ import annotations

import math
import os
import time

from . import samples
from .failures import counted

_BLOCK = 64 * 1024
_MOST_BLOCKS = 1024
WRITTEN_S = 0.4  # a probe that has ended is in the recorder's file by then
_ON_TIME = 1e-3  # of a period: moments are written with six decimals
_SLACK_S = 0.5  # lines are written in batches and in the order in which probes ended, give or take one batch


def window(path, seconds, now=None):
    """Figures of the probes that ended in the last ``seconds`` before ``now`` (CLOCK_MONOTONIC; the present when left
    out).

    ``{sent, failed, error_rate_pct, p50_ms, p95_ms, p99_ms, max_ms, errors, last_error}``: rate and latencies are None
    when nothing
    ended. None when there is no such file.
    """
    now = time.monotonic() if now is None else now
    try:
        found = ended_since(path, now - seconds)
    except OSError:
        return None
    shown = samples.figures([sample for sample in found if _end(sample) <= now])
    failures = [sample for sample in found if not sample.ok]
    shown["errors"] = counted(failures)
    shown["last_error"] = max(failures, key=_end).error if failures else None
    return shown


def _end(sample):
    return sample.intended_s + sample.latency_ms / 1000.0


def ended_since(path, since):
    """Samples that ended at ``since`` or later, reading blocks backwards from the end until older ones are met."""
    found = []
    with open(path, "rb") as source:
        at = source.seek(0, os.SEEK_END)
        rest = b""
        for _block in range(_MOST_BLOCKS):
            if at == 0:
                break
            start = max(0, at - _BLOCK)
            source.seek(start)
            text = source.read(at - start) + rest
            at = start
            head, _newline, whole = text.partition(b"\n") if at else (b"", b"", text)
            rest = head + _newline
            block = [samples.parse(line) for line in whole.decode("ascii", "replace").split("\n")[:-1]]
            block = [sample for sample in block if sample is not None]
            found.extend(sample for sample in block if _end(sample) >= since)
            if block and _end(block[0]) < since - _SLACK_S:
                break
    return found


def unanswered(path, first, rate, since, until):
    """Numbers of the probes that were due between two moments and have not ended; probe i is due at first + i /
    rate. Raises OSError.
    """
    begin, end = math.ceil((max(since, first) - first) * rate - _ON_TIME), math.floor((until - first) * rate + _ON_TIME)
    ended = {round((sample.intended_s - first) * rate) for sample in ended_since(path, since)}
    return [number for number in range(begin, end + 1) if number not in ended]
