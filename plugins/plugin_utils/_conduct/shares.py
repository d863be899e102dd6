# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the conductor asks the keeper of a fleet: leases before anything begins on a host, and their end. Private to
magsasa.chaos.

Without a keeper every host may begin. See lending.py for how long a lease lasts, and why that is enough.
"""

from __future__ import annotations

import secrets
import time

from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import Refused, printable

from .. import _events, _runs
from .._bounded_pool import BoundedPool
from . import answers, lending
from .baseline import STOPPED

CUTS_OFF = ("network", "host")  # families under which a keeper may not answer
ANSWER_S = 60.0  # how long a keeper, or a host, is waited for
STEP_S = 5.0  # how long the keeper waits for a lease within one question
TRIES = 3  # questions in a row to a keeper that does not answer
PAUSE_S = 2.0


class Shares:
    """``keeper``: ``{host, wait_s, limits: {host: {group: limit}}, idle: {host: {group: limit}}}`` or None; ``begin``:
    asks a host to begin, see Life.
    """

    def __init__(self, keeper, wanted, runner, begin, at_once):
        self._keeper, self._wanted, self._runner, self._begin = keeper, wanted, runner, begin
        self._at_once = at_once
        self._token = secrets.token_hex(6)
        self._until = None
        self._noted = False

    def admit(self, subject):
        """Refuse to cut the keeper off. Raises Refused."""
        family = subject.scenario.get("family")
        if self._keeper and family in CUTS_OFF and self._is_keeper(subject.host):
            figure = "%s keeps count for this fleet and must answer while a fault is in" % printable(subject.host, 100)
            raise Refused("keeper", figure, remedy="name another host with chaos_keeper")

    def _is_keeper(self, host):
        """By its name, or by the address that the keeper was named by."""
        action, variables = self._runner.opened(host)
        address = action._templar.template(variables.get("ansible_host"))
        return self._keeper["host"] == host or (bool(address) and self._keeper["address"] == address)

    def take(self, subjects):
        """Those of ``subjects`` that may begin now; waits for at least one. The others run later, or know why not."""
        if not self._keeper:
            return subjects
        limits = self._keeper["limits"]
        if self._until is None:
            self._until = time.monotonic() + self._keeper["wait_s"]
        while True:
            waiting = [each for each in subjects if each.runs]
            by = _events.stop_asked()
            for each in waiting if by else ():
                each.refused = STOPPED % by
            if by or not waiting:
                return []
            readings = self._readings(waiting)
            waiting = [each for each in waiting if each.runs]
            if not waiting:
                return []
            window = lending.window_s(self._wanted["baseline_s"], len(waiting))
            asked = time.monotonic()
            told = self._asked(
                {
                    "token": self._token,
                    "run": _runs.identity(),
                    "by": self._keeper["by"],
                    "ttl": "%.3fs" % lending.ttl_s(window, max(map(self._duration_s, waiting))),
                    "hosts": {each.host: limits.get(each.host) or {} for each in waiting},
                    "idle": self._keeper["idle"],
                }
            )
            if isinstance(told, str):
                for each in waiting:
                    each.refused = told
                return []
            granted = [each for each in waiting if each.host in told["granted"]]
            if granted:
                self._until = None
                self._noted = False
                for each in granted:
                    clock, read = readings[each.host]
                    latest = lending.latest(clock["monotonic"], read, asked, window)
                    each.injects["not_after"] = {"monotonic": latest, "boot_id": clock["boot_id"]}
                    each.lent = True
                return granted
            if time.monotonic() >= self._until:
                self._refuse(waiting, told["denied"])
                return []
            self._note(waiting[0], told["denied"])
            time.sleep(PAUSE_S / 2)

    def release(self, subjects):
        """End the leases of hosts whose faults are out, or never went in. One that does not end here ends by itself."""
        hosts = [each.host for each in subjects if each.lent and not each.unsure]
        if hosts:
            self._release(hosts)

    def _release(self, hosts):
        question = {"release": self._token, "hosts": hosts}
        keeper = self._keeper["host"]
        BoundedPool(1).map(lambda _: self._runner.ask(keeper, "lend", question), [keeper], ANSWER_S)

    def _readings(self, subjects):
        """``{host: (its clock, when that was here)}``; the turn of each is taken, or renewed. A host that gives none
        does not run.
        """

        def read(host):
            told = self._begin(host)
            return told, time.monotonic()

        told = BoundedPool(self._at_once).map(read, [each.host for each in subjects], ANSWER_S)
        found = {}
        for each in subjects:
            answer, read_at = told.get(each.host) or ({"msg": "the host never answered"}, 0.0)
            why = answers.refused(answer)
            clock = answer.get("clock") if why is None else {}
            if why is None and not (
                _quantity.is_number(clock.get("monotonic"), below=1 << 53) and isinstance(clock.get("boot_id"), str)
            ):
                why = "the host gave an invalid answer: it has no clock"
            if why is not None:
                each.failed = why
            else:
                found[each.host] = clock, read_at
        return found

    def _asked(self, take):
        """The keeper's answer, or why there is none (a sentence)."""
        host, why = self._keeper["host"], ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(PAUSE_S)
            question = {"take": take, "wait": "%gs" % STEP_S}
            told = BoundedPool(1).map(lambda _: self._runner.ask(host, "lend", question), [host], ANSWER_S).get(host)
            why = answers.refused(told) if told is not None else "it never answered"
            good = why is None and isinstance(told.get("granted"), list) and isinstance(told.get("denied"), dict)
            if good:
                return told
            why = why or "its answer is not usable"
            if _events.stop_asked() or (told or {}).get("option"):
                break
        figure = "the keeper %s gave no lease (%s), so nothing was injected" % (
            printable(host, 100),
            printable(why, 300),
        )
        return str(Refused("keeper", figure, remedy="see that it can be reached, or name another with chaos_keeper"))

    def _duration_s(self, subject):
        params = subject.injects.get("params") or {}
        duration = params.get("duration") or subject.scenario.get("hold") or "10s"
        return _quantity.duration(duration, "duration")

    def _refuse(self, subjects, denied):
        for each in subjects:
            why = printable(denied.get(each.host) or "no lease was given", 500)
            figure = "%s; waited %g s" % (why, self._keeper["wait_s"])
            each.refused = str(
                Refused("keeper", figure, remedy="wait for the other runs, or raise chaos_keeper_wait to wait longer")
            )
        self._release([each.host for each in subjects])

    def _note(self, subject, denied):
        if not self._noted:
            self._noted = True
            why = printable(denied.get(subject.host) or "", 300)
            _events.tell("note", host=subject.host, text="waits for the keeper: %s" % why, now=True)
