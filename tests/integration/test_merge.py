# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that merges parts: its exit code follows the verdict, and nothing in a part is carried out."""

from __future__ import annotations

import json

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import summary
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import artifact, model
from support.reports import RUN, records

PASSED = records("app1")[:1]


@pytest.fixture
def merge(ansible_playbook, tmp_path):
    """``merge(reports, **variables)``: the ended process, and the merged report or None."""

    def run(reports, **variables):
        places = [tmp_path / ("part%d.json" % number) for number, _report in enumerate(reports)]
        for place, found in zip(places, reports):
            place.write_text(found if isinstance(found, str) else json.dumps(found))
        values = dict(variables, chaos_report_dir=str(tmp_path / "merged"))
        if places:
            values["chaos_merge_parts"] = [str(place) for place in places]
        (tmp_path / "values.json").write_text(json.dumps(values))
        done = ansible_playbook("playbooks/chaos_merge.yml", "-e", "@%s" % (tmp_path / "values.json"))
        written = tmp_path / "merged" / "latest" / "report.json"
        return done, json.loads(written.read_text()) if written.exists() else None

    return run


@pytest.mark.parametrize(
    "lacks, says",
    [
        ({"interrupted": True}, "unknown: a part was interrupted; 1 passed"),
        ({"unreachable": ["app7"]}, "unknown: not reached: app7; 1 passed"),
    ],
)
def test_a_part_with_a_gap_is_no_success(merge, lacks, says):
    done, told = merge([model.build(dict(RUN, **lacks), PASSED)])
    assert told["summary"]["verdict"] == "unknown"
    assert done.returncode != 0 and says in done.stdout, done.stdout


@pytest.mark.parametrize("spoilt", [{"fault": "x"}, {"phases": 7}, {"objectives": [{}]}, {"recommendations": 5}])
def test_a_damaged_part_is_one_sentence(merge, spoilt):
    report = model.build(RUN, PASSED)
    report["experiments"][0].update(spoilt)
    done, _told = merge([report])
    assert done.returncode != 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    assert "take the report.json that" in done.stdout or "name the report.json that" in done.stdout, done.stdout


@pytest.mark.parametrize("given", ["\u00b2", "9" * 5000, "-1", 0, True, 2.5])
def test_a_number_of_slices_that_is_none(merge, given):
    done, told = merge([model.build(RUN, PASSED)], chaos_merge_slices=given)
    assert done.returncode != 0 and told is None
    assert "is not a number of slices; use a whole number from 1 to 1000" in done.stdout, done.stdout


def test_what_a_service_said_is_no_template_in_the_artifact_for_the_next_job(merge, tmp_path):
    """Extra variables are templates to Ansible, and reasons quote what services say."""
    trap = tmp_path / "trap"
    words = "{{ lookup('ansible.builtin.pipe', 'touch %s') }}{%% if true %%}{# x" % trap
    found = [dict(records("app1")[7], reason="refused by the limit guard: %s" % words)]
    made = artifact.as_stats(artifact.build(RUN, summary(found), found, reason=words))["data"]
    done, _told = merge([], chaos=dict(made["chaos"], sentence=made["chaos"]["scenarios"][0]["reason"]))
    assert "refused by the limit guard: { {" in done.stdout, done.stdout
    assert done.returncode != 0 and not trap.exists()


@pytest.mark.parametrize(
    "url", ["http://u:%s/x@127.0.0.1:1/r", "http://u:%s@127.0.0.1:1/r", "http://127.0.0.1:1/r?sig=%s"]
)
def test_no_secret_of_a_url_is_shown(merge, url):
    """Not even of one that is none: a slash in a password ends the host."""
    done, _told = merge([], chaos_merge_parts=[url % "hunter2"])
    assert done.returncode != 0 and "chaos_merge_parts: http://127.0.0.1:1/r " in done.stdout, done.stdout
    assert "hunter2" not in done.stdout + done.stderr


def test_a_device_as_a_part_is_refused(merge):
    """It would be read without end."""
    done, _told = merge([], chaos_merge_parts=["/dev/zero"])
    assert done.returncode != 0 and "chaos_merge_parts: /dev/zero is neither a file nor a folder" in done.stdout
