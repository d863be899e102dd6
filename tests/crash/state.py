# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is like, as far as any fault could change it: the same text before and after a cell."""

from __future__ import annotations

from support.lab import look

from . import faults

# Numbers of mounts change when a host boots. Times and sizes of what the host itself writes meanwhile (logs, the
# journal) are not looked at.
DUMP = r"""
echo '-- packets'; nft list ruleset
echo '-- links'; ip -o link show | sed 's/ qlen [0-9]*//'; ip -o addr show | sed 's/ tentative//; s/valid_lft.*//'; ip rule; tc qdisc show 2>/dev/null
echo '-- mounts'; awk '{print $5}' /proc/self/mountinfo | sort
echo '-- units'; systemctl list-units --all --plain --no-legend --type=service,timer,slice | awk '{print $1, $2, $3, $4}' |
    grep -v '^user\|^session\|^ssh@\|tmpfiles-clean\|^apt-\|^dpkg-\|^e2scrub\|^fstrim'
find /etc/systemd/system /run/systemd/system /run/systemd/system.control /run/systemd/transient -mindepth 1 2>/dev/null | grep -v 'session-' | sort
echo '-- names'; sha256sum /etc/hosts; stat -c '%%a %%u %%g %%s %%.9Y' /etc/hosts
echo '-- files'; find %(place)s -printf '%%p %%y %%m %%U %%G %%s %%T@\n' | grep -v '^%(place)s d' | sort
df --output=iused %(few)s | tail -1
find %(place)s -type f ! -name '*.db' -exec sha256sum {} + | sort
echo '-- free'; find /var/tmp /tmp -maxdepth 1 | grep -v systemd-private- | sort
echo '-- sockets'; ss -Hltn | awk '{print $4}' | sort
echo '-- states'; systemctl show -p ActiveState -p SubState %(victim)s; ps -o stat= -p $(systemctl show -p MainPID --value %(victim)s) | cut -c 1
echo '-- ours'; ps -eo comm= | grep '^chaos-'; find /run/magsasa-chaos* /var/lib/magsasa-chaos/faults 2>/dev/null; true
""" % {"place": faults.PLACE, "few": faults.FEW, "victim": faults.VICTIM}


def of(lab, host):
    """The state of a host (text)."""
    return look(lab, host, DUMP)


def difference(before, after):
    """Lines that came or went (texts), at most twenty."""
    had, has = before.splitlines(), after.splitlines()
    gone = ["- " + line for line in had if line not in has]
    return (gone + ["+ " + line for line in has if line not in had])[:20]
