# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the collection: each one's text is a sentence for a user. Private to magsasa.chaos."""

from __future__ import annotations

from . import _packages


def printable(value, limit=80):
    """Quote an untrusted value for a message: one line, no control characters, bounded length."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:  # a number of more digits than Python writes out
        text = "an infinite number"
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= limit else text[: limit - 3] + "..."


class ChaosError(Exception):
    """Root of every error that a user may see; ``details`` goes into the result beside the message."""

    def __init__(self, message, **details):
        super().__init__(message)
        self.details = details


class BadOption(ChaosError):
    """An option's value cannot be used. ``remedy`` completes "NAME: 'VALUE' ...; REMEDY"."""

    def __init__(self, option, value, problem, remedy):
        super().__init__(
            "%s: '%s' %s; %s" % (option, printable(value), problem, remedy),
            option=option,
        )


class Refused(ChaosError):
    """A guard said no: the figure that made it say so, and the key that lifts it (None: see ``remedy``)."""

    def __init__(self, guard, figure, key=None, remedy="this guard cannot be lifted"):
        lift = "set %s to lift this guard" % key if key else remedy
        super().__init__("refused by the %s guard: %s; %s" % (guard, figure, lift), guard=guard, figure=figure, key=key)


class MissingTool(ChaosError):
    """A program that a step needs is not on the host; ``packages`` of the details maps a distribution to a package."""

    def __init__(self, tool, purpose):
        super().__init__(
            "%s is not installed on this host and is needed to %s; install it (%s)"
            % (tool, purpose, _packages.where(tool)),
            tool=tool,
            packages=_packages.PACKAGES[tool],
        )


class NotHere(ChaosError):
    """This host cannot do it, whatever the options are: an experiment is skipped then, not failed."""

    def __init__(self, reason, remedy):
        super().__init__("cannot run here: %s; %s" % (reason, remedy), reason=reason)


class HostError(ChaosError):
    """The host did not let us do what the plan says (command failed, file system full, permission)."""
