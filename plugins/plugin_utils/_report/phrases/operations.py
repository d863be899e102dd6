# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo operations in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import re

# By the operation's name; {} are its arguments as the plan tells them.
WORDS = {
    "clock.move_back": "move the time of day back",
    "container.start": "start container {name}",
    "container.unpause": "let container {name} go on",
    "file.contents": "write back what was overwritten in {path}",
    "file.cut": "cut off what was appended to {path}",
    "file.permissions": "give {path} its permissions back",
    "file.put_back": "put {path} back",
    "file.remove": "remove {path}",
    "folder.remove": "remove the folder {path}",
    "hosts.remove": "take our lines out of {path}",
    "iptables.remove_chains": "remove our iptables chains",
    "limits.process": "give process {pid} its limit back",
    "limits.unit": "give {unit} its limits back",
    "mysql.accepting": "check that the server on port {port} takes connections",
    "mysql.unlock": "unlock the account",
    "nft.release_packets": "let held packets go",
    "nft.remove_table": "remove our nftables table",
    "postgres.accepting": "check that the server on port {port} takes connections",
    "postgres.allow": "let database {database} take connections again",
    "process.ensure_running": "start {name} again unless something else did",
    "process.resume": "let process {pid} go on",
    "service.start": "start {unit}",
    "service.unblock": "let {unit} be started again",
    "sqlite.settle": "let {path} settle",
    "tc.remove_ifb": "remove our ifb device",
    "tc.remove_ingress": "remove our ingress queue from {dev}",
    "tc.remove_root": "remove our queue from {dev}",
    "workers.end": "end the fault's workers",
    "workers.finish": "let the fault's workers finish what is under way",
}
_ARGUMENT = re.compile(r"(\w{1,40})=(.{0,400}?)(?= \w{1,40}=|$)")


def words(text):
    """ "file.remove path=/var/tmp/x" as "remove /var/tmp/x"; of an operation that nobody knows its name alone."""
    name, _space, rest = str(text)[:4000].partition(" ")
    if name not in WORDS:
        return name.replace(".", ": ", 1).replace("_", " ")
    known = dict(_ARGUMENT.findall(rest))
    return re.sub(r"\{(\w+)\}", lambda match: known.get(match.group(1)) or "it", WORDS[name])
