# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: login by token, lists with filters and pages, and a record of every request."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from support.awx_server import rules
from support.awx_server.facts import HOLDS, LISTS
from support.awx_server.store import KINDS, TEMPLATES, Refused, Store

USER, PASSWORD = "admin", "secret-of-admin"
VERSION = "24.6.1"
PAGE = 25


class Awx:
    """Context manager. ``url`` is its address, ``store`` what it has, ``requests`` (method, path, body, status) of each
    request but those for tokens, ``tokens`` those that are still valid.

    A fresh AWX has the organization Default and, here, a Machine credential.
    """

    def __init__(self, project, also=()):
        self.store = Store(project, also)
        self.requests, self.tokens = [], {}
        self._lock = threading.Lock()
        awx = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with awx._lock:
                    status, answer = awx.answer(self.command, self.path, body, self.headers.get("Authorization", ""))
                data = b"" if status == 204 else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("X-API-Product-Name", "AWX")
                self.send_header("X-API-Product-Version", VERSION)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_DELETE = _any

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self._server.server_port
        self.store.make("organizations", {"name": "Default"})
        kind = self.store.objects["credential_types"]
        kind[1000] = {"id": 1000, "type": "credential_type", "url": "/api/v2/credential_types/1000/", "name": "Machine"}
        self.store.make("credentials", {"name": "chaos ssh", "credential_type": 1000, "organization": 1})

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()

    def changes(self):
        """The requests that asked for a change."""
        return [each for each in self.requests if each[0] != "GET"]

    def names(self):
        """{resource: names} of what it has."""
        return {
            path: sorted(each.get("name") or each.get("identifier") for each in found.values())
            for path, found in self.store.objects.items()
            if found
        }

    def answer(self, method, target, body, login):
        """(status, answer) of one request."""
        split = urlsplit(target)
        parts = [part for part in split.path.split("/") if part]
        if parts[:2] != ["api", "v2"] or not split.path.endswith("/"):
            return 404, {"detail": "The requested resource could not be found."}
        if parts[2:] == ["ping"]:
            return 200, {"version": VERSION}
        user = login == "Basic " + base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
        if not user and login not in ["Bearer " + token for token in self.tokens.values()]:
            return 401, {"detail": "Authentication credentials were not provided."}
        if parts[2] == "tokens":
            return self._token(method, parts)
        try:
            given = json.loads(body or b"{}")
            status, answer = self._do(method, parts[2:], dict(parse_qsl(split.query)), parse_qsl(split.query), given)
        except Refused as refused:
            status, answer = refused.status, refused.answer
        except KeyError:
            given, status, answer = None, 404, {"detail": "Not found."}
        self.requests.append((method, target, given, status))
        return status, answer

    def _token(self, method, parts):
        if method == "DELETE":
            self.tokens.pop(int(parts[3]), None)
            return 204, ""
        number = len(self.tokens) + 1
        while number in self.tokens:
            number += 1
        self.tokens[number] = "token-%d" % number
        return 201, {"id": number, "token": self.tokens[number], "scope": "write"}

    def _do(self, method, parts, query, pairs, given):
        path, store = parts[0], self.store
        if path == "project_updates":
            return 200, store.look_at_update(int(parts[1]))
        if len(parts) == 1 and method == "GET":
            return 200, self._page(path, query, pairs)
        if len(parts) == 1 and method == "POST":
            return 201, store.make(path, given)
        number = int(parts[1])
        store.objects[path][number]  # a KeyError is a 404
        if len(parts) == 2:
            if method == "DELETE":
                store.remove(path, number)
                return (202 if path == "inventories" else 204), ""
            return 200, store.change(path, number, given) if method == "PATCH" else store.shown(path, number)
        return self._below(method, path, number, parts[2], query, given)

    def _below(self, method, path, number, name, query, given):
        store = self.store
        if name == "survey_spec":
            if method == "POST":
                wrong = rules.survey(given)
                if wrong:
                    return 400, wrong
                store.surveys[number] = given
            return 200, store.surveys.get(number, {}) if method == "GET" else ""
        if name == "update":
            update = store.update(number)
            return 202, {"id": update, "project_update": update, "url": "/api/v2/project_updates/%d/" % update}
        if name == "create_approval_template":
            return 201, store.approval(number, given)
        if name not in LISTS[path]:
            raise KeyError(name)
        if method == "POST":
            store.associate(path, number, name, given)
            return 204, ""
        held = [store.shown(HOLDS[name], each) for each in store.lists.get((path, number, name), [])]
        return 200, _paged(held, query, "/api/v2/%s/%d/%s/" % (path, number, name))

    def _page(self, path, query, pairs):
        kinds = TEMPLATES if path == "unified_job_templates" else (path,)
        found = [self.store.shown(kind, number) for kind in kinds for number in sorted(self.store.objects[kind])]
        for name in query:
            if name.startswith("or__") or name in ("page", "page_size", "order_by"):
                continue
            found = [each for each in found if self._matches(path, each, name, query[name])]
        either = [(name[4:], value) for name, value in pairs if name.startswith("or__")]
        if either:
            found = [each for each in found if any(self._matches(path, each, *one) for one in either)]
        return _paged(found, query, "/api/v2/%s/" % path)

    def _matches(self, path, each, name, wanted):
        field, _sub, sub = name.partition("__")
        if path == "unified_job_templates" and field == "type" and wanted == "workflow_approval":
            return False  # AWX calls that one a template
        if field not in each and path != "unified_job_templates":
            raise Refused(400, {"detail": "%s has no field named '%s'" % (KINDS.get(path, path), field)})
        value = each.get(field)
        if sub:
            value = (self.store.objects[field + "s"].get(value) or {}).get(sub)
        return str(value) == wanted


def _paged(found, query, path):
    size, page = min(int(query.get("page_size", PAGE)), 200), int(query.get("page", 1))
    more = page * size < len(found)
    after = path + "?" + urlencode(dict(query, page=page + 1))
    return {
        "count": len(found),
        "next": after if more else None,
        "previous": None,
        "results": found[(page - 1) * size : page * size],
    }
