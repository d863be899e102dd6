# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that look like ours and that nobody reads: a misspelt setting must not pass in silence. Pure. Private
to magsasa.chaos.
"""

from __future__ import annotations

import difflib

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import printable
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _variables

OURS = "chaos_"
# Shares of two names that are the same letters in the same order, as difflib counts them. Tried on the typing errors of
# the tests.
NEAR = 0.75  # of what follows chaos_: taken for a misspelling
LIKE = 0.62  # good enough for a question, not for a refusal
NEAR_WITH_HEAD = 0.85  # of a whole name that does not begin as ours do
ROLES = ("preflight_", "suite_", "experiment_", "target_app_")

_SETTINGS = [each.name for each in _variables.SETTINGS]
_OPTIONS = sorted(
    {option for each in _variables.SETTINGS + _variables.RESULTS for option in each.options}
    | set(_variables.ROLE_OPTIONS)
)


def _share(one, other):
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _plain(name):
    return name.lower().replace("-", "_")


def nearest(name, known, head=""):
    """(name of ``known`` that is most like ``name``, how like, 0 to 1); what both have as ``head`` says nothing."""
    rest = _plain(name)[len(head) :]
    return max(((each, _share(rest, each[len(head) :])) for each in known), key=lambda found: found[1])


def is_ours(name):
    """Whether a variable is one of ours, or free for somebody else's use."""
    artifact, parts = _variables.ARTIFACTS
    return name in _variables.BY_NAME or name == artifact or name.startswith((_variables.FREE, parts))


def question(name):
    """What may have been meant by a variable that begins with chaos_ (text, empty without an idea), and whether it
    is near enough for a refusal.
    """
    if _plain(name) in _variables.ALSO_CALLED:
        return _variables.ALSO_CALLED[_plain(name)], False
    found, share = nearest(name, _SETTINGS, OURS)
    return (found if share >= LIKE else ""), share >= NEAR


def _one(name, extra):
    """(refusal, warning) about one variable; empty texts for one that is well."""
    if is_ours(name):
        result = extra and name in _variables.BY_NAME and name not in _SETTINGS
        return (
            "%s is a result of a run, not a setting; remove it from the extra variables" % name if result else ""
        ), ""
    told = printable(name)
    if _plain(name).startswith(OURS):
        meant, near = question(name)
        sentence = "%s is not a variable of this collection" % told
        if extra or near:
            free = "see the table in README.md, or name your own variable %s..." % _variables.FREE
            return "%s; %s" % (sentence, "did you mean %s?" % meant if meant else free), ""
        hint = "did you mean %s? If it is your own," % meant if meant else "if it is your own,"
        return "", "%s and nothing reads it; %s name it %s..." % (sentence, hint, _variables.FREE)
    if _plain(name).startswith(ROLES) and name not in _OPTIONS:
        head = next(each for each in ROLES if _plain(name).startswith(each))
        meant, share = nearest(name, [each for each in _OPTIONS if each.startswith(head)], head)
        return (
            "%s is not an option of the role %s; did you mean %s?" % (told, head[:-1], meant) if share >= NEAR else ""
        ), ""
    if name[:1] in "cC" and name not in _variables.ARTIFACTS:
        meant, share = nearest(name, _SETTINGS)
        return (
            "%s is not a variable of this collection; did you mean %s?" % (told, meant)
            if share >= NEAR_WITH_HEAD
            else ""
        ), ""
    return "", ""


def look(names, extra=()):
    """``(refusals, warnings)``, lists of sentences about the variables ``names`` of a host; those in ``extra`` were
    given as extra variables.

    An unknown extra variable is refused, as is one that is near one of ours wherever it stands; another one only earns
    a warning.
    """
    found = [
        _one(name, name in extra) for name in sorted({str(name) for name in names} | {str(name) for name in extra})
    ]
    return [refusal for refusal, _warning in found if refusal], [warning for _refusal, warning in found if warning]


def look_at_environment(names):
    """Sentences about variables of the environment that look like ours and that nobody reads."""
    told = []
    for name in sorted(name for name in names if name.startswith("CHAOS_") and name not in _variables.ENVIRONMENT):
        if name.lower() in _SETTINGS:
            told.append(
                "the environment variable %s is not read; set it as an Ansible variable: -e %s=..."
                % (printable(name), name.lower())
            )
            continue
        meant, share = nearest(name, [each.lower() for each in _variables.ENVIRONMENT], OURS)
        if share >= NEAR:
            told.append("the environment variable %s is not read; did you mean %s?" % (printable(name), meant.upper()))
    return told
