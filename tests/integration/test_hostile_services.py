# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that wants to harm whoever asks it: an answer in time, within the memory that a good one takes, in one
sentence that no terminal obeys.
"""

from __future__ import annotations

import contextlib
import os

import pytest

from support.faults import wait_for
from support.hostile_services import BEHAVIOURS, BY_DAY, WELL
from support.http_server import Server, answer, say
from support.measured import Interpreter
from support.modules import run_module
from support.residue import living

MORE_MIB = (
    24.0  # than for a service that behaves; the smallest of what is sent without end comes to more within a second
)
NIGHTLY = os.environ.get("CHAOS_NIGHTLY") == "1"
GRACE_S = 20.0  # for a busy machine, beyond the limit that was asked for; without one it takes minutes or years
KINDS = [pytest.param(name, marks=() if name in BY_DAY else pytest.mark.nightly, id=name) for name in BEHAVIOURS]


@pytest.fixture(scope="module", name="measured")
def _measured(tmp_path_factory):
    """The interpreter that measures, and what a service that behaves costs (MiB)."""
    folder = tmp_path_factory.mktemp("measured")
    made = Interpreter(folder)
    with Server(say(answer(WELL.encode()))) as server:
        assert ask("health_check", {"url": server.url}, folder / "state", made)["healthy"]
    return made, made.peaks()[-1]


def ask(module, options, state, made):
    return run_module(module, options, state, extra=("-e", "ansible_python_interpreter=" + made.path))


def texts(value):
    """Every text of a result, keys included."""
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


def harmless(result):
    assert all(text.isprintable() and len(text) < 2000 for text in texts(result)), [
        text for text in texts(result) if not text.isprintable()
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_health_check_ends(measured, chaos_state, kind):
    made, usual = measured
    options = {
        "timeout": "1s",
        "check_timeout": "1s",
        "follow_redirects": True,
        "json": {"status": "ok"},
        "matches": "ok",
    }
    with Server(BEHAVIOURS[kind]) as server:
        result = ask("health_check", dict(options, url=server.url), chaos_state, made)
    assert result["failed"] and result["healthy"] is False and result["error"], result
    assert result["elapsed_s"] < 1.0 + GRACE_S and "\n" not in result["msg"]
    harmless(result)
    assert made.peaks()[-1] < usual + MORE_MIB


def test_a_port_detection_ends(measured, chaos_state):
    """All of them at once, and the one that behaves is found among them."""
    made, usual = measured
    with contextlib.ExitStack() as stack:
        servers = {kind: stack.enter_context(Server(behave)) for kind, behave in BEHAVIOURS.items()}
        good = stack.enter_context(Server(say(answer(WELL.encode()))))
        options = {
            "ports": [server.port for server in servers.values()] + [good.port],
            "service": "shop",
            "timeout": "4s",
        }
        result = ask("endpoint_info", options, chaos_state, made)
    assert not result.get("failed") and result["elapsed_s"] < 4.0 + GRACE_S
    assert result["endpoint"]["port"] == good.port and len(result["candidates"]) == len(servers) + 1
    harmless(result)
    assert made.peaks()[-1] < usual + 2 * MORE_MIB  # some fifty of them side by side, 64 KiB of each


def test_no_redirect_leads_away(measured, chaos_state):
    """Neither to another host nor to another port of the same, and no secret goes there."""
    made, _usual = measured
    with contextlib.ExitStack() as stack:
        other, neighbour = stack.enter_context(Server(host="127.0.0.2")), stack.enter_context(Server())
        aways = (other.url, neighbour.url, other.url.replace("http:", ""), "https://127.0.0.2:%d/" % other.port)
        servers = [stack.enter_context(Server(say(answer(status=307, headers=[("Location", away)])))) for away in aways]
        for server in servers[: None if NIGHTLY else 1]:
            options = {
                "url": server.url.replace("://", "://me:hunter2@"),
                "follow_redirects": True,
                "timeout": "2s",
                "check_timeout": "1s",
            }
            result = ask("health_check", options, chaos_state, made)
            assert "hunter2" not in str(result) and b"Authorization" in server.requests[0][1]
            assert bool(result.get("failed")) == (server is not servers[1])
        assert other.connections == 0 and not any(b"Authorization" in request for _at, request in neighbour.requests)
        neighbour.requests.clear()
        found = ask("endpoint_info", {"ports": [server.port for server in servers], "timeout": "2s"}, chaos_state, made)
        assert found["step"] != "identified" and not any(each["healthy"] for each in found["candidates"])
        assert other.connections == 0 and neighbour.requests == [] and all(server.requests for server in servers)


PROBED = ("an endless body", "a gzip bomb", "a body byte by byte", "deep objects")
MORE_PROBED = (
    "endless chunks",
    "escapes in the head",
    "nothing but zeros",
    "a flood of headers",
    "deep lists",
    "a huge number",
    "interim answers for ever",
)


@pytest.mark.parametrize(
    "kinds", [PROBED, pytest.param(MORE_PROBED, marks=pytest.mark.nightly)], ids=["some", "others"]
)
def test_a_recorder_stays_within_its_bounds(chaos_state, kinds):
    """One recorder for each, all of them at once: each answers, keeps to its rate and does not grow."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Server(say(answer(WELL.encode()))))] + [
            stack.enter_context(Server(BEHAVIOURS[kind])) for kind in kinds
        ]
        for number, server in enumerate(servers):
            options = {
                "name": "p%d" % number,
                "url": server.url,
                "rate": 2,
                "timeout": "500ms",
                "max_duration": "60s",
                "json": {"status": "ok"},
            }
            assert not run_module("probe", options, chaos_state).get("failed")
        assert wait_for(
            lambda: all(len(server.requests) >= 6 or server.connections >= 6 for server in servers)
        )  # four of them are over
        sizes = {pid: peak(pid) for pid in living(chaos_state)}
        results = [
            run_module("probe", {"name": "p%d" % number, "state": "stopped"}, chaos_state)
            for number in range(len(servers))
        ]
    for kind, result in zip(("well",) + kinds, results):
        summary = result["summary"]
        assert not result["died"] and summary["sent"] >= 4 and (summary["failed"] == 0) == (kind == "well"), (
            kind,
            summary,
        )
        del result["samples"]
        harmless(result)
    assert len(sizes) == len(servers) and max(sizes.values()) < min(sizes.values()) + MORE_MIB, sizes


def peak(pid):
    """MiB of the largest resident size so far."""
    with open("/proc/%d/status" % pid, encoding="utf-8") as source:
        return next(int(line.split()[1]) / 1024 for line in source if line.startswith("VmHWM"))


BACKTRACKS = {"matches": "(a+)+$"}  # on forty letters and something else: 2 ** 40 ways
LETTERS = answer(b"a" * 40 + b"!")


def test_a_pattern_that_would_take_years_is_given_up(chaos_state):
    with Server(say(LETTERS)) as server:
        result = run_module("health_check", dict(BACKTRACKS, url=server.url, check_timeout="1s"), chaos_state)
    assert result["failed"] and "the pattern took more than 2 s on the answer" in result["msg"], result
    assert result["error"] == "assertion" and result["elapsed_s"] < 2.0 + GRACE_S


@pytest.mark.nightly
def test_a_recorder_whose_pattern_would_take_years_ends_and_its_samples_stay(chaos_state):
    with Server(say(answer(b"aaaa"))) as server:
        assert not run_module("probe", dict(BACKTRACKS, name="years", url=server.url, rate=20), chaos_state).get(
            "failed"
        )
        assert wait_for(lambda: len(server.requests) >= 15)
        server.behave = say(LETTERS)
        assert wait_for(lambda: not living(chaos_state), 60), "it searches for ever"
        result = run_module("probe", {"name": "years", "state": "stopped"}, chaos_state)
    assert result["died"] and result["summary"]["sent"] >= 10 and result["summary"]["failed"] == 0, result
