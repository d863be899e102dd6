# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task that writes the report: with no setting, once a run, with the callback and without, sent on; and the
example of its own documentation.
"""

from __future__ import annotations

import http.server
import importlib
import io
import json
import re
import sys
import tarfile
import threading

import jsonschema
import pytest
import yaml
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import pack

from support.http_server import Server, answer, say
from support.modules import ROOT
from support.samples import fault, series

CHECK, REPORT = "magsasa.chaos.slo_check", "magsasa.chaos.report"
QUIET = {"samples": pack(series(100, 130)), "fault": fault()}


def judged(name, register=None):
    options = dict(QUIET, scenario={"id": name, "family": "cpu", "hold": "10s"})
    return dict({"name": "judge " + name, CHECK: options}, **({"register": register} if register else {}))


def write(**options):
    return {"name": "write", REPORT: options or None, "run_once": True, "register": "written"}


def keep(path):
    return {
        "name": "keep",
        "ansible.builtin.copy": {"content": "{{ written | to_json }}", "dest": str(path), "mode": "0600"},
        "run_once": True,
    }


@pytest.fixture(name="alone")
def _alone(tmp_path):
    """The environment of somebody who has installed the collection and has set nothing."""
    path = tmp_path / "empty.cfg"
    path.write_text("")
    return {"ANSIBLE_CONFIG": str(path), "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections")}


@pytest.fixture(name="play")
def _play(tmp_path, ansible_playbook):
    """``run(tasks, *arguments, env={}, **play) -> (CompletedProcess, {folder: report})``."""

    def run(tasks, *arguments, env=None, **play):
        path = tmp_path / "play.yml"
        path.write_text(json.dumps([dict({"hosts": "localhost", "gather_facts": False, "tasks": tasks}, **play)]))
        done = ansible_playbook(path, *arguments, env=env)
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        found = {
            each.parent.name: json.loads(each.read_text()) for each in (tmp_path / "reports").glob("2*/report.json")
        }
        return done, found

    return run


@pytest.mark.parametrize("callback", [False, True])
def test_two_tasks_and_the_callback_write_one_report(play, alone, tmp_path, callback):
    """What a later task or the callback adds joins the report of the run; nobody writes anything twice."""
    tasks = [
        judged("first", "one"),
        write(registered=["one"]),
        keep(tmp_path / "kept"),
        judged("second", "two"),
        write(registered=["one", "two"]),
    ]
    tasks += [judged("third")] if callback else []
    extra = {
        "chaos_purpose": "why",
        "chaos_owner": "Team",
        "chaos_approved_by": "",
        "chaos_report_dir": str(tmp_path / "reports"),
        "chaos_toolkit_journal": "true",
    }
    done, found = play(tasks, "-e", json.dumps(extra), env={} if callback else alone)
    assert done.returncode == 0 and len(found) == 1, done.stdout
    ((name, report),) = found.items()
    assert [each["scenario"] for each in report["experiments"]] == ["first", "second"] + ["third"] * callback
    run = report["run"]
    assert (run["id"], run["purpose"], run["owner"], run["approved_by"], run["where"]) == (
        name,
        "why",
        "Team",
        None,
        None,
    )
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(report)] == []
    first = json.loads((tmp_path / "kept").read_text())
    assert (
        first["folder"] == str(tmp_path / "reports" / name) and first["verdict"] == "passed" and first["sent"] is None
    )
    assert {"report.json", "report.json.sha256", "report.md"} <= set(first["files"]) and first["sentence"].startswith(
        "1 passed, 0 failed"
    )
    journal = json.loads((tmp_path / "reports" / name / "journal.json").read_text())
    assert len(journal["run"]) == len(report["experiments"])  # also where the callback has added to the report
    assert done.stdout.count("CHAOS PASSED: %d passed" % len(report["experiments"])) == 1  # the whole run, once
    assert done.stdout.count("CHAOS PASSED") == (1 if callback else 2)


def test_without_anything_judged_there_is_no_report(play, alone):
    done, found = play([write()], env=alone)
    assert (
        done.returncode == 0
        and not found
        and "nothing was judged"
        in play([write(), {"ansible.builtin.debug": {"var": "written.msg"}}], env=alone)[0].stdout
    )


def test_records_of_all_hosts_and_the_job_are_in_it(play, tmp_path):
    tasks = [
        judged("x", "one"),
        {"name": "fact", "ansible.builtin.set_fact": {"chaos_experiments": ["{{ one.experiment }}"]}},
        write(report_dir=str(tmp_path / "reports")),
    ]
    job = {"awx_job_id": 42, "awx_job_template_name": "Weekly", "awx_user_name": "alice"}
    (report,) = play(tasks, "-i", "a,b,", "-e", json.dumps(dict(job, ansible_connection="local")), hosts="all")[
        1
    ].values()
    assert [each["id"] for each in report["experiments"]] == ["x@a", "x@b"]
    assert report["run"]["where"] == "AWX job 42 of template Weekly, by alice"


def test_a_host_that_failed_at_its_end_is_not_lost_and_one_that_was_not_reached_is(play, tmp_path):
    """The verdict fails every host of a run; that is no reason to say that they were not reached."""
    block = {
        "block": [judged("x", "one"), {"name": "verdict", "ansible.builtin.fail": {"msg": "no"}}],
        "always": [{"name": "also", "ansible.builtin.debug": {"msg": "x"}}, write(registered=["one"])],
    }
    inventory = tmp_path / "hosts.json"
    away = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    inventory.write_text(
        json.dumps(
            {"all": {"hosts": {"a": {"ansible_connection": "local"}, "b": {"ansible_connection": "local"}, "c": away}}}
        )
    )
    reach = {"name": "reach", "ansible.builtin.raw": "true"}
    done, found = play([reach, block], "-i", str(inventory), hosts="all")
    (report,) = found.values()
    assert done.returncode == 4, done.stdout
    assert report["run"]["unreachable"] == ["c"] and report["summary"]["verdict"] == "unknown"
    assert sorted(each["host"] for each in report["experiments"]) == ["a", "b"]


class _Store(http.server.BaseHTTPRequestHandler):
    """Takes PUTs."""

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, self.headers["Content-Type"], body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_arguments):
        """Quiet."""


@pytest.fixture(name="store")
def _store():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Store)
    server.taken, server.status = [], 201
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_report_is_sent_by_one_put(play, store, tmp_path):
    address = "http://u:hunter2@127.0.0.1:%d/chaos/?signature=hunter2" % store.server_port
    tasks = [judged("x", "one"), write(registered=["one"]), keep(tmp_path / "kept")]
    done, found = play(tasks, "-e", json.dumps({"chaos_report_to": address}))
    ((path, kind, body),) = store.taken
    (name,) = found
    assert (path, kind) == ("/chaos/%s.tar.gz?signature=hunter2" % name, "application/gzip")
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert {"%s/report.json" % name, "%s/report.md" % name} <= set(archive.getnames())
        assert json.load(archive.extractfile("%s/report.json" % name)) == found[name]
    assert json.loads((tmp_path / "kept").read_text())["sent"] == "http://127.0.0.1:%d/chaos/%s.tar.gz" % (
        store.server_port,
        name,
    )
    assert "hunter2" not in json.dumps(found)
    store.status = 403
    done, _found = play(tasks, "-e", json.dumps({"chaos_report_to": address}))
    said = " ".join(done.stderr.split())
    assert (
        done.returncode == 0
        and "the report was not sent to http://127.0.0.1:%d/chaos/: the server answered with HTTP 403"
        % store.server_port
        in said
    )
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "where, copied, said",
    [
        pytest.param("%s/far", True, "", marks=pytest.mark.nightly),  # by day: a run of an installed collection
        ("keeper:%s/far", True, ""),
        (
            "stranger:%s/far",
            False,
            "the report was not sent to stranger:%s/far: stranger is not a host of the inventory",
        ),
        pytest.param("%s/play.yml", False, "the report was not sent to %s/play.yml: ", marks=pytest.mark.nightly),
    ],
)
def test_a_report_is_copied(play, tmp_path, where, copied, said):
    inventory = tmp_path / "hosts.json"
    inventory.write_text(
        json.dumps({"all": {"hosts": {name: {"ansible_connection": "local"} for name in ("localhost", "keeper")}}})
    )
    done, found = play([judged("x", "one"), write(registered=["one"], to=where % tmp_path)], "-i", str(inventory))
    (name,) = found
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "far" / name / "report.json").exists() is copied
    if copied:
        assert json.loads((tmp_path / "far" / name / "report.json").read_text()) == found[name]
    else:
        assert said % tmp_path in "".join(done.stderr.split("\n")).replace("  ", " ") or said % tmp_path in " ".join(
            done.stderr.split()
        ), done.stderr


WRONG = [
    (
        {"to": "ftp://x/"},
        "chaos_report_to: 'ftp://x/' is no place for a report; write https://HOST/PATH, HOST:/FOLDER of the inventory or"
        " /FOLDER",
    ),
    ({"experiments": [{"id": "x"}]}, "is not a record of an experiment; pass a result of magsasa.chaos.slo_check"),
    ({"owner": ["a"]}, "is not a text; use a text"),
]


def test_what_cannot_be_used_is_one_sentence(play):
    done, found = play([judged("x"), *(dict(write(**options), ignore_errors=True) for options, _says in WRONG)])
    said = " ".join((done.stdout + done.stderr).replace('\\"', '"').split())
    for _options, sentence in WRONG:
        assert sentence in said, said
    assert "ignored=%d" % len(WRONG) in said and len(found) == 1  # by the callback


def test_a_run_of_an_installed_collection_has_its_report_with_no_setting(alone, tmp_path, ansible_playbook):
    """By the playbook's name, without a callback, and although the verdict fails the play."""
    scenario = {
        "id": "mine",
        "title": "A little memory",
        "hypothesis": "Nobody notices.",
        "family": "memory",
        "intensity": "light",
        "hold": "2s",
    }
    scenario.update(options={"size": "16M"}, objectives={"p95": "0.001ms"})
    inventory = tmp_path / "hosts.json"
    local = {"ansible_connection": "local", "chaos_allowed": True, "ansible_python_interpreter": sys.executable}
    inventory.write_text(json.dumps({"all": {"hosts": {"web1": local}}}))
    with Server(say(answer(b'{"status": "healthy", "service": "shop"}'))) as server:
        extra = {
            "chaos_extra_scenarios": [scenario],
            "chaos_scenarios": "mine",
            "chaos_baseline": "2s",
            "chaos_recovery_timeout": "5s",
        }
        extra.update(chaos_target_url=server.url, chaos_report_to=str(tmp_path / "far"))
        done = ansible_playbook("magsasa.chaos.chaos_light", "-i", str(inventory), "-e", json.dumps(extra), env=alone)
    (path,) = (tmp_path / "reports").glob("2*/report.json")
    report = json.loads(path.read_text())
    assert done.returncode == 2 and done.stdout.count("CHAOS FAILED: 0 passed, 1 failed") == 1, done.stdout[-3000:]
    assert (
        report["run"]["unreachable"] == []
        and report["summary"]["verdict"] == "failed"
        and report["run"]["intensity"] == "light"
    )
    (experiment,) = report["experiments"]
    assert (experiment["id"], experiment["status"], experiment["reason"]) == ("mine@web1", "completed", "missed: p95")
    assert experiment["fault"]["asked"].startswith("16 MiB of memory") and experiment["put_back"]["state"] == "yes"
    held = next(line for line in experiment["fault"]["series"]["lines"] if line["key"] == "held_mib")
    assert held["asked"] == 16.0 and len(held["values"]) >= 2
    assert (
        sum(experiment["timeline"]["sent"]) >= 60
        and experiment["window"]["injected"] < experiment["window"]["reverted"]
    )
    assert (tmp_path / "far" / path.parent.name / "report.html").exists()


def test_the_example_of_the_documentation(play, alone, tmp_path):
    """Three faults, a probe and a report in a play of one's own, as the module's documentation has it, with times
    that are shorter.
    """
    examples = importlib.import_module("ansible_collections.magsasa.chaos.plugins.modules.report").EXAMPLES
    (own,) = [each for each in yaml.safe_load(examples) if "hosts" in each]
    text = re.sub(r'"duration": "20s"', '"duration": "2s"', json.dumps(own["tasks"]))
    text = (
        re.sub(r'"seconds": [13]0', '"seconds": 3', text)
        .replace('"load": "50%"', '"load": "20%", "of": "added"')
        .replace('"256M"', '"16M"')
    )
    with Server(say(answer(b'{"status": "healthy"}'))) as server:
        tasks = json.loads(
            text.replace("http://localhost:8000/health", server.url + "/health").replace(
                '"1%", "p95": "300ms"', '"50%"'
            )
        )
        variables = dict(own["vars"], chaos_report_dir=str(tmp_path / "reports"), chaos_allowed=True)
        done, found = play(tasks, "-e", json.dumps({"chaos_allowed": True}), env=alone, vars=variables)
    assert done.returncode == 0, done.stdout
    (report,) = found.values()
    # newest first, as fault_info tells them
    assert sorted(each["scenario"] for each in report["experiments"]) == ["busy", "full", "slow"]
    assert report["run"]["owner"] == "Team Orders" and report["run"]["purpose"].startswith("Does the roll-out")
    for each in report["experiments"]:
        phases = each["phases"]
        assert (each["status"], each["verdict"]) == ("completed", "passed") and each["metrics"]["doubt"] == "", (
            each["reason"],
            each["metrics"]["doubt"],
        )
        assert (
            1.0 < phases["baseline"]["to"] - phases["baseline"]["from"] < 8.0 and phases["recovery"]["sent"] > 5
        ), phases
        assert each["fault"]["sentence"].startswith("asked ") and each["put_back"]["state"] == "yes"
    assert "CHAOS " in done.stdout


def test_a_regression_fails_the_run_only_when_asked(play, tmp_path):
    def once(latency_ms, *arguments):
        options = {
            "samples": pack(series(100, 130, latency_ms=latency_ms)),
            "fault": fault(),
            "scenario": {"id": "x", "family": "cpu"},
        }
        return play(
            [{"name": "judge", CHECK: options, "register": "one"}, write(registered=["one"]), keep(tmp_path / "kept")],
            *arguments,
        )

    strict = ("-e", json.dumps({"chaos_fail_on_regression": True}))
    assert once(3.0, *strict)[0].returncode == 0  # there is nothing to compare with
    first = json.loads((tmp_path / "kept").read_text())
    assert first["comparison"] is None
    assert once(30.0)[0].returncode == 0
    assert json.loads((tmp_path / "kept").read_text())["comparison"]["worse"] == 1
    done, found = once(30.0, *strict, "-e", json.dumps({"chaos_compare": first["run"]}))
    said = " ".join(done.stdout.split())
    assert (
        done.returncode == 2
        and "compared with run %s (passed): 1 of 1 worse, 0 better (x on localhost: p95 3 ms -> 30 ms" % first["run"]
        in said
    )
    assert len(found) == 3 and (tmp_path / "reports" / "history.jsonl").read_text().count("\n") == 3
    assert once(30.0, *strict)[0].returncode == 0  # as in the run before
    done, found = once(30.0, *strict, "-e", json.dumps({"chaos_compare": "yesterday"}))
    assert (
        done.returncode == 2
        and len(found) == 5
        and "chaos_compare: 'yesterday' cannot be read" in " ".join((done.stdout + done.stderr).split())
    )
