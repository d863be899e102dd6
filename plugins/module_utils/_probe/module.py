# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that is told URLs: what is secret in them is in no log. Private to magsasa.chaos."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from .._check import spec


class UrlModule(AnsibleModule):
    """An AnsibleModule with the option ``url`` or ``database``. It writes its options to the log of the host before
    ``main`` can say what is secret.
    """

    def _log_invocation(self):
        known = set(self.no_log_values)
        self.no_log_values.update(spec.secrets(self.params))
        super()._log_invocation()
        self.no_log_values = known  # what is hidden in the result is for the module to say
