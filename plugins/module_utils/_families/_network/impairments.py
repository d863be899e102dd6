# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of one packet that a worker of ours decides about: lost, sent twice, damaged, late. Pure. Private to
magsasa.chaos.

The same as netem does by tc-netem(8): a packet that is lost and sent twice comes once; of a burst the state decides
before it may change.
"""

from __future__ import annotations

import random
import struct


class Fates:
    """Decides about packets one after the other. ``figures``: those of effects.parse; ``chance``: a random.Random."""

    def __init__(self, figures, chance=random):
        self._chance = chance
        self._loss, self._twice, self._damaged = (
            figures.get(name + "_pct", 0.0) / 100.0 for name in ("loss", "duplicate", "corrupt")
        )
        self._bursts = {key: value / 100.0 for key, value in figures.get("gemodel", {}).items()}
        self._bad = False

    def decide(self):
        """``(lost, twice, damaged)``, each a bool."""
        lost = self._in_a_burst() if self._bursts else self._happens(self._loss)
        return lost, self._happens(self._twice), self._happens(self._damaged)

    def _happens(self, share):
        return share > 0 and self._chance.random() < share

    def _in_a_burst(self):
        share, change = ("loss_bad", "r") if self._bad else ("loss_good", "p")
        lost = self._happens(self._bursts[share])
        self._bad ^= self._happens(self._bursts[change])
        return lost


def wait(figures, chance=random):
    """Seconds that a packet is held; 0 for one that overtakes the others."""
    if chance.random() < figures.get("reorder_pct", 0.0) / 100.0:
        return 0.0
    mean, spread = figures["delay_ms"] / 1000.0, figures["jitter_ms"] / 1000.0
    if not spread:
        return mean
    return max(
        0.0,
        (
            chance.uniform(mean - spread, mean + spread)
            if figures["distribution"] == "uniform"
            else chance.gauss(mean, spread)
        ),
    )


def whole(content):
    """Whether these bytes are all of an IP packet."""
    return _length(content) == len(content) > _head(content)


def damaged(content, chance=random):
    """The packet with one bit flipped behind its IP header, checksums as they were."""
    found = bytearray(content)
    found[chance.randrange(_head(content), len(content))] ^= 1 << chance.randrange(8)
    return bytes(found)


def target(content):
    """The address (bytes) that a packet goes to."""
    return content[16:20] if content[0] >> 4 == 4 else content[24:40]


def _head(content):
    return (content[0] & 15) * 4 if content and content[0] >> 4 == 4 else 40


def _length(content):
    """What the header says, in bytes; 0 for what is no IP packet."""
    if len(content) >= 20 and content[0] >> 4 == 4:
        return struct.unpack_from("!H", content, 2)[0]
    if len(content) >= 40 and content[0] >> 4 == 6:
        return 40 + struct.unpack_from("!H", content, 4)[0]
    return 0


def lost_on_average(figures):
    """``(share, weight)`` of what is lost in the long run; as many packets in bursts tell as much as ``weight``
    times as many single ones.
    """
    model = {key: value / 100.0 for key, value in figures["gemodel"].items()}
    moves = model["p"] + model["r"]
    if not 0 < moves < 2:
        return (model["loss_good"], 1.0) if not moves else (0.5 * (model["loss_bad"] + model["loss_good"]), 1.0)
    bad = model["p"] / moves
    return bad * model["loss_bad"] + (1 - bad) * model["loss_good"], min(1.0, moves / (2 - moves))
