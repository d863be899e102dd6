# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules and fragments say of themselves can be read: a colon too many hides a module from ansible-doc."""

from __future__ import annotations

import re

import pytest
import yaml

from support.modules import ROOT

TEXTS = re.compile(r'^\s*(DOCUMENTATION|RETURN) = r"""(.*?)"""', re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    "path", sorted(path for folder in ("modules", "doc_fragments", "callback") for path in (ROOT / "plugins" / folder).glob("*.py")), ids=lambda each: each.stem
)
def test_documentation_is_yaml(path):
    found = TEXTS.findall(path.read_text(encoding="utf-8"))
    assert found or path.name == "__init__.py"
    for _name, text in found:
        assert isinstance(yaml.safe_load(text), dict)
