# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that systemd has only as long as they run (systemd-run). Private to magsasa.chaos."""

from __future__ import annotations

from . import services


def is_transient(unit):
    """Whether it has no unit file and ceases to exist when it stops (systemd-run)."""
    return services.show(unit, "Transient").get("Transient") == "yes"


def comes_back(unit, killed):
    """Whether systemd itself starts a service again whose main process ends; ``killed``: by SIGKILL, so that it has no
    say in how.
    """
    found = services.show(unit, "Restart,RestartPreventExitStatus,SuccessExitStatus")
    if found.get("RestartPreventExitStatus"):
        return False
    if found.get("Restart") == "always":
        return True
    on_signal = found.get("Restart") in ("on-failure", "on-abnormal", "on-abort")
    return killed and on_signal and not found.get("SuccessExitStatus")
