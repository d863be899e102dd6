# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw a report again: render_report.py REPORT.json [FOLDER].

Every form is written beside the file, or into FOLDER/<run id>/ with a copy of it. The file itself stays as it is, so
its checksum does too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / ".collections"))

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import text, write  # noqa: E402
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.upgrade import upgraded  # noqa: E402

RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")


class Refused(Exception):
    """One sentence for the user."""


def drawn(data):
    """(report, {name: text}) of the bytes of a report.json. Raises Refused."""
    try:
        report = upgraded(json.loads(data.decode("utf-8")))
    except (ValueError, RecursionError) as error:
        said = str(error) if str(error).startswith("this is ") else "this is no JSON text that can be read"
        raise Refused("%s; name the report.json of an earlier run" % text.plain(said, 300))
    if not RUN_ID.fullmatch(report["run"]["id"]):
        raise Refused(
            "the id of its run is %s and not of the form 20261124T220501Z-3fa9c1; take the report.json that the run"
            " wrote" % text.plain(report["run"]["id"], 60)
        )
    digest = hashlib.sha256(data).hexdigest()
    try:
        return report, {name: draw(report, digest) for name, draw in write.FORMS.items()}
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Refused(
            "it is not of the form in docs/report.schema.json (%s: %s); take the report.json that the run wrote"
            % (type(error).__name__, text.plain(error, 120))
        )


def main(path, folder=None):
    """Exit code."""
    try:
        data = Path(path).read_bytes()
        report, forms = drawn(data)
        target = os.path.join(folder, report["run"]["id"]) if folder else os.path.dirname(os.path.abspath(path))
        os.makedirs(target, exist_ok=True)
        if folder:
            copy = os.path.join(target, write.DATA)
            if not os.path.exists(copy):
                forms = {write.DATA: data.decode("utf-8"), **forms}
            elif Path(copy).read_bytes() != data:
                raise Refused(
                    "%s holds another report of this run already; name another folder with --report-dir" % target
                )
        for name, content in forms.items():
            write.whole(os.path.join(target, name), (content,))
    except Refused as error:
        print("--render: %s: %s" % (text.plain(path, 200), error), file=sys.stderr)
        return 2
    except OSError as error:
        print(
            "--render: %s: %s" % (text.plain(error.filename or path, 200), error.strerror or type(error).__name__),
            file=sys.stderr,
        )
        return 1
    print("report: %s" % os.path.join(target, "report.html"))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
