#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Write the report of a chaos run
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Writes the report of a run into its own folder below O(report_dir), named after the id of the run, and points
    C(latest) at it. C(report.json) is the source, in the form of C(docs/report.schema.json); the other files are
    rendered from it. C(report.json.sha256) is its checksum.
  - The role P(magsasa.chaos.suite#role) does this at its end, whatever happened before, so a run gets its report
    without any setting. In your own plays, add one task (see the examples).
  - A second task of the same run adds to the report of the first. So does the callback
    P(magsasa.chaos.slo_report#callback), if it is enabled, with experiments that ran elsewhere or were interrupted.
    Nothing is reported twice.
  - Runs on the controller and touches no host except the one that O(to) names. If no callback prints the summary, this
    task does.
  - Also keeps what the run came to as C(chaos) among the statistics of the play, as M(ansible.builtin.set_stats) does;
    AWX shows it as an artifact of the job. It has the id of the run, intensity, verdict, sentence, each scenario and host
    with verdict and reason, and where the report is, in at most 50 kB with the worst hosts first.
  - If the report cannot be written or sent, the task warns with the reason. The verdict of the run is never a failure
    of this task.
options:
  experiments:
    description:
      - Records of experiments, as in RV(magsasa.chaos.slo_check#module:experiment), or complete results of
        M(magsasa.chaos.slo_check), including those of a loop.
      - The default is C(chaos_experiments) of all hosts of the play, which the role suite fills.
    type: list
    elements: raw
  registered:
    description: Names of variables that M(magsasa.chaos.slo_check) tasks registered, read from all hosts of the play.
    type: list
    elements: str
  report_dir:
    description: Folder for reports. The default is the variable C(chaos_report_dir), then the setting of the callback,
      then C(reports) in the current folder.
    type: path
  intensity:
    description: Intensity of the run, for the report. The default is the variable C(chaos_intensity).
    type: str
  seed:
    description: Seed of the random choices of the run, for the report. The default is the variable C(chaos_seed).
    type: str
  purpose:
    description: Purpose of the run. The default is the variable C(chaos_purpose).
    type: str
  owner:
    description: Owner of the system under test. The default is the variable C(chaos_owner).
    type: str
  approved_by:
    description: Who approved the run. The default is the variable C(chaos_approved_by).
    type: str
  retest_of:
    description: Id of the run whose findings this run re-tests. The default is the variable C(chaos_retest_of).
    type: str
  compare:
    description:
      - The earlier run to compare with. V(latest) is the newest in O(report_dir) with an experiment in common
        that tested the same service, V(latest-passed) the newest that passed, V(none) none; else the id of a run in
        O(report_dir), or a C(report.json).
      - The default is the variable C(chaos_compare), then V(latest). A figure counts as worse or better only if the
        confidence interval of its change says so. Experiments that tested different services are not compared; if
        there are only such, the report says so.
    type: str
  fail_on_regression:
    description: Whether the task fails if an experiment became worse. The default is the variable
      C(chaos_fail_on_regression), then V(false).
    type: bool
  toolkit_journal:
    description: Whether C(journal.json) is written too, the run in the form of Chaos Toolkit's journal. The default is
      the variable C(chaos_toolkit_journal), then V(false).
    type: bool
  reason:
    description: Why no experiment was judged, for the artifact. The default is the reason of the task of the role
      P(magsasa.chaos.preflight#role) that failed.
    type: str
  allow_untested:
    description: Whether a run in which nothing was tested is tolerated. The default is the variable
      C(chaos_allow_untested), then V(false). See RV(untested).
    type: bool
  to:
    description:
      - An additional destination for the report. C(https://HOST/PATH) for one HTTP PUT of all its files as a C(tar.gz),
        where C(RUN.tar.gz) is appended to a path that ends with a slash; C(HOST:/FOLDER) for a copy to a host of the
        inventory; C(/FOLDER) for a copy to another folder of the controller.
      - The default is the variable C(chaos_report_to).
    type: str
attributes:
  check_mode:
    description: The same in C(check_mode), and the report says that it was a dry run.
    support: full
  diff_mode:
    description: There is nothing to compare with.
    support: none
  idempotent:
    description: A second task of the same run adds what is new, and nothing twice.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.experiment
  - module: magsasa.chaos.slo_check
"""

EXAMPLES = r"""
- name: Write the report of all experiments of this play, and send it on
  magsasa.chaos.report:
    registered: [judged]
    purpose: Quarterly resilience test
    to: https://reports.example.org/chaos/
  run_once: true

- name: Run three faults with one probe and a report
  hosts: web
  vars:
    chaos_purpose: Does the roll-out survive slow and busy hosts?
    chaos_owner: Team Orders
  tasks:
    - name: Start the probe
      magsasa.chaos.probe: {name: mine, url: "http://localhost:8000/health", lease: 10m}
    - name: Record the steady state
      ansible.builtin.pause: {seconds: 10}

    - name: Keep half of the CPU busy
      magsasa.chaos.cpu_fault: {name: busy, load: 50%, duration: 20s}
    - name: Hold it, and let the service recover
      ansible.builtin.pause: {seconds: 30}

    - name: Take memory
      magsasa.chaos.memory_fault: {name: full, size: 256M, duration: 20s}
    - name: Hold it, and let the service recover
      ansible.builtin.pause: {seconds: 30}

    - name: Load the disk
      magsasa.chaos.disk_fault: {name: slow, workers: 2, duration: 20s}
    - name: Hold it, and let the service recover
      ansible.builtin.pause: {seconds: 30}

    - name: Collect the faults, which are over
      magsasa.chaos.fault_info: {names: [busy, full, slow]}
      register: faults
    - name: Collect the samples
      magsasa.chaos.probe: {name: mine, state: stopped}
      register: probed

    - name: Judge each fault
      magsasa.chaos.slo_check:
        scenario:
          id: "{{ item.name }}"
          family: "{{ item.family }}"
          hypothesis: The service answers as before.
          objectives: {error_rate: 1%, p95: 300ms, recovery_time: 5s}
        fault: "{{ item }}"
        others: "{{ faults.past }}"
        samples: "{{ probed.samples }}"
        probe: "{{ probed.summary }}"
      loop: "{{ faults.past }}"
      loop_control: {label: "{{ item.name }}"}
      register: judged
    - name: Write the report
      magsasa.chaos.report:
        registered: [judged]
      run_once: true

- name: Write a report of records of our own, compared with the last run that passed
  magsasa.chaos.report:
    experiments: ["{{ judged.experiment }}"]
    report_dir: /srv/reports
    intensity: light
    seed: "2026-11"
    owner: Team Orders
    approved_by: Change board
    retest_of: 20261105T090000Z-1a2b3c
    compare: latest-passed
    fail_on_regression: true
    toolkit_journal: true
  run_once: true

- name: Keep why nothing was tested, for the artifact of the job
  magsasa.chaos.report:
    experiments: []
    reason: the change was withdrawn
    allow_untested: true
  run_once: true
"""

RETURN = r"""
folder:
  description: Folder of the report; null if no experiment was judged, or the report could not be written.
  returned: always
  type: str
  sample: /srv/chaos/reports/20261128T220501Z-3fa9c1
files:
  description: Files of the report.
  returned: when a report was written
  type: list
  elements: str
  sample: [report.json, report.json.sha256, report.md]
run:
  description: Id of the run.
  returned: when a report was written
  type: str
  sample: 20261128T220501Z-3fa9c1
verdict:
  description: Whether the system held (passed, failed, unknown), over the whole run.
  returned: when a report was written
  type: str
  sample: passed
regression:
  description: Why the task failed with O(fail_on_regression); empty if nothing became worse.
  returned: always
  type: str
  sample: ''
untested:
  description: Why the run is no success as nothing was tested (in a dry run, nothing would be); empty if something was.
  returned: always
  type: str
  sample: ''
needs:
  description: Whether a host is still to be released (C(release)), and whether the experiments of one are no success
    (C(complaint)). The roles skip for all hosts at once what none of them needs.
  returned: always
  type: dict
  sample: {release: false, complaint: false}
sentence:
  description: The run in one sentence.
  returned: when a report was written
  type: str
  sample: 5 passed, 0 failed, 2 skipped; 5 of 7 ran; score 100 over 20 of 28 objectives; nothing left behind
comparison:
  description: The run that was compared with, how many experiments became worse and better, and a sentence; null
    without one.
  returned: when a report was written
  type: dict
  sample:
    with: {id: 20261121T220501Z-1c9a3f, finished: "2026-11-21T22:09:00Z", verdict: passed}
    worse: 1
    better: 0
    sentence: >-
      compared with run 20261121T220501Z-1c9a3f (passed): 1 of 7 worse, 0 better (cpu-light on web1: p95 12 ms -> 40 ms,
      change +25 to +31 ms: worse)
sent:
  description: Where it was sent to as well, without secrets; null when nowhere, or when that did not work.
  returned: when a report was written
  type: str
  sample: https://reports.example.org/chaos/20261128T220501Z-3fa9c1.tar.gz
"""
