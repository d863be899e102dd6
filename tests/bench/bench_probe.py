# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recorder costs and how well it keeps time, beside a bare http.client loop at the same pace in the same run.

Run by hand from the checkout, on a quiet machine: ``PYTHONPATH=.collections:tests python tests/bench/bench_probe.py``
"""

from __future__ import annotations

import http.client as plain
import os
import subprocess
import sys
import tempfile
import time

from ansible_collections.magsasa.chaos.plugins.module_utils._http import exchange
from ansible_collections.magsasa.chaos.plugins.module_utils._check import spec
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import collect, control

SERVER = """
import socket
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
listening.listen(512)
print(listening.getsockname()[1], flush=True)
answer = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 16\\r\\nConnection: close\\r\\n\\r\\n{\\"status\\": \\"ok\\"}"
while True:
    connection, _peer = listening.accept()
    connection.recv(4096)
    connection.sendall(answer)
    connection.close()
"""


def cpu_of(pid):
    """CPU seconds of a process. Source: clock_getcpuclockid(3), which is (~pid << 3) | 2 on Linux."""
    return time.clock_gettime((~pid << 3) | 2)


def loop(ask, rate, seconds):
    """CPU microseconds that one ``ask()`` costs in this process at a pace (0: as fast as it goes)."""
    count = int((rate or 2000) * seconds)
    begun = time.process_time()
    for _each in range(count):
        ask()
        if rate:
            time.sleep(1.0 / rate)
    return (time.process_time() - begun) / count * 1e6


def bare(port):
    def ask():
        connection = plain.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/")
        connection.getresponse().read()
        connection.close()

    return ask


def recorder(port, rate, seconds, burners=0):
    """(CPU microseconds a probe, summary) of a recorder, beside busy processes."""
    options = {name: option.get("default") for name, option in spec.OPTIONS.items()}
    options.update(
        name="bench", rate=rate, timeout="2s", max_duration="10m", max_in_flight=None, keepalive=False, lease=None
    )
    options.update(url="http://127.0.0.1:%d/" % port)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _each in range(burners)]
    try:
        pid = control.start(control.parse(options))[1]["pid"]
        time.sleep(1.0)
        before = cpu_of(pid)
        time.sleep(seconds)
        used = cpu_of(pid) - before
        return used / (seconds * rate) * 1e6, collect.stop("bench")[1]["summary"]
    finally:
        for each in busy:
            each.kill()
            each.wait()


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE)
    try:
        port = int(server.stdout.readline())
        session, request = exchange.Session(), exchange.prepare("http://127.0.0.1:%d/" % port)
        print("load average %.2f %.2f %.2f, %d cores" % (os.getloadavg() + (os.cpu_count(),)))
        tight = loop(bare(port), 0, 1), loop(lambda: session.fetch(request), 0, 1)
        print("back to back:  http.client %4.0f us, fetch %4.0f us, ratio %.2f" % (tight + (tight[1] / tight[0],)))
        with tempfile.TemporaryDirectory() as folder:
            os.environ["MAGSASA_CHAOS_STATE"] = folder
            for rate, burners in ((20, 0), (100, 0), (100, os.cpu_count())):
                paced = loop(bare(port), rate, min(seconds, 5.0))
                cost, seen = recorder(port, rate, seconds, burners)
                print(
                    "%4d/s, %d busy:  recorder %4.0f us a probe = %.2f %% of a core, %.2f times a bare http.client loop"
                    " at that pace; late p50 %.2f p99 %.2f max %.2f ms; %d KiB; real-time %s"
                    % (
                        rate,
                        burners,
                        cost,
                        cost * rate / 1e4,
                        cost / paced,
                        seen["late_p50_ms"],
                        seen["late_p99_ms"],
                        seen["late_max_ms"],
                        seen["max_rss_kib"],
                        seen["urgent"],
                    )
                )
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
