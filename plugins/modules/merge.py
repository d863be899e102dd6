#!/usr/bin/python
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: merge
short_description: Merge the parts of a sliced run into one report
version_added: 1.0.0
author:
  - magsasa.chaos contributors (@magsasa)
description:
  - Reads the parts of one run that jobs carried out side by side, and writes one report of all of them, in the form and
    to the place that M(magsasa.chaos.report) uses.
  - Parts are the variables C(chaos_part_...), the artifacts that each slice leaves and that AWX passes on in a
    workflow, and what O(parts) names.
  - A missing part is named, and so is a host of the fleet or of a part that has no record; the verdict is then
    C(unknown) at best. Parts that differ in intensity, seed or version of the collection, and two runs over the same
    host, are refused. The same part twice is one.
  - The task fails if the run as a whole did not pass. Runs on the controller and touches no host.
options:
  parts:
    description: Files C(report.json), folders with reports, archives as C(chaos_report_to) sends them, or URLs of such
      files; a list or comma-separated. The default is the variable C(chaos_merge_parts).
    type: raw
  slices:
    description: How many parts there should be. The default is the variable C(chaos_merge_slices).
    type: int
  fleet:
    description: The whole groups that the parts should cover. The default is the variable C(chaos_fleet), and what the
      parts declare.
    type: raw
  report_dir:
    description: Folder for reports. The default is that of M(magsasa.chaos.report).
    type: path
attributes:
  action:
    description: Runs on the controller.
    support: full
  check_mode:
    description: Can run in C(check_mode).
    support: none
  diff_mode:
    description: There is nothing to compare.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
seealso:
  - module: magsasa.chaos.report
"""

EXAMPLES = r"""
- name: Merge the reports of four slices
  magsasa.chaos.merge:
    parts:
      - /srv/reports/slice1
      - https://files.example.org/chaos/slice2.tar.gz
    slices: 2
    fleet:
      app: [app1, app2]
    report_dir: /srv/reports/merged
"""

RETURN = r"""
folder:
  description: Where the report is.
  returned: if it was written
  type: str
  sample: /srv/reports/merged/20261124T220501Z-3fa9c1
run:
  description: Id of the merged run.
  returned: if the report was written
  type: str
  sample: 20261124T220501Z-3fa9c1
verdict:
  description: The verdict of the whole run.
  returned: if the report was written
  type: str
  sample: passed
sentence:
  description: The summary, after what is missing.
  returned: if the report was written
  type: str
  sample: "12 passed, 0 failed; score 100; nothing left behind"
missing:
  description: What no part has, a sentence each.
  returned: if the report was written
  type: list
  elements: str
  sample: ["7 of 8 slices"]
summary:
  description: The summary of the report.
  returned: if the report was written
  type: dict
  sample: {verdict: passed}
"""
