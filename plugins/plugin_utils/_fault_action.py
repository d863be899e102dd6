# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of every fault module: the inventory has the first word. Private to magsasa.chaos."""

from __future__ import annotations

import importlib

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils import _families
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError, printable
from ansible_collections.magsasa.chaos.plugins.module_utils._fault.request import ENVELOPE
from ansible_collections.magsasa.chaos.plugins.plugin_utils import (
    _brought,
    _misspelt,
    _peers,
    _runs,
    _variables,
    _window,
)
from ansible_collections.magsasa.chaos.plugins.plugin_utils._touched import Touched, protects

ASKED = ("chaos_allowed", "chaos_protected", "chaos_window")  # variables that have a say
TRUE = ("true", "yes", "on", "y", "t", "1", "1.0")
TWINS = (
    "refused by the protected guard: %s and %s are the same machine (%s), and chaos_protected is true for %s; "
    "remove the variable from its inventory to lift this guard"
)


def inventory_refusal(touched):
    """Why the inventory does not let us touch this host (one sentence), or None. See docs/design.md section 5."""
    values = touched.values(ASKED)
    host = touched.name + touched.why
    if protects(values["chaos_protected"]):
        clear = str(values["chaos_protected"]).strip().lower() in TRUE
        note = (
            ""
            if clear
            else " ('%s' is neither true nor false, which counts as true)" % printable(values["chaos_protected"])
        )
        return (
            "refused by the protected guard: chaos_protected is true for %s%s; remove the variable from its inventory"
            " to lift this guard" % (host, note)
        )
    if not boolean(values["chaos_allowed"] or False, strict=False):
        return (
            "refused by the allowed guard: chaos_allowed is not true for %s; set chaos_allowed=true in its inventory to"
            " lift this guard" % host
        )
    twin = touched.twin()
    if twin:
        return TWINS % (touched.name, twin[0], "both are at %s" % printable(twin[1]), twin[0])
    return _window.refusal(values["chaos_window"], host)


def malformed(name, arguments):
    """What is wrong with an option of the fault module ``name`` (one sentence), or None.

    Only of values on which Ansible's own check of a module's options ends in an exception, which a user would see as a
    traceback from
    the host: an endless number where a whole one is wanted, a number where a mapping is.
    """
    for option, spec in dict(ENVELOPE, **family_of(name).options).items():
        for called in [option] + list(spec.get("aliases") or ()):
            try:
                ArgumentSpecValidator({option: spec}).validate(
                    {called: arguments[called]} if called in arguments else {}
                )
            except Exception:
                return "%s: '%s' cannot be read as %s; see ansible-doc %s" % (
                    called,
                    printable(arguments.get(called)),
                    spec.get("type", "str"),
                    name,
                )
    return None


def complete(name, arguments):
    """All options of the fault module ``name`` with their types and defaults, by its own argument spec: ``(options,
    texts that are secret)``.

    Paths are texts still: what ``~`` means is for the host to say. Raises ChaosError with the first thing that is
    wrong.
    """
    family = family_of(name)
    spec = {
        option: dict(entry, type="str") if entry.get("type") == "path" else entry
        for option, entry in dict(ENVELOPE, **family.options).items()
    }
    try:
        found = ArgumentSpecValidator(spec, **getattr(family, "constraints", {})).validate(arguments)
    except Exception:
        raise ChaosError(
            malformed(name, arguments) or "%s: its options cannot be read; see ansible-doc %s" % (name, name)
        )
    if found.error_messages:
        text = found.error_messages[0]
        raise ChaosError(
            "Unsupported parameters for (%s) module: %s" % (name, text) if found.unsupported_parameters else text
        )
    return found.validated_parameters, set(found._no_log_values)


def family_of(name):
    """The family of the fault module ``name``."""
    return importlib.import_module(_families.__name__ + "." + name.rpartition(".")[2].replace("_fault", "")).FAMILY


def refusal(touched, task_vars):
    """``(why the inventory or a misspelt guard keeps this host closed, warnings)``; None where nothing does."""
    why = inventory_refusal(touched)
    if why:
        return why, []
    refusals, warnings = _misspelt.look({**(task_vars or {}), **touched.variables})
    lift = "; correct it, or name your own variable %s..., to lift this guard" % _variables.FREE
    return ("refused by the variables guard: " + "; ".join(refusals) + lift if refusals else None), warnings


class FaultAction(ActionBase):
    """Refuse hosts that the inventory does not open, else run the module of the same name there.

    ``state: absent`` is never refused: an undo must always be possible.
    """

    TRANSFERS_FILES = False
    _supports_async = False

    def _module(self):
        """(name, arguments) of the module that the task means."""
        return self._task.resolved_action or self._task.action, self._task.args

    def run(self, tmp=None, task_vars=None):
        """Result of the module, or the refusal."""
        result = super().run(tmp, task_vars)
        warnings = []
        name, arguments = self._module()
        touched = Touched(self, task_vars)
        if arguments.get("state", "present") != "absent":
            why, warnings = refusal(touched, task_vars)
            if why:
                result.update(failed=True, changed=False, msg=why, refused=True)
                return result
        wrong = malformed(name, arguments)
        if wrong:
            result.update(failed=True, changed=False, msg=wrong)
            return result
        if self._task.async_val:
            raise AnsibleError(
                "%s: async is not supported and not needed, because the task returns at once; remove async" % name
            )
        named = {}
        if name.endswith(".network_fault") and arguments.get("state", "present") != "absent":
            try:
                arguments, named = _peers.translate(arguments, task_vars, touched.name)
            except BadOption as error:
                result.update(failed=True, changed=False, msg=str(error), **error.details)
                return result
        result.update(self._execute(touched, name, dict(arguments, run=_runs.run(task_vars or {}, touched.name))))
        if warnings:
            result["warnings"] = warnings + list(result.get("warnings") or [])
        if named:
            result["peers"] = named
        if str(result.get("msg", "")).startswith("refused by"):
            result["refused"] = True
        return result

    def _execute(self, touched, name, arguments):
        """Result of the module, or of the same code without Ansible's part of it."""
        found = None
        try:
            params, secrets = complete(name, arguments)
        except ChaosError:  # the module says what is wrong, in Ansible's words
            pass
        else:
            family = name.rpartition(".")[2].replace("_fault", "")
            found = _brought.execute(self, family, params, secrets, touched.task_vars)
        return touched.execute(name, arguments) if found is None else found
