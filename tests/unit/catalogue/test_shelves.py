# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of scenarios are read once, and again when they have changed."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _shelves
from support.modules import ROOT
from support.short import SHORT


def test_a_file_is_read_again_when_it_has_changed(tmp_path):
    asked = []

    def read(path):
        asked.append(path)
        with open(path, encoding="utf-8") as source:
            return yaml.safe_load(source)

    path = tmp_path / "own.yml"
    path.write_text(yaml.safe_dump([SHORT]))
    for _turn in range(2):
        assert [each["id"] for each in _shelves.checked(str(path), read)] == [SHORT["id"]]
    assert len(asked) == 1
    path.write_text(yaml.safe_dump([SHORT, dict(SHORT, id="another")]))
    assert [each["id"] for each in _shelves.checked(str(path), read)] == [SHORT["id"], "another"] and len(asked) == 2
    path.write_text(yaml.safe_dump([SHORT, SHORT]))
    for _turn in range(2):
        with pytest.raises(ChaosError, match="scenario memory-short: the id is used twice"):
            _shelves.checked(str(path), read)
    with pytest.raises(OSError):  # as its reader says it
        _shelves.checked(str(tmp_path / "absent.yml"), read)


def test_what_is_shipped_is_read_before_anybody_asks():
    _shelves.load()
    for name in _shelves.FILES:
        path = ROOT / "roles" / "suite" / "files" / name
        shipped = yaml.safe_load(path.read_text())["scenarios"]
        found = _shelves.checked(str(path.parent / ".." / "files" / name), lambda place: pytest.fail("read again"))
        assert [each["id"] for each in found] == [each["id"] for each in shipped]
