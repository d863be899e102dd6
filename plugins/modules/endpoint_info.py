#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Port detection."""

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_info
short_description: Find the service on a host by its ports
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Checks which candidate ports have a listener, requests the health of all of them in parallel, scores every candidate
    with reasons, and selects the best.
  - Needs no library on the host and changes nothing there. Takes at most O(timeout), whatever the ports do.
  - The candidates, in order of precedence, are O(url) (then the only one); the environment variables
    E(CHAOS_TARGET_PORT) and E(APP_PORT) of the task; O(ports), or else 8000, 5000, 5001 and 3000; and with O(discover)
    every other listening port that may speak HTTP.
  - Selects an identified service (one that names itself in its health document), else a healthy endpoint, else a
    candidate with a listener, else nothing. RV(step) says which.
  - "A service that you name is selected or nothing is: where O(url), one of the environment variables or O(ports) is
    given, only the one with the highest precedence counts, and with O(service) only a service of that name. If it is
    not there, RV(refusal) says so, what is there instead, and how to select that."
  - Candidates are ordered by step, then by score, then by precedence, then by address. RV(why) says what decided.
  - The score is the sum of 100 (named) for a candidate that you named, 50 (wanted) if it reports the name O(service),
    30 (healthy) for a healthy health endpoint, 20 (http) for an HTTP answer, 20 (identified) for a service name in the
    answer, 10 (listening) for a listener, 5 (version) for a version, 5 (database) for the state of its database, 5
    (framework) if its headers or its process reveal what serves it, -20 (directory) for a directory listing, and -5
    (slow) if a health path took more than a second or did not answer.
options:
  url:
    description:
      - Address of the service. If it has a path, only that path is requested.
      - When nothing answers there, RV(step) is V(none), or V(listening) if a process of this host listens there.
    type: str
  ports:
    description: Ports to try instead of the default ones, at most 64.
    type: list
    elements: raw
  addresses:
    description: IP addresses of the host to try, instead of C(127.0.0.1), C(::1) and the address that each port is
      bound to.
    type: list
    elements: str
    aliases: [hosts]
  health_paths:
    description:
      - Health paths to request, in this order, instead of C(/health), C(/healthz), C(/ready), C(/live),
        C(/actuator/health) and C(/).
      - The first one that answers 2xx or 5xx in time decides whether the service is healthy. A path that does not
        answer does not delay the others.
    type: list
    elements: str
    aliases: [paths]
  service:
    description: Name of the wanted service, as its health document reports it, or the name of its systemd unit or
      process. No other service is selected.
    type: str
  headers:
    description: HTTP headers for requests to O(url), such as C(Authorization). They are sent to no other candidate.
    type: dict
  timeout:
    description:
      - Time limit of the whole detection. A request may use all that is left of it, so a slow health endpoint that
        answers in time counts.
    type: str
    default: 3s
  discover:
    description:
      - Also try every other listening port, except well-known ports of other protocols, common databases, and services
        of the host or its desktop. As root, ports that no process of this host listens on are excluded, too.
      - A port that is found this way counts only if it answers in HTTP.
    type: bool
    default: false
  required:
    description: Fail when no service is found.
    type: bool
    default: false
attributes:
  check_mode:
    description: The same in C(check_mode).
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: Reading changes nothing.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
notes:
  - Without root the process behind another user's port cannot be identified; the reasons say so.
  - A redirect is reported. It is followed once if scheme, host and port stay the same. A login page is not a health
    endpoint.
  - The sample application that another run started for itself is never selected, unless its port is named.
  - If plain HTTP gets no usable answer, TLS is tried without verifying the certificate.
  - Everything that a service sends is untrusted. It is truncated (64 KiB of each answer are read) and stripped of
    control characters.
  - Passwords and tokens in the command line of a process are replaced by C(***).
seealso:
  - module: magsasa.chaos.preflight_info
  - module: magsasa.chaos.health_check
"""

EXAMPLES = r"""
- name: Find the service of this host
  magsasa.chaos.endpoint_info:
  register: detected

- name: Require one service on one of these ports
  magsasa.chaos.endpoint_info:
    ports: [8080, 8443]
    service: magsasa-card-erp
    required: true

- name: Look at every listening port
  magsasa.chaos.endpoint_info:
    discover: true
    timeout: 5s

- name: Ask one URL with a token
  magsasa.chaos.endpoint_info:
    url: https://localhost:8443/health
    headers: {Authorization: "Bearer {{ vault_token }}"}

- name: Look for health on a path of our own, on one address of the host
  magsasa.chaos.endpoint_info:
    ports: [9000]
    addresses: [192.0.2.10]
    health_paths: [/internal/ping, /health]
"""

RETURN = r"""
endpoint:
  description: The selected service, or null. Unknown values are null.
  returned: success
  type: dict
  contains:
    url:
      description: Base URL of the service.
      type: str
      sample: http://127.0.0.1:8000
    health_url:
      description: URL of its health endpoint.
      type: str
      sample: http://127.0.0.1:8000/health
    live_url:
      description: URL of its liveness endpoint, which does not check its dependencies; null if it has none.
      type: str
      sample: http://127.0.0.1:8000/live
    port:
      description: TCP port of the service.
      type: int
      sample: 8000
    address:
      description: The address that was requested; for O(url), its host.
      type: str
      sample: 127.0.0.1
    scheme:
      description: Whether the service speaks HTTP or HTTPS.
      type: str
      choices: [http, https]
      sample: http
    pid:
      description: Id of the process that listens. Of several it is the topmost, such as the master of a server with
        workers.
      type: int
      sample: 812
    start_time:
      description: When that process started, in clock ticks since boot. Together with O(ignore:pid) it identifies the
        process uniquely.
      type: int
      sample: 4711
    service:
      description: Name of the service, as it reports it.
      type: str
      sample: magsasa-card-erp
    version:
      description: Version of the service, as it reports it.
      type: str
      sample: 1.0.0
    framework:
      description: What serves it, as far as its headers or its process reveal.
      type: str
      sample: gunicorn
    certificate:
      description: Why the host does not trust its TLS certificate; null if it does, or if there is none.
      type: str
      sample: null
    not_well:
      description: Why the service is not fit for an experiment as it is, and what to do about that, in one sentence;
        null if it is.
      type: str
      sample: null
    step:
      description: How far the selection had to fall back, as RV(step).
      type: str
      choices: [identified, healthy, listening, none]
      sample: identified
    why:
      description: How the service was selected, as RV(why).
      type: str
      sample: found on default port 8000
    healthy:
      description: Whether the service reports that it is healthy.
      type: bool
      sample: true
    status:
      description: HTTP status code of the health answer.
      type: int
      sample: 200
    process:
      description: The process that listens. V(workers) are other processes that share its listening socket.
      type: dict
      sample: {pid: 812, start_time: 4711, ppid: 1, argv0: gunicorn, name: gunicorn, command: gunicorn app, user: www,
        unit: app.service, workers: [813, 814]}
    unit:
      description: The systemd unit of that process.
      type: str
      sample: app.service
    database:
      description: The database of the service, if it can be determined, and the source of that knowledge.
      type: dict
      sample: {backend: sqlite, path: /var/lib/app/app.db, host: null, port: null, status: up, source: health document}
step:
  description:
    - How far the selection had to fall back. V(identified) for a service that names itself, V(healthy) for any healthy
      endpoint, V(listening) for a candidate that only listens, V(none) when nothing was selected.
  returned: success
  type: str
  choices: [identified, healthy, listening, none]
  sample: identified
why:
  description: How the service was selected; empty when none was.
  returned: success
  type: str
  sample: found on default port 8000; score 85 comes before 65 (port 5000)
refusal:
  description: Why no service was selected, what is there instead and how to select that; null when one was selected.
  returned: success
  type: str
  sample: null
named:
  description: Whether an option or a variable named the service.
  returned: success
  type: bool
  sample: false
sentence:
  description: What was selected and why, or RV(refusal), in one line.
  returned: success
  type: str
  sample: http://127.0.0.1:8000/health (magsasa-card-erp 1.0.0, gunicorn, process gunicorn 812) - identified; found on
    default port 8000
candidates:
  description: Every candidate with its score and the reasons for it, best first.
  returned: success
  type: list
  elements: dict
  sample:
    - port: 8000
      address: 127.0.0.1
      source: default port
      score: 85
      step: identified
      reasons: [default port, +10 somebody listens, +20 speaks HTTP]
      url: http://127.0.0.1:8000
      healthy: true
      service: magsasa-card-erp
      version: 1.0.0
      framework: gunicorn
      process: null
not_asked:
  description: Ports that were not tried because there are more than can be tried in parallel.
  returned: success
  type: list
  elements: int
  sample: []
table:
  description: The candidates as lines of text.
  returned: success
  type: list
  elements: str
  sample: ['>  8000  85  identified  magsasa-card-erp 1.0.0  gunicorn (812)  default port; +10 somebody listens']
elapsed_s:
  description: Duration of the detection in seconds.
  returned: success
  type: float
  sample: 0.021
"""

from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity, _redact
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import candidates, detect
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError, printable
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.module import UrlModule


def main():
    """Run the module."""
    module = UrlModule(
        argument_spec={
            "url": {"type": "str"},
            "ports": {"type": "list", "elements": "raw"},
            "addresses": {"type": "list", "elements": "str", "aliases": ["hosts"]},
            "health_paths": {"type": "list", "elements": "str", "aliases": ["paths"]},
            "service": {"type": "str"},
            "headers": {"type": "dict", "no_log": True},
            "timeout": {"type": "str", "default": "3s"},
            "discover": {"type": "bool", "default": False},
            "required": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    given = module.params
    # The address that is found keeps its query: without its token nobody could probe it.
    module.no_log_values.update(_redact.secrets_of_url((given["url"] or "").partition("?")[0]))
    try:
        result = detect.detect(
            given["url"],
            given["ports"] or (),
            [candidates.address(each) for each in given["addresses"] or ()],
            [candidates.health_path(each) for each in given["health_paths"] or ()],
            given["service"],
            _quantity.duration(given["timeout"], "timeout", low=0.2, high=60.0),
            given["discover"],
            headers={str(key): str(value) for key, value in (given["headers"] or {}).items()},
        )
    except ChaosError as error:
        module.fail_json(msg=str(error), **error.details)
    if result["endpoint"] is None and given["required"]:
        tried = ["%d (%s)" % (each["port"], each["reasons"][-1]) for each in result["candidates"]]
        more = " and %d more" % (len(tried) - 8) if len(tried) > 8 else ""
        remedy = "start it, or correct url" if given["url"] else "start it, or name it with url or ports"
        module.fail_json(
            msg="no service was found; tried %s%s; %s" % (printable(", ".join(tried[:8]), 500), more, remedy), **result
        )
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
