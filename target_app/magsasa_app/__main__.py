# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m magsasa_app``: check the settings and run gunicorn in this process."""

from __future__ import annotations

import os
import sys

from . import config


def main():
    """Returns when gunicorn ends."""
    try:
        config.from_environment()
    except ValueError as error:
        sys.exit(str(error))
    from gunicorn.app.wsgiapp import run

    here = os.path.dirname(os.path.abspath(__file__))
    sys.argv = ["magsasa_app", "--config", os.path.join(here, "gunicorn_conf.py"), "magsasa_app.app:create_app()"]
    run()


if __name__ == "__main__":
    main()
