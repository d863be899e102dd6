# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain loop of requests beside a probe: an opinion of its own about when a service answered."""

from __future__ import annotations

import threading
import time
import urllib.request


class Poller:
    """Asks ``url`` every ``pause`` seconds, each request in a thread of its own. ``samples``: (began, ended, good),
    monotonic seconds.
    """

    def __init__(self, url, pause, timeout):
        self.url, self.pause, self.timeout = url, pause, timeout
        self.samples = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run)]

    def _run(self):
        while not self._over.wait(self.pause):
            asking = threading.Thread(target=self._ask)
            self._threads.append(asking)
            asking.start()

    def _ask(self):
        began = time.monotonic()
        try:
            with urllib.request.urlopen(self.url, timeout=self.timeout) as answer:
                good = answer.status < 400
        except OSError:
            good = False
        ended = time.monotonic()
        self.samples.append((began, ended, good and ended - began <= self.timeout))

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_error):
        self._over.set()
        self._threads[0].join(20)
        for each in self._threads[1:]:
            each.join(20)

    def outage(self, begin, end):
        """(begin of the first bad request between two moments, begin of the last bad one, end of the first good one
        that began after that).
        """
        bad = [began for began, _ended, good in self.samples if begin <= began <= end and not good]
        return min(bad), max(bad), min(ended for began, ended, good in self.samples if good and began > max(bad))

    def slowest(self):
        """Seconds that the slowest good answer took; at most the time-out."""
        return max(ended - began for began, ended, good in self.samples if good)
