# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook in this very process, with the exit codes that run_chaos_tests.sh documents.

Ansible ends with 2 both for a failed host and, in part, for bad usage. Here a run that did not pass can be told from
one that never started. No process stands between the terminal and Ansible, so Ctrl-C reaches it as always.
"""

from __future__ import annotations

import signal
import sys

ON_CTRL_C = signal.getsignal(signal.SIGINT)  # ignored where a script started this in the background
if __name__ == "__main__" and ON_CTRL_C is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # who presses it while Ansible is loaded is shown no traceback

from ansible import context  # noqa: E402
from ansible.cli.playbook import main as ansible_playbook  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402

PASSED, CANNOT_RUN, BAD_USAGE, NOT_PASSED, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 130


FAILED_HOST, ENDED_PLAY = 2, 8  # bits of ansible-playbook's code; source: ansible/executor/task_queue_manager.py


# where the callback slo_report says how far the run came
OUTCOME = "ansible_collections.magsasa.chaos.plugins.plugin_utils._outcome"


def exit_code(code, understood=True, seen=None):
    """Our code for one of ansible-playbook's; ``understood`` says whether it took its command line, ``seen`` how
    far the run came (see _outcome.py).
    """
    seen = seen or {}
    if seen.get("interrupted"):
        return INTERRUPTED
    if code == 0:
        return PASSED
    if code == 5 or not understood:
        return BAD_USAGE
    if code == 99:
        return INTERRUPTED
    if code < 16 and code & (FAILED_HOST | ENDED_PLAY):
        if seen.get("bad_setting"):
            return BAD_USAGE
        return CANNOT_RUN if seen.get("checked") and not seen.get("judged") else NOT_PASSED
    return UNREACHABLE if code == 4 else CANNOT_RUN


def take_paths_with_a_comma():
    """ansible-core 2.21 hands a path with a comma to its inventory plugins as it came from the command line: a text with
    a tag, at which the one for INI files fails. All other paths it makes plain texts.
    """
    parse = InventoryManager.parse_source
    InventoryManager.parse_source = lambda self, source, cache=False: parse(self, str(source), cache=cache)


def main(arguments):
    take_paths_with_a_comma()
    try:
        signal.signal(signal.SIGINT, ON_CTRL_C)
        ansible_playbook(["ansible-playbook", *arguments])
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as end:
        # The verdict stands; only temporary files are removed now, and a Ctrl-C must not keep those.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return exit_code(
            int(end.code or 0), understood=bool(context.CLIARGS), seen=getattr(sys.modules.get(OUTCOME), "SEEN", None)
        )
    return PASSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
