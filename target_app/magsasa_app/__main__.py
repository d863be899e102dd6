# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m magsasa_app``: check the settings and become gunicorn."""
from __future__ import annotations

import os
import sys

from . import config


def main():
    """Replaces this process."""
    try:
        config.from_environment()
    except ValueError as error:
        sys.exit(str(error))
    here = os.path.dirname(os.path.abspath(__file__))
    argv = [sys.executable, "-m", "gunicorn", "--config", os.path.join(here, "gunicorn_conf.py"), "magsasa_app.app:create_app()"]
    os.environ["PYTHONPATH"] = os.pathsep.join(p for p in (os.path.dirname(here), os.environ.get("PYTHONPATH")) if p)
    os.execv(sys.executable, argv)


if __name__ == "__main__":
    main()
