# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a database fault in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases.figures import count

ENGINES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}


def asked(fault):
    """ "outage of PostgreSQL on port 5432", "write lock on table orders of shop (MariaDB, port 3306)"."""
    wanted, action = fault["requested"], fault["action"]
    engine = ENGINES.get(wanted["engine"], wanted["engine"])
    if wanted["engine"] == "sqlite":
        return "%s of %s kept out of %s" % (
            "readers and writers" if action == "outage" else "writers",
            engine,
            wanted["path"],
        )
    server = "%s on port %s" % (engine, wanted["port"])
    if action == "outage":
        return "%s shut down" % server
    if action == "pause":
        return "%s stopped (SIGSTOP)" % server
    if action == "terminate":
        return "sessions of %s ended, again and again" % server
    if action == "refuse":
        whom = "account %s" % wanted["account"] if wanted.get("account") else "database %s" % wanted["database"]
        return "connections to %s refused by %s" % (whom, server)
    if action == "lock":
        return "table %s of %s locked on %s" % (wanted["table"], wanted["database"], server)
    return "all %s of %s held" % (count(wanted["sessions"], "free connection"), server)


def found(fault):
    """ "new connections refused", "reading waits for the lock", "every attempt refused (30 of 30)"."""
    seen = fault["measured"]
    if "new_connections" in seen:
        words = {
            "refused": "new connections refused",
            "silent": "new connections get no answer",
            "accepted": "new connections accepted",
        }
        return words.get(seen["new_connections"], "new connections: %s" % seen["new_connections"])
    if "sessions_ended" in seen:
        return "%s ended" % count(seen["sessions_ended"], "session")
    if "tried" in seen:
        read, write = (("refused" if seen[key] == "busy" else seen[key]) for key in ("read", "write"))
        return "reading %s, writing %s; %d of %s kept out" % (
            read,
            write,
            seen["refused"],
            count(seen["tried"], "attempt"),
        )
    if "read" in seen:
        return "reading %s" % seen["read"]
    if "free_connections" in seen:
        return "%s" % count(seen["free_connections"], "connection left", "connections left")
    if "connected" in seen:
        return "a new connection was %s" % ("accepted" if seen["connected"] else "refused")
    if "locked" in seen:
        return "the account is %s, with %s open" % (
            "locked" if seen["locked"] else "not locked",
            count(seen["sessions"], "session"),
        )
    return ""


def lines(fault):
    """The series, where something is counted again and again."""
    if fault["action"] == "terminate":
        return {"ended_per_s": ("sessions ended", "a second", None)}
    if fault["action"] == "exhaust":
        return {"free_connections": ("connections left", "", 0)}
    if fault["requested"].get("engine") == "sqlite":
        return {"refused_pct": ("attempts kept out", "%", 100)}
    return {}
