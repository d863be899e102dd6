#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Port detection."""

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_info
short_description: Find the service of a host by its ports
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Looks which candidate ports somebody listens on, asks all of them side by side for their health, says what each seems to be with a score and
    the reasons for it, and takes the best.
  - Needs no library on the host. Changes nothing there. All of it takes at most O(timeout), whatever the ports do.
  - The candidates, in the order of their claim, are O(url) (which is then the only one); the environment variables E(CHAOS_TARGET_PORT) and
    E(APP_PORT) of the task; O(ports), or else the ports 8000, 5000, 5001 and 3000; and with O(discover) whatever else listens and may speak HTTP.
  - Falls back step by step, to an identified service (one that names itself in its health document), any healthy endpoint, any candidate
    that somebody listens on, or none. RV(step) says how far it had to go.
  - What you name you get, or nothing. Where O(url), one of the environment variables or O(ports) names something, the strongest of these alone counts, and
    with O(service) only a service of that name. When it is not there, RV(refusal) says so, what is there instead, and how to choose that.
  - Among several the step decides, then the score, then the order of the candidates, then the order of the addresses. RV(why) says which.
  - The score is the sum of 100 (named) when you named the candidate, 50 (wanted) when it says that it is O(service), 30 (healthy) for
    a health endpoint that is well, 20 (http) for an answer in HTTP, 20 (identified) for the name of a service in it, 10 (listening) when somebody
    listens, 5 (version) for a version, 5 (database) for a word about its database, 5 (framework) when its headers or its process tell
    what serves it, -20 (directory) for the list of a folder's files, and -5 (slow) when a health path took more than a second or never answered.
options:
  url:
    description:
      - The address of the service. A path in it is the only one that is asked.
      - When nothing answers there RV(step) is V(none), or V(listening) when a process of this host listens there.
    type: str
  ports:
    description: Ports to try instead of the default ones, 64 at most.
    type: list
    elements: raw
  addresses:
    description: IP addresses of the host to ask, instead of C(127.0.0.1), C(::1) and what each port is bound to.
    type: list
    elements: str
    aliases: [hosts]
  health_paths:
    description:
      - Health paths to ask, in this order, instead of C(/health), C(/healthz), C(/ready), C(/live), C(/actuator/health) and C(/).
      - The first one that answers 2xx or 5xx in time tells whether the service is well. One that keeps silent does not hold the next ones up.
    type: list
    elements: str
    aliases: [paths]
  service:
    description: Name of the service that is wanted, as its health document tells it, or the name of its systemd unit or process. No other is taken.
    type: str
  headers:
    description: HTTP headers with which O(url) is asked, such as C(Authorization). No other candidate gets them.
    type: dict
  timeout:
    description:
      - The longest that the detection may take. Each request may use what is left of it, so a slow health endpoint that answers in time counts.
    type: str
    default: 3s
  discover:
    description:
      - Try every other listening port too, apart from well-known ones of other protocols, the processes of common databases and those that serve the
        host or its desktop. Root leaves out what no process of this host listens on.
      - Of these only what answers in HTTP counts.
    type: bool
    default: false
  required:
    description: Fail when nothing was found.
    type: bool
    default: false
attributes:
  check_mode:
    description: The same in C(check_mode).
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
notes:
  - Without root the process behind a port of another user cannot be seen; the reasons say so.
  - A redirect is reported. It is followed once when it stays on the same scheme, host and port, else not at all. A page to log in is no health endpoint.
  - The sample application that another run has started for itself is never taken, unless its port is named.
  - Where plain HTTP gets no sensible answer TLS is tried, without checking the certificate.
  - Everything that a service says is untrusted; it is bounded and stripped of control characters. Of an answer 64 KiB are read.
  - Passwords and tokens in the command line of a process are replaced by C(***).
seealso:
  - module: magsasa.chaos.health_check
"""

EXAMPLES = r"""
- name: Which service runs here?
  magsasa.chaos.endpoint_info:
  register: found

- name: It is on one of these ports, and it must be there
  magsasa.chaos.endpoint_info:
    ports: [8080, 8443]
    service: magsasa-card-erp
    required: true

- name: What else listens?
  magsasa.chaos.endpoint_info:
    discover: true
    timeout: 5s
"""

RETURN = r"""
endpoint:
  description: The service that was taken, or null. What is not known is null.
  returned: success
  type: dict
  contains:
    url:
      description: Its address.
      type: str
      sample: http://127.0.0.1:8000
    health_url:
      description: Where it answers for its health.
      type: str
      sample: http://127.0.0.1:8000/health
    live_url:
      description: Where it tells only whether it is alive, without asking what it depends on; null where there is no such address.
      type: str
      sample: http://127.0.0.1:8000/live
    port:
      description: Its port.
      type: int
      sample: 8000
    address:
      description: The address, or for O(url) the host, that was asked.
      type: str
      sample: 127.0.0.1
    scheme:
      description: V(http) or V(https).
      type: str
      sample: http
    pid:
      description: The process that listens. Of several it is the topmost, such as the master of a server with workers.
      type: int
      sample: 812
    start_time:
      description: When that process started, in clock ticks since boot. With O(ignore:pid) it identifies the process for good.
      type: int
      sample: 4711
    service:
      description: What it says it is.
      type: str
      sample: magsasa-card-erp
    version:
      description: The version that it tells.
      type: str
      sample: 1.0.0
    framework:
      description: What serves it, as far as its headers or its process tell.
      type: str
      sample: gunicorn
    certificate:
      description: Why its TLS certificate is not trusted on the host; null when it is, or there is none.
      type: str
      sample: null
    not_well:
      description: Why it cannot be experimented on as it is, and what to do about that, in one sentence; null when it is well.
      type: str
      sample: null
    step:
      description: RV(step).
      type: str
      sample: identified
    why:
      description: RV(why).
      type: str
      sample: found on default port 8000
    healthy:
      description: Whether it says that it is well.
      type: bool
      sample: true
    status:
      description: The status code of the answer.
      type: int
      sample: 200
    process:
      description: That process. V(workers) are others that share its listening socket.
      type: dict
      sample: {pid: 812, start_time: 4711, ppid: 1, argv0: gunicorn, name: gunicorn, command: gunicorn app, user: www, unit: app.service, workers: [813, 814]}
    unit:
      description: The systemd unit of that process.
      type: str
      sample: app.service
    database:
      description: The database that it uses, when it can be told, and how that is known.
      type: dict
      sample: {backend: sqlite, path: /var/lib/app/app.db, host: null, port: null, status: up, source: health document}
step:
  description: V(identified), V(healthy), V(listening) or V(none).
  returned: success
  type: str
  sample: identified
why:
  description: How the service was chosen; empty when none was.
  returned: success
  type: str
  sample: found on default port 8000; score 85 comes before 65 (port 5000)
refusal:
  description: Why none was taken, what is there instead and how to choose that; null when one was taken.
  returned: success
  type: str
  sample: null
named:
  description: Whether an option or a variable named the service.
  returned: success
  type: bool
  sample: false
sentence:
  description: What was taken and why, or RV(refusal), in one line.
  returned: success
  type: str
  sample: http://127.0.0.1:8000/health (magsasa-card-erp 1.0.0, gunicorn, process gunicorn 812) - identified; found on default port 8000
candidates:
  description: Every candidate, best first, with its score and the reasons.
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
  description: Ports that were left out because there are more than can be asked at once.
  returned: success
  type: list
  elements: int
  sample: []
table:
  description: The candidates as lines of text for people.
  returned: success
  type: list
  elements: str
  sample: ['>  8000  85  identified  magsasa-card-erp 1.0.0  gunicorn (812)  default port; +10 somebody listens']
elapsed_s:
  description: How long it took, in seconds.
  returned: success
  type: float
  sample: 0.021
"""

from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import candidates, detect
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError, printable
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import url as urls
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
    module.no_log_values.update(urls.secrets_of((given["url"] or "").partition("?")[0]))
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
        module.fail_json(msg="no service was found; tried %s%s; %s" % (printable(", ".join(tried[:8]), 500), more, remedy), **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
