# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as a run makes it: the scenarios of the catalogue on some hosts, with figures of the size that real ones
have. The same seed gives the same report.
"""

from __future__ import annotations

import functools
import math
import random

import yaml
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import Sample, pack
from ansible_collections.magsasa.chaos.plugins.plugin_utils._experiment import judge
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import model

from .modules import ROOT
from .samples import fault

RUN = {
    "id": "20261128T220501Z-3fa9c1",
    "started": "2026-11-28T22:05:01Z",
    "finished": "2026-11-28T22:19:33Z",
    "intensity": "full",
    "dry_run": False,
    "interrupted": False,
    "unreachable": [],
    "seed": "4711",
    "versions": {"ansible-core": "2.20.1", "magsasa.chaos": "1.0.0", "python": "3.13.0"},
    "command": "ansible-playbook playbooks/chaos_full.yml -i inventory/production",
    "purpose": "Quarterly resilience test of the order service",
    "owner": "Team Orders",
    "approved_by": "J. Cruz",
    "retest_of": "20261101T220001Z-11aa22",
}
TARGET = {
    "url": "http://127.0.0.1:5001",
    "probed": "http://127.0.0.1:5001/health",
    "service": "MAGSASA-CARD ERP",
    "framework": "gunicorn",
    "step": "identified service",
    "why": "its health address names it",
    "process": {
        "pid": 4242,
        "name": "gunicorn",
        "command": "gunicorn magsasa_app.web:app",
        "user": "app",
        "unit": "magsasa-app.service",
    },
}
MIB = 1024 * 1024.0
DOWN = {"ok": False, "latency_ms": 2000.0, "status": None, "error": "timeout"}
GONE = {"ok": False, "latency_ms": 0.4, "status": None, "error": "refused"}
BUSY = {"ok": False, "latency_ms": 6.0, "status": 503, "error": "status"}


@functools.lru_cache(maxsize=None)
def catalogue():
    """The 18 scenarios."""
    return yaml.safe_load((ROOT / "roles" / "suite" / "files" / "catalogue.yml").read_text(encoding="utf-8"))[
        "scenarios"
    ]


def _held(scenario):
    return float(str(scenario.get("hold", "0s")).rstrip("s"))


def _step(says, *undone, tool=None):
    return [{"says": says, "undo": list(undone), "tool": tool}]


def _seconds(held, draw, *columns):
    """A series as a supervisor keeps it: one value a second of each ``(key, mean, spread)``."""
    at = [round(0.3 + second + draw.random() * 0.01, 2) for second in range(int(held))]
    return {
        "at_s": at,
        "figures": {
            key: [round(max(0.0, draw.gauss(mean, spread)), 1) for _each in at] for key, mean, spread in columns
        },
    }


def _cpu(scenario, held, draw):
    load = float(scenario["options"]["load"].rstrip("%"))
    busy = round(load + draw.uniform(-0.4, 0.4), 1)
    return {
        "requested": {"load_pct": load, "cores": 2, "of": "host"},
        "measured": {"host_load_pct": busy, "own_load_pct": round(busy - 6.2, 1), "over_s": held},
        "backend": "own workers, closed loop",
        "plan": _step("keep 2 core(s) %g %% busy (the whole host counts)" % load, "workers.end fault=0123456789ab"),
        "series": _seconds(held, draw, ("host_load_pct", load, 1.5), ("own_load_pct", load - 6, 2.5)),
    }


def _memory(scenario, held, draw):
    size = float(scenario["options"]["size"].rstrip("M"))
    return {
        "requested": {"size_mib": size, "ramp_s": 0.0, "reserve_mib": 788.1},
        "measured": {
            "held_mib": size + 1.2, "worker_rss_mib": size - 8, "available_mib": 3120.4, "available_drop_mib": size + 4.4,
            "given_back_mib": 0.0, "back_offs": 0, "swapped_mib": 0.0,
        },  # fmt: skip
        "backend": "own worker",
        "plan": _step("hold %g MiB of memory" % size, "workers.end fault=0123456789ab"),
        "series": _seconds(held, draw, ("held_mib", size, 0.4), ("available_mib", 3120.0, 9.0)),
    }


def _network(scenario, held, draw):
    options = scenario["options"]
    total, lost = int(held * 420), 0
    if "delay" in options:
        wait = float(options["delay"].rstrip("ms"))
        requested, says = {"delay_ms": wait, "jitter_ms": 0.0}, "hold for %g ms" % wait
        columns = [("packets_per_s", 420.0, 22.0)]
    else:
        share = float(options["loss"].rstrip("%"))
        requested, says = {"loss_pct": share}, "lose %g %% of" % share
        lost = int(total * (share + draw.uniform(-0.3, 0.3)) / 100)
        columns = [("packets_per_s", 420.0, 22.0), ("hit_per_s", 420 * share / 100, 4.0)]
    return {
        "requested": dict(requested, scope="tcp port 5001, in and out"),
        "measured": {
            "packets_passed": total - lost,
            "packets_dropped": lost,
            "packets_waiting": 0,
            "dropped_pct": round(100.0 * lost / total, 2),
        },
        "backend": "traffic control (netem)",
        "plan": _step(
            "%s tcp port 5001, in what leaves by lo" % says,
            "tc.remove_root fault=0123456789ab dev=lo qlen=1000",
            tool="tc",
        ),
        "series": _seconds(held, draw, *columns),
        "note": "by the counters of the queues",
    }


def _disk(scenario, held, draw):
    workers = scenario["options"]["workers"]
    rate = 31.4 * workers
    return {
        "requested": {
            "workers": workers,
            "mode": "write",
            "fsync": True,
            "block_kib": 64.0,
            "file_mib": 64.0,
            "path": "/var/tmp",
        },
        "measured": {
            "over_s": held, "fsyncs_s": 480.2, "write_mib_s": rate, "read_mib_s": 0.0, "device_write_mib_s": rate * 1.1, "device_read_mib_s": 0.0,
            "device": "vda", "device_busy_pct": 91.2, "device_flushes_s": 470.0,
        },  # fmt: skip
        "action": "io",
        "backend": "own workers",
        "plan": _step(
            "%d workers write and sync files in /var/tmp" % workers,
            "workers.end fault=0123456789ab",
            "file.remove path=/var/tmp/.magsasa-chaos-0",
        ),
        "series": _seconds(held, draw, ("write_mib_s", rate, 4.0), ("device_busy_pct", 91.0, 3.0)),
    }


def _process(scenario, held, draw):
    killed = scenario["id"] == "app-crash"
    return {
        "family": "process",
        "action": "kill" if killed else "restart",
        "requested": {"signal": "KILL" if killed else "TERM", "processes": 1},
        "measured": {"ended": True, "back_pid": 5151, "back_after_s": 1.9},
        "backend": "signals",
        "event": True,
        "plan": _step(
            "send %s to process 4242 (gunicorn)" % ("SIGKILL" if killed else "SIGTERM"), "process.ensure_running"
        ),
    }


def _database(scenario, held, draw):
    return {
        "requested": {"engine": "sqlite", "path": "/srv/app/erp.db"},
        "action": "outage",
        "measured": {"read": "busy", "write": "busy", "tried": int(held) + 1, "refused": int(held) + 1, "took_ms": 0.4},
        "backend": "SQLite's own locks (write-ahead log)",
        "series": _seconds(held, draw, ("refused_pct", 100.0, 0.0)),
        "plan": _step("block every reader and writer of /srv/app/erp.db", "workers.end fault=0123456789ab"),
    }


_FAULTS = {
    "cpu": _cpu,
    "memory": _memory,
    "network": _network,
    "disk": _disk,
    "process": _process,
    "service": _process,
    "database": _database,
}


def _changes(scenario, began, ended, draw):
    """What the service did: ``[(from, to, {column: value})]``."""
    name = scenario["id"]
    if name == "app-crash":
        return [(began, began + 1.3, GONE), (began + 1.3, began + 1.9, BUSY)]
    if name == "app-restart":
        return [(began, began + 0.6, GONE)]
    if name.startswith("database"):
        return [(began + 0.5, ended + (0.8 if "brief" in name else 12.4), BUSY if "brief" in name else DOWN)]
    if name == "network-delay-heavy":
        return [(began + 10, began + 16, DOWN)]
    return []


def _slower(scenario, draw):
    """(factor, addition in ms) of latencies while the fault is in."""
    name = scenario["id"]
    if name.startswith("network-delay"):
        return 1.0, float(scenario["options"]["delay"].rstrip("ms"))
    return {"cpu-heavy": (6.0, 4.0), "cpu-medium": (2.0, 1.0), "disk-io-heavy": (3.0, 2.0)}.get(name, (1.2, 0.0)), None


def _samples(scenario, begin, began, ended, end, draw, rate=20.0):
    changes, found = _changes(scenario, began, ended, draw), []
    slower = _slower(scenario, draw)
    factor, more = slower if slower[1] is not None else slower[0]
    for number in range(int((end - begin) * rate)):
        due = round(begin + number / rate, 6)
        latency = draw.lognormvariate(math.log(3.2), 0.35)
        if began <= due < ended:
            latency = latency * factor + more
        columns = {
            "late_ms": round(draw.uniform(0.05, 0.6), 3),
            "latency_ms": round(latency, 3),
            "ok": True,
            "status": 200,
            "error": "",
        }
        if (
            scenario["id"].startswith("packet-loss")
            and began <= due < ended
            and draw.random() < float(scenario["options"]["loss"].rstrip("%")) / 400
        ):
            columns.update(DOWN)
        for since, until, changed in changes:
            if since <= due < until:
                columns.update(changed)
        found.append(Sample(intended_s=due, **columns))
    return found


def record(scenario, host, begin=1000.0, seed=1):
    """One experiment of a scenario on a host, judged as a run does."""
    draw = random.Random("%s@%s/%d" % (scenario["id"], host, seed))
    held = _held(scenario)
    event = scenario["family"] in ("process", "service") or not held
    began = begin + 10.0 + draw.uniform(0.1, 0.4)
    ended = began + (0.02 if event else held)
    end = ended + 14.0
    made = _FAULTS[scenario["family"] if scenario["family"] in _FAULTS else "process"](scenario, held, draw)
    injected = fault(
        injected=began,
        reverted=ended,
        armed=began - 0.12,
        **dict({"family": scenario["family"], "name": scenario["id"], "action": "load"}, **made),
    )
    given = {
        "scenario": scenario,
        "samples": pack(_samples(scenario, begin, began, ended, end, draw)),
        "fault": injected,
        "target": TARGET,
    }
    return judge(given, host)


SKIPPED = {
    "packet-loss-light": (
        "tc is not installed on this host and is needed to shape traffic; install iproute2 (Debian, Ubuntu)"
    )
}


def records(hosts=("web1",), scenarios=None, seed=1):
    """Records of a run: all scenarios on all hosts, one skipped and one refused on the first host."""
    found, begin = [], 1000.0
    for scenario in scenarios or catalogue():
        for number, host in enumerate(hosts):
            if number == 0 and scenario["id"] in SKIPPED:
                found.append(judge({"scenario": scenario, "skipped": SKIPPED[scenario["id"]]}, host))
            elif number == 0 and scenario["id"] == "memory-heavy":
                found.append(
                    judge(
                        {
                            "scenario": scenario,
                            "refused": (
                                "refused by the memory guard: 1 GiB of memory was requested, 900 MiB is available"
                            ),
                        },
                        host,
                    )
                )
            else:
                found.append(record(scenario, host, begin, seed))
        begin += _held(scenario) + 26.0
    return found


def report(hosts=("web1",), scenarios=None, seed=1, comparison=None, history=(), **run):
    """A whole report of such a run."""
    return model.build(dict(RUN, **run), records(hosts, scenarios, seed), comparison, history)
