# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renew the picture of the report in docs/: .venv/bin/python tools/picture_of_report.py [REPORT.html]

Without a file it is of the tests' sample run. Wants the tests' environment (./run_tests.sh makes it) and Chromium.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / ".collections"), str(ROOT / "tests")]

PICTURE = ROOT / "docs" / "report.png"
LARGEST = 150_000  # bytes
WIDTH, HEIGHT = 1000, 912


def sample(folder):
    """Path of a report of the sample run."""
    from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import html
    from support import run_of_18

    path = folder / "report.html"
    path.write_text(html.render(run_of_18.report()), encoding="utf-8")
    return path


def main(name=None):
    """Exit code."""
    from support import browser as browsers

    with tempfile.TemporaryDirectory(prefix="magsasa-chaos-picture-") as scratch, browsers.started() as browser:
        with browsers.opened(browser, Path(name).resolve() if name else sample(Path(scratch)), WIDTH) as page:
            page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            PICTURE.write_bytes(page.screenshot())
    size = PICTURE.stat().st_size
    if size > LARGEST:
        print(
            "%s has %d bytes, more than %d; make it smaller before it is committed" % (PICTURE, size, LARGEST),
            file=sys.stderr,
        )
        return 1
    print("%s: %d bytes" % (PICTURE.relative_to(ROOT), size))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
