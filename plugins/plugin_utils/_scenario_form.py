# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of a scenario file (docs/scenario.schema.json), and whether the options of a scenario mean something. Pure.
Private to magsasa.chaos.

A controller has no JSON Schema library of its own, so the form is checked here; a test holds the two against each
other. Options are
checked as the family's own module would check them, before any host is touched.
"""

from __future__ import annotations

import difflib
import importlib

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import objectives
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _peers, _probing
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import FAMILIES

INTENSITIES = ("light", "medium", "heavy", "extended")
REQUIRED = ("id", "title", "hypothesis", "family", "hold", "intensity", "options", "objectives")
# Key: the types that its value may have, and how a person calls them.
KEYS = {
    "id": (str, "a text"),
    "title": (str, "a text"),
    "hypothesis": (str, "a text"),
    "family": (str, "a text"),
    "hold": ((str, int, float), "a duration"),
    "smoke_hold": ((str, int, float), "a duration"),
    "intensity": (str, "a text"),
    "options": (dict, "a mapping"),
    "objectives": (dict, "a mapping"),
    "exempt": (dict, "a mapping"),
    "liveness": (bool, "true or false"),
    "probe": (dict, "a mapping"),
    "tags": (list, "a list of texts"),
    "available": (bool, "true or false"),
    "unavailable_reason": (str, "a text"),
}
SHARED = (
    "max_duration",
    "halt_on",
    "force",
)  # options of every fault module that a scenario may give; the others come from the run
# What stands for a value that port detection will fill in.
STAND_INS = {
    "@port": 8000,
    "@pid": 2,
    "@unit": "app.service",
    "@database_engine": "sqlite",
    "@database_path": "/var/lib/app/app.db",
    "@database_port": None,
}


def check(entries, source="the catalogue"):
    """Raise ChaosError, naming file, entry and key, when an entry has not the form of a scenario or its options
    mean nothing. Returns the entries.
    """
    return check_options(check_form(entries, source), source)


def check_form(entries, source="the catalogue"):
    """The same without a look at the options. Returns the entries."""
    if not isinstance(entries, list):
        raise ChaosError("%s: 'scenarios' is not a list" % source)
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise ChaosError("%s: entry %d is not a mapping" % (source, number))
        label = _label(source, entry.get("id", "number %d" % number))
        _check_keys(entry, label)
        _quantity.name(entry["id"], label + ": id")
        _one_of(entry["intensity"], INTENSITIES, label + ": intensity")
        _one_of(entry["family"], FAMILIES, label + ": family")
        _quantity.duration(entry["hold"], label + ": hold", low=0.5)
        _quantity.duration(entry.get("smoke_hold", "3s"), label + ": smoke_hold", low=0.5)
        _probing.check(entry.get("probe"), label + ": probe")
        try:
            objectives.parse(entry["objectives"])
        except ChaosError as error:
            raise ChaosError("%s: objectives: %s" % (label, error))
        _check_exempt(entry.get("exempt"), label + ": exempt")
    return check_ids(entries, source)


def check_ids(entries, source="the catalogue"):
    """Raise ChaosError when an id is used twice among entries whose form is checked. Returns the entries."""
    seen = set()
    for entry in entries:
        if entry["id"] in seen:
            raise ChaosError("%s: the id is used twice" % _label(source, entry["id"]))
        seen.add(entry["id"])
    return entries


def _check_exempt(given, label):
    if given is None:
        return
    if (
        set(given) != {"objectives", "why"}
        or not isinstance(given["objectives"], list)
        or not isinstance(given["why"], str)
    ):
        raise ChaosError("%s: needs a list 'objectives' and a text 'why', and nothing else" % label)
    for name in given["objectives"]:
        _one_of(name, sorted(objectives.KNOWN), label)


def check_options(entries, source="the catalogue"):
    """Raise ChaosError when the options of an entry, whose form is checked, mean nothing to its family. Returns the
    entries.
    """
    for entry in entries:
        if entry.get("available", True):
            _check_options(entry, _label(source, entry["id"]) + ": options")
    return entries


def _label(source, called):
    return "%s: scenario %s" % (source, called)


def _check_keys(entry, label):
    for key, value in entry.items():
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, 1)
            raise ChaosError(
                "%s: the key '%s' is unknown%s" % (label, key, "; did you mean '%s'?" % near[0] if near else "")
            )
        kinds, called = KEYS[key]
        wrong = isinstance(value, bool) if kinds != bool else False  # true is an int for Python
        if wrong or not isinstance(value, kinds):
            raise ChaosError("%s: '%s' is not %s" % (label, key, called))
    for key in REQUIRED:
        if key not in entry:
            raise ChaosError("%s: the key '%s' is missing" % (label, key))
    if not all(isinstance(tag, str) for tag in entry.get("tags", [])):
        raise ChaosError("%s: 'tags' is not a list of texts" % label)


def _one_of(value, known, label):
    if value not in known:
        raise ChaosError("%s: '%s' is unknown; use one of %s" % (label, value, ", ".join(known)))


def _plain(value):
    """A value without what Ansible ties to it: its validator copies everything, and would copy the templar that a
    lazy value holds.
    """
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


def _check_options(entry, label):
    """As the module of the family does, with stand-ins for what is filled in later."""
    family = importlib.import_module(
        "ansible_collections.magsasa.chaos.plugins.module_utils._families." + entry["family"]
    ).FAMILY
    values = {
        key: STAND_INS.get(value, value) if isinstance(value, str) else value for key, value in entry["options"].items()
    }
    for key, value in values.items():
        if isinstance(value, str) and value.startswith("@"):
            raise ChaosError(
                "%s: %s: '%s' is not a known placeholder; use one of %s" % (label, key, value, ", ".join(STAND_INS))
            )
        if key not in family.options and key not in SHARED:
            near = difflib.get_close_matches(str(key), family.options, 1)
            raise ChaosError(
                "%s: %s_fault has no option '%s'%s"
                % (label, entry["family"], key, "; did you mean '%s'?" % near[0] if near else "")
            )
    own = {key: _plain(value) for key, value in values.items() if key in family.options and value is not None}
    own = _peers.stand_in(own) if entry["family"] == "network" else own
    found = ArgumentSpecValidator(family.options, **getattr(family, "constraints", {})).validate(own)
    if found.error_messages:
        raise ChaosError("%s: %s" % (label, found.error_messages[0]))
    try:
        family.parse(found.validated_parameters)
    except ChaosError as error:
        raise ChaosError("%s: %s" % (label, error))
