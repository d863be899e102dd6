# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a file fault in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases.figures import count, number


def asked(fault):
    """ "/etc/app.conf moved away", "mode 0000 for /etc/app.conf", "the first 512 bytes of it overwritten"."""
    wanted, action = fault["requested"], fault["action"]
    if action == "remove":
        return "%s moved away" % wanted["path"]
    if action == "permissions":
        return "%s for %s" % (_rights(wanted), wanted["path"])
    size = count(wanted["size"], "byte")
    return (
        "the first %s of %s overwritten" % (size, wanted["path"])
        if action == "corrupt"
        else "%s appended to %s" % (size, wanted["path"])
    )


def _rights(values):
    words = (("mode", "mode"), ("uid", "owner"), ("gid", "group"))
    return ", ".join("%s %s" % (word, values[key]) for key, word in words if key in values)


def found(fault):
    """What the file was like."""
    seen = fault["measured"]
    if "moved_aside" in seen:
        return ("moved away" if seen["moved_aside"] else "not moved away") + (
            ", and somebody made it anew" if seen["there"] and seen["moved_aside"] else ""
        )
    if "corrupt_bytes" in seen:
        return "%s of %s overwritten" % (number(seen["corrupt_bytes"]), count(seen["of"], "byte"))
    if "appended" in seen:
        return "%s appended, %s in all" % (count(seen["appended"], "byte"), number(seen["size"]))
    return _rights(seen)


def lines(fault):
    """None: a file is changed once."""
    return {}
