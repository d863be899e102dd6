# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pack.py SOURCE PACK: the application's source as a tar file that is the same for the same source. Runs on the
controller.
"""

import os
import sys
import tarfile


def plain(member):
    """Owned by root, readable by all, without what Python left behind."""
    if os.path.basename(member.name) == "__pycache__":
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o755 if member.isdir() else 0o644
    return member


with tarfile.open(sys.argv[2], "w") as pack:
    for part in ("magsasa_app", "requirements.txt"):
        pack.add(os.path.join(sys.argv[1], part), part, filter=plain)
