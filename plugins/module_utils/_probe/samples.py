# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples of a recorder: one line a probe, on disk, packed for the way to the controller, and back. Private to
magsasa.chaos.
"""

from __future__ import annotations

import binascii
import math
import re
import zlib
from collections import namedtuple

from .._errors import ChaosError

COLUMNS = ("intended_s", "late_ms", "latency_ms", "ok", "status", "error")
# intended_s: CLOCK_MONOTONIC of the observer; late_ms: how much later than intended it really began; latency_ms: from
# the
# intended start to the end; ok: bool; status: int (HTTP status, exit code) or None; error: a short kind, or "" when ok
Sample = namedtuple("Sample", COLUMNS)
ENCODING = "zlib+base64"
MOST = 1000000  # samples of one recorder
LONGEST_LINE = 120
DROPPED = (  # the bound of probes in flight was reached: sent none; its latency_ms is only how late that was noticed
    "dropped"
)
ANSWERS = (
    "status",
    "assertion",
    "said_ill",
)  # failures that an answer told of: it came whole, and was not the wanted one
_ERROR = re.compile(r"[a-z_]{0,16}")
_STATUS = re.compile(r"-?[0-9]{1,10}")


class BadSamples(ChaosError):
    """Packed samples that are not what a recorder packs."""


def line(sample):
    """One sample as text, with its line end."""
    status = "" if sample.status is None else "%d" % sample.status
    return "%.6f\t%.3f\t%.3f\t%d\t%s\t%s\n" % (
        sample.intended_s,
        sample.late_ms,
        sample.latency_ms,
        sample.ok,
        status,
        sample.error,
    )


def parse(text):
    """The Sample of one line without its end, or None when it is not one (torn, or foreign)."""
    fields = text.split("\t")
    if len(fields) != len(COLUMNS) or len(text) > LONGEST_LINE or fields[3] not in ("0", "1"):
        return None
    if not _ERROR.fullmatch(fields[5]) or not (fields[4] == "" or _STATUS.fullmatch(fields[4])):
        return None
    try:
        intended, late, latency = float(fields[0]), float(fields[1]), float(fields[2])
    except ValueError:
        return None
    if (
        not (math.isfinite(intended) and math.isfinite(late) and math.isfinite(latency))
        or min(intended, late, latency) < 0
    ):
        return None
    return Sample(intended, late, latency, fields[3] == "1", int(fields[4]) if fields[4] else None, fields[5])


def read(path, limit=MOST):
    """Samples of a recorder's file in the order they were intended; torn lines are passed over."""
    found = []
    try:
        with open(path, "r", encoding="ascii", errors="replace") as source:
            for text in source:
                sample = parse(text[:-1]) if text.endswith("\n") else None
                if sample is not None:
                    found.append(sample)
                if len(found) >= limit:
                    break
    except FileNotFoundError:
        pass
    found.sort(key=lambda sample: sample.intended_s)
    return found


def pack(samples):
    """Samples (iterable of Sample) as a JSON-able object; see docs/design.md section 10."""
    lines = [line(sample) for sample in samples]
    data = zlib.compress("".join(lines).encode("ascii"), 6)
    return {
        "encoding": ENCODING,
        "count": len(lines),
        "columns": list(COLUMNS),
        "data": binascii.b2a_base64(data, newline=False).decode("ascii"),
    }


def unpack(packed):
    """The list of Sample in a packed object, in the order they were intended. It came from a host, so nothing in it is
    trusted.

    Raises BadSamples: unknown form, too many, or a line that is no sample.
    """
    if not isinstance(packed, dict) or packed.get("encoding") != ENCODING or packed.get("columns") != list(COLUMNS):
        raise BadSamples("samples: this is not the result of a probe; pass it unchanged")
    count, data = packed.get("count"), packed.get("data")
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST or not isinstance(data, str):
        raise BadSamples("samples: the count is missing or above %d" % MOST)
    import base64  # not at the top: only the controller reads samples

    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(base64.b64decode(data, validate=True), max(1, count * LONGEST_LINE))
    except (binascii.Error, ValueError, zlib.error):
        raise BadSamples("samples: the data is damaged")
    if not inflate.eof or inflate.unused_data:
        raise BadSamples("samples: the data is damaged or longer than its count allows")
    lines = text.decode("ascii", "replace").splitlines()
    found = [parse(each) for each in lines]
    if len(found) != count or None in found:
        raise BadSamples("samples: %d lines were announced, and not every one of %d is a sample" % (count, len(lines)))
    found.sort(key=lambda sample: sample.intended_s)
    return found


def percentile(ordered, share):
    """The nearest-rank percentile of an ascending list: its ceil(share * n)-th value; None for an empty one."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def answered(sample):
    """Whether the target answered: as wanted, or with a refusal or a wrong answer that came whole. Half an answer
    is none.
    """
    return sample.ok or sample.error in ANSWERS


def figures(samples):
    """``{sent, failed, answered, dropped, error_rate_pct, p50_ms, p95_ms, p99_ms, max_ms}`` of a list; None where there
    is nothing to tell.

    Latencies are those of answers: of a probe that was refused after half a millisecond, or timed out, nobody knows how
    long an answer takes.
    Of the ``failed``, ``dropped`` were due and not sent.
    """
    failed = sum(1 for sample in samples if not sample.ok)
    ordered = sorted(sample.latency_ms for sample in samples if answered(sample))
    dropped = sum(1 for sample in samples if sample.error == DROPPED)
    timed_out = sum(1 for sample in samples if sample.error == "timeout")
    shown = {
        "sent": len(samples),
        "failed": failed,
        "answered": len(ordered),
        "timed_out": timed_out,
        "dropped": dropped,
    }
    shown["error_rate_pct"] = round(100.0 * failed / len(samples), 3) if samples else None
    for key, share in (("p50_ms", 0.50), ("p95_ms", 0.95), ("p99_ms", 0.99), ("max_ms", 1.0)):
        shown[key] = percentile(ordered, share)
    return shown
