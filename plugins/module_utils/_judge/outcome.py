# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run is a success, by the same rules as its verdict. Pure. Private to magsasa.chaos.

Nothing tested is never a success. docs/exit-codes.md is the table.
"""

from __future__ import annotations

from collections import Counter

RAN = ("completed", "halted", "failed")
JUDGED = ("passed", "failed")
_CLOSED = ("refused by the allowed guard", "refused by the protected guard")


def is_closed(record):
    """Whether the inventory closes the host of this experiment: that is meant so, and nothing of the run went wrong."""
    return record["status"] == "refused" and str(record.get("reason") or "").startswith(_CLOSED)


def is_open_question(record):
    """Whether an experiment should have said something about the system and does not: it ran in vain, or was
    refused on a host that is open.
    """
    in_vain = record["status"] in ("completed", "halted") and record["verdict"] not in JUDGED
    return in_vain or (record["status"] == "refused" and not is_closed(record))


def complaint(records, sentence, fail_on_breach=True, allow_untested=False):
    """Why these records are no success, in one sentence that begins with theirs; "" when they are one, or say nothing
    at all.

    ``fail_on_breach``: whether a missed objective counts; ``allow_untested``: whether open questions are let pass.
    """
    broken = [r for r in records if r["status"] == "failed" or (r.get("fault") or {}).get("residue")]
    missed = [r for r in records if r["verdict"] == "failed"] if fail_on_breach else []
    questions = [] if allow_untested else [r for r in records if is_open_question(r)]
    told = broken or missed or questions
    return _with_reasons(sentence, told) if told else ""


def untested(records, sentence, dry_run=False, allow_untested=False):
    """Why a run in which nothing was tested (in a dry run: nothing would be) is no success; "" when something was."""
    if allow_untested or any(r["status"] in RAN or (dry_run and r["status"] == "planned") for r in records):
        return ""
    return _with_reasons("%s: %s" % ("nothing would be tested" if dry_run else "nothing was tested", sentence), records)


def _with_reasons(sentence, records):
    """The sentence, and the most frequent reason behind it."""
    reasons = Counter(str(r["reason"]) for r in records if r.get("reason"))
    if not reasons:
        return sentence
    reason, _number = reasons.most_common(1)[0]
    more = len(reasons) - 1
    return "%s (%s%s)" % (sentence, reason, "; and %d more reason%s" % (more, "s" if more > 1 else "") if more else "")
