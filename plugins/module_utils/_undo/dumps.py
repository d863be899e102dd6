# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State dumps: what a fault touches as it was before, compared with what it is after the undo. Private to
magsasa.chaos.

Residue is what is known to be ours and still there. A difference is wider: whatever is not as it was, whoever did it.
An operation
that has a state tells it by ``state(args) -> {thing: [line]}``; what other faults of ours do to the same thing is no
part of it.
The ledger holds it in bounded form: digests, and the lines themselves only where they are few.
"""

from __future__ import annotations

import hashlib
from collections import Counter

from .. import _clock
from .._errors import printable

# lines of a thing that are kept as text; of a longer one only their digests, so that a line that is gone has no text
MOST_TEXT = 64
MOST_LINES = 2000  # lines whose digests are kept; of a longer thing only one digest of the whole
MOST_SHOWN = 20  # differing lines in a record
LINE = 160  # characters of a line that are kept


def take(entries, op_of):
    """The dump of everything that the undo entries touch: ``{thing: {"digest", "lines"?, "text"?}}``.

    ``op_of``: name of an operation -> the operation. What cannot be looked at has ``{"unknown": sentence}``: it is not
    compared,
    and does not keep a fault from being injected.
    """
    found = {}
    for entry in entries:
        look = getattr(op_of(entry["op"]), "state", None)
        if look is None:
            continue
        try:
            things = look(entry["args"])
        except Exception as error:  # whatever the host answers: a dump must never be in the way of an undo
            things = None
            found.setdefault(entry["op"], {"unknown": printable(str(error) or type(error).__name__, LINE)})
        for thing, lines in (things or {}).items():
            found.setdefault(thing, dump(lines))
    return found


def dump(lines):
    """Bounded form of the lines of one thing."""
    digests = [_digest(line) for line in lines]
    held = {"digest": _digest("\n".join(digests))}
    if len(lines) <= MOST_LINES:
        held["lines"] = digests
    if len(lines) <= MOST_TEXT:
        held["text"] = [printable(line, LINE) for line in lines]
    return held


def _digest(text):
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def compare(before, entries, op_of):
    """``(after, differences)``: the digests of now, and sentences about what is not as it was, at most 20."""
    now = take(entries, op_of)
    found = []
    for thing, was in sorted(before.items()):
        if "unknown" in was:
            continue
        there = now.get(thing)
        if there is None:
            why = "; ".join(each["unknown"] for each in now.values() if "unknown" in each)
            found.append("%s: no longer exists or cannot be inspected%s" % (thing, " (%s)" % why if why else ""))
        elif there["digest"] != was["digest"]:
            found.extend(_lines(thing, was, there))
    found.extend(
        "%s: did not exist before" % thing
        for thing, there in sorted(now.items())
        if thing not in before and "unknown" not in there
    )
    if len(found) > MOST_SHOWN:
        found[MOST_SHOWN - 1 :] = ["and %d more" % (len(found) - MOST_SHOWN + 1)]
    return brief(now), found


def _lines(thing, was, there):
    """What came and what went, as sentences."""
    if "lines" not in was or "lines" not in there:
        return ["%s: differs from before" % thing]
    gone, new = Counter(was["lines"]), Counter(there["lines"])
    said = ["%s: no longer %s" % (thing, text) for text in _texts(was, gone - new)]
    said += ["%s: now %s" % (thing, text) for text in _texts(there, new - gone)]
    return said or ["%s: the same lines in a different order" % thing]


def _texts(held, wanted):
    """Texts of the lines with these digests, or which lines they are where the text was not kept."""
    left = dict(wanted)
    for number, digest in enumerate(held["lines"]):
        if left.get(digest):
            left[digest] -= 1
            yield "'%s'" % held["text"][number] if "text" in held else "what line %d was" % (number + 1)


def brief(dumped):
    """The digests alone, as the past keeps them."""
    return {thing: held["digest"] for thing, held in dumped.items() if "digest" in held}


def verify(record, op_of):
    """Compare for a record whose undo is done; puts ``differences`` and ``after`` into it and shortens ``before``.

    After a reboot only what is kept on disks is compared (``state_outlives_boot`` of an operation): the rest began
    anew.
    """
    before = record.get("before")
    if not isinstance(before, dict) or any(not isinstance(held, dict) for held in before.values()):
        return  # of an earlier version, or compared already
    entries = record["undo"]
    if record.get("boot_id") != _clock.boot_id():
        entries = [entry for entry in entries if getattr(op_of(entry["op"]), "state_outlives_boot", False)]
        known = take(entries, op_of)
        before = {thing: held for thing, held in before.items() if thing in known}
    record["after"], record["differences"] = compare(before, entries, op_of)
    record["before"] = brief(record["before"])
