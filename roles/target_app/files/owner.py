# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End the application and remove its files when the process that started it is gone, however it went. Runs beside it under supervisord."""
import os
import shutil
import signal
import sys
import time


def start_time(pid):
    """Start time of a process in clock ticks, or None when it is gone."""
    try:
        with open("/proc/%d/stat" % pid) as source:
            fields = source.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def main(pid, start, home):
    """Wait for the owner's end; then clean up in a session of our own, which the supervisor does not end."""
    while start_time(pid) == start:
        time.sleep(0.5)
    supervisor = os.getppid()
    supervisor_start = start_time(supervisor)
    if os.fork():
        time.sleep(60)
        return
    os.setsid()
    os.kill(supervisor, signal.SIGTERM)
    limit = time.monotonic() + 20
    while start_time(supervisor) == supervisor_start and time.monotonic() < limit:
        time.sleep(0.1)
    if start_time(supervisor) == supervisor_start:
        os.kill(supervisor, signal.SIGKILL)
    shutil.rmtree(home, ignore_errors=True)


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
