# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guards that hold for every fault; a family adds its own. Private to magsasa.chaos. See docs/design.md section 5."""

from __future__ import annotations

import os

from .._errors import Refused, printable
from .._quantity import show_duration

DENY_FILE = "/etc/magsasa-chaos/deny"


def owner_allows(path=DENY_FILE):
    """Refuse while the host's owner says so on the host itself. Nothing in a playbook lifts it.

    Whatever is at ``path`` refuses, also what cannot be read, as a folder, a link to nothing, or a pipe.
    """
    try:
        os.lstat(path)
        first = _first_line(path)
    except (FileNotFoundError, NotADirectoryError):
        if not os.path.lexists(path):
            return
        first = "(a link to nothing)"
    except OSError:
        first = "(not readable)"
    raise Refused("deny", "%s exists on this host and says: %s" % (path, printable(first or "(nothing)", 200)))


def _first_line(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)  # a pipe that nobody fills must not hold us
    try:
        return os.read(descriptor, 200).decode(errors="replace").partition("\n")[0].strip()
    finally:
        os.close(descriptor)


def short_enough(seconds, most):
    """Refuse a duration above the cap."""
    if seconds > most:
        raise Refused(
            "max_duration",
            "duration %s is above the limit of %s" % (show_duration(seconds), show_duration(most)),
            "max_duration",
        )


def no_conflict(plan, active):
    """Refuse what another active fault of this host holds already."""
    wanted = set(plan["claims"])
    for record in active:
        both = wanted & set(record.get("claims") or ())
        if both:
            raise Refused(
                "conflict",
                "fault '%s' (%s) is active on this host and uses %s"
                % (record["name"], record["family"], ", ".join(sorted(both))),
                remedy="wait until it is over or end it with state=absent",
            )
