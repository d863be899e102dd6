#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One check of a service, or a wait until it is healthy."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health_check
short_description: Check whether a service is healthy, or wait until it is
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Checks an HTTP endpoint, a TCP port, a command or a database from the host it runs on, once or until it is healthy.
  - Uses the same code as M(magsasa.chaos.probe) to decide what is healthy.
  - The task fails if the service is not healthy. The result has the same keys either way.
extends_documentation_fragment:
  - magsasa.chaos.check
options:
  timeout:
    description:
      - How long to wait until the service is healthy, such as V(30s). With V(0s) one check decides, unless O(successes)
        asks for more.
    type: str
    default: 0s
  check_timeout:
    description: Time limit of each check as a whole.
    type: str
    default: 5s
  interval:
    description: Longest pause between two checks. Pauses grow from 0.1 s up to this.
    type: str
    default: 1s
  successes:
    description: Number of consecutive good checks after which the service counts as healthy.
    type: int
    default: 1
attributes:
  check_mode:
    description: Can run in C(check_mode); it is the same, as nothing is changed.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: A check changes nothing.
    support: full
seealso:
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Wait until the shop and its database are healthy
  magsasa.chaos.health_check:
    url: http://localhost:5000/health
    json:
      checks.database.status: up
    max_latency: 500ms
    timeout: 30s
    successes: 3

- name: Check that the port is open
  magsasa.chaos.health_check:
    tcp: localhost:5432

- name: Check that the database answers
  magsasa.chaos.health_check:
    database: sqlite:////var/lib/shop/shop.db

- name: Check that the unit is active
  magsasa.chaos.health_check:
    command: [systemctl, is-active, --quiet, shop]

- name: Place an order, and accept no more than that
  magsasa.chaos.health_check:
    url: https://shop.example.org/orders
    method: POST
    headers: {Authorization: "Bearer {{ vault_token }}"}
    body: {product: 1, quantity: 1}
    status: ["201", "409"]
    matches: '"state": *"(placed|duplicate)"'
    check_timeout: 3s
    interval: 5s
    timeout: 1m

- name: Check a page behind a redirect and a certificate of our own, whatever it says of itself
  magsasa.chaos.health_check:
    url: https://localhost:8443/
    follow_redirects: true
    validate_certs: false
    self_report: false

- name: Check that the queue is not full, which the program says with exit code 0 or 3
  magsasa.chaos.health_check:
    command: [queue-status, --brief]
    rc: [0, 3]
"""

RETURN = r"""
healthy:
  description: Whether the service is healthy.
  returned: always, unless an option is invalid
  type: bool
  sample: true
target:
  description: What was checked, without secrets.
  returned: always, unless an option is invalid
  type: str
  sample: http://localhost:5000/health
attempts:
  description: Number of checks.
  returned: always, unless an option is invalid
  type: int
  sample: 3
successes:
  description: Number of consecutive good checks at the end.
  returned: always, unless an option is invalid
  type: int
  sample: 3
elapsed_s:
  description: Total duration in seconds.
  returned: always, unless an option is invalid
  type: float
  sample: 0.254
status:
  description: HTTP status or exit code of the last check, if there was one.
  returned: always, unless an option is invalid
  type: int
  sample: 200
latency_ms:
  description: Duration of the last check in milliseconds.
  returned: always, unless an option is invalid
  type: float
  sample: 3.127
error:
  description:
    - Kind of the last check's failure; empty if it was good.
  returned: always, unless an option is invalid
  type: str
  choices: [timeout, refused, reset, garbage, tls, dns, unreachable, too_large, status, said_ill, assertion, ""]
  sample: ""
detail:
  description: What was wrong, as a sentence.
  returned: always, unless an option is invalid
  type: str
  sample: ""
database:
  description: State of the service's database, as the service reported it in the last answer.
  returned: always, unless an option is invalid
  type: str
  sample: up
"""

from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._check import spec, waiting
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.module import UrlModule


def main():
    """Run the module."""
    options = dict(
        spec.OPTIONS,
        timeout={"type": "str", "default": "0s"},
        check_timeout={"type": "str", "default": "5s"},
        interval={"type": "str", "default": "1s"},
        successes={"type": "int", "default": 1},
    )
    module = UrlModule(
        argument_spec=options, mutually_exclusive=[spec.KINDS], required_one_of=[spec.KINDS], supports_check_mode=True
    )
    module.no_log_values.update(spec.secrets(module.params))
    try:
        limit = _quantity.duration(module.params["check_timeout"], "check_timeout", low=0.01, high=600.0)
        timeout = _quantity.duration(module.params["timeout"], "timeout", high=86400.0)
        interval = _quantity.duration(module.params["interval"], "interval", low=0.01, high=600.0)
        if not 1 <= module.params["successes"] <= 1000:
            raise BadOption(
                "successes", module.params["successes"], "is not a usable number of checks", "use 1 to 1000"
            )
        result = waiting.until_healthy(spec.parse(module.params, limit), timeout, interval, module.params["successes"])
    except ChaosError as error:
        module.fail_json(msg=str(error), **error.details)
    if result["healthy"]:
        module.exit_json(changed=False, **result)
    module.fail_json(msg=waiting.complaint(result), changed=False, **result)


if __name__ == "__main__":
    main()
