# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role does on a host besides writing files.

    look HOME BIND PORT PYTHON OWNER   what is there; prints one JSON line, changes nothing. OWNER: PID:START of the run
    it is for, or empty
    last HOME                    the last lines that the application, or what runs it, wrote; at most LAST_LINES
    end HOME                     end the supervisor, the application and whatever restarted it; prints "ended" or
    "nothing"
    halt                         end and remove every application that a run of the chaos command started for itself;
    prints their homes, one a line
    owner PID START HOME         wait until that process is gone, then end everything and remove HOME

The application is known by MAGSASA_APP_HOME in its environment: a process that was started again by somebody else than
the
supervisor, as an experiment may do, is still ours.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

MARK = "magsasa.chaos target_app"
SETTINGS = ("environment", "supervisord.conf")
UNIT = "magsasa-app.service"
MODULES = ("flask", "sqlalchemy", "gunicorn", "prometheus_client")
END_S = 15
LAST_LINES = 5
LONGEST_LINE = 300


def read(path):
    """Bytes of a file; empty when it cannot be read."""
    try:
        with open(path, "rb") as source:
            return source.read()
    except OSError:
        return b""


def start_time(pid):
    """Start time of a living process in clock ticks, or None."""
    fields = read("/proc/%d/stat" % pid).rpartition(b")")[2].split()
    return int(fields[19]) if fields and fields[0] not in (b"Z", b"X") else None


def supervisor(home):
    """Pid of the supervisor that was started with the settings in this home, or 0."""
    text = read(os.path.join(home, "supervisord.pid")).strip()
    pid = int(text) if text.isdigit() else 0
    command = read("/proc/%d/cmdline" % pid).split(b"\0") if pid else []
    return pid if os.path.join(home, "supervisord.conf").encode() in command and start_time(pid) else 0


def applications(home):
    """Pids of our application's processes, whoever started them."""
    mark = ("MAGSASA_APP_HOME=" + home).encode()
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    return [pid for pid in pids if mark in read("/proc/%d/environ" % pid).split(b"\0") and start_time(pid)]


def send(pids, number):
    """Send a signal to those that are still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def end(home):
    """SIGTERM, and SIGKILL for what does not end; the supervisor first, lest it starts what we end. Returns whether
    there was something.
    """
    found = False
    for family in (lambda: [pid for pid in [supervisor(home)] if pid], lambda: applications(home)):
        pids = family()
        found = found or bool(pids)
        send(pids, signal.SIGTERM)
        send(pids, signal.SIGCONT)  # one that is paused would never hear of it
        limit = time.monotonic() + END_S
        while pids and time.monotonic() < limit:
            time.sleep(0.02)
            pids = family()
        send(pids, signal.SIGKILL)
    return found


def address(bind):
    """(family, address) of the address to listen on."""
    return (socket.AF_INET6 if ":" in bind else socket.AF_INET), bind


def can_listen(bind, port):
    """Port number that can be listened on now; OSError when not."""
    family, host = address(bind)
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)
        return probe.getsockname()[1]


def any_port(bind, before):
    """The port of an earlier start when it is still free, or another."""
    try:
        return can_listen(bind, before)
    except OSError:
        return can_listen(bind, 0)


def somebody_listens(bind, port):
    """Whether a connection is accepted there."""
    family, host = address({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind))
    with socket.socket(family) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def known_port(home):
    """The port of an earlier start, from its settings, or 0."""
    for name in SETTINGS:
        before, found, after = read(os.path.join(home, name)).partition(b'APP_PORT="')
        if found:
            return int(after.partition(b'"')[0])
    return 0


def whose(home):
    """Whether the home folder is "missing", "empty", "ours" or "foreign"."""
    if not os.path.isdir(home):
        return "foreign" if os.path.lexists(home) else "missing"
    if not os.listdir(home):
        return "empty"
    return "ours" if any(MARK.encode() in read(os.path.join(home, name))[:200] for name in SETTINGS) else "foreign"


def runs(python):
    """Whether this is an interpreter."""
    try:
        return subprocess.call([python, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def has_all(python, systemd):
    """Whether an interpreter has all that the application needs."""
    needed = MODULES + (() if systemd else ("supervisor",))
    code = "import sys, importlib.util as u; sys.exit(any(u.find_spec(n) is None for n in sys.argv[1:]))"
    try:
        return (
            subprocess.call([python, "-c", code] + list(needed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            == 0
        )
    except OSError:
        return False


def other_run(home, owner):
    """Pid of the living run that the application in this home belongs to, unless it is ``owner`` (PID:START); 0 for
    none.
    """
    for name in SETTINGS:
        found = (
            read(os.path.join(home, name))
            .partition(b'MAGSASA_APP_OWNER="')[2]
            .partition(b'"')[0]
            .decode("ascii", "replace")
        )
        pid, _mark, start = found.partition(":")
        if found != owner and pid.isdigit() and start.isdigit() and start_time(int(pid)) == int(start):
            return int(pid)
    return 0


def default_home(systemd, owner):
    """Where the application lives when nobody says so: one that belongs to a run has a place of its own, as several
    runs may go on side by side.
    """
    if systemd:
        return "/opt/magsasa-app"
    name = "magsasa-app" + ("-" + owner.partition(":")[0] if owner else "")
    return os.path.join(os.path.expanduser("~"), ".local", "state", name)


def look(home, bind, port, python, owner=""):
    """What is there, as the role's tasks need it; ``error`` is a sentence when it cannot be started like this."""
    systemd = os.path.isdir("/run/systemd/system") and os.geteuid() == 0
    home = os.path.normpath(home or default_home(systemd, owner))
    venv = os.path.join(home, "venv", "bin", "python")
    there = {
        "home": home,
        "home_is": whose(home),
        "systemd": systemd,
        "venv": venv,
        "port": port or known_port(home),
        "error": "",
    }
    there["python"] = next((each for each in (python, venv) if each and has_all(each, systemd)), "")
    there["supervised"] = (
        (subprocess.call(["systemctl", "is-active", "--quiet", UNIT]) == 0) if systemd else bool(supervisor(home))
    )
    there["processes"] = len(applications(home))
    there["other_run"] = other_run(home, owner)
    if there["home_is"] == "foreign":
        there["error"] = "target_app_home: %s contains files that this role did not create; name another folder" % home
    elif not os.path.isabs(home):
        there["error"] = "target_app_home: %s is not an absolute path; write one that begins with /" % home
    elif there["other_run"]:
        there["error"] = (
            "the sample application in %s belongs to another run (process %d), which is still active; wait until that"
            " has ended, or name your own service with chaos_target_url (--target URL)" % (home, there["other_run"])
        )
    elif not 0 <= port <= 65535:
        there["error"] = (
            "target_app_port: %d is not a port; use a number from 1 to 65535, or 0 for any free port" % port
        )
    elif python and not there["python"] and not runs(python):
        there["error"] = "target_app_python: %s is not a working Python; name another, or leave it empty" % python
    running = False
    try:
        if there["error"]:
            return dict(there, running=running)
        running = bool(
            there["supervised"]
            and there["port"]
            and there["port"] == known_port(home)
            and somebody_listens(bind, there["port"])
        )
        if not running and not there["processes"]:
            there["port"] = can_listen(bind, port) if port else any_port(bind, there["port"])
    except OSError as error:
        option, value = ("target_app_port", port) if port else ("target_app_bind", bind)
        there["error"] = "%s: cannot listen on %s (%s); choose another" % (option, value, error.strerror or error)
    return dict(there, running=running)


def last(home):
    """The last lines of the application, else of what runs it, in one line; without control characters and
    passwords of URLs.
    """
    log, started = os.path.join(home, "app.log"), os.path.join(home, "supervisord.pid")
    texts = [read(os.path.join(home, "supervisord.log"))]
    if os.path.exists(log) and os.path.exists(started) and os.path.getmtime(log) >= os.path.getmtime(started):
        texts.insert(0, read(log))  # written in this life, not in an earlier one
    if os.path.exists(os.path.join(home, "environment")):
        journal = subprocess.run(
            ["journalctl", "-u", UNIT, "-n", str(LAST_LINES), "-o", "cat", "--no-pager"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        texts.insert(0, journal.stdout)
    text = next((text for text in texts if text.strip()), b"")[-20000:].decode("utf-8", "replace")
    lines = [line.strip()[:LONGEST_LINE] for line in text.splitlines() if line.strip()][-LAST_LINES:]
    plain = "".join(c if c.isprintable() else " " for c in " | ".join(lines))
    return re.sub(r"://[^/@\s]*@", "://***@", plain)


def owner(pid, start, home):
    """See above; the cleaning is done in a session of its own, which the supervisor does not end."""
    while start_time(pid) == start:
        time.sleep(0.5)
    if os.fork():
        time.sleep(60)  # until the supervisor ends us
        return
    os.setsid()
    end(home)
    shutil.rmtree(home, ignore_errors=True)


def of_runs():
    """Homes of applications that a run started for itself."""
    below = os.path.join(os.path.expanduser("~"), ".local", "state")
    names = sorted(os.listdir(below)) if os.path.isdir(below) else []
    homes = ["/opt/magsasa-app"] + [
        os.path.join(below, name) for name in names if re.fullmatch("magsasa-app(-[0-9]+)?", name)
    ]
    return [home for home in homes if not os.path.islink(home) and _of_a_run(home)]


def _of_a_run(home):
    """Whether its settings name a run. One that was killed before it wrote any made its folder and nothing in it."""
    if re.search("-[0-9]+$", home) and whose(home) == "empty":
        return True
    return (
        any(re.search(rb'MAGSASA_APP_OWNER="[0-9]+:[0-9]+"', read(os.path.join(home, name))) for name in SETTINGS)
        and whose(home) == "ours"
    )


def halt():
    """End and remove them; returns their homes."""
    homes = of_runs()
    for home in homes:
        unit = "/etc/systemd/system/" + UNIT
        if os.path.isdir("/run/systemd/system") and os.path.join(home, "environment").encode() in read(unit):
            subprocess.call(["systemctl", "disable", "--now", "--quiet", UNIT], stderr=subprocess.DEVNULL)
            os.unlink(unit)
            subprocess.call(["systemctl", "daemon-reload"])
        end(home)
        shutil.rmtree(home, ignore_errors=True)
    return homes


if __name__ == "__main__":
    if sys.argv[1] == "look":
        print(json.dumps(look(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5], "".join(sys.argv[6:7]))))
    elif sys.argv[1] == "last":
        print(last(sys.argv[2]))
    elif sys.argv[1] == "halt":
        print("\n".join(halt()))
    elif sys.argv[1] == "end":
        print("ended" if end(sys.argv[2]) else "nothing")
    else:
        owner(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
