# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages, and which of them run beside each other."""

from __future__ import annotations

from . import checks, pytest_run, sanity

# Of the tests on lab hosts: whole plays, what needs the hosts as a group, and what needs the sample application there.
# They have a lab of their own beside the other one.
FLEET = [
    "tests/lab/test_%s.py" % name
    for name in (
        "canary", "database", "degradation", "http_fault", "lab", "molecule", "observer", "plays", "slices", "topology",
    )
]  # fmt: skip

# Of the tests on this machine: the faults that modules inject into it, plays that experiment on it, and the two
# commands, the settings and the reports of such plays. The other ones are of probes, ports, hosts and services.
FAULTS = [
    "tests/integration/test_%s.py" % name
    for name in (
        "container_fault", "cpu_fault", "database_mariadb", "database_postgresql", "database_sqlite", "disk_fault",
        "fault_life", "fault_series", "memory_fault", "process_fault", "process_kinds", "process_restored",
        "tasks_of_a_host",
    )
]  # fmt: skip
RUNS = [
    "tests/integration/test_%s.py" % name
    for name in (
        "console", "delegation", "exit_codes", "experiment", "hostile_phases", "playbooks", "plays_refused", "two_runs",
        "window",
    )
]  # fmt: skip
COMMANDS = [
    "tests/integration/test_%s.py" % name
    for name in (
        "commands", "contributing", "getting_started", "looks", "odd_places", "odd_settings", "report", "report_browser",
        "role_target_app", "slo_report", "variables",
    )
]  # fmt: skip

STAGES = {
    "lint": checks.run,
    "sanity": sanity.run,
    "unit": lambda more: pytest_run.run("unit", ["tests/unit"], more),
    "app": lambda more: pytest_run.run("app", ["target_app/tests"], more),
    "awx": lambda more: pytest_run.run("awx", ["tests/awx"], more),
    "matrix": lambda more: pytest_run.run("matrix", ["tests/matrix"], more),
    "solo": lambda more: pytest_run.run("solo", ["tests/solo"], more),
    "truth": lambda more: pytest_run.run("truth", ["tests/truth"], more),
    "integration": lambda more: pytest_run.run(
        "integration", ["tests/integration"] + ["--ignore=" + path for path in FAULTS + RUNS + COMMANDS], more
    ),
    "faults": lambda more: pytest_run.run("faults", FAULTS, more),
    "runs": lambda more: pytest_run.run("runs", RUNS, more),
    "commands": lambda more: pytest_run.run("commands", COMMANDS, more),
    "lab": lambda more: pytest_run.run("lab", ["tests/lab"] + ["--ignore=" + path for path in FLEET], more),
    "fleet": lambda more: pytest_run.run("fleet", FLEET, more),
    "crash": lambda more: pytest_run.run("crash", ["tests/crash"], more),
    "vm": lambda more: pytest_run.run("vm", ["tests/vm"], more),
    # Of --quick alone: what a desk needs of the stages that take long.
    "quick": lambda more: pytest_run.run("quick", ["-m", "quick", "tests/solo", "tests/lab"], more),
}
# Steps, one after the other: how many stages of a step run side by side, and its stages in the order in which they are
# begun, so that the lanes end together: runs follows sanity, fleet integration, matrix lab, crash faults, and app
# commands. Of the stages with real faults four leave the processors idle for an eighth of the time: sanity, which is
# patient, takes that, in a lane of its own. What measures the machine
# itself runs solo, and an emulated machine needs all cores: beside the stage sanity it took twice its time, and its
# tests their patience.
STEPS = (
    (3, ("awx", "unit", "lint")),
    (1, ("quick",)),
    (1, ("solo",)),
    (1, ("truth",)),
    (5, ("commands", "faults", "lab", "integration", "sanity", "runs", "fleet", "matrix", "crash", "app")),
    (1, ("vm",)),
)
# A stage that measures nothing and waits for nothing: beside those that do it takes what they leave of the processors.
PATIENT = ("sanity",)
PATIENCE = 10  # as of nice(1)


def chosen(names):
    """The steps with only the stages that were asked for, without empty ones."""
    steps = [(number, [name for name in stages if name in names]) for number, stages in STEPS]
    return [(min(number, len(stages)), stages) for number, stages in steps if stages]
