# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the byte code of what this module loads, for the runtime archive (see _life/kept_code.py). Private to
magsasa.chaos.

What is loaded after this file is kept, so a module imports it first. Only files of this package that come out of
a zip file are concerned: they are loaded as ``zipimport`` would, but that their code is remembered, and that each is
compiled once. ``zipimport`` does so twice: it compiles a file to know where it came from, too.
"""

from __future__ import annotations

import os
import sys
from importlib import machinery

from .._life import kept_code

PREFIX = __name__.rpartition("._fault.")[0] + "."


_importers = {}


class _Finder:
    """Finds what Python finds, and hands the files of this package to ``_Loader``."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """See importlib.abc.MetaPathFinder."""
        if not name.startswith(PREFIX):
            return None
        for folder in path or ():
            try:
                importer = _importer(folder)
                package = importer.is_package(name)
            except ImportError:  # a folder, which Python looks into itself, or one without such a file
                continue
            where = os.path.join(folder, name.rpartition(".")[2])
            spec = machinery.ModuleSpec(name, _Loader(importer), is_package=package)
            spec.origin = os.path.join(where, "__init__.py") if package else where + ".py"
            spec.has_location = True
            if package:
                spec.submodule_search_locations = [where]
            return spec
        return None


def _importer(folder):
    """What loads from this folder of a zip file. Raises ImportError where it is in none."""
    if folder not in _importers:
        _importers[folder] = type(__spec__.loader)(folder)
    return _importers[folder]


class _Loader:
    """A ``zipimporter`` that remembers the code of what it loads."""

    def __init__(self, importer):
        self._importer = importer
        self.archive = importer.archive

    def __getattr__(self, name):
        return getattr(self._importer, name)

    @staticmethod
    def create_module(_spec):
        """See importlib.abc.Loader: as always."""
        return None

    def exec_module(self, module):
        """See importlib.abc.Loader."""
        name = module.__spec__.name
        file = name[len(PREFIX) :].replace(".", "/")
        file += "/__init__.py" if self._importer.is_package(name) else ".py"
        code = kept_code.AHEAD.pop(file, None) or compile(
            self._importer.get_source(name), file, "exec", dont_inherit=True
        )
        kept_code.CODE[file] = code
        exec(code, module.__dict__)  # pylint: disable=exec-used


if hasattr(__spec__.loader, "archive"):  # this file came out of a zip, so the others do, too
    sys.meta_path.insert(0, _Finder)
