#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU load for a bounded time."""
from __future__ import annotations

DOCUMENTATION = r"""
module: cpu_fault
short_description: Keep the CPU of a host busy for a bounded time
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Holds the load of some or all cores at a share, in a closed loop, and lets go after O(duration) whatever happens.
  - Needs no root and no tool.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  load:
    description:
      - How busy the cores should be, such as V(50%). Required with O(state=present).
    type: str
  cores:
    description:
      - Number of cores to load. All that the process may use when left out.
    type: int
  of:
    description:
      - V(host) counts everything that runs on the chosen cores and tops up to O(load).
      - V(added) puts O(load) of our own on top. As root a better nice value is taken when busy processes leave less.
    type: str
    choices: [host, added]
    default: host
  ramp:
    description:
      - Reach O(load) in a straight line over this time.
    type: str
    default: 0s
"""

EXAMPLES = r"""
- name: Half of every core for half a minute
  magsasa.chaos.cpu_fault:
    name: half-busy
    load: 50%
    duration: 30s

- name: Put it back early
  magsasa.chaos.cpu_fault:
    name: half-busy
    state: absent
"""

RETURN = r"""
# The shared results are described in the fragment magsasa.chaos.fault.
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._families.cpu import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
