# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One report of the parts of a sliced run."""

from __future__ import annotations

import io
import os
import tarfile

from ansible.module_utils.urls import open_url
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError, printable
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import outcome
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _fleet, _merge
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import REPORTS
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import about, choose, publish, send, write

TIMEOUT_S = 30
MOST_SLICES = 1000
MOST_SHOWN = 20  # hosts in a sentence
GZIP = b"\x1f\x8b"
URLS = ("http://", "https://")


class ActionModule(ActionBase):
    """Options are described in the module of the same name."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(("parts", "slices", "fleet", "report_dir"))

    def run(self, tmp=None, task_vars=None):
        """``verdict``, ``sentence``, ``folder``; fails when the run did not pass."""
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        try:
            told, folder = self._merged(task_vars)
        except (ChaosError, ValueError) as error:
            return dict(result, failed=True, changed=False, msg=str(error))
        except OSError as error:
            where = error.filename or "the folder of reports"
            return dict(result, failed=True, changed=False, msg="%s: %s" % (where, error.strerror))
        return dict(result, changed=True, folder=folder, **told)

    def _given(self, option, variable, task_vars):
        value = self._task.args.get(option)
        return self._templar.template(task_vars.get(variable)) if value in (None, "") else value

    def _merged(self, task_vars):
        expected = self._given("slices", "chaos_merge_slices", task_vars)
        expected = None if expected in (None, "") else _number(expected)
        fleet = _fleet.parse(self._given("fleet", "chaos_fleet", task_vars))
        parts = self._parts(task_vars)
        if not any(each.report for each in parts):
            raise ChaosError(
                "chaos_merge_parts: nothing to merge was found; pass on the artifacts chaos_part_... of the slices, or name"
                " files report.json, folders of reports or URLs"
            )
        wrong = _merge.alike(parts)
        if wrong:
            raise ChaosError(wrong)
        missing, lost = _merge.lacking(parts, fleet if isinstance(fleet, dict) else {}, expected)
        folder = publish.folder_of(
            self._task.args.get("report_dir")
            or self._templar.template(task_vars.get("chaos_report_dir"))
            or os.environ.get(REPORTS)
            or os.environ.get("CHAOS_REPORT_DIR")
            or "reports"
        )
        started, suffix = about.main_process()
        run, records = _merge.merged(
            parts, about.run(publish.known_id(folder, started, suffix), started, where=about.where(task_vars))
        )
        run["unreachable"] = sorted(set(run["unreachable"]) | set(lost))
        run["parts"] = {"merged": sorted({each.run for each in parts if each.report}), "missing": missing}
        path, report = _published(run, records, folder)
        summary = report["summary"]
        gaps = _gaps(run, missing, lost)
        sentence = "; ".join(gaps + [summary["sentence"]])
        if gaps:
            sentence = "%s: %s" % (summary["verdict"], sentence)
        told = {
            "run": run["id"],
            "verdict": summary["verdict"],
            "sentence": sentence,
            "missing": missing,
            "summary": dict(summary, sentence=sentence, run=run["id"], intensity=run["intensity"], report=path),
            "msg": "%s; report: %s" % (sentence, path),
        }
        complaint = outcome.untested(records, sentence, run["dry_run"]) or outcome.complaint(records, sentence)
        if gaps or (complaint and not run["dry_run"]):
            told.update(failed=True, msg="%s; report: %s" % (sentence if gaps else complaint, path))
        return told, path

    def _parts(self, task_vars):
        """Parts of variables first, then those that are named, in order."""
        found = []
        for name in sorted(each for each in task_vars if str(each).startswith(_merge.PREFIX)):
            found.append(_merge.of_artifact(name, self._templar.template(task_vars[name])))
        named = self._given("parts", "chaos_merge_parts", task_vars) or []
        if isinstance(named, str):
            named = [each.strip() for each in named.split(",")]
        if not isinstance(named, (list, tuple)):
            raise BadOption("chaos_merge_parts", named, "is not a list", "name files, folders or URLs")
        for place in filter(None, map(str, named)):
            if place.startswith(URLS):
                found.append(_merge.of_bytes(send.shown(place), _fetched(place)))
            else:
                for path in _files(os.path.abspath(os.path.expanduser(place))):
                    with open(path, "rb") as source:
                        found.append(_merge.of_bytes(path, _unpacked(path, source.read(_merge.MOST_REPORT))))
        # A report that a part only names may be among the others.
        known = {each.run for each in found if each.report}
        return [each for each in found if each.report or each.named not in known]


def _published(run, records, folder):
    """``(path, report)``. There is no run before to compare with: the parts may be in the same folder."""
    try:
        return publish.publish(run, records, folder, choose.NONE)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ChaosError(
            "a part is not of the form in docs/report.schema.json (%s: %s); take the report.json that its run wrote"
            % (type(error).__name__, printable(str(error), 120))
        )


def _number(given):
    try:
        number = 0 if isinstance(given, (bool, float)) else int(given)
    except (TypeError, ValueError):
        number = 0
    if not 1 <= number <= MOST_SLICES:
        raise BadOption(
            "chaos_merge_slices", given, "is not a number of slices", "use a whole number from 1 to %d" % MOST_SLICES
        )
    return number


def _gaps(run, missing, lost):
    """Why the verdict is unknown at best, as the beginning of a sentence: what is missing, and what a part lacked
    itself.
    """
    said = list(missing)
    if run["interrupted"]:
        said.append("a part was interrupted")
    unreachable = sorted(set(run["unreachable"]) - set(lost))
    if unreachable:
        more = " and %d more" % (len(unreachable) - MOST_SHOWN) if unreachable[MOST_SHOWN:] else ""
        said.append("not reached: %s" % printable(", ".join(unreachable[:MOST_SHOWN]) + more, 600))
    return said


def _files(place):
    """The reports at a path: a file, the folder of a report, or all reports in a folder of reports."""
    if os.path.exists(place) and not (os.path.isdir(place) or os.path.isfile(place)):  # a pipe or a device has no end
        raise ChaosError("chaos_merge_parts: %s is neither a file nor a folder" % printable(place, 300))
    if not os.path.isdir(place):
        return [place]
    if os.path.exists(os.path.join(place, write.DATA)):
        return [os.path.join(place, write.DATA)]
    found = [
        os.path.join(place, name, write.DATA)
        for name in sorted(os.listdir(place))
        if not os.path.islink(os.path.join(place, name)) and os.path.exists(os.path.join(place, name, write.DATA))
    ]
    if not found:
        raise ChaosError("chaos_merge_parts: %s holds no report; name a folder with a report.json" % place)
    return found


def _fetched(url):
    if not send.has_host(url):
        raise ChaosError("chaos_merge_parts: %s names no host; write https://HOST/PATH" % send.shown(url))
    try:
        return _unpacked(send.shown(url), open_url(url, timeout=TIMEOUT_S).read(_merge.MOST_REPORT))
    except ChaosError:
        raise
    except Exception as error:  # urllib and ssl have many; HTTPError has the status
        code = getattr(error, "code", None)
        why = "HTTP %s" % code if code else str(getattr(error, "reason", error))
        raise ChaosError("chaos_merge_parts: %s could not be fetched (%s)" % (send.shown(url), why))


def _unpacked(origin, data):
    """The report.json of a tar.gz, as chaos_report_to sends it; anything else as it is."""
    if not data.startswith(GZIP):
        return data
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                if member.isfile() and os.path.basename(member.name) == write.DATA and member.size < _merge.MOST_REPORT:
                    return archive.extractfile(member).read(_merge.MOST_REPORT)
    except (tarfile.TarError, OSError, EOFError):
        pass
    raise ChaosError("chaos_merge_parts: %s is an archive without a report.json" % origin)
