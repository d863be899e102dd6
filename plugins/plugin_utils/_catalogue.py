# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenario catalogue: choosing, filling in. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import candidates
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption

INTENSITIES = ("smoke", "light", "medium", "heavy", "full", "extended")
SMOKE_HOLD = "3s"
MYSQL_PORT = 3306


def runs(entry, intensity):
    """Whether a scenario is one of an intensity: smoke and full run the 18, the others their own."""
    return entry["intensity"] == intensity or (intensity in ("smoke", "full") and entry["intensity"] != "extended")


def hold(entry, intensity):
    """How long a scenario lasts with an intensity."""
    return entry.get("smoke_hold", SMOKE_HOLD) if intensity == "smoke" else entry["hold"]


def select(entries, intensity, wanted=None):
    """Scenarios of an intensity, or those named in ``wanted`` (ids, families or tags), with the hold of that intensity.

    Scenarios of the shelf ``extended`` run when they are named, or with that intensity. Raises BadOption for an unknown
    intensity or name.
    """
    if intensity not in INTENSITIES:
        raise BadOption("chaos_intensity", intensity, "is not an intensity", "use one of %s" % ", ".join(INTENSITIES))
    names = _names(wanted)
    if names:
        chosen = []
        for name in names:
            found = [e for e in entries if name in (e["id"], e["family"]) or name in (e.get("tags") or [])]
            if not found:
                raise BadOption(
                    "chaos_scenarios",
                    name,
                    "is not the id, family or tag of a scenario",
                    "use one of %s" % ", ".join(e["id"] for e in entries),
                )
            chosen.extend(e for e in found if e not in chosen)
    else:
        chosen = [e for e in entries if runs(e, intensity)]
    return [dict(e, hold=hold(e, intensity)) for e in chosen]


def _names(wanted):
    if not wanted:
        return []
    if isinstance(wanted, str):
        wanted = wanted.split(",")
    return [str(name).strip() for name in wanted if str(name).strip()]


def _named_database(found, path, port):
    """The database as port detection found it, or the one on this host that the user named by a path (SQLite) or a
    port.
    """
    if path:
        return {"backend": "sqlite", "path": str(path)}
    if not port:
        return found
    number = candidates.port(port, "chaos_database_port")
    guess = "mysql" if number == MYSQL_PORT else "postgresql"
    return {
        "backend": found.get("backend") if found.get("backend") in ("postgresql", "mysql") else guess,
        "port": number,
    }


def fill(entry, endpoint, database_path=None, database_port=None):
    """One scenario for one host: options filled in from what port detection found. What the user names wins over that.

    Returns the entry with ``options`` ready to use, or with ``skipped``: a sentence with reason and remedy.
    """
    filled = dict(entry, name=entry["id"])
    if entry.get("available", True) is False:
        return dict(filled, skipped=entry.get("unavailable_reason") or "not available")
    if not endpoint:
        return dict(filled, skipped="no service was found on this host; name it with chaos_target_url")
    asks = any(str(value).startswith("@") for value in entry["options"].values())
    if endpoint.get("planned") and asks:
        reason = (
            "a dry run does not start the sample application, which this scenario needs; name a running service with"
            " chaos_target_url"
        )
        return dict(filled, skipped=reason)
    database = _named_database(endpoint.get("database") or {}, database_path, database_port)
    values = {
        "port": endpoint.get("port"),
        "pid": endpoint.get("pid"),
        "unit": endpoint.get("unit"),
        "database_engine": (
            {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql"}.get(database.get("backend"))
        ),
        "database_path": database.get("path"),
        "database_port": database.get("port"),
    }
    if any(str(value).startswith("@database") for value in entry["options"].values()):
        if values["database_engine"] is None:
            return dict(
                filled,
                skipped=(
                    "the database of the service is unknown; name it with chaos_database_path or chaos_database_port"
                ),
            )
        if values["database_engine"] == "sqlite":
            values["database_port"] = None
        else:
            values["database_path"] = None
            if (database.get("host") or "127.0.0.1") not in ("127.0.0.1", "::1", "localhost") and not str(
                database.get("host")
            ).startswith("/"):
                return dict(
                    filled,
                    skipped="the database of the service runs on another host (%s); run the scenario there"
                    % database.get("host"),
                )
    if entry.get("family") == "process" and asks and endpoint.get("pid", -1) is None:
        reason = (
            "the process of the service is not visible to this user on this host; run as root (become: true), or on the"
            " host of the service"
        )
        return dict(filled, skipped=reason)
    if "@unit" in entry["options"].values() and not values["unit"]:
        reason = (
            "the service of this host is not a systemd service, which this scenario needs; run the service as one, or"
            " leave this scenario out"
        )
        return dict(filled, skipped=reason)
    options = {}
    for key, value in entry["options"].items():
        if isinstance(value, str) and value.startswith("@"):
            value = values.get(value[1:])
        if value is not None:
            options[key] = value
    filled["options"] = dict(options, duration=entry["hold"])
    return filled
