# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One window's experiment from the baseline to the verdict, as the conductor carries it out, in a process of its
own.
"""

from __future__ import annotations

import os
import socket
import time

from ansible_collections.magsasa.chaos.plugins.module_utils._families.file import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import absence, engine, poll
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.outages import slow_limit_ms
from ansible_collections.magsasa.chaos.plugins.module_utils._check import spec
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import collect, control
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _experiment
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct.baseline import error_rate_pct

from . import script

NAME = "truth"
STEADY_PCT = 5.0
RECOVERY_S = 6.0
LEAST_BASELINE_S = 1.5  # where the machine takes long to start a probe


def tell(window, port, name, moment):
    """Tell the scripted services that an anchor of their script has come."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"%d %s %.6f" % (window.number, name.encode(), moment), ("127.0.0.1", port))


def run(window, port, folder, anchors):
    """``{record, summary, samples, fault, gate, looked}`` of a window; ``record`` is None where the baseline was
    not steady.
    """
    os.environ["MAGSASA_CHAOS_STATE"] = str(folder / "state")
    victim = folder / "victim"
    victim.write_text("a file that the fault appends to\n")
    time.sleep(max(0.0, window.start - time.monotonic()))
    control.start(control.parse(_probe(window, port)))
    until = max(window.start + script.BASELINE_S, time.monotonic() + LEAST_BASELINE_S)
    time.sleep(max(0.0, until - time.monotonic()))
    looked = time.monotonic()
    gate = control.look(NAME, script.BASELINE_S + 1.0)
    found = {"record": None, "fault": None, "gate": gate, "looked": looked, "slow_ms": None}
    if not gate["sent"] or error_rate_pct(gate) > STEADY_PCT:
        _changed, stopped = collect.stop(NAME)
        return dict(found, **stopped)
    tell(window, anchors, "call", time.monotonic())
    fault = engine.present(FAMILY, _envelope(), dict(FAMILY.parse(_options(victim)), force=False))["fault"]
    tell(window, anchors, "injected", fault["injected_at"]["monotonic"])
    slow_ms = slow_limit_ms(gate["p95_ms"])
    seen = _watch()
    if seen["fault"].get("state") != "reverted":  # as the role: whatever happened before, it is out now
        seen["fault"] = absence.absent(NAME)["fault"]
    scenario = {"id": "window-%d" % window.number, "family": "file", "objectives": window.objectives}
    record = _experiment.judge(
        {"scenario": scenario, "samples": seen["samples"], "probe": seen["summary"], "fault": seen["fault"]}, "here"
    )
    return dict(found, record=record, slow_ms=slow_ms, **{key: seen[key] for key in ("fault", "summary", "samples")})


def _probe(window, port):
    options = {name: option.get("default") for name, option in spec.OPTIONS.items()}
    options.update(
        name=NAME,
        rate=script.RATE,
        timeout="%gs" % script.TIMEOUT_S,
        max_duration="2m",
        max_in_flight=None,
        keepalive=False,
        lease=None,
    )
    options.update(url="http%s://127.0.0.1:%d/?who=probe" % ("s" if window.secure else "", port), validate_certs=False)
    return options


def _envelope():
    return {
        "name": NAME,
        "duration_s": script.HOLD_S,
        "max_duration_s": 900.0,
        "lease_s": None,
        "halt_on": None,
        "force": False,
    }


def _options(victim):
    options = {name: option.get("default") for name, option in FAMILY.options.items()}
    options.update(action="append", path=str(victim), size="4K")
    return options


def _watch():
    """Look until the service is well again after the fault, at most RECOVERY_S; then the samples are collected
    whatever it is.
    """
    time.sleep(script.HOLD_S - 0.5)
    until = time.monotonic() + 0.5 + RECOVERY_S
    wanted = {"name": NAME, "wait": "1.5s", "rate": script.RATE}
    while True:
        seen = poll.take(poll.parse(wanted))
        if seen["collected"]:
            return seen
        if time.monotonic() > until and not seen["active"]:
            return dict(seen, **collect.stop(NAME)[1])
