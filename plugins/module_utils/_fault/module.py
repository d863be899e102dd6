# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of every fault module: shared options, one shape of result. Private to magsasa.chaos."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from . import keep_code  # noqa: F401  pylint: disable=unused-import  # before the others, see there
from .._entry import (
    main as _entry,
)  # noqa: F401  pylint: disable=unused-import  # the runtime archive begins there, so it travels along
from . import request


def main(family):
    """Run one fault module for ``family``."""
    spec = dict(request.ENVELOPE)
    spec.update(family.options)
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True, **getattr(family, "constraints", {}))
    result = request.carry_out(family, module.params, module.check_mode)
    if result.pop("failed", False):
        module.fail_json(**result)
    for sentence in result.pop("warnings"):
        module.warn(sentence)
    request.add_diff(result, module.params["state"], module._diff)
    module.exit_json(**result)
