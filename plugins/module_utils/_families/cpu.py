# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU load. Private to magsasa.chaos.

``of: host`` tops the host up: whatever else runs counts, and the load of the chosen cores is held at what was asked.
``of: added`` puts the asked share on top: our own CPU time is held at it, also beside busy processes (as root, by a
better
nice value when the fair share is too small).

One worker a core burns in short periods against its own CPU-time clock, so a worker that was preempted makes up for it.
The
supervisor steers the share from /proc/stat (proc(5)); it follows the sum since the start, so that the mean is exact
though
/proc/stat counts in ticks of 10 ms.
"""

from __future__ import annotations

import mmap
import os
import random
import struct
import time

from .. import _quantity
from .._errors import BadOption
from .._plan import plan, step, undo
from .._host import cpu_quota
from .._life import fault_unit

PERIOD = 0.02  # seconds of one burn-and-rest cycle; varied, so that it never walks in step with the kernel's tick
TOLERANCE = 3.0  # points between asked and measured that still count as confirmed
CATCH_UP = 0.1  # most CPU seconds that a preempted worker makes up for
HORIZON = 1.0  # seconds over which the supervisor corrects a deviation
# Share of a CPU quota that was burnt from which on the quota is what kept the load down. The kernel hands it to each
# processor in slices of 5 ms, and what one does not use is lost: measured 0.72 to 0.92 on two processors.
USED_UP = 0.6
NICE_STEP = 5
NICE_BEST = -15


def read_stat(cores):
    """{core: (busy ticks, all ticks)} of /proc/stat; idle and iowait are not busy, guest time is part of user time."""
    found = {}
    with open("/proc/stat") as source:
        for line in source:
            if not line.startswith("cpu") or line[3] == " ":
                continue
            label, *numbers = line.split()
            core = int(label[3:])
            if core in cores:
                ticks = [int(number) for number in numbers[:8]]
                found[core] = (sum(ticks) - ticks[3] - ticks[4], sum(ticks))
    return found


def busy_pct(before, after):
    """Mean busy percentage over the cores between two readings; None when no tick passed."""
    total = sum(after[core][1] - before[core][1] for core in before)
    return 100.0 * sum(after[core][0] - before[core][0] for core in before) / total if total > 0 else None


class Shared:
    """Two doubles a worker, seen by supervisor and workers: the share to burn (0..1) and the CPU seconds burnt."""

    def __init__(self, count):
        self._memory = mmap.mmap(-1, max(count * 16, mmap.PAGESIZE))

    def set_share(self, index, value):
        struct.pack_into("d", self._memory, index * 16, value)

    def share(self, index):
        return struct.unpack_from("d", self._memory, index * 16)[0]

    def set_burnt(self, index, value):
        struct.pack_into("d", self._memory, index * 16 + 8, value)

    def burnt(self, index):
        return struct.unpack_from("d", self._memory, index * 16 + 8)[0]


def burn(shared, index, core):
    """A worker: hold its own CPU time at its share of the time that passes."""
    try:
        os.sched_setaffinity(0, {core})
    except OSError:
        pass  # the core was taken from us; any other serves
    owed = 0.0
    last = time.monotonic()
    first = time.process_time()
    while True:
        period = PERIOD * random.uniform(0.7, 1.3)
        now = time.monotonic()
        owed = min(owed + (now - last) * shared.share(index), CATCH_UP)
        last = now
        began = time.process_time()
        quota = owed + period * shared.share(index) / 2
        while time.process_time() - began < quota:
            for _turn in range(200):
                pass
            if time.monotonic() - now > period * 4:
                break  # preempted: look at the share again
        spent = time.process_time()
        owed -= spent - began
        shared.set_burnt(index, spent - first)
        rest = now + period - time.monotonic()
        if rest > 0 and shared.share(index) < 0.999:
            time.sleep(rest)


class Cpu:
    """The CPU family."""

    name = "cpu"
    settle_s = 0.6
    steer_every_s = 0.1
    options = {
        "load": {"type": "str"},
        "cores": {"type": "int"},
        "core_ids": {"type": "list", "elements": "int"},
        "per_core": {"type": "bool", "default": False},
        "of": {"type": "str", "choices": ["host", "added"], "default": "host"},
        "ramp": {"type": "str", "default": "0s"},
    }

    def parse(self, params):
        """Figures of the family's options."""
        if params["load"] is None:
            raise BadOption("load", "", "is missing", "give the load of the cores, such as 50%")
        if params["cores"] is not None and params["cores"] < 1:
            raise BadOption(
                "cores", params["cores"], "is not a number of cores", "use 1 or more, or leave it out for all"
            )
        ids = params["core_ids"]
        if ids is not None:
            if params["cores"] is not None:
                raise BadOption("cores", params["cores"], "is given together with core_ids", "give one of them")
            if not ids or min(ids) < 0 or len(set(ids)) < len(ids):
                raise BadOption("core_ids", ids, "is not a list of different cores", "count from 0, such as [0, 2]")
        return {
            "load_pct": _quantity.percent(params["load"], "load", low=1.0),
            "cores": params["cores"],
            "core_ids": ids,
            "per_core": params["per_core"],
            "of": params["of"],
            "ramp_s": _quantity.duration(params["ramp"], "ramp"),
        }

    def inspect(self, options):
        """Cores that this process may use."""
        quota = cpu_quota.of_units() if fault_unit.possible() else cpu_quota.of_process()
        return {"cores": sorted(os.sched_getaffinity(0)), "root": os.geteuid() == 0, "quota": quota}

    def plan(self, options, facts):
        """One worker a core; all of it ends with the workers."""
        count = options["cores"] or len(facts["cores"])
        if count > len(facts["cores"]):
            raise BadOption(
                "cores",
                count,
                "is more than the %d cores of this host" % len(facts["cores"]),
                "use %d or fewer" % len(facts["cores"]),
            )
        cores = facts["cores"][:count]
        if options["core_ids"] is not None:
            strange = [core for core in options["core_ids"] if core not in facts["cores"]]
            if strange:
                has = ", ".join(str(core) for core in facts["cores"][:64])
                raise BadOption(
                    "core_ids", strange[0], "is not a core that this process may use", "use one or more of %s" % has
                )
            cores = sorted(options["core_ids"])
            count = len(cores)
        notes = []
        if options["of"] == "added" and not facts["root"]:
            notes.append(
                "without root the load cannot be forced beside busy processes; it is limited to the kernel's fair share"
            )
        quota = facts.get("quota")
        if quota and options["load_pct"] * count > 100.0 * quota["cores"]:
            notes.append(
                "a CPU quota limits this fault to %s: it cannot reach %g %%"
                % (cpu_quota.describe(quota, count), options["load_pct"])
            )
        return plan(
            "cpu",
            "load",
            "own workers, closed loop",
            dict(
                {"load_pct": options["load_pct"], "cores": count, "of": options["of"]},
                **({"core_ids": cores} if options["core_ids"] else {}),
            ),
            [
                step(
                    "workers",
                    "keep %d core(s) %g %% busy%s (%s)"
                    % (
                        count,
                        options["load_pct"],
                        " each" if options["per_core"] else "",
                        "the whole host counts" if options["of"] == "host" else "only this fault counts",
                    ),
                    {
                        "cores": cores,
                        "per_core": options["per_core"],
                        "load": options["load_pct"] / 100.0,
                        "of": options["of"],
                        "ramp_s": options["ramp_s"],
                    },
                    [undo("workers.end", fault="$ID")],
                )
            ],
            ["cpu"],
            notes,
        )

    def do_workers(self, ctx, args):
        """Start the workers at the full share at once: the first correction comes 0.1 s later."""
        cores = args["cores"]
        shared = Shared(len(cores))
        began = 0.0 if args["ramp_s"] else args["load"]
        for index in range(len(cores)):
            shared.set_share(index, began)
        ctx.memory.update(
            shared=shared,
            args=args,
            cores=cores,
            first=read_stat(set(cores)),
            since=time.monotonic(),
            nice=0,
            last=None,
            since_nice=0.0,
        )
        together = [list(range(len(cores)))] if not args["per_core"] else [[index] for index in range(len(cores))]
        ctx.memory["groups"] = [{"workers": workers, "integral": 0.0, "others": None} for workers in together]
        for index, core in enumerate(cores):
            ctx.spawn("chaos-cpu", burn, shared, index, core)
        ctx.memory["last"] = (ctx.memory["since"], ctx.memory["first"], [0.0] * len(cores))

    def _wanted(self, ctx, now):
        args = ctx.memory["args"]
        ramp = args["ramp_s"]
        return args["load"] * min(1.0, (now - ctx.memory["since"]) / ramp) if ramp else args["load"]

    def _own(self, ctx):
        """CPU seconds that each of our workers burnt."""
        return [ctx.memory["shared"].burnt(index) for index in range(len(ctx.memory["cores"]))]

    def steer(self, ctx):
        """Correct the workers' share from what the host and they themselves did since the last look."""
        memory = ctx.memory
        now = time.monotonic()
        then, before, own_before = memory["last"]
        passed = now - then
        if passed < 0.09:
            return
        after, own = read_stat(set(memory["cores"])), self._own(ctx)
        wanted = self._wanted(ctx, now)
        loads = [
            busy_pct({memory["cores"][index]: before[memory["cores"][index]] for index in group["workers"]}, after)
            for group in memory["groups"]
        ]
        if memory["args"]["of"] == "host" and None in loads:
            return  # no tick passed
        for group, busy in zip(memory["groups"], loads):
            own_share = sum(own[index] - own_before[index] for index in group["workers"]) / (
                passed * len(group["workers"])
            )
            if memory["args"]["of"] == "host":
                share = self._top_up(group, wanted, busy / 100.0, own_share, passed)
            else:
                group["integral"] = max(-0.5, min(0.5, group["integral"] + (wanted - own_share) * passed))
                share = wanted + group["integral"] / HORIZON
                self._insist(ctx, own_share, wanted, now)
            for index in group["workers"]:
                memory["shared"].set_share(index, max(0.0, min(1.0, share)))
        memory["last"] = (now, after, own)

    @staticmethod
    def _top_up(group, wanted, busy, own_share, passed):
        """The share of our own that brings a group of cores to what is wanted of all."""
        others = max(0.0, busy - own_share)
        group["others"] = others if group["others"] is None else group["others"] + 0.3 * (others - group["others"])
        group["integral"] = max(-0.5, min(0.5, group["integral"] + (wanted - busy) * passed))
        return wanted - group["others"] + group["integral"] / HORIZON

    def _insist(self, ctx, own_share, wanted, now):
        """As root, take a better nice value while others keep us from our share."""
        memory = ctx.memory
        if os.geteuid() or own_share > wanted - 0.02 or memory["nice"] <= NICE_BEST or now - memory["since_nice"] < 0.3:
            return
        memory["nice"] -= NICE_STEP
        memory["since_nice"] = now
        for pid in ctx.workers:
            try:
                os.setpriority(os.PRIO_PROCESS, pid, memory["nice"])
            except OSError:
                pass
        # where the kernel groups tasks by session, a nice value counts inside the group only: ours is that of our
        # session (sched(7))
        try:
            with open("/proc/self/autogroup", "w") as target:
                target.write(str(memory["nice"]))
        except OSError:
            pass

    def measure(self, ctx):
        """Mean load since injection (after the ramp), from /proc/stat or from our own CPU time."""
        memory = ctx.memory
        now = time.monotonic()
        ramp = memory["args"]["ramp_s"]
        if ramp:
            if now - memory["since"] < ramp:
                return {"effect": "inconclusive", "measured": {}, "note": "still ramping up"}
            if "ramped" not in memory:
                memory["ramped"] = True
                memory.update(first=read_stat(set(memory["cores"])), since_full=now, own_full=sum(self._own(ctx)))
                return None
        since = memory.get("since_full", memory["since"])
        passed = now - since
        now_read = read_stat(set(memory["cores"]))
        busy = busy_pct(memory["first"], now_read)
        own = (
            100.0 * (sum(self._own(ctx)) - memory.get("own_full", 0.0)) / (passed * len(memory["cores"]))
            if passed > 0
            else 0.0
        )
        if busy is None:
            return {"effect": "inconclusive", "measured": {}}
        shown = {"host_load_pct": round(busy, 1), "own_load_pct": round(own, 1), "over_s": round(passed, 1)}
        asked = 100.0 * memory["args"]["load"]
        blur = TOLERANCE + 100.0 / (passed * os.sysconf("SC_CLK_TCK") * len(memory["cores"]))
        figures = [busy if memory["args"]["of"] == "host" else own]
        if memory["args"]["per_core"]:
            each = {core: busy_pct({core: memory["first"][core]}, now_read) for core in memory["cores"]}
            shown["core_load_pct"] = {str(core): round(load, 1) for core, load in each.items() if load is not None}
            if memory["args"]["of"] == "host":
                blur = TOLERANCE + 100.0 / (passed * os.sysconf("SC_CLK_TCK"))
                figures += [load for load in each.values() if load is not None]
        effect = "confirmed" if all(abs(figure - asked) <= blur for figure in figures) else "mismatch"
        found = {"effect": effect, "measured": shown, "note": ""}
        if effect == "mismatch" and memory["args"]["of"] == "host" and own < 1.0:
            found["note"] = "other processes alone keep the cores busier than requested"
        elif effect == "mismatch":
            quota = cpu_quota.of_process(next(iter(ctx.workers), "self"))  # a worker's: our own bounds are tighter
            count = len(memory["cores"])
            if quota and asked * count > 100.0 * quota["cores"] and own * count >= USED_UP * 100.0 * quota["cores"]:
                found["note"] = "a CPU quota limits this fault to %s" % cpu_quota.describe(quota, count)
        return found

    def trace(self, ctx):
        """Busy percent of the cores, added up over the seconds since the start: of the host, and of it our own."""
        memory = ctx.memory
        start = memory.setdefault("traced", (time.monotonic(), read_stat(set(memory["cores"])), sum(self._own(ctx))))
        busy = busy_pct(start[1], read_stat(set(memory["cores"])))
        own = 100.0 * (sum(self._own(ctx)) - start[2]) / len(memory["cores"])
        passed = time.monotonic() - start[0]
        return {"total": {"host_load_pct": (busy or 0.0) * passed, "own_load_pct": own}}


FAMILY = Cpu()
