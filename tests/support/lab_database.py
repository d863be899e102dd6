# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's PostgreSQL in tests: the application asked from the observer, clients of the server, and the server's
state as text.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import subprocess
import threading

from support.lab import access, look, places, ssh

PORT = 5001  # of the application, see molecule/lab/services.yml
UNIT = "postgresql@15-main.service"
# Argument: URL. One line for each request: when it began and ended (CLOCK_MONOTONIC, which hosts of one machine share),
# status or 0.
WATCH = """
import select, sys, time, urllib.error, urllib.request
while True:
    began = time.monotonic()
    try:
        status = urllib.request.urlopen(sys.argv[1], timeout=5).status
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError:
        status = 0
    print(began, time.monotonic(), status, flush=True)
    if select.select([0], [], [], max(0, began + 0.1 - time.monotonic()))[0]:
        break
"""
# Standard input: a secret, which is on no command line. Until it ends, looks at every process; prints who shows the
# secret, and psql.
SPY = """
import glob, json, select, sys
secret = sys.stdin.readline().strip().encode()
seen = set()
while not select.select([0], [], [], 0.002)[0]:
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as source:
                text = source.read()
        except OSError:
            continue
        if secret in text:
            seen.add("secret in " + text.replace(secret, b"(it)").decode("utf-8", "replace"))
        elif text.startswith(b"/usr/lib/postgresql/") and b"/psql" in text.split(b"\\0")[0]:
            seen.add("psql")
print(json.dumps(sorted(seen)))
"""
# Standard input: a secret. Files of the host that hold it, and lines of its journal that do.
FIND = """
read -r secret
grep -rlsF -f <(printf %s "$secret") /var/lib/magsasa-chaos /run /var/log /root /tmp /var/tmp | grep -v ^/run/log/journal
journalctl --no-pager -a -o cat | grep -F -f <(printf %s "$secret")
true
"""
# What an administrator would compare: settings, logins, rights, who is in, what is locked, files, firewall, the data.
STATE = r"""
set -u
cd /
ask() { runuser -u postgres -- psql -XAt -v ON_ERROR_STOP=1 -d postgres -c "$1"; }
echo "# service"; systemctl show -p ActiveState,SubState,UnitFileState,NRestarts UNIT
pgrep -u postgres -x postgres -o | xargs -I{} sh -c 'tr "\0" " " < /proc/{}/cmdline; stat -c " %u" /proc/{}'
ps -u postgres -o stat= | grep T
echo "# files"; find /etc/postgresql /var/lib/postgresql/15/main/postgresql.auto.conf -type f -exec stat -c '%n %a %U' {} + -exec md5sum {} + | sort
echo "# settings"; ask "SELECT name, setting FROM pg_settings ORDER BY 1"
echo "# logins"; ask "SELECT * FROM pg_hba_file_rules"; ask "SELECT rolname, rolcanlogin, rolconnlimit, md5(rolpassword) FROM pg_authid ORDER BY 1"
echo "# databases"; ask "SELECT datname, datallowconn, datconnlimit, datacl FROM pg_database ORDER BY 1"; ask "SELECT * FROM pg_db_role_setting"
echo "# sessions"; ask "SELECT DISTINCT usename, datname, client_addr, application_name FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY 1, 2, 3"
echo "# locks"; ask "SELECT l.mode, l.relation, l.granted FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE a.backend_type = 'client backend' AND pid <> pg_backend_pid()"
echo "# firewall"; nft list ruleset
echo "# data"; runuser -u postgres -- pg_dump magsasa | grep -v '^.\(un\)\?restrict ' | md5sum
""".replace("UNIT", UNIT)


class Watch:
    """Asks for a page of the application on ``target`` ten times a second, from the observer. ``samples``: [(began,
    ended, status)].
    """

    def __init__(self, lab, page, target="app1"):
        url = "http://%s:%d%s" % (target, PORT, page)
        argv = access.ssh_command(lab, lab.find("observer1"), "python3 -c %s %s" % (shlex.quote(WATCH), url))
        argv[1:1] = ["-o", "ControlMaster=no", "-o", "ControlPath=none"]
        self.samples = []
        self._running = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._running.stdout:
            began, ended, status = line.split()
            self.samples.append((float(began), float(ended), int(status)))

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._running.stdin.close()
        self._reader.join(20)
        self._running.stdout.close()
        self._running.wait(20)

    def statuses(self, begin=0.0, end=float("inf")):
        """Statuses of the requests that began and ended between two moments."""
        return [status for began, ended, status in list(self.samples) if begin <= began and ended <= end]

    def well(self, since=0.0):
        """Whether the last five requests were answered, all of them after ``since``."""
        return self.statuses(since)[-5:] == [200] * 5


def state(lab):
    """State of the server and its host (lines). Every application is asked before: only then its pool connects
    again.
    """
    hosts = [host.name for host in lab.hosts if host.group == "app"]
    ssh(
        lab,
        "observer1",
        "for name in %s; do curl -s -m 5 -o /dev/null http://$name:%d/health; done" % (" ".join(hosts), PORT),
        check=False,
    )
    return look(lab, "db1", STATE).splitlines()


def psql(lab, sql, database="postgres"):
    """(exit code, output) of psql as the server's own superuser on db1; exit code 124 when there is no answer."""
    command = "cd /; runuser -u postgres -- timeout 10 psql -XAtq -d %s -c %s 2>&1; printf '\\n%%d\\n' $?" % (
        database,
        shlex.quote(sql),
    )
    return _result(look(lab, "db1", command))


def _result(text):
    lines = text.split("\n")
    return int(lines[-2]), " ".join(lines[:-2]).strip()


def client(lab, name, sql, seconds=10):
    """The same over the network, from an application host with the application's own login; its password is on no
    command line.
    """
    read = "sed -n 's|^DATABASE_URL=.*magsasa:\\([^@]*\\)@.*|\\1|p' /opt/magsasa-app/environment"
    argv = "timeout %d psql -XAtqw -h db1 -U magsasa -d magsasa -c %s 2>&1" % (seconds, shlex.quote(sql))
    return _result(ssh(lab, name, "export PGPASSWORD=$(%s); %s; printf '\\n%%d\\n' $?" % (read, argv)))


def password(lab):
    """The lab's own password for the application's role."""
    return (places.runtime(lab.name) / "db-password").read_text().split()[0]


def find_secret(lab, name, secret):
    """Files of a host that hold a secret, and lines of its journal that do."""
    argv = access.ssh_command(lab, lab.find(name), FIND)
    done = subprocess.run(argv, input=secret + "\n", capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


@contextlib.contextmanager
def command_lines(lab, name, secret):
    """Watch all command lines of a host; the list that is given holds what was seen afterwards."""
    argv = access.ssh_command(lab, lab.find(name), "python3 -c " + shlex.quote(SPY))
    seen = []
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        running.stdin.write(secret + "\n")
        running.stdin.flush()
        yield seen
        seen += json.loads(running.communicate(timeout=30)[0])
