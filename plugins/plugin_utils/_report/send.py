# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send the folder of a report on: one HTTP PUT, a copy to a host of the inventory, or to another folder here. Private
to magsasa.chaos.

A report that cannot be sent is still there, so whoever calls warns with the reason and fails nothing.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tarfile
from urllib.parse import urlsplit

from ansible.module_utils.urls import open_url
from ansible_collections.magsasa.chaos.plugins.module_utils import _redact

TIMEOUT_S = 30
_HOST = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*):(/(?!/).*)")


class NotSent(Exception):
    """Why, as the end of a sentence."""


def parse(where):
    """``("put", url)``, ``("host", name, folder)`` or ``("copy", folder)``. Raises ValueError, one sentence."""
    where = str(where).strip()
    if re.match(r"https?://", where):
        if not has_host(where):
            raise ValueError("chaos_report_to: '%s' names no host; write https://HOST/PATH" % shown(where))
        return "put", where
    host = _HOST.fullmatch(where)
    if host:
        return "host", host.group(1), host.group(2)
    if where.startswith(("/", "~")):
        return "copy", os.path.expanduser(where)
    raise ValueError(
        "chaos_report_to: '%s' is no place for a report; write https://HOST/PATH, HOST:/FOLDER of the inventory or"
        " /FOLDER" % shown(where)
    )


def has_host(url):
    """Whether a URL names a host and no port that is none: what stands there may be a password with a slash."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def shown(where):
    """A place without what may be secret in it: user, password and query of a URL."""
    where = str(where)
    if not re.match(r"https?://", where):
        return where[:200]
    return _redact.url(where).partition("?")[0].partition("#")[0]


def packed(path):
    """The folder as the bytes of a tar.gz; its files are below the id of the run."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in sorted(os.listdir(path)):
            archive.add(os.path.join(path, name), arcname="%s/%s" % (os.path.basename(path), name), recursive=False)
    return buffer.getvalue()


def put(path, url):
    """One PUT of ``<run id>.tar.gz``; its name is added to an address that ends with a slash. Raises NotSent."""
    parts = urlsplit(url)
    if parts.path.endswith("/") or not parts.path:
        url = parts._replace(path="%s/%s.tar.gz" % (parts.path.rstrip("/"), os.path.basename(path))).geturl()
    try:
        open_url(
            url, method="PUT", data=packed(path), headers={"Content-Type": "application/gzip"}, timeout=TIMEOUT_S
        ).close()
    except Exception as error:  # urllib and ssl have many; HTTPError has the status
        code = getattr(error, "code", None)
        raise NotSent("the server answered with HTTP %s" % code if code else str(getattr(error, "reason", error)))
    return shown(url)


def copy(path, folder):
    """Into ``folder``/<run id>. Raises NotSent."""
    target = os.path.join(folder, os.path.basename(path))
    try:
        if os.path.realpath(target) != os.path.realpath(path):
            shutil.copytree(path, target, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise NotSent(getattr(error, "strerror", None) or str(error))
    return target


def to_host(path, runner, variables, folder):
    """Into ``folder``/<run id> of a host: by ``runner``, an action with a connection to it. Raises NotSent."""
    target = "%s/%s" % (folder.rstrip("/"), os.path.basename(path))
    _module(runner, variables, "ansible.builtin.file", {"path": target, "state": "directory", "mode": "0755"})
    scratch = runner._make_tmp_path()
    try:
        for name in sorted(os.listdir(path)):
            there = runner._connection._shell.join_path(scratch, name)
            runner._transfer_file(os.path.join(path, name), there)
            runner._fixup_perms2((scratch, there))
            given = {"src": there, "dest": "%s/%s" % (target, name), "mode": "0644", "remote_src": True}
            _module(runner, variables, "ansible.builtin.copy", given)
    finally:
        runner._remove_tmp_path(scratch)
    return target


def _module(runner, variables, name, arguments):
    result = runner._execute_module(module_name=name, module_args=arguments, task_vars=variables)
    if result.get("failed") or result.get("unreachable"):
        raise NotSent(" ".join(str(result.get("msg") or "no reason given").split())[:300])
