# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the hosts of a lab: PostgreSQL on the database host, the sample application on the others."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from . import lifecycle, places
from .errors import LabError

PLAYBOOK = Path(__file__).with_name("services.yml")


def start(lab, say):
    """Set up what is not set up yet; returns whether anything was changed. Raises LabError with the place of the
    log.
    """
    say("Setting up PostgreSQL and the sample application ...")
    log = places.runtime(lab.name) / "services.log"
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    # What the user's shell says about Ansible must not change what is set up.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment.update(ANSIBLE_CONFIG=str(places.CHECKOUT / "ansible.cfg"), ANSIBLE_NOCOLOR="1")
    try:
        with open(log, "w") as output:
            done = subprocess.run(
                [program, "-i", str(lifecycle.inventory_path(lab)), "--forks", "10", str(PLAYBOOK)],
                cwd=places.CHECKOUT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=900, check=False,
            )  # fmt: skip
    except FileNotFoundError:
        raise LabError(
            "ansible-playbook is not beside %s; run ./run_lab.sh, which sets it up" % sys.executable
        ) from None
    if done.returncode != 0:
        raise LabError("the services of the lab could not be set up; see %s" % log)
    return any(int(number) for number in re.findall(r"changed=(\d+)", log.read_text()))
