# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper's side of the shares of a fleet: one private file, changed by one at a time. Private to magsasa.chaos.

``<ledger>/keeper.json`` is there while leases are; it is on the disk before a lease is told to anybody, and outlives a
reboot. A file that cannot be read lends nothing: who counts wrong must not say yes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time

from .. import _clock, _quantity, _wait
from .._errors import BadOption, HostError, printable
from .._ledger import locks, private_files
from . import keeper_shares as shares, tidying

FILE, LOCK = "keeper.json", "keeper.lock"
ID = re.compile(r"[0-9a-f]{12}")
LONGEST_S = 7 * 86400.0  # of a lease
LOOK_S = 0.2  # between two tries of somebody who waits
MOST_GROUPS = 100  # of one host
SHOWN = 3  # hosts in a sentence
LARGEST = 64 * 1024 * 1024  # bytes of the file: what could not be read again must not be written
DAMAGED = "%s cannot be read, so nothing is lent; remove it once no experiment of its runs is active"


def ask(options, ledger, check=False):
    """Answer to a question of a run: ``{"take": {...}, "wait"}`` or ``{"release": token, "hosts"}``.

    ``take`` waits until at least one of its hosts got a lease. Raises BadOption and HostError.
    """
    if options.get("release") is not None:
        token = _identity(options["release"], "release")
        hosts = options.get("hosts")
        if not check:
            _change(ledger, lambda state, _now: (shares.release(state, token, hosts), None))
        return {"released": True}
    asked = parse(options.get("take"))
    deadline = _wait.Deadline(_quantity.duration(options.get("wait") or "0s", "wait", high=60.0))
    while True:
        granted, denied = _try(ledger, asked, check)
        if granted or deadline.over:
            return {
                "granted": granted,
                "denied": {host: _sentence(*why) for host, why in denied.items()},
            }
        time.sleep(LOOK_S)


def parse(given):
    """What a run asks for, as keeper_shares.take has it. Raises BadOption."""
    if not isinstance(given, dict):
        raise BadOption("take", given, "is not a request for leases", "the controller fills it in")
    asked = {
        "token": _identity(given.get("token"), "token"),
        "run": _identity(given.get("run"), "run"),
        "by": printable(given.get("by") or "somebody", 120),
        "ttl_s": _quantity.duration(given.get("ttl"), "ttl", low=1.0, high=LONGEST_S),
    }
    for key in ("hosts", "idle"):
        found = given.get(key) or {}
        if not isinstance(found, dict) or len(found) > shares.MOST:
            raise BadOption(key, type(found).__name__, "is not a mapping of hosts", "the controller fills it in")
        asked[key] = {printable(host, 255): _groups(groups) for host, groups in found.items()}
    return asked


def _groups(given):
    good = isinstance(given, dict) and len(given) <= MOST_GROUPS
    if not good or not all(isinstance(limit, int) and not isinstance(limit, bool) for limit in given.values()):
        raise BadOption("groups", given, "is not a mapping of groups to shares", "the controller fills it in")
    return {printable(group, 255): limit for group, limit in given.items()}


def _identity(text, option):
    if not isinstance(text, str) or not ID.fullmatch(text):
        raise BadOption(option, text, "is not an identity", "leave it out; the controller fills it in")
    return text


def lends(ledger):
    """Whether this host is the keeper of anything."""
    return os.path.lexists(os.path.join(ledger.folders.ledger, FILE))


def sweep(ledger):
    """Take the file away when all its leases have expired. Raises nothing: it does no harm where it is."""
    if lends(ledger):
        with contextlib.suppress(HostError):
            _change(ledger, lambda state, _now: (state, None))


def leases(ledger):
    """The leases that are lent just now, for whoever looks; changes nothing."""
    state = _read(os.path.join(ledger.folders.ledger, FILE))
    if state is None:
        return []
    now = time.monotonic()
    return [
        {
            "host": each["host"],
            "groups": sorted(each["groups"]),
            "run": each["run"],
            "by": each["by"],
            "idle": each["idle"],
            "seconds_left": round(each["expires"] - now, 1),
        }
        for each in shares.current(state, now, _clock.boot_id())["leases"]
    ]


def _try(ledger, asked, check):
    told = []

    def change(state, now):
        state, granted, denied = shares.take(state, asked, now)
        told.extend((granted, denied))
        return state, None

    _change(ledger, change, check)
    return told


def _change(ledger, change, check=False):
    """``change(state, now) -> (state, _)`` alone, on the disk when this returns."""
    folder = ledger.folders.ledger
    path, lock = os.path.join(folder, FILE), os.path.join(folder, LOCK)
    if check:
        return change(_known(path), time.monotonic())
    private_files.prepare(folder)
    with locks.held(lock, wait=30.0, make=lambda: private_files.prepare(folder)):
        try:
            before = _read_or_refuse(path)
            now = time.monotonic()
            state, told = change(shares.current(before or shares.empty(""), now, _clock.boot_id()), now)
            if shares.unused(state):
                if private_files.remove(path):
                    private_files.sync_folder(folder)
            elif state != before:
                private_files.write_private(path, _text(state))
        finally:
            private_files.remove(lock)
    if shares.unused(state):
        tidying.tidy(ledger)
    return told


def _text(state):
    text = json.dumps(state, sort_keys=True)
    if len(text) > LARGEST:
        raise HostError(
            "the keeper would have to count %d hosts, more than it can; name another one for a part of the groups"
            % (len(state["leases"]) + len(state["waiting"]))
        )
    return text


def _known(path):
    return shares.current(_read_or_refuse(path) or shares.empty(""), time.monotonic(), _clock.boot_id())


def _read_or_refuse(path):
    if not os.path.lexists(path):
        return None
    state = _read(path)
    if state is None:
        raise HostError(DAMAGED % path)
    return state


def _read(path):
    """The state in the file; None where there is none that can be used."""
    found = private_files.read_json(path, LARGEST)
    if not found or not isinstance(found.get("boot_id"), str):
        return None
    lists = [found.get(key) for key in ("leases", "waiting")]
    return found if all(isinstance(each, list) and all(map(_is_lease, each)) for each in lists) else None


def _is_lease(found):
    texts, figures = ("token", "host", "run", "by"), ("ttl_s", "expires")
    return (
        isinstance(found, dict)
        and all(isinstance(found.get(key), str) for key in texts)
        and all(isinstance(found.get(key), (int, float)) for key in figures)
        and isinstance(found.get("groups"), dict)
        and all(isinstance(limit, int) for limit in found["groups"].values())
        and isinstance(found.get("idle"), bool)
    )


def _sentence(group, limit, others):
    """Why a host got no lease (the middle of a sentence)."""
    if not group:
        return "the keeper counts %d hosts already, which is its limit" % limit
    named = ["%s (%s)" % (each["host"], _state(each)) for each in others[:SHOWN]]
    more = ["%d more" % (len(others) - SHOWN)] if len(others) > SHOWN else []
    return "at most %d of the group %s may be under experiment at the same time, and %s" % (
        limit,
        printable(group, 100),
        ("taken or waited for are " + ", ".join(named + more)) if named else "none is free",
    )


def _state(lease):
    return "without a healthy service" if lease["idle"] else "run %s of %s" % (lease["run"], lease["by"])
