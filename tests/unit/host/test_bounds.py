# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that a user may not listen on."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._host import bounds


@pytest.mark.parametrize(
    "text, ports, uid, first",
    [
        ("1024", [8080, 443, 80], 1000, 80),
        ("1024", [1024], 1000, None),
        ("1024", [80], 0, None),  # root may
        ("80", [80, 79], 1000, 79),
        ("0", [80], 1000, None),
        (None, [1023], 1000, 1023),  # a kernel that does not tell
        (None, [1024], 1000, None),
        ("many", [1023], 1000, 1023),
    ],
)
def test_the_first_port_that_needs_a_privilege(tmp_path, monkeypatch, text, ports, uid, first):
    path = tmp_path / "start"
    if text is not None:
        path.write_text(text)
    monkeypatch.setattr(bounds, "UNPRIVILEGED_PORTS", str(path))
    assert bounds.privileged_port(ports, uid) == first
