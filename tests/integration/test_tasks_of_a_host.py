# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many workers a run forks for each of its hosts: what no host needs is skipped once, for all of them."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from support.http_server import Server, answer, say
from support.short import SHORT

HOSTS = ("web1", "web2", "web3")
MOST = 7  # of a host that is well, or closed
WATCH = """
import json, os
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "aggregate", "watch_workers"
    started = []

    def v2_runner_on_start(self, host, task):
        self.started.append([task.get_name(), host.get_name()])

    def v2_playbook_on_stats(self, stats):
        with open(os.environ["WATCH_OUT"], "w") as out:
            json.dump(self.started, out)
"""


@pytest.fixture(name="run")
def _run(ansible_playbook, chaos_state, tmp_path):
    """``run(hosts)``: the playbook chaos_light on these names with variables of their own, and
    ``{host: [task, ...]}`` of the tasks that had a worker for more than one host.
    """
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "watch_workers.py").write_text(WATCH)

    def run(hosts, **variables):
        of_all = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        }
        inventory = tmp_path / "hosts.json"
        inventory.write_text(json.dumps({"all": {"vars": of_all, "hosts": hosts}}))
        plays = [{"import_playbook": "magsasa.chaos.chaos_light"}]
        (tmp_path / "play.json").write_text(json.dumps(plays))
        values = dict(
            {
                "chaos_extra_scenarios": [SHORT],
                "chaos_scenarios": [SHORT["id"]],
                "chaos_baseline": "2s",
                "chaos_max_percent": 100,
            },
            **variables,
        )
        env = {
            "ANSIBLE_CALLBACK_PLUGINS": str(tmp_path / "plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "watch_workers,magsasa.chaos.slo_report",
            "WATCH_OUT": str(tmp_path / "started.json"),
        }
        done = ansible_playbook("-i", inventory, "-e", json.dumps(values), tmp_path / "play.json", env=env)
        started = json.loads((tmp_path / "started.json").read_text())
        often = Counter(task for task, _host in started)
        return done, {host: [task for task, at in started if at == host and often[task] > 1] for host in hosts}

    return run


def test_hosts_that_are_closed(run):
    """Each is refused with its own reason; the verdict is theirs."""
    done, tasks = run({name: {} for name in HOSTS}, chaos_target_url="http://127.0.0.1:9/")
    assert done.returncode == 2 and "chaos_allowed is not true for web2" in done.stdout, done.stdout + done.stderr
    assert max(map(len, tasks.values())) <= MOST, tasks


def test_one_that_is_well_among_closed_ones(run):
    """What one needs is done for it; the others skip it, each for itself."""
    hosts = dict({name: {} for name in HOSTS}, web1={"chaos_allowed": True})
    with Server(say(answer({"status": "healthy"}))) as server:
        done, tasks = run(hosts, chaos_target_url=server.url)
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr
    assert max(map(len, tasks.values())) <= MOST, tasks
