# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts of which groups may be under experiment, as the keeper of a fleet counts them. Pure. Private to
magsasa.chaos.

A state is ``{"boot_id", "leases": [lease], "waiting": [lease]}``, a lease ``{"token", "host", "run", "by", "groups":
{group: limit}, "ttl_s", "expires", "idle"}``. ``expires`` is a reading of the keeper's monotonic clock. A lease
belongs to the token it was taken with, so that a release that was under way for long never ends a later lease.
"""

from __future__ import annotations

MOST = 20000  # leases; more than that is no fleet that one keeper should count
WAITING_S = 20.0  # somebody who waits and has not asked for so long has given up


def empty(boot_id):
    """A state without leases."""
    return {"boot_id": boot_id, "leases": [], "waiting": []}


def current(state, now, boot_id):
    """The state at ``now``, without what has expired.

    A keeper that was booted meanwhile cannot tell how long that took: each lease gets its whole time again.
    """
    if state["boot_id"] != boot_id:
        leases = [dict(each, expires=now + each["ttl_s"]) for each in state["leases"]]
        return {"boot_id": boot_id, "leases": leases, "waiting": []}
    return dict(
        state,
        leases=[each for each in state["leases"] if each["expires"] > now],
        waiting=[each for each in state["waiting"] if each["expires"] > now],
    )


def take(state, asked, now):
    """Lend what fits, host by host. Returns ``(state, [host], {host: (group, limit, [lease])})``: who got a lease, and
    for who did not the group that is full, and who fills it.

    ``asked``: ``{"token", "run", "by", "ttl_s", "hosts": {host: {group: limit}}, "idle": {host: {group: limit}}}``.
    A host that asked again with its token has its lease renewed. ``idle`` hosts are out whatever we say, and count.
    Who waits is served in the order of the first question: what earlier ones wait for is not given to later ones.
    """
    own = {each: asked[each] for each in ("token", "run", "by", "ttl_s")}
    hosts, idle = asked["hosts"], asked["idle"]
    ours = [each for each in state["leases"] if each["token"] == own["token"]]
    kept = [each["host"] for each in ours if not each["idle"] and hosts.get(each["host"]) == each["groups"]]
    leases = [each for each in state["leases"] if each["token"] != own["token"]]
    leases += [_lease(own, host, hosts[host], now) for host in kept]
    leases += [_lease(own, host, groups, now, idle=True) for host, groups in idle.items()]
    # What this token holds for hosts that it did not name this time stays until it is released.
    leases += [each for each in ours if each["host"] not in idle and each["host"] not in hosts]
    counted = _Counted(leases)
    waiting, granted, denied = [], list(kept), {}
    known = {each["host"] for each in state["waiting"] if each["token"] == own["token"]}
    queue = state["waiting"] + [
        dict(_lease(own, host, groups, now), expires=0.0) for host, groups in hosts.items() if host not in known
    ]
    for each in queue:
        host = each["host"]
        if each["token"] != own["token"]:
            waiting.append(each)
            counted.add(each)
        elif host in hosts and host not in kept:
            lease = _lease(own, host, hosts[host], now)
            full = counted.full(lease)
            if full is None and len(leases) < MOST:
                leases.append(lease)
                counted.add(lease)
                granted.append(host)
            else:
                denied[host] = full or ("", MOST, [])
                if full is None or not all(other["idle"] for other in full[2]):  # nobody waits for an idle host
                    waiting.append(dict(lease, expires=now + WAITING_S))
                    counted.add(lease)
    return {"boot_id": state["boot_id"], "leases": leases, "waiting": waiting}, granted, denied


def release(state, token, hosts=None):
    """End the leases of a token, of all its hosts or of some, and its waiting."""

    def stays(each):
        return each["token"] != token or (hosts is not None and each["host"] not in hosts)

    return dict(state, leases=list(filter(stays, state["leases"])), waiting=list(filter(stays, state["waiting"])))


def unused(state):
    """Whether nothing is left to be kept."""
    return not state["leases"] and not state["waiting"]


def _lease(own, host, groups, now, idle=False):
    return dict(own, host=host, groups=dict(groups), expires=now + own["ttl_s"], idle=idle)


class _Counted:
    """Hosts of each group that are out, or may be, and the smallest share that any of them goes by."""

    def __init__(self, leases):
        self._of_group = {}
        for each in leases:
            self.add(each)

    def add(self, lease):
        """Count one more; a host counts once."""
        for group, limit in lease["groups"].items():
            hosts, least = self._of_group.setdefault(group, ({}, [limit]))
            hosts.setdefault(lease["host"], lease)
            least[0] = min(least[0], limit)

    def full(self, lease):
        """``(group, limit, [lease])`` of the first group in which this one would be too many, or None."""
        for group, limit in sorted(lease["groups"].items()):
            hosts, least = self._of_group.get(group, ({}, [limit]))
            others = [other for host, other in hosts.items() if host != lease["host"]]
            if len(others) + 1 > min(limit, least[0]):
                return group, min(limit, least[0]), others
        return None
