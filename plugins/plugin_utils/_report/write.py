# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a report: a folder of its own for every run, files as a whole, ``latest`` beside them. Private to
magsasa.chaos.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import time

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import html, journal, junit, markdown, openmetrics


def run_id(now=None):
    """Identity of a run, sortable by time: 20261124T220501Z-3fa9c1."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now)) + "-" + secrets.token_hex(3)


FORMS = {  # file: function of a report and the checksum of its report.json; text of the file
    "report.md": markdown.render,
    "report.html": html.render,
    "report.junit.xml": junit.render,
    "report.prom": openmetrics.render,
}
ON_REQUEST = {"journal.json": journal.render}
DATA = "report.json"
_FIGURE = r"(?:-?[0-9][0-9.eE+-]*|null)"
_FIGURES = re.compile(
    r"\[\n +%s(?:,\n +%s)*\n *\]" % (_FIGURE, _FIGURE)
)  # no text has a line break in JSON, so this is never within one
_BREAK = re.compile(r"\n *")


def as_json(report):
    """The text of report.json: a line a key, and lists of figures in one line each."""
    return "".join(_parts(report))


def _parts(report):
    """The same, an experiment at a time: as a whole a fleet's would take several times its own memory."""
    if not report.get("experiments"):
        yield _lines(report, 0) + "\n"
        return
    mark = '"experiments": []'
    head, _mark, tail = _lines(dict(report, experiments=[]), 0).partition("\n " + mark)
    yield head + "\n " + mark[:-1]
    for number, each in enumerate(report["experiments"]):
        yield (",\n  " if number else "\n  ") + _lines(each, 2)
    yield "\n ]" + tail + "\n"


def _lines(value, depth):
    """JSON of a value, as it is indented at this depth."""
    text = _FIGURES.sub(
        lambda found: _BREAK.sub(" ", found.group(0)).replace("[ ", "[").replace(" ]", "]"),
        json.dumps(value, indent=1, allow_nan=False),
    )
    return text.replace("\n", "\n" + " " * depth)


def files(report, more=()):
    """``{name: text}`` of everything that a report is written as, and of ``more`` (names in ON_REQUEST).

    ``report.json.sha256`` is in the form that sha256sum(1) checks.
    """
    data = as_json(report)
    return {DATA: data, **dict(_drawn(report, hashlib.sha256(data.encode("utf-8")).hexdigest(), more))}


def _drawn(report, digest, more):
    """``(name, text)`` of all but report.json, one after the other."""
    yield DATA + ".sha256", "%s  %s\n" % (digest, DATA)
    for name, draw in {**FORMS, **{name: ON_REQUEST[name] for name in more}}.items():
        yield name, draw(report, digest)


def write(report, folder, again=False, more=()):
    """Write a report (see FORMS and ON_REQUEST) into ``folder``/<run id>, point ``latest`` at it, and return that path.

    A folder that is there already is never written into, so a second run cannot overwrite a first, but with ``again``:
    by the same run. Raises
    OSError; then nothing of a first report is left. Only a ``latest`` that cannot be made is no error: some file
    systems have no links.
    """
    target = os.path.join(folder, report["run"]["id"])
    os.makedirs(folder, exist_ok=True)
    if not again:
        os.mkdir(target)
    try:
        more = [
            name for name in ON_REQUEST if name in more or os.path.exists(os.path.join(target, name))
        ]  # one that was asked for stays true
        digest = whole(os.path.join(target, DATA), _parts(report))
        for name, content in _drawn(report, digest, more):
            whole(os.path.join(target, name), (content,))
    except OSError:
        if not again:
            shutil.rmtree(target, ignore_errors=True)
        raise
    with contextlib.suppress(OSError):
        _point(os.path.join(folder, "latest"), report["run"]["id"])
    return target


def add(folder, report, name):
    """Write one form of ON_REQUEST beside a report that is written. Raises OSError."""
    digest = hashlib.sha256()
    with open(os.path.join(folder, DATA), "rb") as source:
        for block in iter(lambda: source.read(1 << 20), b""):
            digest.update(block)
    whole(os.path.join(folder, name), (ON_REQUEST[name](report, digest.hexdigest()),))


def whole(path, parts):
    """Readers find the whole file or none. Returns the SHA-256 of what was written."""
    temporary, digest = path + ".new", hashlib.sha256()
    with open(temporary, "wb") as target:
        for part in parts:
            data = part.encode("utf-8")
            digest.update(data)
            target.write(data)
        target.flush()
        os.fsync(target.fileno())
    os.replace(temporary, path)
    return digest.hexdigest()


def _point(link, name):
    if os.path.lexists(link) and not os.path.islink(link):
        return  # somebody's own folder; it stays
    temporary = "%s.%s" % (link, secrets.token_hex(4))
    os.symlink(name, temporary)
    try:
        os.replace(temporary, link)
    except OSError:
        os.unlink(temporary)
        raise
