# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which candidate is taken, and why; or why none is. Pure. Private to magsasa.chaos.

Who names a service, a port or a URL gets that one or a refusal: never another one in its place.
"""

from __future__ import annotations

from collections import namedtuple

from .. import _redact
from .._errors import printable

# target: a candidates.Target; rating: a ranking.Rating; answer: what ask() returned; process: as processes.describe(),
# or None
Found = namedtuple("Found", "target rating answer process")
# best: the Found that is taken, or None; why: how it was chosen; refusal: why none is, None when one is
Choice = namedtuple("Choice", "best why refusal")
REMEDY = "name it with url (chaos_target_url, --target URL)"
MOST_SHOWN = 4


def choose(found, claims, service=None):
    """The Choice among ``found`` (best first). ``claims``: the candidates in the order of their claim, as
    candidates.choose() gives them.

    Where the user named ports, only those of the strongest source count; where the user named a service, only what says
    that it is that one does.
    """
    source = claims[0].source if claims and claims[0].named else None
    usable = [each for each in found if each.rating.step != "none"]
    named = [each for each in usable if source is None or each.target.candidate.source == source]
    meant = [each for each in named if not service or each.rating.wanted]
    if not meant:
        return Choice(None, "", _refusal(found, usable, named, claims, source, service))
    best = meant[0]
    why = _source(best, source, service)
    others = [each for each in meant[1:] if each.target.candidate.host is None]
    return Choice(best, why + (_before(best, others[0]) if others else ""), None)


def _source(best, source, service):
    """How the one that is taken was found."""
    candidate = best.target.candidate
    if candidate.host is not None or source is not None:
        how = "named by %s" % candidate.source
    else:
        how = "found on %s %d" % (candidate.source, candidate.port)
    return how + (", wanted as %s" % printable(service, 80) if service else "")


def _before(best, other):
    """Why it comes before the next one."""
    where = "port %d" % other.target.candidate.port
    if other.target.candidate.port == best.target.candidate.port:
        where = "address %s" % (other.answer.get("address") or other.target.addresses[0])
    mine, theirs = best.rating, other.rating
    if mine.step != theirs.step:
        return "; %s comes before %s (%s)" % (mine.step, theirs.step, where)
    if mine.score != theirs.score:
        return "; score %d comes before %d (%s)" % (mine.score, theirs.score, where)
    return "; %s has the same score of %d, and the order of the candidates decided" % (where, mine.score)


def _refusal(found, usable, named, claims, source, service):
    if service and named:
        return "no service here reports the name '%s'; found instead: %s; correct service (chaos_service), or %s" % (
            printable(service, 80),
            listed(named),
            REMEDY.replace("it", "another", 1),
        )
    if source is not None:
        asked = [each for each in found if each.target.candidate.source == source]
        what = ", ".join("%s (%s)" % (place(each), each.rating.reasons[-1]) for each in asked[:MOST_SHOWN])
        more = ", and %d more" % (len(asked) - MOST_SHOWN) if len(asked) > MOST_SHOWN else ""
        others = [each for each in usable if each.target.candidate.source != source]
        return "no service at %s%s, named by %s%s" % (what, more, source, instead(others))
    ports = sorted({each.port for each in claims})
    shown = ", ".join(map(str, ports[:12])) + (" and %d more" % (len(ports) - 12) if len(ports) > 12 else "")
    said = (
        "no service reports the name '%s'" % printable(service, 80) if service else "no service was found on this host"
    )
    return "%s (ports tried: %s); start it, or %s" % (said, shown, REMEDY)


def instead(others):
    """The end of a refusal: what is there, and how to choose it."""
    if not others:
        return "; start it, or correct that"
    return "; found instead: %s; to test that one, %s" % (listed(others), REMEDY)


def listed(found):
    """Several finds in a few words."""
    more = " and %d more" % (len(found) - MOST_SHOWN) if len(found) > MOST_SHOWN else ""
    return ", ".join(shown(each) for each in found[:MOST_SHOWN]) + more


def place(found):
    """Where a candidate is, in a few words."""
    candidate = found.target.candidate
    if candidate.host is None:
        return "port %d" % candidate.port
    return printable(
        "%s://%s:%d"
        % (candidate.scheme, "[%s]" % candidate.host if ":" in candidate.host else candidate.host, candidate.port),
        120,
    )


def shown(found):
    """One find in a few words: "http://127.0.0.1:5000 (shop 1.2, process python 812)"."""
    answer, process = found.answer, found.process
    words = [" ".join(filter(None, (answer.get("service"), answer.get("version"))))]
    words.append("process %s %d" % (process["name"], process["pid"]) if process else "")
    words = [each for each in words if each]
    return "%s%s" % (answer.get("url") or place(found), " (%s)" % ", ".join(words) if words else "")


def sentence(endpoint, step, why):
    """What is tested and why, in one line for people. ``endpoint``: as endpoint_info returns it."""
    words = [" ".join(filter(None, (endpoint.get("service"), endpoint.get("version")))), endpoint.get("framework")]
    process = endpoint.get("process")
    if process:
        words.append(
            "process %s %d" % (process["name"], process["pid"])
            + (", unit %s" % process["unit"] if process.get("unit") else "")
        )
    else:
        words.append("its process is unknown")
    return "%s (%s): %s; %s" % (
        _redact.url(endpoint["health_url"]),
        ", ".join(each for each in words if each),
        step,
        why,
    )
