# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run probes: ``chaos_probe`` and the key ``probe`` of a scenario, checked and made options of the module probe.
Pure. Private to magsasa.chaos.

Headers, body and URL may hold secrets: nothing here puts them into a message.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import yaml
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity, _redact
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError, printable
from ansible_collections.magsasa.chaos.plugins.module_utils._check import spec as specs
from ansible_collections.magsasa.chaos.plugins.module_utils._http import url as urls

KEYS = ("url", "method", "headers", "body", "expect", "validate_certs", "timeout", "rate")
EXPECTED = ("status", "json", "matches")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def given(probe, label="chaos_probe"):
    """The mapping that ``chaos_probe`` is, also as text from a survey; {} for nothing. Raises BadOption."""
    if isinstance(probe, str):
        try:
            probe = yaml.safe_load(probe)
        except yaml.YAMLError:
            probe = 0
    if probe is None or probe == "":
        return {}
    if not isinstance(probe, Mapping):
        raise BadOption(label, "...", "is not a mapping", "use keys such as url, headers and expect")
    return {str(key): value for key, value in probe.items() if value is not None}


def check(probe, label="chaos_probe"):
    """Raise ChaosError, naming the key, when a probe means nothing. Returns it as a mapping."""
    probe = given(probe, label)
    _known(probe, KEYS, label)
    _known(_mapping(probe, "expect", label), EXPECTED, label + ".expect")
    _mapping(probe, "headers", label)
    number = _rate(probe.get("rate", 20), label + ".rate")
    timeout = _quantity.duration(probe.get("timeout", "2s"), label + ".timeout", low=0.01, high=60.0)
    made = options(
        probe, {"url": "http://localhost:5000", "health_url": "http://localhost:5000/health"}, number, timeout
    )
    try:
        specs.parse(dict({key: spec.get("default") for key, spec in specs.OPTIONS.items()}, **made), timeout)
    except ChaosError as error:
        raise ChaosError("%s.%s" % (label, error))
    return probe


def merged(run, scenario):
    """The probe of one scenario: its own keys come before those of the run; headers and expectations are put
    together.
    """
    run, scenario = given(run), given(scenario, "probe")
    found = dict(run, **scenario)
    for key in ("headers", "expect"):
        if run.get(key) and scenario.get(key):
            found[key] = dict(run[key], **scenario[key])
    if scenario.get("url") and "body" not in scenario:
        found.pop("body", None)  # what one address is sent makes no sense at another
        if "method" not in scenario:
            found.pop("method", None)
    return found


def options(probe, endpoint, rate, timeout):
    """Options of the module probe. The health address of the service is the default; a URL that begins with / is
    one of the service.
    """
    expect = probe.get("expect") or {}
    headers = {str(key): str(value) for key, value in (probe.get("headers") or {}).items()}
    body = probe.get("body")
    if isinstance(body, (Mapping, list, tuple)):
        body = json.dumps(body)
        if not any(key.lower() == "content-type" for key in headers):
            headers["Content-Type"] = "application/json"
    made = {
        "url": address(probe, endpoint),
        "method": str(probe.get("method") or ("GET" if body is None else "POST")),
        "headers": headers or None,
        "body": None if body is None else str(body),
        "status": _statuses(expect.get("status")),
        "json": dict(expect["json"]) if isinstance(expect.get("json"), Mapping) else expect.get("json"),
        "matches": None if expect.get("matches") is None else str(expect["matches"]),
        "validate_certs": _flag(probe.get("validate_certs", True)),
        "rate": probe.get("rate") or rate,
        "timeout": probe.get("timeout") or timeout,
    }
    return {key: value for key, value in made.items() if value is not None}


def address(probe, endpoint):
    """The URL that is probed."""
    url = str(probe.get("url") or "").strip()
    if url.startswith("/"):
        return str(endpoint.get("url") or "").rstrip("/") + url
    return url or endpoint.get("health_url") or endpoint.get("url") or ""


def origin(probe):
    """scheme://host:port of a probe of this very machine, which tells the service that is meant; "" for any other."""
    url = given(probe).get("url")
    if not isinstance(url, str):
        return ""
    try:
        parsed = urls.parse(url)
        here = parsed.host == "localhost" or ipaddress.ip_address(parsed.host).is_loopback
    except (BadOption, ValueError):
        return ""
    host = "[%s]" % parsed.host if ":" in parsed.host else parsed.host
    return "%s://%s:%d" % (parsed.scheme, host, parsed.port) if here else ""


def detection_headers(probe, target_url):
    """Headers with which the named service is asked for its health: those of the probe, when both are of one
    origin; {} else.
    """
    probe = given(probe)
    if not target_url or not probe.get("headers"):
        return {}
    url = str(probe.get("url") or "")
    try:
        same = not url or url.startswith("/") or urlsplit(url)[:2] == urlsplit(str(target_url))[:2]
    except ValueError:
        same = False
    return dict(probe["headers"]) if same else {}


def _known(mapping, known, label):
    for key in mapping:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            raise ChaosError(
                "%s: '%s' is not a valid key; %s"
                % (label, printable(key, 40), "did you mean '%s'?" % near[0] if near else "use " + ", ".join(known))
            )


def _mapping(probe, key, label):
    value = probe.get(key) or {}
    if not isinstance(value, Mapping):
        raise BadOption("%s.%s" % (label, key), "...", "is not a mapping", "use names and values")
    return value


def _rate(value, label):
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 1 <= number <= 1000:
        raise BadOption(label, value, "is not a rate", "use a number of probes a second from 1 to 1000")
    return number


def _statuses(value):
    if value is None:
        return None
    if isinstance(value, str):
        value = value.split(",")
    return [str(each).strip() for each in (value if isinstance(value, (list, tuple)) else [value])]


def _flag(value):
    """A truth value, also as text; what is neither stays, for the module to name."""
    text = str(value).strip().lower()
    return text in _TRUE if text in _TRUE + _FALSE else value


def tested(endpoint, probe=None):
    """What an experiment tested, for its record: URL, process, how it was detected and why. Without secrets."""
    endpoint, probe = endpoint or {}, probe or {}
    if not endpoint.get("url"):
        return {}
    process = endpoint.get("process") or {}
    method = str(probe.get("method") or "GET")
    return {
        "url": _redact.url(endpoint["url"]),
        "probed": (
            ("" if method == "GET" else method + " ")
            + _redact.url(probe.get("url") or endpoint.get("health_url") or endpoint["url"])
        ),
        "service": " ".join(str(endpoint[key]) for key in ("service", "version") if endpoint.get(key)) or None,
        "framework": endpoint.get("framework"),
        "process": {key: process.get(key) for key in ("pid", "name", "command", "user", "unit")} if process else None,
        "step": endpoint.get("step"),
        "why": endpoint.get("why"),
    }
