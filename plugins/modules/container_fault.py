#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill, stop, pause or restart containers."""
from __future__ import annotations

DOCUMENTATION = r"""
module: container_fault
short_description: Kill, stop, pause or restart containers of podman or docker
version_added: 0.1.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(stop) ends containers as they want to be ended and keeps them down for O(duration), whatever their restart policy is. One that somebody starts
    meanwhile is stopped again, and that is counted. Afterwards those that ran before are started.
  - V(kill) sends a signal to a container's first process, as a crash would end it, so that its restart policy acts. C(podman kill) and C(docker kill) would
    switch that policy off. When the container does not run after O(duration), the undo starts it, and the report says that nobody else did.
  - V(pause) freezes every process of a container for O(duration).
  - V(restart) lets the engine end and start it.
  - Works with the containers of the user who runs the task, as root with those of root. Only engines of this very host are used.
  - Refused are the container that holds a pod's namespaces, one that others share the network of (these would be cut off for good), one that its end would
    remove (C(--rm)), and one that Docker Swarm or the kubelet would replace; all but the last of these may be paused, except the pod's. One that a unit of
    systemd runs can be killed and paused here; to stop it use M(magsasa.chaos.service_fault).
  - A container that was replaced or started anew by somebody is left alone by the undo.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: What to do. Required with O(state=present).
    type: str
    choices: [kill, stop, pause, restart]
  engine:
    description: Whose containers. V(auto) takes the one that knows the container.
    type: str
    choices: [auto, podman, docker]
    default: auto
  container:
    description: The container, by its name or at least 12 digits of its id. One of O(container) and O(label) is required with O(state=present).
    type: str
  label:
    description: Running containers that have this label, as C(KEY) or C(KEY=VALUE).
    type: str
  count:
    description:
      - How many of those that have O(label), chosen at random, or V(all).
      - When left out, exactly one must match.
    type: raw
  signal:
    description:
      - The signal of O(action=kill), V(KILL) when left out.
      - The first process of a container hears only V(KILL) and signals that it has a handler for.
    type: str
  grace:
    description: How long a container may take to end with O(action=stop) and O(action=restart) before it is killed. At most V(50s).
    type: str
    default: 10s
  podman_root:
    description: The storage of podman (C(--root)), when it is not the usual one.
    type: path
  podman_runroot:
    description: The state of podman (C(--runroot)), when it is not the usual one.
    type: path
  docker_socket:
    description: The socket of the docker daemon on this host. When left out, that of C(DOCKER_HOST), or the usual one.
    type: path
"""

EXAMPLES = r"""
- name: Half a minute without the cache
  magsasa.chaos.container_fault:
    name: no-cache
    action: stop
    container: cache
    duration: 30s

- name: Does its restart policy bring one of the workers back?
  magsasa.chaos.container_fault:
    name: crash
    action: kill
    label: app=worker
    count: 1
    duration: 15s

- name: Put it back early
  magsasa.chaos.container_fault:
    name: no-cache
    state: absent
"""

RETURN = r"""
fault:
  description: The record of the fault, as the host's ledger holds it.
  returned: always, except O(state=absent) with a name that the host never knew
  type: dict
  contains:
    id:
      description: Identity of this one run of the fault.
      type: str
      sample: 3f9c1b0a77d2
    state:
      description: V(planned) in check mode, V(active), V(reverted), or V(residue) when something could not be undone.
      type: str
      sample: active
    requested:
      description: Figures that were asked for, with their unit in the key.
      type: dict
      sample: {containers: 1, names: [web]}
    backend:
      description: What carries the fault out.
      type: str
      sample: podman
    notes:
      description: Fallbacks and limits to know about.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step with how it is undone.
      type: list
      elements: dict
      sample: [{says: "stop container web (123c5dc23598) and keep it down", undo: ["container.start id=123c5dc23598 name=web"], tool: podman}]
    effect:
      description: Whether the fault bit, V(confirmed), V(mismatch) or V(inconclusive).
      type: str
      sample: confirmed
    measured:
      description:
        - With O(action=stop), how many are down (C(stopped), C(of)), how long that took, and how often somebody started one again (C(started_by_others)).
        - With O(action=pause), how many are paused (C(paused), C(of)).
        - With O(action=kill) and O(action=restart), whether they ended (C(ended)), how many are back, and when all were (C(back_after_s), C(back_pid)).
      type: dict
      sample: {stopped: 1, of: 1, stopped_in_s: 0.31, started_by_others: 0}
    injected_at:
      description: Both clocks of the host when the fault was in.
      type: dict
      sample: {monotonic: 1311.204817, wall: 1795600000.114}
    reverted_at:
      description: Both clocks of the host when the revert was done and checked.
      type: dict
      sample: {monotonic: 1341.209114, wall: 1795600030.118}
    revert_cause:
      description: What ended it (deadline, absent, halt, halt_condition, lease, worker_died, guardian_died, supervisor_died, orphaned, failed, event_over).
      type: str
      sample: deadline
    residue:
      description: What is left of the fault after the revert, one sentence each.
      type: list
      elements: str
      sample: []
swept:
  description: Faults that nobody held any more and that this run undid first.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._families.container import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
