# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random faults on a fleet, alone and in pairs, each ended in a random way: afterwards every host is as it was before.

Prints the seed; ``CHAOS_SEED=... CHAOS_NIGHTLY=1`` plays the same again. ``CHAOS_FAULTS`` is another number of faults
than 500.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.faults import wait_for
from support.lab import chaos_processes, ledger, lifecycle, on_hosts, ssh

from lab import layout

from . import faults, state
from .conftest import need_a_lab, prepare
from .ways import KEEPERS, LONG

WITHIN = 30.0  # seconds until a host is as before
DEADLINE = "5s"
ENDS = ("deadline", "absent", "halt", "worker", "supervisor", "guardian", "all")
MOST_PROBLEMS = 5


class Fleet:
    """The hosts, what they are like when nothing is in, and what was found."""

    def __init__(self, lab, hosts):
        self.lab, self.hosts = lab, hosts
        self.together = ThreadPoolExecutor(len(hosts))
        self.before = self.each(lambda host: state.of(lab, host))
        self.known = self.each(lambda host: {past["id"] for past in ledger(lab, host)})
        self.injected = self.refused = 0
        self.problems = []

    def each(self, ask, hosts=None):
        """{host: answer}, side by side."""
        hosts = self.hosts if hosts is None else hosts
        return dict(zip(hosts, self.together.map(ask, hosts)))

    def round(self, names, ends):
        """These faults on all hosts, ended on each host in its way; then all is looked at."""
        held = {host: [] for host in self.hosts}
        for name in names:
            fault = faults.FAULTS[name]
            durations = {host: DEADLINE if ends[host] == "deadline" else LONG for host in self.hosts}
            options = dict(fault.options, name=name, duration="{{ %r[inventory_hostname] }}" % durations)
            for host, result in on_hosts(self.lab, ",".join(self.hosts), fault.module, options).items():
                if not result.get("failed"):
                    held[host].append(name)
                    self.injected += 1
                elif "refused" in result.get("msg", "") and held[host]:
                    self.refused += 1
                else:
                    self.problems.append(
                        "%s: %s did not go in beside %s: %s" % (host, name, held[host], str(result.get("msg"))[:300])
                    )
        for host in self.hosts:
            self._kill(host, ends[host])
        for name in names:
            asked = [
                host
                for host in self.hosts
                if name in held[host] and (ends[host] == "absent" or self._outlives(name, held[host], ends[host]))
            ]
            self._ask(asked, faults.FAULTS[name].module, {"name": name, "state": "absent"})
        self._ask([host for host in self.hosts if ends[host] == "halt"], "fault_halt", {})
        for host, found in self.each(lambda host: self._look(host, len(held[host]))).items():
            self.problems += ["%s, %s ended by %s: %s" % (host, "+".join(names), ends[host], each) for each in found]

    @staticmethod
    def _outlives(name, held, end):
        """Whether a fault has no worker that was killed, as another one beside it has: nobody has ended it."""
        return (
            end == "worker"
            and "worker" not in faults.FAULTS[name].traits
            and any("worker" in faults.FAULTS[each].traits for each in held)
        )

    def _ask(self, hosts, module, options):
        if hosts:
            for host, result in on_hosts(self.lab, ",".join(hosts), module, options).items():
                if result.get("failed"):
                    self.problems.append("%s: %s %s: %s" % (host, module, options, str(result.get("msg"))[:300]))

    def _kill(self, host, what):
        wanted = {"supervisor": ("chaos-fault",), "guardian": ("chaos-guardian",), "worker": (), "all": ()}
        if what not in wanted:
            return
        there = chaos_processes(self.lab, host)
        workers = [pid for pid, name in there.items() if name not in KEEPERS]
        pids = list(there) if what == "all" or (what == "worker" and not workers) else workers or list(there)
        if wanted[what]:
            pids = [pid for pid, name in there.items() if name in wanted[what]]
        ssh(self.lab, host, "kill -KILL %s" % " ".join(map(str, pids)), check=False)  # one may end of the other's end

    def _look(self, host, count):
        """What is not as it should be on a host (texts)."""
        changes = []

        def same():
            changes[:] = state.difference(self.before[host], state.of(self.lab, host))
            return not changes

        wait_for(same, WITHIN)
        found = ["left: %s" % change for change in changes]
        past = [each for each in ledger(self.lab, host) if each["id"] not in self.known[host]]
        self.known[host] |= {each["id"] for each in past}
        found += ["%s has residue %s" % (each["name"], each["residue"]) for each in past if each["residue"]]
        found += [
            "%s has differences %s" % (each["name"], each["differences"]) for each in past if each.get("differences")
        ]
        return found + (
            ["%d faults are in the ledger instead of %d" % (len(past), count)] if len(past) != count else []
        )

    def mend(self):
        """Begin the next round clean, whatever this one left."""
        on_hosts(self.lab, ",".join(self.hosts), "fault_halt", {})
        self.each(lambda host: prepare(self.lab, host))
        self.before = self.each(lambda host: state.of(self.lab, host))


@pytest.fixture
def fleet(request):
    """A lab of its own."""
    need_a_lab()
    name = "t%dr" % os.getpid()
    with contextlib.ExitStack() as stack:
        stack.callback(lifecycle.down, name)
        lab = lifecycle.up(name, layout.plan_hosts(request.param))[0]
        hosts = ["app%d" % number for number in range(1, request.param + 1)]
        with ThreadPoolExecutor(len(hosts)) as together:
            list(together.map(lambda host: prepare(lab, host), hosts))
        yield Fleet(lab, hosts)


@pytest.mark.parametrize(
    ("fleet", "count"),
    [(2, 8), pytest.param(4, int(os.environ.get("CHAOS_FAULTS", "500")), marks=pytest.mark.nightly)],
    ids=["by day", "by night"],
    indirect=["fleet"],
)
def test_random_faults_leave_nothing(fleet, count, capsys):
    seed = os.environ.get("CHAOS_SEED") or (secrets.token_hex(4) if count > 8 else "by day")
    draw, begun, rounds = random.Random(seed), time.monotonic(), 0
    while fleet.injected + fleet.refused < count and len(fleet.problems) < MOST_PROBLEMS:
        names = draw.sample(sorted(faults.FAULTS), draw.choice([1, 2, 2]))
        ends = {host: draw.choice(ENDS) for host in fleet.hosts}
        found = len(fleet.problems)
        fleet.round(names, ends)
        rounds += 1
        if len(fleet.problems) > found:
            fleet.mend()
    with capsys.disabled():
        said = (
            fleet.injected,
            len(fleet.hosts),
            rounds,
            fleet.refused,
            len(fleet.problems),
            seed,
            time.monotonic() - begun,
        )
        print(
            "\n%d random faults on %d hosts in %d rounds, %d more refused beside another: %d problems (seed %s, %.0f s)"
            % said
        )
    assert not fleet.problems, "CHAOS_SEED=%s: %s" % (seed, "\n".join(fleet.problems))
