# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Traffic control of the kernel by tc and ip: what is on the interfaces, and the queueing disciplines that are ours.
Private to magsasa.chaos.

Ours are known by the handle of their root (see ``major``) and by the name of their ifb device: nothing else is ever
taken away.
"""

from __future__ import annotations

import json
import os
import re

from ... import _cmd
from ..._errors import HostError, MissingTool, printable

PURPOSE = "set up traffic control"
TABLES = ("/usr/lib/tc", "/usr/share/tc", "/usr/lib64/tc", "/lib/tc")  # where tc keeps its distributions
KINDS = ("prio", "htb")  # of a root of ours
AUTOMATIC = ("ingress", "clsact")  # what holds filters for what comes in
FIRST_DEFAULT = "pfifo_fast"  # the kernel's, unless net.core.default_qdisc names another
IFB = re.compile(r"ch[0-9a-f]{13}")
_FILTER = re.compile(r"filter .*protocol (\S+) pref (\d+) (\S+)")
_MATCH = re.compile(r"match ([0-9a-f]{8})/([0-9a-f]{8}) at (\d+)")


def major(fault_id):
    """The first half of a root's handle for a fault (text in hex): below what tc gives out by itself, above what
    people write.
    """
    return "%x" % (0x1000 + int(fault_id[:8], 16) % 0x6F00)


def ifb_name(fault_id, number):
    """Name of the device that a fault sends the incoming packets of its ``number``-th interface through."""
    return "ch%s%x" % (fault_id, number)


def program(name="tc"):
    """Path of tc or ip; raises MissingTool."""
    found = _cmd.which(name)
    if found is None:
        raise MissingTool(name, PURPOSE)
    return found


def _json(argv):
    said = _cmd.run(argv).stdout
    try:
        return json.loads(said or "[]")
    except ValueError:
        raise HostError("%s did not answer in JSON" % os.path.basename(argv[0]))


def qdiscs(dev=None, counters=False):
    """Queueing disciplines as tc gives them: ``[{"kind", "handle", "root"|"parent", "dev", "options", ...}]``."""
    rows = _json([program(), "-j"] + (["-s"] if counters else []) + ["qdisc", "show"] + (["dev", dev] if dev else []))
    return [dict(row, dev=row.get("dev", dev)) for row in rows if isinstance(row, dict) and "kind" in row]


def shown(dev, kind):
    """A discipline of an interface as a person sees it, one line."""
    lines = _cmd.run([program(), "qdisc", "show", "dev", dev]).stdout.splitlines()
    return next((" ".join(line.split()) for line in lines if line.startswith("qdisc %s " % kind)), kind)


def described(dev):
    """Disciplines and queue length of an interface as lines of a state dump, without the handles that the kernel
    gives out.
    """
    rows = [row for row in qdiscs(dev) if row["kind"] not in ("ingress", "clsact")]
    lines = [
        "%s %s %s"
        % (
            row["kind"],
            "root" if row.get("root") else row.get("parent"),
            json.dumps(row.get("options"), sort_keys=True),
        )
        for row in rows
    ]
    with open("/sys/class/net/%s/tx_queue_len" % dev) as source:
        return sorted(lines) + ["queue length %s" % source.read().strip()]


def default_kind():
    """The discipline that the kernel gives an interface with a queue from now on; "" in a network namespace, which
    cannot see it.
    """
    try:
        with open("/proc/sys/net/core/default_qdisc") as source:
            return source.read().strip()
    except OSError:
        return ""


def transmit_queues(dev):
    """How many queues the driver of an interface sends by."""
    try:
        return sum(name.startswith("tx-") for name in os.listdir("/sys/class/net/%s/queues" % dev))
    except OSError:
        return 0


def addresses():
    """Interfaces as ip gives them: ``[{"ifname", "flags", "mtu", "txqlen", "addr_info"}]``."""
    return [
        row for row in _json([program("ip"), "-j", "address", "show"]) if isinstance(row, dict) and row.get("ifname")
    ]


def way_to(address):
    """Name of the interface by which packets leave for an address, or None."""
    done = _cmd.run([program("ip"), "-j", "route", "get", address], check=False)
    try:
        return json.loads(done.stdout)[0]["dev"] if done.rc == 0 else None
    except (ValueError, LookupError, TypeError):
        return None


def lacks(kind, words=()):
    """What keeps a discipline from being had here, or "". Nothing is loaded, and nothing of the host is touched.

    Where no module can be asked for (a container, a kernel without modules) it is tried in a network namespace of its
    own that is
    gone with the command.
    """
    module = "sch_" + kind
    if os.path.isdir("/sys/module/" + module):
        return ""
    modprobe, unshare = _cmd.which("modprobe"), _cmd.which("unshare")
    if modprobe and _cmd.run([modprobe, "-n", "-q", module], check=False).rc == 0:
        return ""
    if not unshare:
        return "whether the kernel has %s cannot be determined" % module
    done = _cmd.run([unshare, "-n", program(), "qdisc", "add", "dev", "lo", "root", kind] + list(words), check=False)
    if done.rc == 0:
        return ""
    said = printable(done.stderr.strip(), 120)
    return (
        "the kernel has no %s" % module
        if "unknown" in said or "No such file" in said
        else "%s could not be tested (%s)" % (module, said)
    )


def has_distribution(name):
    """Whether tc has the table of a distribution."""
    folders = list(TABLES)
    try:
        folders += [
            os.path.join("/usr/lib", each, "tc")
            for each in os.listdir("/usr/lib")
            if each.endswith(("-gnu", "-musl", "-gnueabihf"))
        ]
    except OSError:
        pass
    folders += filter(None, [os.environ.get("TC_LIB_DIR")])
    return any(os.path.isfile(os.path.join(folder, name + ".dist")) for folder in folders)


def load_modules(modules):
    """Ask for kernel modules by name, which also gets those that a distribution keeps from being loaded by themselves.

    One that is built in, or that cannot be loaded, is no error here: tc says so in time. ifb makes no devices of its
    own.
    """
    modprobe = _cmd.which("modprobe")
    for module in modules:
        if modprobe and not os.path.isdir("/sys/module/" + module):
            _cmd.run([modprobe, "-q", module] + (["numifbs=0"] if module == "ifb" else []), check=False)


def batch(lines):
    """Carry out many commands of tc in their order; the first that fails raises HostError."""
    _cmd.run([program(), "-batch", "-"], stdin="".join(line + "\n" for line in lines))


def add_ifb(name):
    """A device of the kind ifb, up, that says nothing by itself."""
    ip = program("ip")
    _cmd.run([ip, "link", "add", "name", name, "type", "ifb"])
    _cmd.run(
        [ip, "link", "set", "dev", name, "addrgenmode", "none"], check=False
    )  # a kernel without IPv6 knows no such thing
    _cmd.run([ip, "link", "set", "dev", name, "up"])


def is_ifb(name):
    """Whether a device of ours is there."""
    if not IFB.fullmatch(name):
        raise HostError("device '%s' does not belong to this collection" % name)
    done = _cmd.run([program("ip"), "-j", "-d", "link", "show", "dev", name], check=False)
    try:
        return done.rc == 0 and json.loads(done.stdout)[0]["linkinfo"]["info_kind"] == "ifb"
    except (ValueError, LookupError, TypeError):
        return False


def filters(dev, parent):
    """Filters of u32 in the order in which they are asked: ``[{"protocol", "pref", "fh", "flow", "device", "keys"}]``.

    ``parent``: a handle such as "3abc:", or "ingress". ``flow``: where it sends a packet ("3abc:2"), ``device``: or to
    which device;
    ``keys``: [[value, mask, offset]]. A filter of another kind has its kind and nothing else.
    """
    words = ["ingress"] if parent == "ingress" else ["parent", parent]
    done = _cmd.run([program(), "filter", "show", "dev", dev] + words, check=False)
    return _read(done.stdout) if done.rc == 0 else []


def _read(text):
    """As text, since JSON of u32 names the same key twice, and older versions of tc have none."""
    found = []
    for line in text.splitlines():
        head = _FILTER.match(line)
        if head:
            if head.group(3) != "u32":
                found.append(
                    {
                        "protocol": head.group(1),
                        "pref": int(head.group(2)),
                        "kind": head.group(3),
                        "flow": None,
                        "device": None,
                    }
                )
                continue
            handle = re.search(r" fh ([0-9a-f]+:[0-9a-f]*:[0-9a-f]+) ", line)
            if handle:
                flow = re.search(r"flowid ([0-9a-f]+:[0-9a-f]*)", line)
                found.append(
                    {
                        "protocol": head.group(1),
                        "pref": int(head.group(2)),
                        "kind": "u32",
                        "fh": handle.group(1),
                        "flow": flow.group(1) if flow else None,
                        "device": None,
                        "keys": [],
                    }
                )
        elif found and found[-1]["kind"] == "u32":
            found[-1]["keys"] += [
                [int(value, 16), int(mask, 16), int(offset)] for value, mask, offset in _MATCH.findall(line)
            ]
            device = re.search(r"Redirect to device (\S+?)\)", line)
            found[-1]["device"] = device.group(1) if device else found[-1]["device"]
    return found
