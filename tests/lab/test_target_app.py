# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role target_app on a host with systemd, where names of folders mean something to systemd; and one that does
not come up.
"""

from __future__ import annotations

import json
import os
import sys

import pytest

from support import adhoc
from support.lab import clean_environment, lifecycle, ssh

ODD = {"target_app_home": "/srv/ä ß #1 50%'s", "target_app_python": "/srv/py #2 5%/bin/python", "target_app_port": 5111}
BROKEN = dict(
    ODD, target_app_port=5112, target_app_timeout="1s", target_app_database_url="sqlite:////proc/nowhere/app.db"
)


def role(lab, root, tmp_path, variables):
    """Output and exit code of the role on observer1, where no unit of the application is."""
    play = tmp_path / "play.yml"
    tasks = [{"ansible.builtin.include_role": {"name": "magsasa.chaos.target_app"}}]
    play.write_text(json.dumps([{"hosts": "observer1", "gather_facts": False, "tasks": tasks}]))
    argv = [
        os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
        "-i",
        str(lifecycle.inventory_path(lab)),
        str(play),
    ]
    argv += ["-e", json.dumps(dict(variables, target_app_source=str(root / "target_app")))]
    done = adhoc.run(argv, cwd=root, env=clean_environment(), timeout=300)
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done.stdout, done.returncode


@pytest.mark.nightly
def test_folders_of_any_name_and_one_that_does_not_come_up(lab, root, tmp_path):
    ssh(lab, "observer1", "ln -s /opt/app-python '/srv/py #2 5%'")
    try:
        said, code = role(lab, root, tmp_path, ODD)
        assert code == 0, said
        assert '"ok"' in ssh(lab, "observer1", "curl -s http://127.0.0.1:5111/health")
        said, code = role(lab, root, tmp_path, BROKEN)
        assert (
            code == 2
            and "the sample application did not start: " in said
            and "DATABASE_URL: there is no folder /proc/nowhere" in said
        ), said
        assert ssh(lab, "observer1", "systemctl is-active magsasa-app.service", check=False).strip() in (
            "inactive",
            "failed",
        )
    finally:
        said, code = role(
            lab, root, tmp_path, {"target_app_state": "absent", "target_app_home": ODD["target_app_home"]}
        )
        ssh(lab, "observer1", "rm -f '/srv/py #2 5%'")
    assert code == 0 and ssh(
        lab, "observer1", "ls /srv /etc/systemd/system/magsasa-app.service 2>/dev/null || true"
    ).strip() in ("", "/srv:"), said
