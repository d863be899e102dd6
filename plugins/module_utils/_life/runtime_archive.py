# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runtime archive: what stays on a host while a fault or a probe runs, copied out of the running module's own
payload.

Ansible removes a module's payload when the module ends, so a detached process needs its own copy. One zip file that
Python
can run (PEP 441), named by its hash: written as a whole, removed as a whole. Private to magsasa.chaos.
"""

from __future__ import annotations

import io
import marshal
import os
import re
import sys

from .._errors import HostError
from .._ledger import private_files
from . import kept_code

PACKAGE = "magsasa_chaos"
_MAIN = "import sys\nfrom %s._entry.main import main\nsys.exit(main(sys.argv[1:]))\n" % PACKAGE
# What the archive is to sh: where the Python that injected is gone, or does not run any more (an upgrade), any other
# python3 of the host does. A zip file
# may have a text before it. In a unit such a text could not stand: systemd writes transient units down in a way that it
# cannot read again.
ANY = b"""#!/bin/sh
first=$1
shift
for each in "$first" python3 /usr/bin/python3 /usr/local/bin/python3 /usr/libexec/platform-python \\
    /usr/bin/python3.[0-9] /usr/bin/python3.[0-9][0-9] /usr/local/bin/python3.[0-9] /usr/local/bin/python3.[0-9][0-9] /opt/*/bin/python3
do
    command -v "$each" >/dev/null || continue
    "$each" -I -S -B "$0" "$@"
    code=$?
    case $code in 0|75) exit $code ;; esac
done
exit 1
"""
NAMED = re.compile(r"[0-9a-f]{16}\.pyz")
# A module that will ask the archive many questions sets it; families: those that they are about, None for all.
COMPILED = {"here": False, "families": None}
SELDOM = ("_endpoint/",)  # asked for once in a run, and then by the module
AGAIN = 75  # EX_TEMPFAIL: an entry ran, and is to be run again
_INSTALLED = {}  # folder: (path, content) of the archive that this process made, however much it has loaded since
_FIXED_TIME = (2026, 1, 1, 0, 0, 0)  # so that the same code is always the same file


def _from_archive(archive, prefix):
    """(name below module_utils, source) of every Python file of the zip that this module was loaded from."""
    import zipfile  # not at the top: most processes that know the archive make none

    with zipfile.ZipFile(archive) as payload:
        for entry in sorted(payload.namelist()):
            if entry.startswith(prefix) and entry.endswith(".py"):
                yield entry[len(prefix) :], payload.read(entry)


def _from_folder(folder):
    for where, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if name != "__pycache__")
        for name in sorted(names):
            if name.endswith(".py"):
                path = os.path.join(where, name)
                with open(path, "rb") as source:
                    yield os.path.relpath(path, folder), source.read()


def sources():
    """Every file of this package as it was loaded: from Ansible's zip, from our own archive, or from a folder."""
    package = __name__.rsplit(".", 2)[0]  # the package that holds _host
    loader = globals().get("__loader__")
    archive = getattr(loader, "archive", None)
    if archive:
        return dict(_from_archive(archive, package.replace(".", "/") + "/"))
    return dict(_from_folder(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def _bytecode(source, name):
    """What Python would write into a .pyc file that is never compared with its source (PEP 552); another Python
    passes it over and reads the source.
    """
    import importlib.util  # not at the top: a process that stays seldom builds an archive

    code = kept_code.CODE.get(name)
    if code is None:
        code = kept_code.AHEAD[name] = compile(source, name, "exec", dont_inherit=True)
    return (
        importlib.util.MAGIC_NUMBER
        + (1).to_bytes(4, "little")
        + importlib.util.source_hash(source)
        + marshal.dumps(code)
    )


def _seldom(name, files, families):
    """Whether a file is not worth its compilation, which takes longer than any question."""
    first = name.partition("/")[2].partition("/")[0].strip("_").partition(".")[0]
    other = families is not None and first not in families and "_families/%s.py" % first in files
    return name.startswith(SELDOM) or (name.startswith("_families/") and other)


def build(compiled=False, families=None):
    """The archive's bytes, with the byte code that is there anyway. ``compiled``: with that of all files, for one that
    will be asked often: half the processor time for each start. ``families``: whose byte code is of use; None for all.
    """
    import zipfile  # not at the top: see above

    files = sources()
    if "_entry/main.py" not in files:
        raise HostError("the module's payload holds no _entry/main.py; the collection is not whole: install it again")
    files.setdefault("__init__.py", b"")
    packed = io.BytesIO()
    packed.write(ANY)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:  # stored: loads faster, and lives for minutes
        target.writestr(zipfile.ZipInfo("__main__.py", _FIXED_TIME), _MAIN.encode("ascii"))
        for name, content in sorted(files.items()):
            entry = PACKAGE + "/" + name
            target.writestr(zipfile.ZipInfo(entry, _FIXED_TIME), content)
            if (compiled and not _seldom(name, files, families)) or name in kept_code.CODE:
                target.writestr(zipfile.ZipInfo(entry + "c", _FIXED_TIME), _bytecode(content, name))
    return packed.getvalue()


def install(run_folder):
    """Put the archive into ``run_folder``/lib (made when needed) and return its path; written only when it is not
    there.
    """
    lib = private_files.prepare(os.path.join(private_files.prepare(run_folder), "lib"))
    running = getattr(globals().get("__loader__"), "archive", None)
    if running and os.path.dirname(running) == lib and NAMED.fullmatch(os.path.basename(running)) and _is_ours(running):
        return running  # this code was loaded from there, and nobody else writes into the folder
    if lib in _INSTALLED and _holds(*_INSTALLED[lib]):
        return _INSTALLED[lib][0]
    import hashlib  # not at the top: see above

    content = build(COMPILED["here"], COMPILED["families"])
    path = os.path.join(lib, hashlib.sha256(content).hexdigest()[:16] + ".pyz")
    if not _holds(path, content):
        private_files.write_private(path, content, durable=False)
    _INSTALLED[lib] = (path, content)
    return path


def taken_away():
    """Whether this code was loaded from an archive that is not there any more: nothing can be loaded from it, and it
    cannot be put there again.
    """
    archive = getattr(globals().get("__loader__"), "archive", None)
    return bool(archive) and not os.path.exists(archive)


def _is_ours(path):
    try:
        os.close(private_files.open_private(path))
        return True
    except OSError:
        return False


def _holds(path, content):
    """Whether the file is ours and has this content; its size alone tells nothing of a damaged one."""
    try:
        with os.fdopen(private_files.open_private(path), "rb") as source:
            return source.read(len(content) + 1) == content
    except OSError:
        return False


def command(archive, entry, argument):
    """argv that runs one entry of the archive with the interpreter that runs this module; no site, no environment."""
    return [sys.executable, "-I", "-S", "-B", archive, entry, argument]


def command_by_any(archive, entry, argument):
    """The same for what runs later, by the interpreter of this module or any other (see ANY)."""
    return ["/bin/sh", archive, sys.executable, entry, argument]
