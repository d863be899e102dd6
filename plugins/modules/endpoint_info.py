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
  - The candidates, in the order of their claim, are O(url) (which is then the only one), the environment variables C(CHAOS_TARGET_PORT) and
    C(APP_PORT) of the task, O(ports) or else the ports 8000, 5000, 5001 and 3000, and with O(discover) whatever else listens.
  - Falls back step by step; an identified service before any healthy endpoint before any listening candidate before none. RV(step) says which.
  - Points are 100 for a candidate that you named, 50 for the service that is wanted, 10 when somebody listens, 20 for an HTTP answer, 30 for a
    health endpoint that answers 2xx, 20 for a service name in it, 5 for a version, 5 for a word about its database, and 5 less when it took
    more than a second. Candidates with the same points keep the order above.
options:
  url:
    description: The address of the service.
    type: str
  ports:
    description: Ports to try instead of the default ones.
    type: list
    elements: raw
  paths:
    description: Health paths to try, in this order, instead of C(/health), C(/healthz), C(/ready), C(/live), C(/actuator/health) and C(/).
    type: list
    elements: str
  service:
    description: Name of the service that is wanted.
    type: str
  timeout:
    description: The longest that the detection may take.
    type: str
    default: 3s
  discover:
    description: Try every other listening port too.
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
  - A redirect is reported and not followed. Where plain HTTP gets no sensible answer TLS is tried, without checking the certificate.
  - Everything that a service says is untrusted; it is bounded and stripped of control characters.
"""

EXAMPLES = r"""
- name: Which service runs here?
  magsasa.chaos.endpoint_info:
  register: found

- name: It is on this port
  magsasa.chaos.endpoint_info:
    ports: [8080]
    required: true
"""

RETURN = r"""
endpoint:
  description: The service that was taken, or null.
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
    port:
      description: Its port.
      type: int
      sample: 8000
    service:
      description: What it says it is.
      type: str
      sample: magsasa-card-erp
    version:
      description: The version that it tells.
      type: str
      sample: 1.0.0
    framework:
      description: What serves it, as far as its headers tell.
      type: str
      sample: gunicorn
    healthy:
      description: Whether it says that it is well.
      type: bool
      sample: true
    process:
      description: The process that listens (of several, their parent), with its systemd unit.
      type: dict
      sample: {pid: 812, start: 4711, ppid: 1, name: gunicorn, command: gunicorn app, user: www, unit: app.service, workers: [813, 814]}
    database:
      description: The database that it uses, when it can be told, and how that is known.
      type: dict
      sample: {backend: sqlite, path: /var/lib/app/app.db, host: null, port: null, source: health document}
step:
  description: The step of the fall-back that was reached.
  returned: success
  type: str
  sample: identified
candidates:
  description: Every candidate, best first, with its score and the reasons.
  returned: success
  type: list
  elements: dict
  sample: [{port: 8000, source: default port, score: 90, step: identified, reasons: [+10 somebody listens], url: 'http://127.0.0.1:8000'}]
elapsed_s:
  description: How long it took, in seconds.
  returned: success
  type: float
  sample: 0.021
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import detect
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str"},
            "ports": {"type": "list", "elements": "raw"},
            "paths": {"type": "list", "elements": "str"},
            "service": {"type": "str"},
            "timeout": {"type": "str", "default": "3s"},
            "discover": {"type": "bool", "default": False},
            "required": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        for path in given["paths"] or []:
            if not path.startswith("/") or len(path) > 200 or not path.isprintable() or " " in path:
                raise BadOption("paths", path, "is not a path", "start it with a slash, without spaces")
        result = detect.detect(
            given["url"],
            given["ports"] or (),
            given["paths"] or (),
            given["service"],
            _quantity.duration(given["timeout"], "timeout", low=0.2, high=60.0),
            given["discover"],
        )
    except ChaosError as error:
        module.fail_json(msg=str(error))
    if result["endpoint"] is None and given["required"]:
        tried = ", ".join("%d (%s)" % (each["port"], each["reasons"][-1] if each["reasons"] else "nothing") for each in result["candidates"])
        module.fail_json(msg="no service was found; tried %s; name it with url or ports" % tried, **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
