# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A group that falls apart: who reaches whom, asked of every host about every other."""

from __future__ import annotations

import json
import os
import sys

import pytest
import yaml

from support import adhoc
from support.lab import clean_environment, lifecycle, remains, ssh

HOSTS = ("app1", "app2", "db1")


def reached(lab):
    """(host, other) of all hosts that get an answer from each other, as each of them finds."""
    found = set()
    for host in HOSTS:
        others = [other for other in HOSTS if other != host]
        asked = "; ".join(
            "ping -q -c 2 -i 0.2 -W 1 %s >/dev/null && echo %s" % (lab.address(lab.find(other)), other)
            for other in others
        )
        found |= {(host, other) for other in ssh(lab, host, asked + "; true").split()}
    return found


def both_ways(*pairs):
    return {(one, other) for pair in pairs for one, other in (pair, pair[::-1])}


def play(lab, tmp_path, root, topology, state):
    task = {
        "name": "split", "state": state, "action": "partition", "duration": "2m",
        "to": "{{ refused | map('extract', hostvars, 'ansible_host') }}",
    }  # fmt: skip
    refused = "{{ (%s | magsasa.chaos.partition_topology(%s))[inventory_hostname] }}" % (json.dumps(HOSTS), topology)
    tasks = [{"magsasa.chaos.network_fault": task, "vars": {"refused": refused}, "when": "refused | length > 0"}]
    path = tmp_path / "play.yml"
    path.write_text(yaml.safe_dump([{"hosts": ",".join(HOSTS), "gather_facts": False, "tasks": tasks}]))
    argv = [
        os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
        "-i",
        str(lifecycle.inventory_path(lab)),
        str(path),
    ]
    done = adhoc.run(argv, cwd=root, env=clean_environment(), timeout=120)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


@pytest.mark.parametrize(
    ("topology", "open_between"),
    [
        ("'isolate', one='db1'", both_ways(("app1", "app2"))),
        pytest.param("'bridge', one='app2'", both_ways(("app1", "app2"), ("app2", "db1")), marks=pytest.mark.nightly),
    ],
    ids=["isolate", "bridge"],
)
def test_who_reaches_whom(lab, tmp_path, root, topology, open_between):
    everybody = both_ways(("app1", "app2"), ("app1", "db1"), ("app2", "db1"))
    assert reached(lab) == everybody
    play(lab, tmp_path, root, topology, "present")
    assert reached(lab) == open_between
    play(lab, tmp_path, root, topology, "absent")
    assert reached(lab) == everybody
    assert [remains(lab, host) for host in HOSTS] == [[], [], []]
