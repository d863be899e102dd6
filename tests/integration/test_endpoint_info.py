# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""endpoint_info as a playbook uses it: real services and hostile ports side by side, the ladder, the bound, wrong
input, the playbook.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import detect
from support.faults import refused_rows
from support.http_server import Server, answer, closed_port, drip, endless, say, self_signed, silent
from support.modules import ROOT, run_module

KEYS = {"endpoint", "step", "candidates", "not_asked", "table", "elapsed_s"}
HEALTH = {"service": "shop", "version": "1.2", "status": "ok"}
GRACE = 3.0  # seconds that a busy machine may add to what the module measures of itself


def look(state, check=False, env=None, **options):
    """The result of the module, which must not have failed; no variable of the tester's own shell names a port."""
    result = run_module("endpoint_info", options, state, check=check, env=dict({"APP_PORT": ""}, **(env or {})))
    assert not result.get("failed") and result["changed"] is False and KEYS <= set(result), result
    return result


def entry(result, port):
    (found,) = [each for each in result["candidates"] if each["port"] == port]
    return found


def said(result, port):
    return "; ".join(entry(result, port)["reasons"])


@contextlib.contextmanager
def service(*argv, **options):
    """A process that has printed one line of its own choice; ends with the test. Yields (pid, the line)."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options) as process:
        try:
            yield process.pid, process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.terminate()


def test_several_at_once(tmp_path):
    behaviours = {
        "shop": say(answer(HEALTH)),
        "healthy": say(answer(b"ok")),
        "silent": silent,
        "garbage": say(b"hello\r\n"),
    }
    with contextlib.ExitStack() as stack:
        at = {
            name: stack.enter_context(Server(each, whole_requests=name != "garbage")).port
            for name, each in behaviours.items()
        }
        at["closed"] = closed_port()
        result = look(tmp_path, ports=[at["closed"], at["garbage"], at["silent"], at["healthy"], at["shop"]])
        assert result["step"] == "identified" and result["endpoint"]["port"] == at["shop"]
        assert [each["port"] for each in result["candidates"]] == [
            at[name] for name in ("shop", "healthy", "garbage", "silent", "closed")
        ]
        assert [each["step"] for each in result["candidates"]] == [
            "identified",
            "healthy",
            "listening",
            "listening",
            "none",
        ]
        assert "reports the name shop" in said(result, at["shop"])
        assert "/health answers 200" in said(result, at["healthy"])
        assert "does not answer in time" in said(result, at["silent"])
        assert "gives no HTTP answer (garbage" in said(result, at["garbage"])
        assert "nothing listens" in said(result, at["closed"])
        assert len(result["table"]) == 6 and result["table"][1].startswith("> ")
        assert (
            entry(result, at["silent"])["process"]["pid"] == os.getpid()
        )  # who listens is known also where nothing is said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "names, step",
    [
        (("silent", "healthy", "shop"), "identified"),
        (("silent", "healthy"), "healthy"),
        (("silent",), "listening"),
        ((), "none"),
    ],
)
def test_the_ladder(tmp_path, names, step):
    behaviours = {"shop": say(answer(HEALTH)), "healthy": say(answer(b"ok")), "silent": silent}
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(Server(behaviours[name])).port for name in names]
        result = look(tmp_path, ports=[closed_port(), *ports], timeout="1s")
        assert result["step"] == step
        assert (result["endpoint"] or {}).get("port") == (ports[-1] if ports else None)
        if step == "listening":
            found = result["endpoint"]
            assert (found["healthy"], found["status"], found["pid"]) == (False, None, os.getpid())
            assert (found["url"], found["health_url"]) == ("http://127.0.0.1:%d" % ports[-1],) * 2


def test_ties_go_by_the_order_of_the_candidates(tmp_path):
    with Server(say(answer(HEALTH))) as one, Server(say(answer(HEALTH))) as other:
        for ports in ([one.port, other.port], [other.port, one.port]):
            assert [each["port"] for each in look(tmp_path, ports=ports)["candidates"]] == ports


def test_the_wanted_service_comes_first(tmp_path):
    with Server(say(answer(HEALTH))) as shop, Server(say(answer(dict(HEALTH, service="bank"), 503))) as bank:
        result = look(tmp_path, ports=[shop.port, bank.port], service="Bank")
        assert (result["endpoint"]["service"], result["endpoint"]["healthy"], result["step"]) == (
            "bank",
            False,
            "identified",
        )
        assert entry(result, shop.port)["step"] == "healthy" and "is not the wanted service" in said(result, shop.port)


def test_environment_variables_and_their_order(tmp_path):
    with Server(say(answer(HEALTH))) as one, Server(say(answer(HEALTH))) as other:
        result = look(tmp_path, env={"APP_PORT": one.port, "CHAOS_TARGET_PORT": other.port})
        assert [each["port"] for each in result["candidates"][:2]] == [other.port, one.port]
        assert entry(result, other.port)["source"] == "environment variable CHAOS_TARGET_PORT"
        assert [each["port"] for each in result["candidates"] if each["source"] == "default port"] and result[
            "endpoint"
        ]["port"] == other.port
        result = look(
            tmp_path, env={"APP_PORT": one.port, "CHAOS_TARGET_PORT": other.port}, url="http://127.0.0.1:%d" % one.port
        )
        assert [each["port"] for each in result["candidates"]] == [one.port]


def test_check_mode_is_the_same(tmp_path):
    with Server(say(answer(HEALTH))) as server:
        results = [look(tmp_path, check=check, ports=[server.port]) for check in (False, True)]
        for result in results:
            result.pop("elapsed_s")
        assert results[0] == results[1]


def test_a_redirect_is_reported(tmp_path):
    with Server(say(answer(HEALTH))) as other, Server() as server:
        server.behave = say(answer(b"", 302, [("Location", other.url + "/health")]))
        result = look(tmp_path, ports=[server.port])
        assert result["step"] == "listening" and "redirects to %s/health" % other.url in said(result, server.port)
        assert other.connections == 0


def test_tls_on_the_port(tmp_path):
    context = self_signed(tmp_path)
    if context is None:
        pytest.skip("openssl is not installed")
    with Server(say(answer(HEALTH)), context=context) as server:
        result = look(tmp_path, ports=[server.port])
        assert (
            result["endpoint"]["url"] == "https://127.0.0.1:%d" % server.port
            and result["endpoint"]["scheme"] == "https"
        )
        assert "HTTP over TLS (certificate not checked)" in said(result, server.port)


def test_ipv6_only(tmp_path):
    with Server(say(answer(HEALTH)), host="::1") as server:
        result = look(tmp_path, ports=[server.port])
        assert (result["endpoint"]["address"], result["endpoint"]["url"]) == ("::1", "http://[::1]:%d" % server.port)
        assert len(result["candidates"]) == 1


def test_two_services_on_two_addresses_of_one_port(tmp_path):
    with Server(say(answer(HEALTH)), host="::1") as six, contextlib.ExitStack() as stack:
        code = (
            "import http.server as h, socketserver as s; x = s.TCPServer(('127.0.0.1', %d), h.SimpleHTTPRequestHandler)"
        )
        code += "; print('up', flush=True); x.serve_forever()"
        pid, _line = stack.enter_context(
            service(sys.executable, "-c", code % six.port, stderr=subprocess.DEVNULL, cwd=tmp_path)
        )
        result = look(tmp_path, ports=[six.port])
        found = {each["address"]: each for each in result["candidates"]}
        assert set(found) == {"127.0.0.1", "::1"} and result["endpoint"]["address"] == "::1"
        assert (found["127.0.0.1"]["process"]["pid"], found["::1"]["process"]["pid"]) == (pid, os.getpid())
        assert found["127.0.0.1"]["framework"] == "Python http.server"
        result = look(tmp_path, ports=[six.port], addresses=["127.0.0.1"])
        assert [each["address"] for each in result["candidates"]] == ["127.0.0.1"]


def test_a_port_bound_to_another_address_of_the_host(tmp_path):
    with Server(say(answer(HEALTH)), host="127.9.8.7") as server:
        assert look(tmp_path, ports=[server.port])["endpoint"]["address"] == "127.9.8.7"


def test_slow_health_endpoints(tmp_path):
    with Server(say(answer(HEALTH), delay=1.5)) as slow, Server(say(answer(HEALTH), delay=60)) as slower:
        result = look(tmp_path, ports=[slower.port, slow.port], timeout="6s")
        assert (result["endpoint"]["port"], result["endpoint"]["healthy"]) == (slow.port, True)
        assert "-5 slow: answered after" in said(result, slow.port)
        assert "does not answer in time" in said(result, slower.port)


def test_own_health_paths(tmp_path):
    with Server(say(answer(HEALTH))) as server:
        result = look(tmp_path, ports=[server.port], health_paths=["/status?full=1"])
        assert result["endpoint"]["health_url"] == server.url + "/status?full=1"


def test_the_query_of_an_address_stays(tmp_path):
    """Without its token nobody could probe the address that is found; only the log of the host does without."""
    with Server(say(answer(HEALTH))) as server:
        address = server.url + "/health?token=a-long-token"
        assert look(tmp_path, url=address)["endpoint"]["health_url"] == address


def test_huge_and_hostile_documents(tmp_path):
    name = "{{ 6 * 7 }}\x1b[2J\r\n"
    with Server(endless(b"HTTP/1.1 200 OK\r\n\r\n" + b'{"service": "', b"x" * 65536)) as huge, Server(
        say(answer(dict(HEALTH, service=name)))
    ) as evil:
        result = look(tmp_path, ports=[huge.port, evil.port])
        assert entry(result, huge.port)["healthy"] and "answers more than was read" in said(result, huge.port)
        assert result["endpoint"]["service"] == "{{ 6 * 7 }}?[2J"
        assert all(line.isprintable() and len(line) < 1000 for line in result["table"])


def test_the_total_time_is_bounded(tmp_path):
    """48 ports that do their worst, at once. The module's own figure is compared, as Ansible's start takes its time."""
    kinds = [
        silent,
        say(answer(HEALTH), delay=60),
        drip(answer(HEALTH), 1.0),
        endless(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
        say(b"\x00" * 100),
        None,
    ]
    with contextlib.ExitStack() as stack:
        ports = []
        for number in range(48):
            behave = kinds[number % len(kinds)]
            if behave:
                ports.append(stack.enter_context(Server(behave, whole_requests=number % len(kinds) != 4)).port)
            else:  # listens and never accepts
                ports.append(stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0)).getsockname()[1])
        good = stack.enter_context(Server(say(answer(HEALTH))))
        result = look(tmp_path, ports=[*ports, good.port])
        assert result["elapsed_s"] < 3.0 + GRACE
        assert result["endpoint"]["port"] == good.port and len(result["candidates"]) == 49
        began = time.monotonic()
        detected = detect.detect(ports=ports, timeout_s=1.0, environ={})
        assert time.monotonic() - began < 1.0 + GRACE and detected["step"] == "listening"


def test_discover(tmp_path):
    """Tests beside this one have services too, many of them a shop: this one has a name of its own."""
    name = "shop-of-%d" % os.getpid()
    health = say(answer(dict(HEALTH, service=name)))
    with Server(health) as server, Server(say(b"hello\r\n"), whole_requests=False) as garbage:
        with service(sys.executable, "-c", NAMED_POSTGRES) as (_pid, line):
            assert server.port not in [each["port"] for each in look(tmp_path)["candidates"]]
            result = look(tmp_path, discover=True, service=name)
            assert (
                result["endpoint"]["port"] == server.port and entry(result, server.port)["source"] == "listening port"
            )
            assert entry(result, garbage.port)["step"] == "none"
            assert int(line) not in [each["port"] for each in result["candidates"]]  # nobody sends HTTP to a database


NAMED_POSTGRES = """
import ctypes, socket, sys
ctypes.CDLL(None).prctl(15, b"postgres", 0, 0, 0)
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
sys.stdin.read()
"""


def test_a_url(tmp_path):
    with Server(say(answer(HEALTH))) as server:
        result = look(tmp_path, url="http://bob:hunter2@localhost:%d/deep/health" % server.port)
        found = result["endpoint"]
        assert (found["url"], found["health_url"]) == (
            "http://localhost:%d" % server.port,
            "http://localhost:%d/deep/health" % server.port,
        )
        assert found["pid"] == os.getpid() and b"Authorization: Basic " in server.requests[-1][1]
        assert "hunter2" not in json.dumps(result)
    result = look(tmp_path, url="http://127.0.0.1:%d" % server.port)
    assert (result["step"], result["endpoint"]) == ("none", None) and "gives no HTTP answer (refused)" in said(
        result, server.port
    )
    result = look(tmp_path, url="http://no-such-host.invalid:81", timeout="1s")
    assert (result["step"], result["endpoint"]) == ("none", None) and result["elapsed_s"] < 1.0 + GRACE


def test_required(tmp_path):
    closed = closed_port()
    for options, words in (
        ({"ports": [closed]}, "start it, or name it with url or ports"),
        ({"url": "http://127.0.0.1:%d" % closed}, "correct url"),
    ):
        result = run_module("endpoint_info", dict(options, required=True), tmp_path, env={"APP_PORT": ""})
        assert result["failed"] and result["changed"] is False and KEYS <= set(result)
        assert (
            "\n" not in result["msg"]
            and result["msg"].startswith("no service was found; tried %d (" % closed)
            and words in result["msg"]
        )


def test_wrong_input_gets_one_sentence(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    rows = [
        ({"ports": [99999]}, "ports: '99999' is not a port"),
        ({"ports": ["eighty"]}, "ports: 'eighty' is not a port"),
        ({"ports": list(range(1, 100))}, "64 at most"),
        ({"timeout": "30 parsecs"}, "timeout: '30 parsecs' is not a duration"),
        ({"timeout": "1h"}, "timeout: '1h' is above the maximum"),
        ({"timeout": "1ms"}, "timeout: '1ms' is below the minimum"),
        ({"url": "ftp://host"}, "url: 'ftp://host' is not an http or https URL"),
        ({"url": "localhost:5000"}, "url: 'localhost:5000' is not an http or https URL"),
        ({"url": "http://host:99999"}, "has no valid port"),
        ({"url": "http://bob:hunter2@host:0/"}, "url: 'http://host:0/' has no valid port"),
        ({"url": "http://127.0.0.1:1/" + "\u00e9" * 1500}, "is longer than 4096 characters"),
        ({"addresses": ["localhost"]}, "addresses: 'localhost' is not an IP address"),
        ({"health_paths": ["health"]}, "health_paths: 'health' is not a path"),
    ]
    refused_rows("endpoint_info", {}, rows, state)
    result = run_module("endpoint_info", {}, state, env={"APP_PORT": "99999"})
    assert result["failed"] and result["msg"].startswith("APP_PORT: '99999' is not a port")


SERVER = """
import http.server, json, os, socketserver, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("create table t (a)")
database.commit()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"service": "ledger", "version": "3", "checks": {"database": {"status": "up"}}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass

server = socketserver.TCPServer(("127.0.0.1", 0), Handler)  # HTTPServer would ask the resolver for a name
if os.fork() == 0:  # a worker that shares the socket
    print(server.server_address[1], os.getpid(), flush=True)
    server.serve_forever()
os.wait()
"""


def test_the_process_and_its_database(tmp_path):
    path = tmp_path / "ledger.db"
    with service(sys.executable, "-c", SERVER, path, "--db-password", "hunter2", "postgres://bob:hunter2@db/x") as (
        pid,
        line,
    ):
        port, worker = map(int, line.split())
        try:
            result = look(tmp_path, ports=[port])
            found = result["endpoint"]
            assert (found["pid"], found["process"]["pid"], found["process"]["workers"]) == (pid, pid, [worker])
            assert found["process"]["ppid"] == os.getpid() and found["start_time"] == found["process"]["start_time"] > 0
            assert found["framework"] == "Python http.server" and found["unit"] is None
            database = found["database"]
            assert (database["backend"], database["path"], database["status"]) == ("sqlite", str(path), "up")
            assert database["source"] in ["health document, open file of process %d" % each for each in (pid, worker)]
            assert "hunter2" not in json.dumps(result)
        finally:
            os.kill(worker, signal.SIGTERM)


def test_the_sample_application(tmp_path):
    environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "FRAGILE")}
    port = closed_port()
    environment.update(
        PYTHONPATH=str(ROOT / "target_app"), APP_PORT=str(port), APP_DATABASE_FILE=str(tmp_path / "shop.db")
    )
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "magsasa_app"], env=environment, cwd=tmp_path, stdout=log, stderr=log
        )
    try:
        limit = time.monotonic() + 60
        while True:
            result = look(tmp_path, env={"APP_PORT": port})
            there = entry(result, port)["healthy"] and result["endpoint"]["pid"]
            # One look may find it before it has forked and ask it after.
            if there and result["endpoint"]["process"]["workers"] or time.monotonic() > limit:
                break
        found = result["endpoint"]
        assert (found["port"], found["service"], found["framework"], found["healthy"]) == (
            port,
            "magsasa-card-erp",
            "gunicorn",
            True,
        )
        assert (
            found["pid"] == process.pid
            and process.pid not in found["process"]["workers"]
            and found["process"]["workers"]
        )
        assert (found["database"]["backend"], found["database"]["path"]) == ("sqlite", str(tmp_path / "shop.db"))
        assert (result["step"], found["health_url"]) == ("identified", "http://127.0.0.1:%d/health" % port)
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.root
def test_without_root_a_foreign_process_is_not_seen_and_the_reason_says_so(tmp_path):
    with service(sys.executable, "-c", SERVER, tmp_path / "ledger.db") as (_pid, line):
        port, worker = map(int, line.split())
        # imported first: the unprivileged user need not be able to read the checkout
        code = (
            "import json, os, sys; from %s import detect; os.setgroups([]); os.setgid(65534); os.setuid(65534)"
            % detect.__package__
        )
        code += "; print(json.dumps(detect.detect(ports=[int(sys.argv[1])], environ={})))"
        argv = [sys.executable, "-c", code, str(port)]
        done = subprocess.run(
            argv,
            env=dict(os.environ, PYTHONPATH=str(ROOT / ".collections")),
            stdout=subprocess.PIPE,
            timeout=60,
            check=True,
        )
        result = json.loads(done.stdout)
        os.kill(worker, signal.SIGTERM)
        found = result["endpoint"]
        assert (found["service"], found["healthy"], found["pid"], found["process"], found["unit"]) == (
            "ledger",
            True,
            None,
            None,
            None,
        )
        assert result["candidates"][0]["reasons"][-1] == "its process is not visible to this user"


def test_the_playbook_prints_candidates_of_every_host_and_evaluates_nothing(ansible_playbook, tmp_path):
    inventory = tmp_path / "hosts"
    python = sys.executable
    inventory.write_text(
        "".join(
            "%s ansible_connection=local ansible_python_interpreter=%s\n" % (name, python)
            for name in ("one", "two", "three")
        )
    )
    with Server(say(answer(dict(HEALTH, service="{{ 6 * 7 }}")))) as server:
        more = ["-i", inventory, "-e", json.dumps({"chaos_ports": [server.port], "chaos_discover": False})]
        done = ansible_playbook(
            ROOT / "playbooks" / "chaos_detect.yml", *more, "-e", "chaos_hosts=one:two", env={"APP_PORT": ""}
        )
        assert done.returncode == 0, done.stdout + done.stderr
        for host in ("one", "two"):
            assert "%s: %s (identified)" % (host, server.url) in done.stdout
        assert "three" not in done.stdout and "changed=0" in done.stdout and "changed=1" not in done.stdout
        assert "reports the name {{ 6 * 7 }}" in done.stdout and "reports the name 42" not in done.stdout
        assert "SCORE" in done.stdout
        done = ansible_playbook(
            ROOT / "playbooks" / "chaos_detect.yml",
            "-i",
            inventory,
            "-e",
            "chaos_ports=%d" % closed_port(),
            "-e",
            "chaos_discover=false",
        )
        assert done.returncode == 0 and "three: no service found" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("path, found", [("/livez", True), ("/ready", False)])
def test_where_the_service_tells_that_it_is_alive(tmp_path, path, found):
    def behave(connection, request):
        wanted = request.split(b" ")[1].decode()
        connection.sendall(answer({"status": "ok"}, status=200 if wanted in ("/health", path) else 404))

    with Server(behave) as server:
        endpoint = look(tmp_path, url=server.url)["endpoint"]
        assert (endpoint["healthy"], endpoint["live_url"]) == (True, server.url + path if found else None)
