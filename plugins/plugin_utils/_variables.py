# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable ``chaos_*`` that the collection reads or sets. Pure data. Private to magsasa.chaos.

The one source of three things: the check for misspelt names (``_misspelt.py``), the argument specs and defaults of the
role options that
a variable feeds, and the table in README.md. ``tools/write_variables.py`` writes the last two; a test says where they
differ.
"""

from __future__ import annotations

from collections import namedtuple

# name; default: as the docs show it; meaning: one sentence for docs and argument specs;
# options: the role options that it feeds, of this type, by this template (None: it feeds none, tasks read it directly)
Variable = namedtuple("Variable", "name default meaning options type template")


def _of(name, default, meaning, options="", kind="str", template=None):
    return Variable(name, default, meaning, tuple(options.split()), kind, template)


def _text(name, default):
    """The template of a variable that may be a number or a text, such as the answer to a survey; an empty answer is
    none.
    """
    return "{{ %s | default('') | string or %s }}" % (name, default)


SETTINGS = (
    _of(
        "chaos_allowed",
        "false",
        "Whether experiments on a host are allowed. A host is touched only if its inventory says true.",
    ),
    _of(
        "chaos_protected",
        "false",
        "Whether a host is protected. True overrides C(chaos_allowed), and so does a value that is neither true nor"
        " false.",
    ),
    _of("chaos_hosts", "all", "Hosts of the run, as an Ansible host pattern."),
    _of(
        "chaos_intensity",
        "light",
        "Intensity of the run (smoke, light, medium, heavy, full or extended). Each playbook, such as C(chaos_light),"
        " sets its own.",
        "preflight_intensity suite_intensity",
        template="{{ chaos_intensity | default('light', true) }}",
    ),
    _of(
        "chaos_scenarios",
        "",
        "Scenarios to run instead of those of the intensity, by id, family or tag; a list or comma-separated.",
        "preflight_scenarios",
        "raw",
        "{{ chaos_scenarios | default([], true) }}",
    ),
    _of(
        "chaos_scenario_files",
        "",
        "Your own scenario files on the controller; a list or comma-separated.",
        "preflight_scenario_files",
        "raw",
        "{{ chaos_scenario_files | default([], true) }}",
    ),
    _of("chaos_extra_scenarios", "", "Your own scenarios as a list, in the form of C(docs/scenario.schema.json)."),
    _of(
        "chaos_target_url",
        "",
        "URL of the service. When empty, port detection finds the service; the environment variables C(APP_PORT) and"
        " C(CHAOS_TARGET_PORT) name its port.",
        "preflight_target_url",
        template="{{ chaos_target_url | default('', true) or __preflight_probed }}",
    ),
    _of(
        "chaos_service",
        "",
        "Name of the service, as its health document, its systemd unit or its process reports it. No other service is"
        " tested.",
        "preflight_service",
        template="{{ chaos_service | default('', true) }}",
    ),
    _of(
        "chaos_ports",
        "8000, 5000, 5001, 3000",
        "Candidate ports of the service. No service on another port is tested.",
        "preflight_ports",
        "raw",
        "{{ chaos_ports | default([], true) }}",
    ),
    _of(
        "chaos_discover",
        "CHAOS_DISCOVER, else true",
        "Whether port detection looks at every listening port, not only at the usual ones.",
        "preflight_discover",
        "raw",
        "{{ chaos_discover | default('') | string or lookup('ansible.builtin.env', 'CHAOS_DISCOVER') or true }}",
    ),
    _of(
        "chaos_probe",
        "",
        "What to probe instead of the health endpoint, with the keys url, method, headers, body, expect (status, json,"
        " matches), validate_certs, timeout and rate.",
    ),
    _of("chaos_probe_url", "", "The C(url) of C(chaos_probe) alone, as C(--probe) sets it."),
    _of("chaos_database_path", "", "SQLite file of the service, if port detection cannot determine it."),
    _of(
        "chaos_database_port",
        "",
        "Port of the service's database on the same host. 3306 means MySQL, any other port PostgreSQL.",
    ),
    _of("chaos_sample_app", "true", "Whether to start the sample application if no service is found on this machine."),
    _of(
        "chaos_observer",
        "the target itself",
        "Inventory name of the observer, the host that probes.",
        "experiment_observer",
        template="{{ chaos_observer | default(inventory_hostname, true) }}",
    ),
    _of(
        "chaos_observer_address",
        "",
        "Address of the observer, C(ADDRESS) or C(ADDRESS:PORT), if the inventory of the job does not have it, as in a"
        " slice. It is reached as the hosts of the run are.",
    ),
    _of(
        "chaos_baseline",
        "10s; with smoke 4s",
        "Length of the baseline before each fault.",
        "preflight_baseline experiment_baseline",
        template=_text("chaos_baseline", "('4s' if chaos_intensity | default('') == 'smoke' else '10s')"),
    ),
    _of(
        "chaos_recovery_timeout",
        "30s",
        "How long to wait for recovery after each fault.",
        "preflight_recovery_timeout experiment_recovery_timeout",
        template=_text("chaos_recovery_timeout", "'30s'"),
    ),
    _of(
        "chaos_probe_rate",
        "20",
        "Probes per second.",
        "preflight_probe_rate experiment_probe_rate",
        "raw",
        _text("chaos_probe_rate", "20"),
    ),
    _of(
        "chaos_probe_timeout",
        "2s",
        "Time limit of each probe.",
        "preflight_probe_timeout experiment_probe_timeout",
        template=_text("chaos_probe_timeout", "'2s'"),
    ),
    _of(
        "chaos_objectives",
        "those of each scenario",
        "Objectives of your system, such as C({recovery_time: 5s, p95: 300ms}), for a run, a group or a host. They"
        " replace those of the shipped scenarios key by key.",
    ),
    _of(
        "chaos_halt_on",
        "",
        "Revert a fault early at this C(error_rate) or C(latency), measured over C(for). Empty for never.",
        "experiment_halt_on",
        "dict",
        "{{ experiment_scenario.halt_on | default(chaos_halt_on | default({}, true)) }}",
    ),
    _of(
        "chaos_lease",
        "15s, or 10 s and a second a host",
        "Fault and probe end within this time if the controller is lost. C(none) for no lease.",
        "experiment_lease",
        template=(
            "{{ '' if chaos_lease | default('') | string == 'none' else chaos_lease | default('') | string or"
            " __experiment_lease }}"
        ),
    ),
    _of(
        "chaos_max_percent",
        "50",
        "Share of an inventory group in percent that may be under experiment at the same time; the other hosts wait for"
        " the next wave. 100 lifts the guard.",
        "preflight_max_percent suite_max_percent",
        "raw",
        _text("chaos_max_percent", "50"),
    ),
    _of(
        "chaos_seed",
        "one of the run's own",
        "Seed that decides which hosts run together. The report shows it.",
        "preflight_seed",
        "raw",
        "{{ chaos_seed | default('') | string }}",
    ),
    _of(
        "chaos_window",
        "",
        "Time window in which faults may be injected, such as C(Mon-Fri 09:00-17:00 Europe/Manila) or C(22:00-04:00).",
    ),
    _of(
        "chaos_run_wait",
        "30s",
        "How long to wait while another run experiments on the same host, before this run is refused there.",
    ),
    _of(
        "chaos_run_force",
        "false",
        "Whether to go on beside another run on the same host. Each of the two then sees the faults of the other.",
    ),
    _of(
        "chaos_sliced",
        "false",
        "Whether a slice of a sliced AWX job may run without C(chaos_fleet). C(chaos_max_percent) then applies to the"
        " hosts of each slice alone.",
    ),
    _of(
        "chaos_fleet",
        "",
        "The whole groups of a fleet of which each job runs a part (slices): maps a group to the names of its hosts or"
        " to their number, or C(awx) to ask the API of AWX. Needs C(chaos_keeper).",
    ),
    _of(
        "chaos_keeper",
        "",
        "The host that keeps count of how many hosts of a group are under experiment, for all jobs that name it: a host"
        " of the inventory, or C(ADDRESS) or C(ADDRESS:PORT), which is reached as the hosts of the run are.",
    ),
    _of(
        "chaos_keeper_wait",
        "15m",
        "How long a host waits for its share of the group at the keeper, before its experiment is refused.",
    ),
    _of(
        "chaos_merge_parts",
        "",
        "What C(chaos_merge) merges besides the artifacts C(chaos_part_...) of earlier jobs: files C(report.json),"
        " folders of reports, or URLs; a list or comma-separated.",
    ),
    _of(
        "chaos_merge_slices",
        "",
        "How many parts C(chaos_merge) expects. When fewer are there, the verdict is unknown.",
    ),
    _of(
        "chaos_fail_on_breach",
        "true",
        "Whether the run fails if an objective is missed.",
        "preflight_fail_on_breach suite_fail_on_breach",
        "raw",
        _text("chaos_fail_on_breach", "true"),
    ),
    _of(
        "chaos_allow_untested",
        "false",
        "Whether a run may pass in which nothing was tested, or an experiment was refused or inconclusive.",
        "suite_allow_untested",
        "raw",
        _text("chaos_allow_untested", "false"),
    ),
    _of(
        "chaos_report_dir",
        "reports",
        "Folder for reports. It can also be set with the environment variable C(CHAOS_REPORT_DIR) or C(report_dir) in"
        " the section C(slo_report) of ansible.cfg.",
        "preflight_report_dir",
        template="{{ chaos_report_dir | default('', true) }}",
    ),
    _of(
        "chaos_report_to",
        "",
        "Where to send the report as well: C(https://HOST/PATH) for one HTTP PUT of all its files as a C(tar.gz),"
        " C(HOST:/FOLDER) for a copy to a host of the inventory, C(/FOLDER) for another folder of the controller.",
    ),
    _of(
        "chaos_compare",
        "latest",
        "The earlier run to compare with: C(latest) (with an experiment in common at the same address),"
        " C(latest-passed), C(none), the id of a run in the folder of reports, or a C(report.json).",
    ),
    _of(
        "chaos_fail_on_regression",
        "false",
        "Whether the run fails when an experiment became worse than in the run that it is compared with. Experiments that"
        " tested different services are not compared.",
    ),
    _of(
        "chaos_toolkit_journal",
        "false",
        "Whether the report has C(journal.json) too, the run in the form of Chaos Toolkit's journal.",
    ),
    _of("chaos_purpose", "", "Why the run is made, for the report."),
    _of("chaos_owner", "", "Who answers for the system under test, for the report."),
    _of("chaos_approved_by", "", "Who approved the run, for the report."),
    _of("chaos_retest_of", "", "Id of the run whose findings this one tests again, for the report."),
)

# Facts that a run sets. They are for reading: as extra variables they would hide what the run found out.
RESULTS = (
    _of(
        "chaos_refused",
        "",
        "Why the inventory does not allow experiments on this host; empty if it does.",
        "experiment_refused",
        template="{{ chaos_refused | default('') }}",
    ),
    _of(
        "chaos_endpoint",
        "",
        "The service, as M(magsasa.chaos.endpoint_info) returns it.",
        "experiment_endpoint",
        "dict",
        "{{ chaos_endpoint | default({}) }}",
    ),
    _of("chaos_unfit", "", "Why the service of this host cannot be tested, or that there is none; empty if it can."),
    _of("chaos_unable", "", "The scenarios that cannot run on this host, and what is missing."),
    _of("chaos_probes", "", "The probes of the scenarios that have one."),
    _of("chaos_controller", "", "Process id and start time of the run."),
    _of("chaos_turn", "", "Whether this run has the turn of the host."),
    _of("chaos_contact", "", "What the first contact with the host told: again, refused, lost, earlier."),
    _of("chaos_chosen", "", "The scenarios of the run."),
    _of("chaos_fleet_members", "", "The whole groups of C(chaos_fleet)."),
    _of("chaos_demo", "", "Whether the sample application was started."),
    _of("chaos_experiment", "", "The record of the last experiment."),
    _of("chaos_experiments", "", "The records of all experiments of the host."),
)

# Options of the roles that no variable above feeds.
ROLE_OPTIONS = (
    "preflight_probe experiment_probe experiment_own_probe preflight_shelves preflight_catalogue preflight_demo_source"
    " preflight_contact suite_catalogue suite_chosen experiment_scenario experiment_hosts experiment_wave"
    " target_app_state target_app_source target_app_port target_app_bind target_app_database_url target_app_fragile"
    " target_app_enabled target_app_home target_app_python target_app_owner target_app_timeout"
).split()

# Variables of the environment that the commands, the lab and the tests read.
ENVIRONMENT = (
    "CHAOS_DISCOVER",
    "CHAOS_FAULTS",
    "CHAOS_LAB_HOME",
    "CHAOS_LIVE",
    "CHAOS_NIGHTLY",
    "CHAOS_NO_INSTALL",
    "CHAOS_PYTHON",
    "CHAOS_REPORT_DIR",
    "CHAOS_SEED",
    "CHAOS_TARGET_PORT",
    "CHAOS_TRIED_AGAIN",
)

# What people may call something that has another name here.
ALSO_CALLED = {
    "chaos_slo": "chaos_objectives",
    "chaos_slos": "chaos_objectives",
    "chaos_sla": "chaos_objectives",
    "chaos_url": "chaos_target_url",
    "chaos_rate": "chaos_probe_rate",
    "chaos_timeout": "chaos_probe_timeout",
    "chaos_level": "chaos_intensity",
    "chaos_percent": "chaos_max_percent",
    "chaos_blast_radius": "chaos_max_percent",
}

FREE = "chaos_x_"  # how people may call variables of their own
ARTIFACTS = (
    "chaos",
    "chaos_part_",
)  # what a workflow of AWX hands on from earlier jobs: the verdict, and that of a slice

BY_NAME = {each.name: each for each in SETTINGS + RESULTS}
# Those that are true or false, but for those that each host is guarded by, which have rules of their own
FLAGS = tuple(
    each.name
    for each in SETTINGS
    if each.default.split(" ")[-1] in ("true", "false") and each.name not in ("chaos_allowed", "chaos_protected")
)
