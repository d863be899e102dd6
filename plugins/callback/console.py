# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A chaos run as one can follow it: live on a terminal, in lines elsewhere."""

from __future__ import annotations

DOCUMENTATION = r"""
name: console
type: stdout
short_description: Show the progress of a chaos run
version_added: 1.0.0
author: magsasa.chaos contributors (@magsasa)
description:
  - On a terminal, if the Python library C(rich) is installed next to Ansible, shows each scenario with a bar over
    baseline, hold and recovery, the current error rate and latency, what the fault measures of itself, and the time
    left. A finished scenario stays as one line with its verdict and figure.
  - Elsewhere (a pipe, CI, AWX) prints one line when a scenario starts, one about every 10 seconds, and one with its
    verdict.
    It does not move the cursor there. Every colour comes with a word, and E(NO_COLOR) is honoured.
  - Hides the tasks of the roles and playbooks of this collection. All other tasks look as in the callback
    P(ansible.builtin.default#callback), and so does everything with C(-v).
  - The first Ctrl-C during an experiment reverts its fault, waits for that, and ends the run with its report. After a
    second one it does not wait, and the fault ends with its lease.
  - The callback P(magsasa.chaos.slo_report#callback) writes the report and prints the summary.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - set as stdout callback in the configuration, or with C(ANSIBLE_STDOUT_CALLBACK=magsasa.chaos.console);
    C(./run_chaos_tests.sh) does that
options:
  live:
    description:
      - Whether to use the live display on a terminal. When false, a terminal gets lines, too.
    type: bool
    default: true
    ini:
      - section: console
        key: live
    env:
      - name: CHAOS_LIVE
"""

import os
import sys

from ansible import constants
from ansible.plugins.callback.default import CallbackModule as Default
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console import follower, lines, live, quiet

NAME = "magsasa.chaos.console"


class CallbackModule(Default):
    """See DOCUMENTATION."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = NAME

    def __init__(self):
        super().__init__()
        self._plain = self._display.verbosity > 0  # then this is the callback default
        self._follower = follower.Follower(self._display)
        self._held = {}  # host: why it failed last
        self._lost = {}  # host: None, as it cannot be reached
        self._banner = None  # the play whose name is printed when a task of somebody else has something to say
        self._loud = self._reported = False

    # -- the run as its events tell it

    def v2_playbook_on_start(self, playbook):
        """From here on events are heard; the workers are forked after this."""
        super().v2_playbook_on_start(playbook)
        if not self._plain:
            self._plain = not self._follower.start(self._on_terminal())

    def _on_terminal(self):
        """Whether something can be drawn: not in AWX, whose runner gives Ansible a terminal that nobody sees and a
        callback over this one.
        """
        watched = type(self).__name__ == "CallbackModule" and self.CALLBACK_NAME == NAME
        quiet_place = os.environ.get("CI") or os.environ.get("TERM", "dumb") in ("dumb", "unknown", "")
        return bool(live.HAS_RICH and watched and not quiet_place and self.get_option("live") and sys.stdout.isatty())

    # -- what Ansible tells

    def _shown(self, task):
        """Whether Ansible's own way is the right one for this task."""
        if self._plain or not quiet.is_own(task):
            self._loud = True
            if self._banner is not None:
                play, self._banner = self._banner, None
                super().v2_playbook_on_play_start(play)
            return True
        return False

    @staticmethod
    def _task(result):
        return getattr(result, "task", None) or result._task

    @staticmethod
    def _host(result):
        return (getattr(result, "host", None) or result._host).get_name()

    @staticmethod
    def _result(result):
        found = getattr(result, "result", None)
        return found if isinstance(found, dict) else result._result

    def _warn(self, result):
        """Warnings of an own task are shown, whatever it says else."""
        self._handle_warnings(self._result(result))

    def v2_playbook_on_play_start(self, play):
        """The name of a play is printed when one of its tasks is."""
        if self._plain:
            super().v2_playbook_on_play_start(play)
            return
        self._play, self._banner = play, play

    def _task_start(self, task, prefix=None):
        if self._plain or not quiet.is_own(task):
            if self._shown(task):
                super()._task_start(task, prefix)
            return
        self._task_type_cache[task._uuid] = prefix or "TASK"
        self._last_task_name = None

    def v2_runner_on_ok(self, result):
        """An own task says nothing but its warnings; a debug task says what it has to say."""
        task = self._task(result)
        if self._shown(task):
            super().v2_runner_on_ok(result)
            return
        self._warn(result)
        self._reported |= task.action.rpartition(".")[2] == "report"
        if not quiet.is_told(task):
            for line in quiet.spoken(self._result(result).get("msg", "")):
                self._display.display(line)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """What is handled is no failure; what is not is told when the run is over."""
        task = self._task(result)
        if self._shown(task):
            super().v2_runner_on_failed(result, ignore_errors)
            return
        self._warn(result)
        if not ignore_errors:
            self._held[self._host(result)] = (
                quiet.message(self._result(result)),
                quiet.role_of(task) == "suite" and task.action.rpartition(".")[2] == "fail",
            )

    def v2_runner_on_unreachable(self, result):
        """One line, at once; of a fleet the first ones."""
        task = self._task(result)
        if self._shown(task):
            super().v2_runner_on_unreachable(result)
        elif not task.ignore_unreachable and self._host(result) not in self._lost:
            self._lost[self._host(result)] = None
            if len(self._lost) <= quiet.MOST_HOSTS:
                said = "%s cannot be reached: %s" % (self._host(result), quiet.message(self._result(result)))
                self._display.display(said, color=constants.COLOR_UNREACHABLE)

    def v2_runner_on_skipped(self, result):
        """See above."""
        if self._shown(self._task(result)):
            super().v2_runner_on_skipped(result)

    def v2_runner_item_on_ok(self, result):
        """See above."""
        if self._shown(self._task(result)):
            super().v2_runner_item_on_ok(result)

    def v2_runner_item_on_failed(self, result):
        """See above."""
        if self._shown(self._task(result)):
            super().v2_runner_item_on_failed(result)

    def v2_runner_item_on_skipped(self, result):
        """See above."""
        if self._shown(self._task(result)):
            super().v2_runner_item_on_skipped(result)

    def v2_runner_retry(self, result):
        """See above."""
        if self._shown(self._task(result)):
            super().v2_runner_retry(result)

    def v2_on_file_diff(self, result):
        """See above."""
        if self._shown(self._task(result)):
            super().v2_on_file_diff(result)

    def v2_runner_on_start(self, host, task):
        """See above."""
        if self._plain or not quiet.is_own(task):
            super().v2_runner_on_start(host, task)

    def v2_playbook_on_include(self, included_file):
        """See above."""
        if self._plain or not quiet.is_own(included_file._task):
            super().v2_playbook_on_include(included_file)

    def v2_playbook_on_no_hosts_remaining(self):
        """Whoever is left out was told."""
        if self._plain or self._loud:
            super().v2_playbook_on_no_hosts_remaining()

    def v2_playbook_on_no_hosts_matched(self):
        """A play of this collection without hosts has nothing to say."""
        if self._plain or not quiet.is_own(self._play):
            super().v2_playbook_on_no_hosts_matched()

    def v2_playbook_on_stats(self, stats):
        """The last lines; a recap where there were tasks of somebody else."""
        if self._plain:
            super().v2_playbook_on_stats(stats)
            return
        callback = any(each.endswith("slo_report") for each in constants.CALLBACKS_ENABLED)
        reported = self._follower.told_any() and (callback or self._reported)  # then the summary says the verdict
        self._follower.finish()
        failed = {
            host: said
            for host, (said, verdict) in self._held.items()
            if stats.failures.get(host) and not (verdict and reported)
        }
        lost = sorted(list(self._lost)[quiet.MOST_HOSTS :])
        if lost:
            said = "%s cannot be reached either: %s" % (lines.count(len(lost), "more host"), lines.joined(lost))
            self._display.display(said, color=constants.COLOR_UNREACHABLE)
        sentences = quiet.gathered(failed)
        for said, hosts in sentences[: quiet.MOST_SENTENCES]:
            where = "" if len(stats.processed) == 1 else " on %s" % lines.joined(sorted(hosts))
            self._display.display("failed%s: %s" % (where, said), color=constants.COLOR_ERROR)
        more = sorted(host for _said, hosts in sentences[quiet.MOST_SENTENCES :] for host in hosts)
        if more:
            said = "failed on %s: %s, each for a reason of its own; -v shows them" % (
                lines.count(len(more), "more host"),
                lines.joined(more),
            )
            self._display.display(said, color=constants.COLOR_ERROR)
        if self._loud or self.get_option("show_custom_stats"):
            super().v2_playbook_on_stats(stats)
        follower.flush()
