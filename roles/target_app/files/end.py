# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End the supervisor of the application and everything under it. Prints "ended" or "nothing"."""
import os
import signal
import sys
import time


def ours(pid, config):
    """Whether this process is the supervisor that was started with our settings file."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as source:
            return config.encode() in source.read().split(b"\0")
    except OSError:
        return False


def main(home):
    """SIGTERM, then SIGKILL."""
    config = os.path.join(home, "supervisord.conf")
    try:
        with open(os.path.join(home, "supervisord.pid")) as source:
            pid = int(source.read())
    except (OSError, ValueError):
        pid = 0
    if not pid or not ours(pid, config):
        print("nothing")
        return
    os.kill(pid, signal.SIGTERM)
    limit = time.monotonic() + 20
    while ours(pid, config) and time.monotonic() < limit:
        time.sleep(0.02)
    if ours(pid, config):
        os.kill(pid, signal.SIGKILL)
    print("ended")


main(sys.argv[1])
