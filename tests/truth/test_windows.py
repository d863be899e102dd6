# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The truth bench: whole experiments over a service whose failures are known to the millisecond, judged against the
service's own log.

The kinds: probes that were never answered vanish, a 200 is believed whatever it says, a latency objective is met by
requests that nobody
answered. 40 windows by day, 1,000 with CHAOS_NIGHTLY=1; CHAOS_TRUTH_SEED and CHAOS_TRUTH_WINDOWS choose others. The
largest error of each
figure is printed. A window in which the machine itself was late by more than half a probe's period says nothing and is
counted as starved.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path

import pytest
from support.ports import free_ports
from support.residue import end_all, living
from support.surroundings import Starved

from . import experiment, script, truth

NIGHTLY = os.environ.get("CHAOS_NIGHTLY") == "1"
SEED = int(os.environ.get("CHAOS_TRUTH_SEED") or 20261129)
COUNT = int(os.environ.get("CHAOS_TRUTH_WINDOWS") or (1000 if NIGHTLY else 40))
EVERY_S = 0.6  # between the starts of two windows: about twenty are under way at once
LASTS_S = 12.0  # for so long the observer looks at a window
LEAD_S = 3.0
BATCH = 250  # windows of one run of service and observer
SERVICE = Path(__file__).with_name("service.py")


@pytest.fixture(name="certificate", scope="module")
def _certificate(tmp_path_factory):
    """A certificate and its key in one file, made for this run."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    argv = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    argv += ["-subj", "/CN=localhost", "-keyout", str(path), "-out", str(path) + ".crt"]
    subprocess.run(argv, check=True, capture_output=True, timeout=60)
    path.write_bytes(path.read_bytes() + Path(str(path) + ".crt").read_bytes())
    return str(path)


def in_a_process(window, port, folder, anchors):
    """Start the window's experiment; returns its pid. What it found, or its traceback, is in the folder afterwards."""
    folder.mkdir()
    pid = os.fork()
    if pid:
        return pid
    try:
        if os.geteuid() == 0:
            os.nice(-5)
        result = experiment.run(window, port, folder, anchors)
    except BaseException:
        result = traceback.format_exc()
    try:
        (folder / "result").write_bytes(pickle.dumps(result))
    finally:
        os._exit(0)


def batch(first, count, folder, certificate):
    """Yield (window, result, service's log, what the observer saw) of ``count`` windows that run side by side."""
    folder.mkdir()
    begin = time.monotonic() + LEAD_S
    windows = script.windows(SEED, count, begin, EVERY_S, first)
    anchors, *ports = free_ports(count + 1)
    spec = {"certificate": certificate, "anchors": anchors, "stop": str(folder / "stop"), "lasts": LASTS_S}
    spec["windows"] = [(asdict(window), port) for window, port in zip(windows, ports)]
    (folder / "spec").write_bytes(pickle.dumps(spec))
    helpers = [
        subprocess.Popen([sys.executable, str(SERVICE), what, str(folder / "spec"), str(folder / what)])
        for what in ("serve", "observe")
    ]
    try:
        waiting = []
        for window, port in zip(windows, ports):
            time.sleep(max(0.0, window.start - 0.5 - time.monotonic()))
            waiting.append(in_a_process(window, port, folder / str(window.number), anchors))
        for pid in waiting:
            os.waitpid(pid, 0)
        (folder / "stop").touch()
        for helper in helpers:
            assert helper.wait(60) == 0
    finally:
        for helper in helpers:
            helper.kill()
            helper.wait()
    service, observed = (pickle.loads((folder / what).read_bytes()) for what in ("serve", "observe"))
    for window in windows:
        window.segments = [script.Segment(**each) for each in service["segments"][window.number]]  # the real ones
    around = truth.excesses(windows, observed)
    for window in windows:
        yield (
            window,
            pickle.loads((folder / str(window.number) / "result").read_bytes()),
            service,
            observed[window.number],
            around,
        )


@pytest.mark.slow
def test_every_figure_is_within_its_bound_and_every_verdict_is_right(tmp_path, certificate, capsys):
    errors, faults, starved, verdicts = {}, [], [], {}
    began = time.monotonic()
    for first in range(0, COUNT, BATCH):
        folder = tmp_path / str(first)
        for window, result, service, observed, around in batch(first, min(BATCH, COUNT - first), folder, certificate):
            name = "window %d (%s, %s)" % (window.number, window.kind, window.place)
            if isinstance(result, str):
                faults.append("%s: %s" % (name, result))
                continue
            found, wrong, starving = truth.compare(window, result, service, observed, around)
            starved += ["%s: %s" % (name, starving)] if starving else []
            faults += ["%s: %s" % (name, each) for each in wrong]
            word = result["record"]["verdict"] if result["record"] else "refused"
            verdicts[word] = verdicts.get(word, 0) + 1
            for figure, error in found.items():
                errors.setdefault(figure, []).append((error, window.number))
            left = living(folder / str(window.number) / "state")
            end_all(left)
            faults += ["%s: left %s" % (name, left)] if left else []
    with capsys.disabled():
        print(
            "\n%d windows by seed %d in %.0f s: %s; %d starved"
            % (COUNT, SEED, time.monotonic() - began, json.dumps(verdicts), len(starved))
        )
        for figure, each in sorted(errors.items()):
            print(
                "%-18s largest error %8.3f (window %d), median %8.3f, of %d"
                % ((figure,) + max(each) + (sorted(each)[len(each) // 2][0], len(each)))
            )
        for each in starved[:20]:
            print("starved: " + each)
    assert not faults, "%d wrong:\n%s" % (len(faults), "\n".join(faults[:60]))
    if len(starved) > COUNT // 4:
        raise Starved("%d of %d windows were starved" % (len(starved), COUNT))
    # What was never compared is not right, and windows of one verdict show nothing about the others.
    compared = {figure: len(each) for figure, each in errors.items()}
    assert {figure for figure, number in compared.items() if number >= COUNT // 5} == set(truth.FIGURES), compared
    assert set(verdicts) >= {"passed", "failed", "refused"}
