# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line in the host's own journal for every inject and revert: the owner of a host must be able to see what was
done. Private to magsasa.chaos.
"""

from __future__ import annotations

import syslog
import time

from .._errors import printable


def note(record, event):
    """Write "fault NAME (ID) EVENT by WHO, FAMILY, until WHEN" to syslog; a host without one has no line."""
    until = (record.get("deadline") or {}).get("wall")
    text = "fault %s (%s) %s: %s %s, for %s%s" % (
        record["name"],
        record["id"],
        event,
        record["family"],
        record.get("action") or "",
        (record.get("who") or {}).get("user", "?"),
        ", until " + time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(until)) if until else "",
    )
    syslog.openlog("magsasa-chaos", syslog.LOG_PID, syslog.LOG_DAEMON)
    syslog.syslog(syslog.LOG_NOTICE, printable(text, 400))
    syslog.closelog()
