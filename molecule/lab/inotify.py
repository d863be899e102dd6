# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every systemd needs about a dozen inotify instances; the usual limit of 128 per user is reached with eleven hosts."""

from __future__ import annotations

from pathlib import Path

from . import places

LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
ENOUGH = 8192


def _before():
    return places.runtime() / "inotify-before"


def raise_limit():
    """Raise the limit of the machine and remember what it was."""
    if int(LIMIT.read_text()) < ENOUGH:
        _before().write_text(LIMIT.read_text())
        LIMIT.write_text(str(ENOUGH))


def put_back():
    """Put back what was there, unless somebody changed it meanwhile."""
    if _before().exists():
        if int(LIMIT.read_text()) == ENOUGH:
            LIMIT.write_text(_before().read_text())
        _before().unlink()
