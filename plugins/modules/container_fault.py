#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill, stop, pause or restart podman or docker containers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: container_fault
short_description: Kill, stop, pause or restart podman or docker containers
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - V(stop) stops containers gracefully and keeps them down for O(duration), whatever their restart policy. A container
    that is started meanwhile is stopped again, and the result counts that. The revert starts those that ran before.
  - V(kill) sends a signal to the first process of a container, as a crash would end it, so that the restart policy
    acts. (C(podman kill) and C(docker kill) would disable that policy.) When the container is not running after
    O(duration), the revert starts it, and the report says that nothing else did.
  - V(pause) freezes every process of a container for O(duration).
  - V(restart) lets the engine stop and start the container.
  - Acts on the containers of the user who runs the task; as root, on those of root. Only engines on this host are used.
  - "Refused are: the infra container of a pod; a container whose network namespace other containers share, because they
    would lose their network for good; a container that is removed when it exits (C(--rm)); and a container that Docker
    Swarm or the kubelet would replace. V(pause) is allowed for all of these except the infra container and those of
    Swarm and the kubelet."
  - A container that a systemd unit runs can be killed and paused with this module. To stop it, use
    M(magsasa.chaos.service_fault).
  - The revert leaves a container alone that was replaced or restarted by somebody else.
extends_documentation_fragment:
  - magsasa.chaos.fault
options:
  action:
    description: The kind of fault. Required with O(state=present).
    type: str
    choices: [kill, stop, pause, restart]
  engine:
    description: The container engine. V(auto) uses the one that knows the container.
    type: str
    choices: [auto, podman, docker]
    default: auto
  container:
    description: Name of the container, or at least 12 digits of its id. One of O(container) and O(label) is required
      with O(state=present).
    type: str
  label:
    description: Selects running containers with this label, as C(KEY) or C(KEY=VALUE).
    type: str
  count:
    description:
      - How many of the containers with O(label) to hit, chosen at random, or V(all).
      - Without it, exactly one container must match.
    type: raw
  signal:
    description:
      - Signal of O(action=kill). The default is V(KILL).
      - The first process of a container receives only V(KILL) and signals that it has a handler for.
    type: str
  grace:
    description: How long a container may take to stop with O(action=stop) and O(action=restart) before it is killed. At
      most V(50s).
    type: str
    default: 10s
  podman_root:
    description: Storage folder of podman (C(--root)), if it is not the default one.
    type: path
  podman_runroot:
    description: State folder of podman (C(--runroot)), if it is not the default one.
    type: path
  docker_socket:
    description: Socket of the docker daemon on this host. The default is that of C(DOCKER_HOST), or else the standard
      one.
    type: path
seealso:
  - module: magsasa.chaos.process_fault
  - module: magsasa.chaos.service_fault
  - module: magsasa.chaos.fault_info
  - module: magsasa.chaos.fault_halt
  - module: magsasa.chaos.probe
"""

EXAMPLES = r"""
- name: Run without the cache for half a minute
  magsasa.chaos.container_fault:
    name: no-cache
    action: stop
    container: cache
    duration: 30s

- name: Crash one of the workers and see whether its restart policy brings it back
  magsasa.chaos.container_fault:
    name: crash
    action: kill
    label: app=worker
    count: 1
    duration: 15s

- name: Revert early
  magsasa.chaos.container_fault:
    name: no-cache
    state: absent

- name: Freeze all containers of the tier for 20 minutes, unless the service fails or the controller is lost
  magsasa.chaos.container_fault:
    name: frozen-tier
    action: pause
    label: tier=batch
    count: all
    duration: 20m
    max_duration: 30m
    lease: 60s
    halt_on: {probe: shop, error_rate: 20%, for: 10s}
    force: true  # also while another run experiments on this host

- name: Restart a container of podman's root storage elsewhere, with half a minute to stop
  magsasa.chaos.container_fault:
    name: slow-stop
    action: restart
    engine: podman
    podman_root: /srv/containers/storage
    podman_runroot: /run/containers/storage
    container: web
    grace: 30s
    duration: 1m

- name: Send SIGTERM to a container of another docker daemon
  magsasa.chaos.container_fault:
    name: terminated
    action: kill
    engine: docker
    docker_socket: /run/docker-build/docker.sock
    container: web
    signal: TERM
    duration: 15s
"""

RETURN = r"""
fault:
  description: The record of the fault, as the host's ledger holds it.
  returned: always, except with O(state=absent) for a name that is not in the ledger
  type: dict
  contains:
    id:
      description: Identifier of this injection.
      type: str
      sample: 3f9c1b0a77d2
    state:
      description:
        - State of the fault. V(planned) in check mode, V(armed) while it is being injected, V(active) while it lasts,
          V(reverted) afterwards.
        - V(residue) when the revert left something behind; see RV(fault.residue).
      type: str
      choices: [planned, armed, active, reverted, residue]
      sample: active
    requested:
      description: Requested figures. The unit is part of the key.
      type: dict
      sample: {containers: 1, names: [web]}
    backend:
      description: The mechanism that carries out the fault.
      type: str
      sample: podman
    notes:
      description: Fallbacks that were used, and limits of this fault on this host, one sentence each.
      type: list
      elements: str
      sample: []
    plan:
      description: Every step (C(says)), the operations that revert it (C(undo)), and the program that it needs
        (C(tool)).
      type: list
      elements: dict
      sample: [{says: "stop container web (123c5dc23598) and keep it down",
        undo: ["container.start id=123c5dc23598 name=web"], tool: podman}]
    effect:
      description:
        - Whether the fault took effect. V(confirmed) when the measurement agrees with RV(fault.requested), V(mismatch)
          when it does not.
        - V(inconclusive) when there is no evidence that the fault took effect.
      type: str
      choices: [confirmed, mismatch, inconclusive]
      sample: confirmed
    measured:
      description:
        - With O(action=stop), how many containers are down (C(stopped), C(of)), how long stopping them took
          (C(stopped_in_s)), and how often others started one again (C(started_by_others)).
        - With O(action=pause), how many containers are paused (C(paused), C(of)).
        - With O(action=kill) and O(action=restart), whether the containers ended (C(ended)), how many are back, and
          when all were (C(back_after_s), C(back_pid)).
      type: dict
      sample: {stopped: 1, of: 1, stopped_in_s: 0.31, started_by_others: 0}
    injected_at:
      description: When the injection was complete, on the monotonic clock and the wall clock of the host.
      type: dict
      sample: {monotonic: 1311.204817, wall: 1795600000.114}
    reverted_at:
      description: When the revert was complete and verified, on both clocks of the host.
      type: dict
      sample: {monotonic: 1341.209114, wall: 1795600030.118}
    revert_cause:
      description:
        - What ended the fault. V(deadline) after O(duration), V(absent) by O(state=absent), V(halt) by
          M(magsasa.chaos.fault_halt), V(halt_condition) when O(halt_on) was met, V(lease) when nobody renewed it,
          V(event_over) when an event such as a kill was complete.
        - V(worker_died), V(guardian_died) and V(supervisor_died) when that process of the fault died, V(terminated)
          when the host shut down or somebody stopped the fault's processes, V(orphaned) when a later task found that no
          process held the fault any more, V(failed) when the injection failed.
      type: str
      choices: [deadline, absent, halt, halt_condition, lease, worker_died, guardian_died, supervisor_died, orphaned,
        failed, terminated, event_over]
      sample: deadline
    residue:
      description: What the revert left behind, one sentence each; empty after a complete revert.
      type: list
      elements: str
      sample: []
    differences:
      description:
        - What differs from the state before the injection although the fault is reverted, one sentence each.
        - An experiment with a difference has the status C(failed), whoever caused it.
        - Present once the fault is reverted.
      type: list
      elements: str
      sample: []
swept:
  description: Faults that no process held any more and that this task reverted first.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.magsasa.chaos.plugins.module_utils._fault.module import main as run  # first, see keep_code
from ansible_collections.magsasa.chaos.plugins.module_utils._families.container import FAMILY


def main():
    """Run the module."""
    run(FAMILY)


if __name__ == "__main__":
    main()
