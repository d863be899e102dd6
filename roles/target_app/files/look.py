# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on the host: where the application lives, whether it runs, which port it has or may have. Prints one JSON line; changes nothing."""
import importlib.util
import json
import os
import re
import socket
import sys


def free_port(bind):
    """A port that nobody listens on now."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((bind, 0))
        return probe.getsockname()[1]


def known_port(home):
    """The port of an earlier start, from its settings file."""
    try:
        with open(os.path.join(home, "environment")) as source:
            found = re.search(r'^APP_PORT="?([0-9]+)', source.read(), re.M)
    except OSError:
        return 0
    return int(found.group(1)) if found else 0


def running(home):
    """Whether the supervisor of an earlier start is alive."""
    try:
        with open(os.path.join(home, "supervisord.pid")) as source:
            pid = int(source.read())
        with open("/proc/%d/cmdline" % pid, "rb") as source:
            return os.path.join(home, "supervisord.conf").encode() in source.read().split(b"\0")
    except (OSError, ValueError):
        return False


def main(home, bind, port):
    """Print the answer."""
    systemd = os.path.isdir("/run/systemd/system") and os.geteuid() == 0
    home = home or ("/opt/magsasa-app" if systemd else os.path.join(os.path.expanduser("~"), ".local", "state", "magsasa-app"))
    needed = ("flask", "sqlalchemy", "gunicorn", "prometheus_client") + (() if systemd else ("supervisor",))
    print(
        json.dumps(
            {
                "home": home,
                "systemd": systemd,
                "port": int(port) or known_port(home) or free_port(bind),
                "running": running(home),
                "missing": [name for name in needed if importlib.util.find_spec(name) is None],
            }
        )
    )


main(*sys.argv[1:4])
