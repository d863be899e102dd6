# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker of HTTP faults on each supported Python: asyncio differs between them."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from support import interpreters
from support.modules import ROOT

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
ASK = """
import http.client, json, time
from support.http_worker import answers, running
said = []
for options in ({}, {"action": "delay", "status": None, "delay_s": 0.2}, {"action": "abort", "status": None}):
    with running(answers, **options) as (address, proxy, service):
        client = http.client.HTTPConnection(*address, timeout=10)
        for path in ("/a", "/b", "/hit"):
            began = time.monotonic()
            try:
                client.request("POST", path, b"x" * 300000)
                answer = client.getresponse()
                said.append([answer.status, len(answer.read()), time.monotonic() - began >= 0.2])
            except ConnectionError:
                said.append(["broken", 0, False])
        client.close()
print(json.dumps(said))
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_hit_and_what_passes(version):
    reason = interpreters.absent(version)
    if reason:
        pytest.skip(reason)
    paths = os.pathsep.join([str(ROOT / ".collections"), str(ROOT / "tests")])
    values = dict(os.environ, PYTHONPATH=paths)
    done = subprocess.run(
        [interpreters.find(version), "-c", ASK], env=values, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    passed = [[200, 14, False]] * 2
    assert json.loads(done.stdout) == passed + [[503, 52, False]] + passed + [[200, 16, True]] + passed + [
        ["broken", 0, False]
    ]
