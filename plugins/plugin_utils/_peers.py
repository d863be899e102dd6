# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers of a network fault by their names in the inventory: hosts and groups become addresses. Private to
magsasa.chaos.

Only the controller knows the inventory, and only what it resolves is the same for all hosts.
"""

from __future__ import annotations

import concurrent.futures
import ipaddress
import re
import socket

from ansible.errors import AnsibleError
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, printable

OPTIONS = ("peer", "to")  # the option and its alias
AT_ONCE = 16  # names that are resolved side by side
_NUMBERS = re.compile(r"[0-9./]+|[0-9A-Fa-f:./]*:[0-9A-Za-z:./%_-]*")  # meant as an address or network, right or wrong


def translate(arguments, task_vars, touched):
    """``(arguments, {name: [address]})``: the arguments of network_fault with addresses in the place of names.

    ``touched``: the host that the fault is on. ``arguments`` stay as they are. Raises BadOption for a name
    that the inventory does not know or that has no address.
    """
    option, texts = _given(arguments)
    hosts = {text: _hosts(text, option, task_vars, touched) for text in texts if not _NUMBERS.fullmatch(text)}
    if not hosts:
        return arguments, {}
    wanted = sorted({host for members in hosts.values() for host in members})
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip(wanted, pool.map(_addresses, [_home(host, option, task_vars) for host in wanted])))
    for text, members in hosts.items():
        for host in members:
            if not found[host]:
                raise _nowhere(text, host, option, task_vars)
    named = {text: [address for host in members for address in found[host]] for text, members in hosts.items()}
    peers = [address for text in texts for address in named.get(text, [text])]
    return dict(arguments, **{option: list(dict.fromkeys(peers))}), named


def stand_in(options):
    """Options of a scenario with an address in the place of each name, for who has no inventory to ask."""
    option, texts = _given(options)
    return (
        dict(options, **{option: [each if _NUMBERS.fullmatch(each) else "192.0.2.1" for each in texts]})
        if option
        else options
    )


def _given(options):
    """``(option, texts)``; ``(None, [])`` when nothing is given, or nothing that can be read as a list: the module
    says so.
    """
    option = next((each for each in OPTIONS if options.get(each) is not None), None)
    given = options[option] if option else None
    given = given.split(",") if isinstance(given, str) else given
    return (option, [str(each).strip() for each in given]) if isinstance(given, (list, tuple)) else (None, [])


def _hosts(text, option, task_vars, touched):
    """Hosts of the inventory that a name means; a group means its hosts but the one that the fault is on."""
    groups = task_vars.get("groups") or {}
    if text in groups.get("all", ()):
        return [text]
    if text not in groups:
        problem = "is not an IPv4 or IPv6 address or network, and not a host or group of the inventory"
        raise BadOption(
            option,
            text,
            problem,
            "use an address such as 192.0.2.7, a network such as 192.0.2.0/24, or a name shown by ansible-inventory"
            " --graph",
        )
    found = [host for host in groups[text] if host != touched]
    if not found:
        raise BadOption(
            option,
            text,
            "is a group without other hosts than this one",
            "name a group with other hosts, or leave it out",
        )
    return found


def _home(host, option, task_vars):
    """What the inventory says of where a host is: its ``ansible_host``, else its name."""
    try:
        return str(task_vars["hostvars"][host].get("ansible_host") or host)
    except (AnsibleError, KeyError) as error:
        said = printable(" ".join(str(error).split()), 120)
        raise BadOption(
            option,
            host,
            "has an ansible_host that cannot be read (%s)" % said,
            "set it to an address, or name the address here",
        )


def _addresses(home):
    """Addresses of a host, in order; none when the controller cannot resolve its name."""
    text = home.strip().strip("[]").partition("%")[0]
    try:
        return [str(ipaddress.ip_address(text))]
    except ValueError:
        pass
    try:
        answers = socket.getaddrinfo(text, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    found = {
        ipaddress.ip_address(answer[4][0].partition("%")[0])
        for answer in answers
        if answer[0] in (socket.AF_INET, socket.AF_INET6)
    }
    return [str(each) for each in sorted(found, key=lambda each: (each.version, int(each)))]


def _nowhere(text, host, option, task_vars):
    home = printable(_home(host, option, task_vars))
    whose = "has no address" if text == host else "has the host '%s', which has no address" % printable(host)
    problem = "%s: the controller cannot resolve its %s" % (
        whose,
        "name" if home == host else "ansible_host '%s'" % home,
    )
    return BadOption(
        option, text, problem, "set ansible_host of '%s' to an address, or name the address here" % printable(host)
    )
