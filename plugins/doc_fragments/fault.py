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
      - Identity of the fault on this host. The same name with the same options changes nothing; with other options it is refused.
      - 1 to 63 letters, digits, dots, dashes or underscores.
    type: str
    required: true
  state:
    description:
      - V(present) injects the fault. It ends by itself after O(duration).
      - V(absent) undoes it now; the result holds the final record, also of a fault that is over already.
    type: str
    choices: [present, absent]
    default: present
  duration:
    description:
      - How long the fault lasts at most, such as V(30s) or V(5m). Required with O(state=present).
    type: str
  max_duration:
    description:
      - The cap on O(duration).
    type: str
    default: 15m
  lease:
    description:
      - Undo the fault early unless somebody renews it within this time. M(magsasa.chaos.watch) renews it.
    type: str
  halt_on:
    description:
      - Undo the fault early when a probe of the same host shows too much harm.
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
        description: The window over which the figure is taken.
        type: str
        default: 5s
  force:
    description:
      - Lift guards that name this key.
    type: bool
    default: false
  run:
    description:
      - Which run the fault belongs to, and who started it. Filled in on the controller; leave it out.
    type: dict
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the plan without touching the host.
    support: full
  diff_mode:
    description: Returns what would be or was changed, step by step.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
notes:
  - The host needs the inventory variable C(chaos_allowed=true); C(chaos_protected=true) always wins.
  - While the file C(/etc/magsasa-chaos/deny) exists on a host, every fault module refuses there and quotes its first line.
  - The undo is in the host's ledger before the first change. A second process undoes the fault when the first is killed.
requirements:
  - Linux with C(/proc)
  - Python 3.8 or later on the host
"""
