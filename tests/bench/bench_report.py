# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drawing a report costs: bytes, seconds and memory of each form, for one host and for a fleet.

Run by hand from the checkout: ``PYTHONPATH=.collections:tests python tests/bench/bench_report.py [HOSTS]``
Bounds: 18 scenarios below 400 kB and 0.5 s; 1,000 hosts x 18 below 5 MB, 10 s and 300 MB beyond the report itself.
"""

from __future__ import annotations

import copy
import json
import resource
import sys
import time
import tracemalloc

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import html, model, write

from support import run_of_18


def fleet(hosts):
    """A report of many hosts: 20 judged ones, repeated under other names, as judging 18,000 takes minutes and is
    not what is measured.
    """
    judged = [run_of_18.records(("web%d" % number,), seed=number) for number in range(min(hosts, 5))]
    records = []
    for number in range(hosts):
        for record in judged[number % len(judged)]:
            named = copy.copy(record)
            named.update(host="web%04d" % number, id="%s-web%04d" % (record["scenario"], number))
            if number % 3:
                named.update(verdict="passed" if record["status"] == "completed" else record["verdict"])
            records.append(named)
    return model.build(run_of_18.RUN, records)


def peak():
    """Largest resident size of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def measure(title, report):
    """One line a form."""
    print(
        "%s: %d experiments, report.json %.0f kB, %.0f MB resident before"
        % (title, len(report["experiments"]), len(json.dumps(report)) / 1e3, peak())
    )
    html.render(
        copy.deepcopy(dict(report, experiments=report["experiments"][:1]))
    )  # the templates are compiled once a process
    for name, draw in {**write.FORMS, **write.ON_REQUEST}.items():
        begun, before = time.process_time(), peak()
        content = draw(report, "ab" * 32)
        spent = time.process_time() - begun
        print(
            "  %-16s %9.1f kB %7.3f s CPU  +%.0f MB resident"
            % (name, len(content.encode("utf-8")) / 1e3, spent, peak() - before)
        )
    tracemalloc.start()
    html.render(report, "ab" * 32)
    print("  report.html: at most %.0f MB of its own while it is drawn" % (tracemalloc.get_traced_memory()[1] / 1e6))
    tracemalloc.stop()


if __name__ == "__main__":
    measure("one host", run_of_18.report())
    measure("fleet", fleet(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
