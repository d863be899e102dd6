# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of scenarios that the collection ships, read and checked once. Private to magsasa.chaos.

The settings are checked for each host, in a worker that Ansible forks from ansible-playbook: what that has read its
workers have.
"""

from __future__ import annotations

import os

from ansible.parsing.dataloader import DataLoader
from ansible_collections.magsasa.chaos.plugins import module_utils
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _scenario_form

FILES = ("catalogue.yml", "extended.yml")
_READ = {}  # of each file, by its real path: what it was (time of change, size) when it was read, and its scenarios


def load():
    """The scenarios that the collection ships."""
    found = []
    top = os.path.dirname(os.path.dirname(next(iter(module_utils.__path__))))
    for name in FILES:
        path = os.path.join(top, "roles", "suite", "files", name)
        found += checked(path, lambda place: DataLoader().load_from_file(place, cache="none", unsafe=True)["scenarios"])
    return found


def checked(path, read):
    """Scenarios of a file, their form checked. ``read`` is given its path where it was not read before, or has changed
    since. Raises ChaosError.
    """
    place = os.path.realpath(os.path.expanduser(path))
    try:
        state = os.stat(place)
        stamp = (state.st_mtime_ns, state.st_size)
    except OSError:  # whoever reads it says what is wrong
        stamp = None
    if stamp is None or _READ.get(place, (None,))[0] != stamp:
        _READ[place] = (stamp, _scenario_form.check_form(read(path), path))
    return _READ[place][1]
