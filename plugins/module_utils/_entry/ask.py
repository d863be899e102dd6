# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the conductor of an experiment asks a host: one JSON object in, one JSON line out. Private to magsasa.chaos.

``{"do": QUESTION, "options": {...}}``. The same code answers as the module host_contact and, much cheaper, as an entry
of the runtime archive
that is on the host while a run has its turn: no payload crosses the wire then, and nothing of Ansible is loaded.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time

from .. import _clock, _families, _quantity
from .._errors import BadOption, ChaosError, HostError, Refused
from .._life import earlier, keeper, runtime_archive, tidying, turn
from .._ledger import locks, private_files
from .._ledger.ledger import Ledger

UNDER_A_QUESTION = "the runtime archive of this host was taken away while it answered, because the run did not renew its turn in time\n"
MOST_INPUT = 1024 * 1024  # characters; a body that a probe sends may be long


def begin(options, check):
    """Take the turn of the host and start probes. ``turn``: a run or None; ``probes``: option dictionaries of the
    module probe, checked.

    ``detect``: arguments of the detection of a service (see _endpoint/detect.py), where that is wanted too; ``assess``:
    the options of that question, where what it asks does not depend on the service. The module reads
    ``families``: those of the questions to come.
    """
    answer = {"held": None, "probes": []}
    run = turn.parse(options.get("turn"))
    if run:
        ledger = Ledger()
        answer.update(holder=turn.holder(ledger.folders.run), machine=turn.place())
        mine = (answer["holder"] or {}).get("id") == run["id"]
        answer["earlier"] = ""
        try:
            answer["held"] = mine if check else turn.take(ledger, run)
            answer["earlier"] = earlier.cut_off(ledger, run["id"])
        except ChaosError as error:
            answer.update(error.details, failed=True, msg=str(error))  # what the host is like is told all the same
            options = {key: value for key, value in options.items() if key == "detect"}
    if options.get("detect") is not None:
        from .._endpoint import detect

        answer["detected"] = detect.detect(**options["detect"])
    if (options.get("assess") or {}).get("scenarios"):
        try:
            answer["able"] = assess(options["assess"], check)
        except Exception:  # asked again by itself, it tells what is wrong; the turn, which is taken, must be told
            pass
    for params in options.get("probes") or []:
        from .._probe import control  # only here: most first questions start none

        answer["probes"].append(control.start(control.parse(params), check)[1])
    return answer


def inject(options, check):
    """Inject the fault of a ``family``; ``params``: the options of its module, checked by its argument spec.

    ``not_after``: the reading ``{monotonic, boot_id}`` of this host's clock after which it must not go in any more.
    """
    from .._fault import request

    family = _family(options.get("family"))
    _in_time(options.get("not_after"))
    return request.carry_out(family, request.here(family, options["params"]), check)


def assess(options, _check):
    """Which scenarios this host can carry out, as preflight_info tells it. ``scenarios``: ``{id: {family, params,
    force}}``, checked by the argument specs.
    """
    from .._fault import assess as abilities, request

    found = {}
    for name, entry in options["scenarios"].items():
        family = _family(entry.get("family"))
        found[name] = abilities.assess(family.name, request.here(family, entry["params"]), bool(entry.get("force")))
    return {"scenarios": found, "host": abilities.host_facts()}


def look(options, check):
    """One look at fault and probe; see _fault/poll.py. ``also``: further probes, ended and collected together with
    the probe; ``release``: then the turn is given back, too, as nothing is left to be asked.
    """
    from .._fault import poll

    params = dict(options, renew=False, wait=None) if check else options
    answer = poll.take(poll.parse(params), keep=True)
    if answer["collected"] and options.get("also"):
        answer["also"] = _stop(options["also"], turn.parse(options.get("run")))
    over = answer["collected"] and (answer["fault"] or {}).get("state") == "reverted"
    if over and options.get("release"):
        answer["released"] = _release(turn.parse(options.get("run")), check)
    return answer


def finish(options, check):
    """Whatever happened before: end the fault ``fault`` (a name or None), end and collect ``probes``, give the turn
    back with ``release``.
    """
    from .._fault import absence

    run = turn.parse(options.get("run"))
    answer = {"fault": None, "left": None, "released": False}
    if options.get("fault"):
        try:
            answer["fault"] = absence.absent(_quantity.name(options["fault"]), check, run)["fault"]
        except ChaosError as error:  # what is left is in the record; the probe is ended all the same
            answer.update(fault=error.details.get("fault"), left=str(error))
    answer["probes"] = {} if check else _stop(options.get("probes") or [], run)
    if options.get("release"):
        answer["released"] = _release(run, check)
    return answer


def halt(options, check):
    """End the faults ``names`` early; ``by``: who halts."""
    from .._fault import ledger_queries

    return {"undone": ledger_queries.halt(list(options["names"]), check, str(options.get("by") or ""))}


def lend(options, check):
    """A question to the keeper of a fleet; see _life/keeper.py."""
    return keeper.ask(options, Ledger(), check)


QUESTIONS = {
    "begin": begin,
    "assess": assess,
    "inject": inject,
    "look": look,
    "finish": finish,
    "halt": halt,
    "lend": lend,
}


def _take_back(limit):
    """A run bounds its own memory against what hosts may say (plugin_utils/_memory_limit.py). On a host that is its
    controller we have that bound too, and a fault would have it from us. ``limit``: [bound in bytes, what it was
    before]; another bound than that one is the host's own.
    """
    if limit:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if soft == limit[0]:
            resource.setrlimit(resource.RLIMIT_DATA, (limit[1], hard))


def answer(asked, check=False):
    """The answer to one question (dict, with ``clock``); a question that came to nothing has ``failed`` and
    ``msg``, one sentence. Raises nothing.
    """
    name = asked.get("do")
    try:
        if name not in QUESTIONS or not isinstance(asked.get("options"), dict):
            raise BadOption("do", name, "is not a request", "use one of %s" % ", ".join(sorted(QUESTIONS)))
        _take_back(asked["options"].get("data_limit"))
        found = QUESTIONS[name](asked["options"], check)
    except ChaosError as error:
        found = dict(error.details, failed=True, msg=str(error))
    except OSError as error:
        found = {"failed": True, "msg": "operation failed on the host: %s" % error}
    except Exception as error:  # a defect of ours, or a question that is none: still one sentence
        found = {
            "failed": True,
            "msg": (
                "the request '%s' ended in an internal error (%s: %s); please report it"
                % (name, type(error).__name__, error)
            ),
        }
    return dict(found, clock=dict(_clock.now(), boot_id=_clock.boot_id()))


def forget(asked, told):
    """Take away the files of the probes whose samples have been handed over."""
    gone = list(told.get("also") or told.get("probes") or ()) if asked.get("do") in ("look", "finish") else []
    if asked.get("do") == "look" and told.get("collected"):
        gone.append(asked["options"]["name"])
    if gone:
        from .._probe import collect

        for name in gone:
            collect.forget(name)


def again():
    """argv that answers questions without a module, as long as a run has the turn of this host, a probe runs
    here, or leases are lent; None where nothing of that is so.
    """
    ledger = Ledger()
    run = ledger.folders.run
    if not _kept(ledger):
        return None
    private_files.prepare(run)  # a keeper may have no fault, probe or turn
    with locks.held(os.path.join(run, "lib.lock"), shared=True):  # tidying keeps out meanwhile
        archive = runtime_archive.install(run) if _kept(ledger) else None
    if archive is None:
        tidying.tidy(ledger)
        return None
    return runtime_archive.command(archive, "ask", "-")


def contact(asked, check=False):
    """The answer to the first question to a host, by a process that brought its code; ``again``: argv that answers
    the next ones. ``asked`` may name the ``families`` that these are about.
    """
    from .._fault import ledger_queries

    named = asked["options"].get("families")
    runtime_archive.COMPILED.update(
        here=True, families=[str(each) for each in named] if isinstance(named, list) else None
    )
    if not check:
        ledger_queries.sweep(Ledger())  # faults that nobody holds any more go at any contact
    told = answer(asked, check)
    forget(asked, told)
    try:
        told["again"] = None if check else again()
    except (ChaosError, OSError):  # a full disk: the next question brings its code, too
        told["again"] = None
    return told


def _kept(ledger):
    from .._probe import recorders as probes

    run = ledger.folders.run
    return (private_files.private(run) and bool(turn.holder(run) or probes.names(run))) or keeper.lends(ledger)


def _release(run, check):
    """Whether the turn was given back (False: there was none); None where something keeps it from that, which must
    not cost the samples.
    """
    try:
        return bool(run and not check and turn.release(Ledger(), run["id"]))
    except (ChaosError, OSError):
        return None


def _in_time(limit):
    """Refuse what comes too late for the lease at the keeper that it is for. Raises Refused."""
    if not limit:
        return
    late = time.monotonic() - limit["monotonic"]
    if limit["boot_id"] != _clock.boot_id():
        raise Refused("keeper", "this host was booted after its lease was taken", remedy="run the scenario again")
    if late > 0:
        raise Refused("keeper", "its lease had been taken %.0f s too early" % late, remedy="run the scenario again")


def _stop(names, run):
    """``{name: {samples, summary, died}}`` of probes that are ended now; their files stay until ``forget``."""
    from .._probe import collect

    return {name: collect.stop(name, keep=True, run=run)[1] for name in names}


def _family(name):
    if not isinstance(name, str) or not name.isalpha():
        raise BadOption("family", name, "is not a fault family", "use one that the collection has")
    try:
        return importlib.import_module("%s.%s" % (_families.__name__, name)).FAMILY
    except ImportError:
        from .._fault import assess as abilities

        if name in abilities.NAMES:
            raise HostError("the code of the family %s was not brought to this host" % name, not_brought=True)
        raise BadOption("family", name, "is not a fault family", "use one that the collection has")


def main(_argument, _ready):
    """Entry of the runtime archive: the question on stdin, the answer as one line on stdout."""
    asked = json.loads(sys.stdin.read(MOST_INPUT))
    told = answer(asked)
    if told.get("not_brought") or (told.get("failed") or told.get("left")) and runtime_archive.taken_away():
        sys.stderr.write(told["msg"] + "\n" if told.get("not_brought") else UNDER_A_QUESTION)
        return runtime_archive.AGAIN  # and no answer: who asked does so again by the module, which brings what it needs
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()  # only now: nothing that fails before may lose the samples
    forget(asked, told)
    return 0
