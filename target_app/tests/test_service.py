# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients and operators see: pages, validation, metrics, signals, slow clients."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from running import ROOT, alive, wait_for


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """One application for the tests that do not harm it."""
    from running import App

    app = App(tmp_path_factory.mktemp("app"))
    yield app.wait_until_it_answers()
    app.end()


def test_health_says_what_it_is(app):
    answer = app.ask("/health")
    check = answer.body["checks"]["database"]
    assert answer.status == 200 and answer.body["status"] == "ok" and answer.body["uptime_s"] > 0
    assert (answer.body["service"], answer.body["version"]) == ("magsasa-card-erp", "1.0.0")
    assert (check["status"], check["backend"], check["path"]) == ("up", "sqlite", str(app.database)) and check[
        "latency_ms"
    ] > 0
    assert app.ask("/live").body["status"] == "alive" and app.ask("/ready").body["status"] == "ready"


def test_the_page_and_the_name(app):
    page = app.ask("/", headers={"Accept": "text/html"})
    assert (
        page.status == 200
        and "60 farmers, " in page.body
        and "magsasa-card-erp 1.0.0" in page.body
        and "<td>Laguna</td><td>12</td>" in page.body
    )
    assert app.ask("/", headers={"Accept": "application/json"}).body == {
        "service": "magsasa-card-erp",
        "version": "1.0.0",
    }


def test_the_page_escapes_what_clients_sent(app):
    assert (
        app.ask("/api/farmers", "POST", {"code": "X1", "name": "Ana", "province": "<b>X</b>", "hectares": 1}).status
        == 201
    )
    page = app.ask("/").body
    assert "<b>X" not in page and "&lt;b&gt;X" in page


def test_paging(app):
    everything = app.ask("/api/farmers?limit=100").body
    pages = [app.ask("/api/farmers?limit=25&offset=%d" % offset).body for offset in (0, 25, 50, 75)]
    assert [each for page in pages for each in page["items"]] == everything["items"]
    assert {page["total"] for page in pages} == {everything["total"]} == {len(everything["items"])}
    assert app.ask("/api/orders/1").body == app.ask("/api/orders?limit=1").body["items"][0]


def test_create_and_read_back(app):
    product = app.ask("/api/products", "POST", {"sku": "HOE", "name": "Hoe", "price": "19.95"})
    assert product.status == 201
    order = app.ask(
        "/api/orders", "POST", {"farmer_id": 1, "lines": [{"product_id": product.body["id"], "quantity": 3}]}
    )
    assert order.status == 201 and order.body["total"] == 59.85
    assert app.ask("/api/orders/%d" % order.body["id"]).body == order.body
    paid = app.ask("/api/payments", "POST", {"farmer_id": 1, "amount": 10})
    assert paid.status == 201 and app.ask("/api/payments/%d" % paid.body["id"]).body["amount"] == 10.0


FARMER = {"code": "Z1", "name": "Ana", "province": "Laguna", "hectares": 1}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/api/farmers?limit=0", None, "limit: '0' is not a whole number from 1 to 100"),
        (
            "/api/farmers?limit=%C2%B2",
            None,
            "limit: '\u00b2' is not a whole number",
        ),  # a digit to str.isdigit, not to int
        ("/api/farmers?offset=-1", None, "offset: '-1' is not a whole number"),
        ("/api/farmers?offset=99999999999999999999", None, "offset: "),
        ("/api/farmers", "{", "the body must be a JSON object"),
        ("/api/farmers", "[" * 60000, "the body must be a JSON object"),
        ("/api/farmers", [], "the body must be a JSON object"),
        ("/api/farmers", {"code": "Z1"}, "name: is missing"),
        ("/api/farmers", dict(FARMER, code="F00001"), "code: 'F00001' is taken"),
        ("/api/farmers", dict(FARMER, name=""), "name: must be a printable text of 1 to 80 characters"),
        ("/api/farmers", dict(FARMER, name="a\x00b"), "name: must be a printable text"),
        ("/api/farmers", dict(FARMER, hectares=-1), "hectares: '-1' is not an amount from 0.01"),
        ("/api/farmers", dict(FARMER, hectares="0.001"), "hectares: '0.001' is not an amount"),
        ("/api/farmers", dict(FARMER, hectares="1e999999"), "hectares: "),
        ("/api/farmers", dict(FARMER, hectares=True), "hectares: "),
        ("/api/payments", {"farmer_id": 999999, "amount": 1}, "farmer_id: there is no farmer 999999"),
        ("/api/payments", {"farmer_id": True, "amount": 1}, "farmer_id: 'True' is not a whole number"),
        ("/api/payments", {"farmer_id": 1, "amount": "NaN"}, "amount: 'NaN' is not an amount"),
        ("/api/orders", {"farmer_id": 1, "lines": []}, "lines: must be a list of 1 to 50 objects"),
        (
            "/api/orders",
            {"farmer_id": 1, "lines": [{"product_id": 1, "quantity": 0}]},
            "quantity: '0' is not a whole number from 1 to 10000",
        ),
        (
            "/api/orders",
            {"farmer_id": 1, "lines": [{"product_id": 77, "quantity": 1}]},
            "product_id: there is no product 77",
        ),
        (
            "/api/orders",
            {"farmer_id": 1, "lines": [{"product_id": 1, "quantity": 1}] * 2},
            "product_id: product 1 is in two lines",
        ),
    ],
)
def test_what_cannot_be_used_gets_one_sentence(app, path, body, said):
    totals = [app.ask("/api/%s?limit=1" % kind).body["total"] for kind in ("farmers", "orders", "payments")]
    answer = app.ask(path, "GET" if body is None else "POST", body)
    assert answer.status == 400 and answer.body["error"].startswith(said), answer
    assert totals == [app.ask("/api/%s?limit=1" % kind).body["total"] for kind in ("farmers", "orders", "payments")]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/farmers/99999", None, 404),
        ("GET", "/api/farmers/99999999999999999999999", None, 404),
        ("GET", "/api/tractors", None, 404),
        ("DELETE", "/api/farmers", None, 405),
        ("POST", "/api/farmers", b"x" * 100000, 413),
    ],
)
def test_other_refusals_are_json_too(app, method, path, body, status):
    answer = app.ask(path, method, body)
    assert answer.status == status and answer.body["error"]


def test_metrics_count_by_route_and_status(app):
    def count():
        found = re.search(
            r'^http_requests_total\{route="/api/<kind>/<number>",status="404"\} (\S+)$', app.ask("/metrics").body, re.M
        )
        return float(found.group(1)) if found else 0.0

    before = count()
    for number in (800001, 800002, 800003):
        app.ask("/api/farmers/%d" % number)
    assert count() == before + 3
    text = app.ask("/metrics").body
    assert "/80000" not in text and "\ndatabase_up 1.0\n" in text
    assert re.search(r'^http_request_duration_seconds_bucket\{le="0.5",route="/live"\} ', text, re.M)


def test_clients_that_do_not_close_keep_nobody_waiting(app):
    lazy = []
    try:
        for _each in range(3):
            client = socket.create_connection(("127.0.0.1", app.port))
            client.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            lazy.append(client)
        silent = [socket.create_connection(("127.0.0.1", app.port)) for _each in range(4)]
        lazy += silent
        time.sleep(0.2)
        assert app.ask("/live").seconds < 1.5  # gunicorn's own closing would take 2 s for each of the first three
    finally:
        for client in lazy:
            client.close()


def test_a_second_start_adds_nothing(start):
    first = start()
    seen = first.ask("/api/orders?limit=100").body
    first.end()
    assert start().ask("/api/orders?limit=100").body == seen and seen["total"] > 100


def test_two_databases_hold_the_same(start, app):
    fresh = start()
    assert fresh.ask("/api/products?limit=5").body["items"] == app.ask("/api/products?limit=5").body["items"]
    assert fresh.ask("/api/payments?limit=50").body["items"] == app.ask("/api/payments?limit=50").body["items"]


def test_sigterm_lets_a_running_request_finish(start):
    app = start()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            (
                "import sqlite3,sys,time; c=sqlite3.connect(sys.argv[1],isolation_level=None); c.execute('BEGIN"
                " EXCLUSIVE'); print(flush=True); time.sleep(60)"
            ),
            str(app.database),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        holder.stdout.readline()
        got = []
        client = threading.Thread(target=lambda: got.append(app.ask("/health")))
        client.start()  # takes 200 ms: it waits for the lock
        wait_for(app.serving, 20, "the request to be accepted")
        app.process.terminate()
        client.join(20)
        assert [answer.status for answer in got] == [503]
        assert app.process.wait(10) == 0
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_a_killed_worker_is_replaced(start):
    app = start()
    (worker,) = app.workers()
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: app.workers() not in ([], [worker]) and app.status() == 200, 20, "a new worker")


def test_a_killed_master_takes_its_worker_along(start):
    app = start()
    (worker,) = app.workers()
    # A worker that only notices by itself would first wait five seconds for this client, and keep the port meanwhile.
    with socket.create_connection(("127.0.0.1", app.port)):
        assert app.status("/live") == 200
        app.process.kill()
        app.process.wait(10)
        wait_for(lambda: not alive(worker), 3, "the worker to end")
        wait_for(lambda: can_bind(app.port), 3, "the port to be free for the next one")


def can_bind(port):
    """Whether a server could take this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"APP_PORT": "99999"}, "APP_PORT: '99999' is not a port"),
        ({"APP_PORT": "\u0663"}, "APP_PORT: "),
        ({"FRAGILE": "maybe"}, "FRAGILE: 'maybe' is neither on nor off"),
        ({"DATABASE_URL": "mysql://u:secret-word@h/d"}, "DATABASE_URL: 'mysql' is not supported"),
        ({"DATABASE_URL": "secret-word"}, "DATABASE_URL: is not a URL"),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL: the database would be in memory"),
        ({"DATABASE_URL": "sqlite:////no/such/folder/x.db"}, "DATABASE_URL: there is no folder /no/such/folder"),
    ],
)
def test_a_bad_setting_gets_one_sentence(tmp_path, environment, said):
    done = subprocess.run(
        [sys.executable, "-m", "magsasa_app"],
        env=dict(os.environ, PYTHONPATH=str(ROOT), **environment),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1 and done.stderr.startswith(said) and done.stderr.count("\n") == 1
    assert "secret-word" not in done.stderr and not list(tmp_path.iterdir())
