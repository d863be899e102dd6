# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults of the matrix: one of each kind, small, with what it needs on the host. Pure data."""

from __future__ import annotations

from collections import namedtuple

# module, options without name and duration; traits: what a cell may ask about it.
Fault = namedtuple("Fault", "module options traits")

PLACE = "/var/tmp/crash"
FEW = "/srv/crash-inodes"  # a file system that has few inodes
VICTIM = "crash-victim.service"
PAGES = "crash-pages.service"
PAGES_PORT = 8047
PORT = 9  # discard: nobody listens, nobody sends
# Made once on a host, and there before and after every cell.
PREPARE = r"""
mkdir -p %(place)s /run/systemd/system
printf 'first line\nsecond line\n' > %(place)s/notes
printf 'moved aside\n' > %(place)s/away
chmod 640 %(place)s/notes
python3 - <<'EOF'
import sqlite3
shop = sqlite3.connect("%(place)s/shop.db")
shop.execute("create table if not exists t (n)")
shop.commit()
EOF
printf '[Service]\nExecStart=/usr/bin/sleep 86399\n' > /etc/systemd/system/%(victim)s
printf '[Service]\nExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 %(port)d\n' > /etc/systemd/system/%(pages)s
systemctl daemon-reload
""" % {"place": PLACE, "victim": VICTIM, "pages": PAGES, "port": PAGES_PORT}
# What a boot takes along.
START = r"""
mkdir -p %(few)s; mountpoint -q %(few)s || mount -t tmpfs -o nr_inodes=3000,size=8m none %(few)s
systemctl start %(victim)s %(pages)s
for _each in $(seq 100); do ss -Htln | grep -q ':%(port)d ' && break; sleep 0.1; done
nft add table inet somebody
nft add chain inet somebody forwarded '{ type filter hook forward priority 0; }'
""" % {"few": FEW, "victim": VICTIM, "pages": PAGES, "port": PAGES_PORT}

FAULTS = {
    "cpu": Fault("cpu_fault", {"load": "10%", "of": "added", "cores": 1}, {"worker"}),
    "memory": Fault("memory_fault", {"size": "32M"}, {"worker"}),
    "disk-io": Fault(
        "disk_fault", {"action": "io", "path": PLACE, "workers": 1, "file_size": "4M", "rate": "1M"}, {"worker"}
    ),
    "disk-fill": Fault("disk_fault", {"action": "fill", "path": PLACE, "size": "8M"}, {"lasting"}),
    "process-pause": Fault("process_fault", {"action": "pause", "pattern": "^/usr/bin/sleep 86399$"}, set()),
    "service-stop": Fault("service_fault", {"action": "stop", "unit": VICTIM}, set()),
    "file-corrupt": Fault("file_fault", {"action": "corrupt", "path": PLACE + "/notes", "size": "8"}, {"lasting"}),
    "file-remove": Fault("file_fault", {"action": "remove", "path": PLACE + "/away"}, {"lasting"}),
    "dns-block": Fault("dns_fault", {"action": "block", "names": ["api.example.test"]}, {"lasting"}),
    "http-status": Fault("http_fault", {"status": 503, "port": PAGES_PORT}, {"nft", "worker"}),
    "dns-fail": Fault("dns_fault", {"action": "fail", "names": ["shop.example.test"]}, {"nft", "worker"}),
    "network-partition": Fault("network_fault", {"action": "partition", "port": [PORT]}, {"nft"}),
    "network-delay": Fault(
        "network_fault", {"action": "delay", "delay": "50ms", "port": [PORT + 1]}, {"nft", "worker"}
    ),
    "limit-inodes": Fault(
        "limit_fault", {"action": "inodes", "path": FEW, "leave_free": 50, "reserve": 50}, {"worker"}
    ),
    "database-lock": Fault(
        "database_fault", {"engine": "sqlite", "action": "outage", "path": PLACE + "/shop.db"}, {"worker"}
    ),
}
# Kinds that have no row, and why. The lab's hosts share the machine's kernel.
ELSEWHERE = {
    "clock_fault": "the lab's hosts have no clock of their own: tests/vm/test_crash.py",
    "container_fault": "no containers run on the lab's hosts: tests/integration/test_container_fault.py",
    "host_fault": "the fault is that the host goes down: tests/vm/test_host_fault.py",
}
