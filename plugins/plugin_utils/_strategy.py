# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the strategy of a play lets its hosts go through an experiment together. Private to magsasa.chaos."""

from __future__ import annotations

from ansible import constants as C
from ansible.plugins.loader import strategy_loader
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import printable

FREE = ("free", "host_pinned")


def refusal(task):
    """Why a run cannot go on under the strategy of its play (one sentence), or None.

    ``experiment`` looks after all hosts of a wave in one task, which Ansible's free strategies run for no host.
    """
    play = task.get_play()
    name = str(getattr(play, "strategy", None) or C.DEFAULT_STRATEGY)
    if not _is_free(name):
        return None
    return (
        "refused by the strategy guard: the strategy of this play is %s, in which hosts proceed independently, but an"
        " experiment handles all hosts of a wave together; set strategy: linear (or ANSIBLE_STRATEGY=linear) to lift"
        " this guard" % printable(name, 100)
    )


def _is_free(name):
    """Whether it is Ansible's strategy free, or made of it."""
    if name.rpartition(".")[2] in FREE:
        return True
    try:
        kind = strategy_loader.get(name, class_only=True)
        kind = kind[0] if isinstance(kind, tuple) else kind
    except Exception:  # Ansible itself says what is wrong with it
        return False
    return any(base.__module__.rpartition(".")[2] in FREE for base in getattr(kind, "__mro__", ()))
