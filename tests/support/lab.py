# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lab hosts in tests: programs and modules on them by SSH, and what a lab leaves on the machine."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

from support import adhoc
from support.modules import ROOT, environment

sys.path.insert(0, str(ROOT / "molecule"))

from lab import access, cgroups, layout, lifecycle, network, places, services  # noqa: E402


def ssh(lab, name, command, check=True, timeout=60):
    """Output (text) of a shell command on a host, over a connection of its own: not the one that Ansible shares."""
    argv = access.ssh_command(lab, lab.find(name))
    argv[1:1] = ["-o", "ControlMaster=no", "-o", "ControlPath=none"]
    done = subprocess.run(
        argv + [command], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False
    )
    assert not check or done.returncode == 0, (name, command, done.stdout, done.stderr)
    return done.stdout


LOOK_S = 15  # seconds until a shared connection counts as one that stands still


def look(lab, name, command):
    """Output (text) of a shell command that only reads.

    Looks share a connection, which is neither that of ssh() nor Ansible's: a tenth of the time, and less work for the
    host. Where it is gone or stands still, as after a boot of the host, the same is asked over a new one.
    """
    argv = access.ssh_command(lab, lab.find(name))
    path = str(places.runtime(lab.name) / "look-%h")
    argv[1:1] = ["-o", "ControlPath=" + path, "-o", "ServerAliveInterval=3", "-o", "ServerAliveCountMax=2"]
    quiet = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "timeout": LOOK_S}
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run([*argv, command], check=False, **quiet)
        if done.returncode == 0:
            return done.stdout
        subprocess.run([*argv[:-1], "-O", "exit", argv[-1]], check=False, **quiet)
    return ssh(lab, name, command)


def program(script, *arguments):
    """Shell command that runs a Python script (text)."""
    code = base64.b64encode(script.encode()).decode()
    words = " ".join(shlex.quote(str(each)) for each in arguments)
    return "python3 -c \"import base64; exec(base64.b64decode('%s'))\" %s" % (code, words)


def python(lab, name, script, *arguments):
    """Output of a Python script on a host."""
    return ssh(lab, name, program(script, *arguments))


def on_hosts(lab, pattern, module, arguments, *more):
    """{host: result} of a module of the collection on the hosts of a pattern; a failed one has ``failed: true``."""
    return on_inventory(lifecycle.inventory_path(lab), pattern, module, arguments, *more)


def on_inventory(inventory, pattern, module, arguments, *more):
    """The same for the hosts of any inventory (Path)."""
    argv = [
        os.path.join(os.path.dirname(sys.executable), "ansible"),
        pattern,
        "-i",
        str(inventory),
        "-m",
        "magsasa.chaos." + module,
    ]
    argv += ["-a", json.dumps(arguments)] if arguments else []
    argv += more
    done = adhoc.run(argv, cwd=ROOT, env=clean_environment(), timeout=180)
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    results = {}
    rest = done.stdout
    while " => " in rest:
        head, _arrow, rest = rest.partition(" => ")
        result, end = json.JSONDecoder().raw_decode(rest.lstrip())
        rest = rest.lstrip()[end:]
        # Messages of other lines may come before: the host's name begins the line.
        results[head.splitlines()[-1].split(" | ")[0]] = (
            dict(result, failed=True) if "FAILED!" in head or "UNREACHABLE!" in head else result
        )
    assert results, done.stdout + done.stderr
    return results


def inject(lab, name, module, options, effect=None):
    """Record of a fault that must go in on a host, with this effect."""
    result = on_hosts(lab, name, module, options)[name]
    assert not result.get("failed") and result["changed"], result
    if (
        module == "network_fault" and effect == "confirmed"
    ):  # as long as no selected packet has passed, nothing shows that it took effect
        assert (
            result["fault"]["effect"] == effect or "no selected packet has passed" in result["fault"]["note"]
        ), result["fault"]
    else:
        assert effect is None or result["fault"]["effect"] == effect, result["fault"]
    return result["fault"]


def end(lab, name, module, fault):
    """Final record of a fault (its name) that is in, ended by its module."""
    result = on_hosts(lab, name, module, {"name": fault, "state": "absent"})[name]
    assert not result.get("failed") and result["changed"] and result["fault"]["residue"] == [], result
    return result["fault"]


MEASURE = """
import glob, time
def ended():
    total = 0
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as source:
                head, _close, rest = source.read().rpartition(")")
        except OSError:
            continue
        total += int(rest.split()[8]) if head.endswith("(chaos-fault") else 0
    return total
before, limit = ended(), time.monotonic() + 30
while ended() == before and time.monotonic() < limit:
    time.sleep(0.02)
assert ended() > before, "nothing was measured"
"""


def await_measure(lab, name):
    """Wait until the faults of a host were measured once more, which they are every second.

    It is for faults that are measured by a program (nft, tc, iptables): the kernel counts the page faults of the
    children that a
    process has waited for. Nothing else of a fault tells from outside that it was measured.
    """
    python(lab, name, MEASURE)


def clean_environment(**more):
    """The environment of an Ansible run against the lab: the hosts keep their state where they always do."""
    values = environment("/nonexistent", **more)
    del values["MAGSASA_CHAOS_STATE"]
    if "CHAOS_LAB_HOME" in os.environ:
        values["CHAOS_LAB_HOME"] = os.environ["CHAOS_LAB_HOME"]
    return values


def chaos_processes(lab, name):
    """{pid: short name} of the processes of faults and probes on a host."""
    return _of_chaos(look(lab, name, PROCESSES).splitlines())


PROCESSES = "ps -eo pid=,comm="
FILES = "find /var/lib/magsasa-chaos/faults /run/magsasa-chaos/faults -type f 2>/dev/null || true"


def _of_chaos(rows):
    pairs = [row.split(None, 1) for row in rows if row.strip()]
    return {int(pid): comm.strip() for pid, comm in pairs if comm.startswith("chaos-")}


def remains(lab, name):
    """What faults left on a host (texts): processes, and files of active faults."""
    rows = look(lab, name, "%s; %s" % (PROCESSES, FILES)).splitlines()
    files = [row for row in rows if row.startswith("/")]
    running = _of_chaos(row for row in rows if not row.startswith("/"))
    return ["process %d %s" % each for each in running.items()] + files


def ledger(lab, name):
    """Past faults of a host, oldest first."""
    return [
        json.loads(line)
        for line in look(lab, name, "cat /var/lib/magsasa-chaos/ledger.jsonl 2>/dev/null || true").splitlines()
    ]


def starts(pids):
    """{pid: start time} of the processes that live."""
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError, IndexError):
            fields = Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()
            if fields[0] not in "ZX":
                found[pid] = fields[19]
    return found


def processes(lab):
    """{pid: start time} of everything that runs because of a lab: hosts, keeper, relays, and ssh that holds a
    connection to it.
    """
    pids = cgroups.members(lab.tag) | set(network.users(lab.tag))
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if str(places.runtime(lab.name)).encode() in Path("/proc/%s/cmdline" % entry).read_bytes():
                pids.add(int(entry))
    return starts(pids)


def traces(tag, name):
    """What there is of a lab on this machine besides processes (texts)."""
    found = [
        "mount " + line
        for line in Path("/proc/self/mountinfo").read_text().splitlines()
        if tag in line or str(places.disks(name)) in line
    ]
    found += ["netns " + each for each in network.names(tag)]
    found += ["cgroup %s" % each for each in cgroups.groups(tag)]
    folders = [
        places.disks(name),
        places.runtime(name),
        places.runtime() / (name + ".lock"),
        *Path("/run/systemd/nspawn").glob("*/%s*" % tag),
    ]
    return found + ["file %s" % each for each in folders if each.exists()]


__all__ = ["access", "cgroups", "layout", "lifecycle", "network", "places", "services"]
