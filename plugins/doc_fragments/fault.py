# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options, attributes and notes that every fault module shares. Private to magsasa.chaos."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment C(magsasa.chaos.fault)."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Identifies the fault on this host. The same name with the same options changes nothing; with other options it is
        refused.
      - 1 to 63 letters, digits, dots, dashes or underscores.
    type: str
    required: true
  state:
    description:
      - V(present) injects the fault, which ends by itself after O(duration).
      - V(absent) reverts it now and returns its final record, also if the fault is over already.
    type: str
    choices: [present, absent]
    default: present
  duration:
    description:
      - Maximum duration of the fault, such as V(30s) or V(5m). Required with O(state=present).
    type: str
  max_duration:
    description:
      - Upper limit of O(duration), so that a typing error does not become a fault of many hours. A longer fault is
        refused; raise this option for it.
    type: str
    default: 15m
  lease:
    description:
      - Revert the fault early unless it is renewed within this time. M(magsasa.chaos.experiment) and
        M(magsasa.chaos.fault_lease) renew it.
    type: str
  halt_on:
    description:
      - Revert the fault early when a probe on the same host measures too much harm.
    type: dict
    suboptions:
      probe:
        description: Name of a running M(magsasa.chaos.probe) on this host.
        type: str
        required: true
      error_rate:
        description: Halt at this share of failed probes, such as V(50%).
        type: str
      latency:
        description: Halt at this median latency, such as V(2s).
        type: str
      for:
        description: The time window over which the figure is measured.
        type: str
        default: 5s
  force:
    description:
      - Lifts the guards whose refusal names this option. One of them is common to all fault modules, that another run
        experiments on this host. The guards of a single module are described at the options that they concern.
    type: bool
    default: false
  run:
    description:
      - The run that the fault belongs to, and who started it. The controller fills it in; leave it out.
    type: dict
attributes:
  action_group:
    description: Use C(group/magsasa.chaos.fault) in C(module_defaults) to set options of all fault modules at once.
    membership: [magsasa.chaos.fault]
    support: full
  check_mode:
    description: Can run in C(check_mode) and return the plan without touching the host.
    support: full
  diff_mode:
    description: Returns what would be or was changed, step by step.
    support: full
  idempotent:
    description: While a fault is active, the same task changes nothing. A fault that is over is injected anew.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
notes:
  - The host needs the inventory variable C(chaos_allowed=true). C(chaos_protected=true) overrides it.
  - While the file C(/etc/magsasa-chaos/deny) exists on a host, every fault module refuses there and quotes its first
    line.
  - The undo operations are in the ledger of the host before the first change. A second process reverts the fault if the
    first is killed.
requirements:
  - Linux with C(/proc)
  - Python 3.8 or later on the host
"""
