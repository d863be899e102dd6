# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP: requests to a port of this host are delayed, aborted or answered with a status. Private to magsasa.chaos."""

from __future__ import annotations

import os
import re
import socket

from .. import _cmd, _quantity, _wait
from .._errors import BadOption, HostError, MissingTool, NotHere, Refused, printable
from .._plan import plan, step, undo
from .._host import listeners, management_connections, processes
from .._host.packets import nft
from ._http import counts, judge, rules, worker

LEAST_SHARE = 0.001  # percent
LONGEST_DELAY = 300.0  # seconds
MOST = 20  # paths, methods
REACH = 2.0  # seconds for a connection of our own to reach the worker
HOME = {"0.0.0.0": ("127.0.0.1",), "::": ("::1", "127.0.0.1")}  # how to reach what listens on every address
_METHOD = re.compile(r"[A-Z][A-Z0-9-]{0,31}")
_PATH = re.compile(r"[/*][!-~]{0,255}")


class Http:
    """The http family."""

    name = "http"
    settle_s = 0.0
    traced = {"total": {"requests_per_s": "requests_matched", "hit_per_s": "requests_hit"}}
    options = {
        "action": {"type": "str", "choices": ["delay", "abort", "status"]},
        "port": {"type": "int"},
        "percent": {"type": "str", "default": "100%"},
        "path": {"type": "list", "elements": "str"},
        "method": {"type": "list", "elements": "str"},
        "delay": {"type": "str"},
        "status": {"type": "int"},
        "reset_existing": {"type": "bool", "default": False},
    }

    def parse(self, params):
        """Figures of the family's options."""
        action = params["action"] or next((each for each in ("status", "delay") if params[each] is not None), None)
        if not action:
            raise BadOption("action", "", "is missing", "use delay, abort or status")
        if params["port"] is None:
            raise BadOption("port", "", "is missing", "name the port of the service, such as 8000")
        if not 0 < params["port"] < 65536:
            raise BadOption("port", params["port"], "is not a port", "use a number from 1 to 65535")
        if action == "delay" and params["delay"] is None:
            raise BadOption("delay", "", "is missing", "give a time, such as 200ms")
        if action == "status" and params["status"] is None:
            raise BadOption("status", "", "is missing", "give the status of the answer, such as 503")
        if action != "status" and params["status"] is not None:
            raise BadOption(
                "status",
                params["status"],
                "has no effect with action=%s" % action,
                "leave it out, or use action=status",
            )
        if params["status"] is not None and not 200 <= params["status"] <= 599:
            raise BadOption(
                "status",
                params["status"],
                "is not the status of a whole answer",
                "use one from 200 to 599, such as 503",
            )
        delay = (
            0.0
            if params["delay"] is None
            else _quantity.duration(params["delay"], "delay", low=0.001, high=LONGEST_DELAY)
        )
        return {
            "action": action,
            "port": params["port"],
            "percent": _quantity.percent(params["percent"], "percent", low=LEAST_SHARE),
            "paths": _several(
                params,
                "path",
                _PATH,
                "is not a path",
                "begin with / or *, in ASCII and percent-encoded, such as /api/*",
            ),
            "methods": _several(params, "method", _METHOD, "is not a method", "write it as in a request, such as POST"),
            "delay_s": delay,
            "status": params["status"],
            "reset_existing": params["reset_existing"],
        }

    def claims(self, options):
        """What a fault of these options holds."""
        return ["http port %d" % options["port"]]

    def inspect(self, options):
        """Who listens on the port, how this host is managed, and what there is to do it with."""
        there, uid, port = _cmd.which("nft") is not None, os.geteuid(), options["port"]
        sample = rules.numbered(rules.plan(port), {4: 1, 6: 1})
        found = [each for each in listeners.listeners() if each.port == port]
        return {
            "nft": there,
            "ss": _cmd.which("ss") is not None,
            "uid": uid,
            "ipv6": worker.has_ipv6(),
            "obstacle": nft.objection(rules.text("magsasa_chaos_" + "0" * 12, sample)) if there and not uid else "",
            "addresses": sorted({each.address for each in found}),
            "servers": sorted({processes.comm(pid) or "" for each in found for pid in each.pids}),
            "control": sorted({number for _peer, number in management_connections.connections()}),
        }

    def plan(self, options, facts):
        """One worker, one table of our own that hands connections to it."""
        port = options["port"]
        if port in facts["control"] or any(
            each.startswith(management_connections.SERVERS) for each in facts["servers"]
        ):
            raise Refused("control connection", "port %d is used to manage this host" % port)
        if not facts["addresses"]:
            raise Refused(
                "port", "nothing listens on port %d of this host" % port, remedy="name the port of a running service"
            )
        if not facts["nft"]:
            raise MissingTool("nft", "pass connections to a worker")
        if options["reset_existing"] and not facts["ss"]:
            raise MissingTool("ss", "reset connections")
        if facts["uid"]:
            raise NotHere(
                "passing connections to a worker needs root, and this task does not run as root", "use become: true"
            )
        if facts["obstacle"]:
            raise NotHere(
                "connections cannot be passed to a worker (%s)" % facts["obstacle"],
                "needs CAP_NET_ADMIN and a kernel with nft_tproxy and nft_fib",
            )
        table, keys = "magsasa_chaos_$ID", ("action", "port", "percent", "paths", "methods", "delay_s", "status")
        args = dict(
            {key: options[key] for key in keys}, table=table, rules=rules.plan(port), addresses=facts["addresses"]
        )
        # Carried out from the last to the first: no new connections, then the worker ends what is under way.
        undone = [
            undo("workers.end", fault="$ID"),
            undo("workers.finish", fault="$ID", within_s=worker.PATIENCE + 0.5),
            undo("nft.remove_table", table=table),
        ]
        steps = [step("proxy", judge.describe(options), args, undone, tool="nft")]
        if options["reset_existing"]:
            steps.append(
                step("reset", "reset the existing connections of port %d" % port, {"port": port}, [], tool="ss")
            )
        return plan(
            "http",
            options["action"],
            "worker on loopback",
            judge.requested(options),
            steps,
            self.claims(options),
            judge.notes(options, facts["ipv6"]),
        )

    def do_proxy(self, ctx, args):
        """The worker first, then the table; then the proof that a connection to the service comes to the worker."""
        counted = ctx.memory["counts"] = counts.new()
        try:
            sockets = worker.listening()
        except OSError as error:
            raise HostError("a socket for the connections could not be created: %s" % error)
        ports = {version: each.getsockname()[1] for version, each in sockets.items()}
        ctx.spawn("chaos-http", worker.work, sockets, args, counted)
        for each in sockets.values():
            each.close()  # the worker's alone: when it dies nobody listens there, and connections go to the service
        ctx.memory["rules"] = rules.numbered(args["rules"], ports)
        nft.load(args["table"], rules.text(args["table"], ctx.memory["rules"]))
        wrong = rules.difference(ctx.memory["rules"], nft.read(args["table"]))
        if wrong:
            raise HostError("the rules are not as planned: %s" % wrong)
        ctx.memory["own"] = reach(args, counted)
        ctx.check_workers()

    def do_reset(self, ctx, args):
        """Clients that hold a connection come back by a new one, and so by the worker."""
        done = _cmd.run(
            ["ss", "-H", "-K", "-t", "-n", "state", "established", "( sport = :%d )" % args["port"]], check=False
        )
        if done.rc:
            raise HostError("connections could not be reset: %s" % printable(done.stderr.strip(), 200))
        ctx.memory["reset"] = len(done.stdout.splitlines())

    def measure(self, ctx):
        """Whether the table stands, and what the worker counted."""
        args = ctx.record["steps"][0]["args"]
        if not nft.there(args["table"]):
            return {"effect": "mismatch", "measured": {}, "note": "another process removed the table"}
        figures = ctx.memory["counts"].figures()
        figures["connections"] = max(0, figures["connections"] - ctx.memory["own"])
        wrong = rules.difference(ctx.memory["rules"], nft.read(args["table"]))
        found = judge.judge(args, figures, wrong)
        if "reset" in ctx.memory:
            found["measured"]["connections_reset"] = ctx.memory["reset"]
        return found


def _several(params, option, form, problem, remedy):
    given = params[option]
    if given is None:
        return []
    if not given:
        raise BadOption(option, "[]", "is an empty list", "name at least one, or leave it out for all")
    if len(given) > MOST:
        raise BadOption(option, "%d entries" % len(given), "are too many", "use at most %d" % MOST)
    for each in given:
        if not form.fullmatch(each):
            raise BadOption(option, each, problem, remedy)
    return sorted(set(given))


def reach(args, counted):
    """Connect to the service until one connection came to the worker; returns how many it took. Raises HostError."""
    problem = "no address to connect to"
    for number, address in enumerate(
        dict.fromkeys(home for each in args["addresses"] for home in HOME.get(each, (each,)))
    ):
        before = counted.figures()["connections"]
        try:
            with socket.create_connection((address, args["port"]), REACH):
                came = _wait.until(
                    lambda: counted.figures()["connections"] > before, REACH, 0.005
                )  # pylint: disable=cell-var-from-loop
        except OSError as error:
            problem = "%s cannot be reached: %s" % (address, error)
            continue
        if came:
            return number + 1
        problem = "a connection to %s stayed with the service" % address
    raise HostError("no connection of the fault's own to port %d reached the worker (%s)" % (args["port"], problem))


FAMILY = Http()
