# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Never more than the allowed share of a group is out, over all slices.

The keeper's arithmetic and the conductor's (lease, window, release) in a world in which everything goes wrong but
arithmetic: questions that take their time, arrive twice, or late, answers that are lost, slices that start late, stand
still or die at any moment, clocks that show anything, a keeper that reboots.
"""

from __future__ import annotations

import heapq
import itertools
import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.magsasa.chaos.plugins.module_utils._life import keeper_shares as shares
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _blast_radius
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import lending

BASELINE_S, HOLD_S, TIMEOUT_S = 10.0, 30.0, 60.0
NIGHTLY = os.environ.get("CHAOS_NIGHTLY") == "1"


class World:
    """Real time, and what is true at each moment; ``chance`` decides what goes wrong."""

    def __init__(self, seed, groups, percent):
        self.chance = random.Random(seed)
        self.groups, self.percent = groups, percent
        self.hosts = sorted(set().union(*groups.values()))
        self.now, self._events, self._count = 0.0, [], itertools.count()
        self.state, self.boot, self.boots = shares.empty("boot 0"), 0.0, 0
        self.offsets = {host: self.chance.uniform(0, 1e6) for host in self.hosts}  # each host has a clock of its own
        self.faults = {}  # host: when its fault ends
        self.most = dict.fromkeys(groups, 0)
        draw = self.chance.choice  # how bad this world is
        self.slow, self.lossy, self.deadly, self.sleepy = (draw((0.0, 0.02, each)) for each in (0.3, 0.3, 0.02, 0.1))
        self.injected = 0

    def at(self, when, function, *arguments):
        heapq.heappush(self._events, (when, next(self._count), function, arguments))

    def run(self):
        for self.now, _number, function, arguments in iter(self._next, None):
            function(*arguments)

    def _next(self):
        return heapq.heappop(self._events) if self._events else None

    # the keeper

    def take(self, asked):
        state = shares.current(self.state, self.now - self.boot, "boot %d" % self.boots)
        self.state, granted, _denied = shares.take(state, asked, self.now - self.boot)
        return granted

    def release(self, token, hosts):
        state = shares.current(self.state, self.now - self.boot, "boot %d" % self.boots)
        self.state = shares.release(state, token, hosts)

    def reboot(self):
        self.boot, self.boots = self.now, self.boots + 1

    # a host

    def inject(self, host, not_after):
        if self.now + self.offsets[host] > not_after:
            return False
        self.at(self.now + self.chance.choice((0.0, 1.0, lending.INJECT_S)), self.goes_in, host)
        return True

    def goes_in(self, host):
        self.injected += 1
        self.faults[host] = self.now + HOLD_S + self.chance.choice((0.0, 1.0, lending.REVERT_S))
        for name, members in self.groups.items():
            out = [each for each in members if self.faults.get(each, 0.0) > self.now]
            self.most[name] = max(self.most[name], len(out))

    def end(self, host):
        self.faults.pop(host, None)

    # what goes over the wire

    def ask(self, function, *arguments):
        """``(answer, real seconds)`` for whoever asked; the answer is None when it did not come in time."""
        there = self.chance.choice((5.0, 20.0, 65.0, 70.0, 100.0, 400.0)) if self.chance.random() < self.slow else 0.1
        lost = self.chance.random() < self.lossy
        told = []
        self.at(self.now + there, lambda: told.append(function(*arguments)))
        if self.chance.random() < self.lossy and function in (self.take, self.release):  # and again, whenever
            self.at(self.now + there + self.chance.uniform(0, 300), function, *arguments)
        return told, (there + 0.1 if there < TIMEOUT_S and not lost else TIMEOUT_S), there < TIMEOUT_S and not lost


class Slice:
    """A controller, step by step: a generator that yields how long it does nothing, in real seconds."""

    def __init__(self, world, number, hosts):
        self.world, self.hosts = world, hosts
        self.number, self.tokens = number, itertools.count()
        self.stood = 0.0  # for how long its clock stood still
        self.steps = self.life()

    def clock(self):
        return self.world.now - self.stood

    def step(self):
        if self.world.chance.random() < self.world.deadly:
            return  # it dies
        still = self.world.chance.uniform(0, 600) if self.world.chance.random() < self.world.sleepy else 0.0
        self.stood += still
        pause = next(self.steps, None)
        if pause is not None:
            self.world.at(self.world.now + still + pause, self.step)

    def life(self):
        world = self.world
        for _scenario in range(6):
            token, pending = "%d-%d" % (self.number, next(self.tokens)), list(self.hosts)
            for _try in range(40):
                readings = {}
                for host in pending:
                    told, pause, comes = world.ask(lambda host=host: world.now + world.offsets[host])
                    yield pause
                    if comes:
                        readings[host] = (told[0], self.clock())
                window = lending.window_s(BASELINE_S, len(pending))
                asked, granted = self.clock(), []
                told, pause, comes = world.ask(world.take, self.request(token, readings, window))
                yield pause
                granted = told[0] if comes else []
                if granted:
                    yield world.chance.choice((BASELINE_S, world.chance.uniform(0, 1.3 * window)))
                yield from self.wave(token, granted, readings, asked, window)
                pending = [host for host in pending if host not in granted]
                if not pending:
                    break
                yield 2.0

    def request(self, token, readings, window):
        limits = {name: _blast_radius.limit(len(each), self.world.percent) for name, each in self.world.groups.items()}
        hosts = {
            host: {name: limits[name] for name, members in self.world.groups.items() if host in members}
            for host in readings
        }
        ttl = lending.ttl_s(window, HOLD_S)
        return {"token": token, "run": "r", "by": "b", "ttl_s": ttl, "hosts": hosts, "idle": {}}

    def wave(self, token, granted, readings, asked, window):
        world, done = self.world, []
        for host in granted:
            reading, read = readings[host]
            told, pause, comes = world.ask(world.inject, host, lending.latest(reading, read, asked, window))
            yield pause
            if comes:  # else it may still go in: its lease is left to end by itself
                done.append((host, bool(told and told[0])))
        yield HOLD_S * world.chance.choice((0.1, 1.0, 1.0, 2.0))
        for host, there in done:
            if there:
                yield lending.INJECT_S  # the host tells that the fault is in, or not, only when it is
                _told, pause, comes = world.ask(world.end, host)
                yield pause
                if not comes:
                    continue
            _told, pause, _comes = world.ask(world.release, token, [host])
            yield pause


def simulate(seed, groups, percent, slices):
    """Most hosts of each group that were out at once."""
    world = World(seed, groups, percent)
    parts = [world.hosts[number::slices] for number in range(slices)]
    for number, hosts in enumerate(parts):
        if hosts and world.chance.random() < 0.9:  # one may never start
            each = Slice(world, number, hosts)
            world.at(world.chance.choice((0.0, 0.0, 30.0, 600.0)), each.step)
    for _reboot in range(world.chance.choice((0, 0, 1, 3))):
        world.at(world.chance.uniform(0, 1500), world.reboot)
    world.run()
    return world


@settings(max_examples=3000 if NIGHTLY else 60)
@given(
    st.integers(0, 2**32),
    st.lists(st.sets(st.integers(0, 7), min_size=1), min_size=1, max_size=3),
    st.sampled_from((1.0, 34.0, 50.0, 75.0)),
    st.integers(2, 4),
)
def test_never_more_than_the_share_is_out(seed, sets, percent, slices):
    groups = {"g%d" % number: {"h%d" % each for each in members} for number, members in enumerate(sets)}
    for number in range(10):
        world = simulate("%d:%d" % (seed, number), groups, percent, slices)
        for name, members in groups.items():
            assert world.most[name] <= _blast_radius.limit(len(members), percent), (name, number, world.most)


def test_the_world_is_not_empty():
    """Faults go in, in groups that are full at times: what is shown above is not that nothing ever happens."""
    groups = {"app": {"h%d" % number for number in range(6)}}
    worlds = [simulate(seed, groups, 50.0, 3) for seed in range(40)]
    assert sum(world.injected for world in worlds) > 200
    assert {world.most["app"] for world in worlds} >= {2, 3}


APP = {"app": 1}


def asked(token, hosts, idle=(), ttl=100.0, groups=None):
    """A request, as keeper.parse returns it."""
    return {
        "token": token,
        "run": token,
        "by": "somebody",
        "ttl_s": ttl,
        "hosts": {host: dict(groups or APP) for host in hosts},
        "idle": {host: dict(groups or APP) for host in idle},
    }


def take(state, token, hosts, now=0.0, **more):
    """``(state, granted, {host: group})``."""
    state, granted, denied = shares.take(shares.current(state, now, "b"), asked(token, hosts, **more), now)
    return state, granted, {host: why[0] for host, why in denied.items()}


def test_a_share_is_lent_once_renewed_released_and_expires():
    state, granted, _denied = take(shares.empty("b"), "one", ["a1", "a2"])
    assert granted == ["a1"]
    assert take(state, "two", ["a3"])[1:] == ([], {"a3": "app"})
    state, granted, denied = take(state, "one", ["a1"], 50.0)
    assert granted == ["a1"] and not denied and state["leases"][0]["expires"] == 150.0
    assert take(state, "two", ["a3"], 149.0)[1] == [] and take(state, "two", ["a3"], 151.0)[1] == ["a3"]
    assert take(shares.release(state, "two"), "two", ["a3"])[1] == [], "a release of another token ends nothing"
    assert take(shares.release(state, "one"), "two", ["a3"])[1] == ["a3"]


def test_who_waits_is_served_first():
    state, _granted, _denied = take(shares.empty("b"), "one", ["a1"])
    state, _granted, _denied = take(state, "two", ["a2"], 1.0)
    state = shares.release(state, "one")
    again, granted, _denied = take(state, "one", ["a1"], 2.0)
    assert granted == [], "the second has waited for longer"
    assert take(again, "two", ["a2"], 3.0)[1] == ["a2"]
    assert take(again, "one", ["a1"], 1.0 + shares.WAITING_S + 0.1)[1] == ["a1"], "the second has given up"


@pytest.mark.parametrize("limit, room", [(1, 0), (2, 1)])
def test_hosts_that_are_out_already_count_and_nobody_waits_for_them(limit, room):
    state, granted, _denied = take(shares.empty("b"), "one", ["a1"], idle=["a2"], groups={"app": limit})
    assert len(granted) == room and bool(state["waiting"]) is False


def test_the_smaller_of_two_shares_counts():
    state, _granted, _denied = take(shares.empty("b"), "one", ["a1"], groups={"app": 1})
    assert take(state, "two", ["a2"], groups={"app": 5})[1] == []


def test_a_reboot_of_the_keeper_gives_each_lease_its_time_again():
    state, _granted, _denied = take(shares.empty("b"), "one", ["a1"], 5000.0)
    after = shares.current(state, 3.0, "another")
    assert after["leases"][0]["expires"] == 103.0
    assert shares.unused(shares.current(after, 104.0, "another"))
