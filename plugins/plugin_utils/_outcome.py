# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the run of this process came, for the exit code of the chaos command: the callback slo_report writes it.
Private to magsasa.chaos.
"""

from __future__ import annotations

# bad_setting: the preflight refused what the run was told; checked: it found everything usable; judged: an experiment
# has a record;
# interrupted: somebody asked it to end (Ctrl-C), and it did so in good order; shown: each result was printed when it
# came
SEEN = {"bad_setting": False, "checked": False, "judged": False, "interrupted": False, "shown": False}
