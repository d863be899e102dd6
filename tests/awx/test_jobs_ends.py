# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""However a job ends, its artifact says what it came to; and every form in which AWX starts a job gives a run."""

from __future__ import annotations

import json
import os
import signal

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _variables

from support.http_server import Server, answer, say
from support.residue import living
from support.runner import run_job, start_job
from support.short import SHORT
from support.waiting import wait_for

PLAYBOOK = "playbooks/chaos_light.yml"
LOCAL = {"ansible_connection": "local", "chaos_allowed": True}
DEAD = {"ansible_host": "127.0.0.1", "ansible_port": 9, "chaos_allowed": True}
NOTHING = "nothing was tested: "


def given(tmp_path, **more):
    values = {
        "chaos_extra_scenarios": [SHORT],
        "chaos_scenarios": "memory-short",
        "chaos_baseline": "1s",
        "chaos_recovery_timeout": "15s",
        "chaos_sample_app": "false",
        "chaos_report_dir": str(tmp_path / "reports"),
    }
    return dict(values, **more)


@pytest.fixture(name="service")
def _service():
    with Server(say(answer({"status": "healthy"}))) as server:
        yield server


@pytest.fixture(name="job")
def _job(updated, chaos_state, tmp_path):
    def run(more, hosts=None, options=(), **form):
        folder = tmp_path / "private"
        folder.mkdir()
        done = run_job(updated, folder, PLAYBOOK, chaos_state, given(tmp_path, **more), hosts, options, **form)
        assert "errantly" not in done.stdout, "a worker wrote to its standard output"
        return done

    yield run
    assert living(chaos_state) == {}


NIGHTLY = pytest.mark.nightly
ENDS = [  # extra variables, hosts, options, exit code, sentence of the artifact
    pytest.param({"chaos_max_precent": "10"}, {"one": LOCAL}, (), 2, NOTHING + "chaos_max_precent is not", id="setting"),
    pytest.param(
        {"chaos_hosts": "two"}, {"one": LOCAL, "two": LOCAL}, ("--limit", "one"), 2,
        NOTHING + "no host is left of the pattern 'two' within the limit 'one'", id="limit",
    ),
    pytest.param({}, {"one": DEAD, "two": DEAD}, (), 4, "0 passed, 0 failed, 2 refused", id="unreachable"),
    pytest.param({"chaos_hosts": "two"}, {"one": LOCAL}, (), 2, NOTHING + "no host is left", id="pattern", marks=NIGHTLY),
    pytest.param(
        {"chaos_ports": [9]}, {"one": LOCAL}, ("--tags", "nothing"), 2, "0 passed, 0 failed, 1 refused", id="no service",
        marks=NIGHTLY,
    ),
]  # fmt: skip


@pytest.mark.parametrize("more, hosts, options, code, sentence", ENDS)
def test_the_artifact_says_why_nothing_was_tested(job, more, hosts, options, code, sentence):
    done = job(more, {name: dict(values) for name, values in hosts.items()}, options)
    assert (done.status, done.rc) == ("failed", code), done.stdout[-3000:]
    found = done.artifacts["chaos"]
    assert (found["verdict"], found["intensity"]) == ("unknown", "light") and found["run"], found
    assert found["sentence"].startswith(sentence), found["sentence"]
    assert "Traceback" not in done.stdout
    if code == 4:
        assert found["unreachable"] == sorted(hosts)
        assert all(each["reason"].startswith(each["host"] + " was not reached: ") for each in found["scenarios"])
        assert "gone with the container of the job" in found["report"]["says"]


def test_tags_that_leave_nothing_are_refused(job):
    done = job({}, {"one": dict(LOCAL)}, ("--skip-tags", "always"))
    assert done.status == "failed" and "--skip-tags must not leave out a part of a run" in done.stdout


def test_every_form_of_a_job_at_once(job, service, tmp_path):
    """A check job with a limit, tags, verbosity, a fact cache and a constructed inventory; every text of the survey is
    unanswered; and the artifact of the job before comes as a variable, as in a workflow.
    """
    unanswered = {
        each.name: "" for each in _variables.SETTINGS if each.name not in ("chaos_allowed", "chaos_report_dir")
    }
    names = {"job_id": 42, "job_template_name": "Weekly chaos", "user_name": "alice", "inventory_name": "all of it"}
    told = {head + key: value for head in ("awx_", "tower_") for key, value in names.items()}
    before = {"verdict": "passed", "sentence": "18 passed", "scenarios": [], "run": "another"}
    remote = {"remote_tower_enabled": "true", "remote_tower_id": 7}
    hosts = {name: dict(LOCAL, **remote) for name in ("one", "two", "three")}
    hosts["two"]["chaos_target_url"] = service.url
    more = dict(unanswered, chaos_extra_scenarios=[SHORT], chaos_scenarios="memory-short", chaos=before, **told)
    more["chaos_target_url"] = service.url
    cache = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "facts")}
    groups = {"app": list(hosts), "constructed_of_app": ["one", "two"], "empty": []}
    options = ("--check", "--tags", "unknown", "--limit", "two:constructed_of_app:&two", "-vv")
    done = job(more, hosts, options, groups=groups, env=dict(cache, ANSIBLE_GATHERING="implicit"))
    assert (done.status, done.rc, done.hosts) == ("successful", 0, {"two"}), done.stdout[-3000:]
    found = done.artifacts["chaos"]
    assert (found["verdict"], found["planned"]) == ("unknown", 1) and found["run"] != "another", found
    assert [(each["host"], each["status"]) for each in found["scenarios"]] == [("two", "planned")]
    report = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())
    assert report["run"]["where"] == "AWX job 42 of template Weekly chaos, by alice" and report["run"]["dry_run"]
    cached = [path.read_text() for path in (tmp_path / "facts").glob("*")] if (tmp_path / "facts").exists() else []
    assert not [text for text in cached if "chaos_" in text], "nothing of a run is kept for the next"


@NIGHTLY
@pytest.mark.parametrize("verbosity", range(5))
def test_every_verbosity(job, service, verbosity):
    options = ("-" + "v" * verbosity,) if verbosity else ()
    done = job({"chaos_target_url": service.url}, {"one": dict(LOCAL)}, options)
    assert (done.status, done.artifacts["chaos"]["verdict"]) == ("successful", "passed"), done.stdout[-3000:]


@NIGHTLY
@pytest.mark.parametrize("where, verdict", [("pre_tasks", None), ("tasks", "passed")])
def test_an_error_of_a_task_around_the_role(updated, chaos_state, tmp_path, service, where, verdict):
    """What the run came to stays when a task after it fails. Before it nothing of ours has run."""
    play = {
        "hosts": "all",
        "gather_facts": False,
        "roles": [
            {"role": "magsasa.chaos.preflight", "preflight_catalogue": [SHORT], "preflight_shelves": []},
            {"role": "magsasa.chaos.suite"},
        ],
        where: [{"name": "Break", "ansible.builtin.fail": {"msg": "broken"}}],
    }
    project = tmp_path / "mine"
    project.mkdir()
    for name in ("project", "requirements_collections"):
        os.symlink(updated / name, project / name)
    folder = tmp_path / "private"
    folder.mkdir()
    (updated / "project" / "mine.yml").write_text(json.dumps([play]))
    try:
        values = given(tmp_path, chaos_target_url=service.url)
        done = run_job(updated, folder, "mine.yml", chaos_state, values, {"one": dict(LOCAL)})
    finally:
        (updated / "project" / "mine.yml").unlink()
    assert done.status == "failed"
    assert done.artifacts.get("chaos", {}).get("verdict") == verdict


def descendants(pid):
    """Processes below one, as a container takes them away when it goes; not those of the host, which is this machine."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name, encoding="utf-8") as source:
                parent = int(source.read().rpartition(")")[2].split()[1])
            with open("/proc/%s/cmdline" % name, "rb") as source:
                if b".pyz" not in source.read():
                    parents[int(name)] = parent
        except OSError:
            continue
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def test_after_a_cancel_the_next_run_says_what_was_cut_off(updated, chaos_state, tmp_path, service):
    """The container goes away with everything in it; the lease reverts the fault, and the host remembers."""
    told = {"awx_job_id": 41, "awx_user_name": "alice", "chaos_target_url": service.url, "chaos_lease": "4s"}
    long = dict(SHORT, hold="120s")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    values = given(tmp_path, **dict(told, chaos_extra_scenarios=[long]))
    process = start_job(updated, tmp_path / "first", PLAYBOOK, chaos_state, values, {"one": dict(LOCAL)})
    try:
        ledger = chaos_state / "ledger" / "faults"
        assert wait_for(lambda: any('"active"' in path.read_text() for path in ledger.glob("*.json")), 90)
    finally:
        for pid in reversed(descendants(process.pid)):
            os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=30)
    assert wait_for(lambda: (chaos_state / "ledger" / "ledger.jsonl").exists() and not any(ledger.glob("*.json")), 60)
    # The short lease was for the job that is cut off: this one is to last, however busy the machine is.
    values = given(tmp_path, **{**told, "awx_job_id": 42, "chaos_lease": ""})
    done = run_job(updated, tmp_path / "second", PLAYBOOK, chaos_state, values, {"one": dict(LOCAL)})
    assert done.artifacts["chaos"]["verdict"] == "passed" and "errantly" not in done.stdout, done.stdout[-3000:]
    assert len(done.events) <= 100, "what does not grow with the scenarios"
    (said,) = done.artifacts["chaos"]["earlier"]
    assert said.startswith("one: the run before on this host (run ") and "of alice, AWX job 41) was cut off: " in said
    assert "fault 'memory-short' was in, reverted by its lease at 20" in said and said.endswith("; nothing left behind")
    report = tmp_path / "reports" / "latest"
    assert json.loads((report / "report.json").read_text())["run"]["earlier"] == [said]
    words = "was cut off: fault 'memory-short' was in"
    assert words in (report / "report.md").read_text() and words in done.stdout
    assert len([line for line in done.stdout.splitlines() if words in line]) >= 2  # at the start, and in the summary
