# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of users and groups. Private to magsasa.chaos."""

from __future__ import annotations

import grp
import pwd

from ..._errors import BadOption


def user(text):
    """User id of a name or number, or None for None."""
    return _id("owner", text, lambda name: pwd.getpwnam(name).pw_uid)


def group(text):
    """Group id of a name or number, or None for None."""
    return _id("group", text, lambda name: grp.getgrnam(name).gr_gid)


def _id(option, text, look_up):
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    try:
        return look_up(text)
    except (KeyError, ValueError):
        raise BadOption(option, text, "is not known on this host", "use a name shown by getent, or a number")
