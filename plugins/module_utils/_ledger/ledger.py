# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of a host: one file for each active fault, one line for each past one. Private to magsasa.chaos.

``faults/<id>.json`` is written (and on the disk) before a fault changes anything and goes away only when the revert is
done
and checked; ``ledger.jsonl`` keeps the past. A record names its undo as data, so that anybody can carry it out. A copy
of it lies in
the run folder, which is on another file system mostly: a record that is damaged, or gone without a line in the past, is
read there.
"""

from __future__ import annotations

import json
import os
import time

from .._errors import HostError
from . import locks, private_files, schema
from .schema import ID, SCHEMA  # noqa: F401  pylint: disable=unused-import

TIDY_S = 1.0  # how long tidying waits for others who tidy or start something
MOST_AT_ONCE = 50  # faults that may have ended since one that was not wholly written down
OLD_S = 60.0  # a file that is to be renamed is renamed long before
OF_ONE_FAULT = ("lock", "cause", "lease", "secret", "spool", "json")  # files in the run folder that go with their fault
HALT = "halt"  # the family of a line that is no fault: a run was halted here
KEEP_BYTES = 2 * 1024 * 1024  # the past that is kept; about a thousand faults


class Ledger:
    """The ledger of the running user on this host."""

    def __init__(self, folders=None):
        self.folders = folders or private_files.folders()
        self.faults = os.path.join(self.folders.ledger, "faults")
        self.past_path = os.path.join(self.folders.ledger, "ledger.jsonl")
        self.boot_archive = os.path.join(
            self.folders.ledger, "boot.pyz"
        )  # there while something must be undone at boot; see _life/boot_units.py

    def prepare(self):
        """Make the folders; raises HostError when they are not ours or the file system does not let us."""
        for path in (self.folders.run, self.folders.ledger, self.faults):
            private_files.prepare(path)

    def admission(self, wait=30.0):
        """Held from the guards until the fault is in: two controllers never pass the guards together."""
        return locks.held(os.path.join(self.folders.run, "admission.lock"), wait=wait, make=self.prepare)

    def path(self, fault_id):
        """Where the record of an active fault is."""
        return os.path.join(self.faults, fault_id + ".json")

    def copy(self, fault_id):
        """Where the copy of the record of an active fault is."""
        return os.path.join(self.folders.run, fault_id + ".json")

    def read(self, fault_id):
        """The record of an active fault that can be acted on, or None: then it is undone, or both files of it are
        damaged.
        """
        if all(map(private_files.private, (self.folders.ledger, self.faults))):
            record = private_files.read_json(self.path(fault_id))
            if schema.problem(record, fault_id) is None:
                return record
        record = private_files.read_json(self.copy(fault_id)) if private_files.private(self.folders.run) else None
        if schema.problem(record, fault_id) is not None or self.is_past(fault_id):
            return None
        return record

    def is_past(self, fault_id):
        """Whether the past says that this fault is wholly undone."""
        return any(each["id"] == fault_id for each in self.past(MOST_AT_ONCE))

    def write(self, record, durable=True):
        """Put the record of an active fault on the disk, and its copy beside it. Raises HostError."""
        text = json.dumps(record, sort_keys=True)
        try:
            if not os.path.isdir(self.faults):  # somebody took it away
                self.prepare()
            private_files.write_private(self.path(record["id"]), text, durable)
        except HostError:
            if os.path.exists(self.copy(record["id"])):  # of a fault that is in: what it learnt must be known to others
                self._write_copy(record["id"], text)
            raise
        self._write_copy(record["id"], text)

    def _write_copy(self, fault_id, text):
        try:
            private_files.write_private(self.copy(fault_id), text, durable=False)
        except HostError:
            pass  # the record itself is what counts

    def active(self):
        """Records of the faults that are not wholly undone, oldest first."""
        records = [record for record in map(self.read, self._ids()) if record is not None]
        return sorted(records, key=lambda record: (record.get("armed_at") or {}).get("wall", 0))

    def _ids(self):
        """What the files of active faults are called after; none in a folder that is not ours alone: whoever owns
        it could have planted them.
        """
        found = set(_named_after(self.folders.run))
        if private_files.private(self.folders.ledger):
            found.update(_named_after(self.faults))
        return sorted(found)

    def unreadable(self):
        """Sentences about the files of active faults that nobody can act on. They are neither carried out nor
        removed: an owner has to look.
        """
        said = []
        for path in (self.folders.ledger, self.faults):
            if os.path.lexists(path) and not private_files.private(path):
                said.append(
                    "%s is not a private folder of this user; faults recorded in it are neither listed nor reverted"
                    % path
                )
        for each in self._ids():
            if self.read(each) is None and os.path.lexists(self.path(each)):  # it may have been undone meanwhile
                problem = schema.problem(private_files.read_json(self.path(each)), each)
                if problem:
                    said.append("%s %s, so it is neither reverted nor removed" % (self.path(each), problem))
        return said

    def find(self, name):
        """The active record of that name, or None."""
        return next((record for record in self.active() if record["name"] == name), None)

    def close(self, record):
        """Move a record that is wholly undone to the past; one that is there already, by somebody who was killed right
        then, only ends.

        Raises HostError when it cannot be written down; the copy tells it until it can (see ``undone``).
        """
        line = json.dumps(record, sort_keys=True) + "\n"
        try:
            self._add_to_past(record, line)
        except HostError:
            if os.path.exists(self.copy(record["id"])):
                self._write_copy(record["id"], line)
            raise
        for path in (self.path(record["id"]), self.copy(record["id"])):
            private_files.remove(path)
        private_files.sync_folder(self.faults)

    def undone(self, fault_id):
        """The final record of a fault that is wholly undone and still waits for room to be written down, or None."""
        record = private_files.read_json(self.copy(fault_id)) if private_files.private(self.folders.run) else None
        return record if schema.problem(record, fault_id) is None and record["state"] == "reverted" else None

    def _add_to_past(self, record, line):
        self.prepare()  # somebody may have taken the folders away
        try:
            with locks.held(self.past_path + ".lock"):
                self._shorten()
                if all(each["id"] != record["id"] for each in self.past(MOST_AT_ONCE)):
                    self._append(line.encode("utf-8"))
                os.unlink(self.past_path + ".lock")
        except OSError as error:
            raise HostError("%s cannot be written: %s" % (self.past_path, error.strerror))

    def _append(self, line):
        descriptor = os.open(
            self.past_path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600
        )
        with os.fdopen(descriptor, "r+b", buffering=0) as target:
            end = target.seek(0, os.SEEK_END)
            torn = end > 0 and os.pread(target.fileno(), 1, end - 1) != b"\n"
            target.write((b"\n" if torn else b"") + line)
            os.fsync(target.fileno())

    def _shorten(self):
        """Keep the newer half of a past that has grown too long."""
        try:
            descriptor = private_files.open_private(self.past_path)
        except OSError:
            return  # not there, or not ours: then opening it to write says so
        with os.fdopen(descriptor, "rb") as source:
            size = os.fstat(source.fileno()).st_size
            if size > KEEP_BYTES:
                source.seek(size - KEEP_BYTES // 2)
                _torn, _end, whole = source.read(KEEP_BYTES // 2).partition(b"\n")
                private_files.write_private(self.past_path, whole)

    def past(self, limit=100, name=None):
        """Past records, newest first; lines that are torn or foreign are passed over."""
        found = []
        seen = set()
        for line in reversed(self._lines()):
            record = private_files.parse_object(line)
            if schema.problem(record) or record["id"] in seen or record["family"] == HALT:
                continue
            seen.add(record["id"])
            if name is None or record["name"] == name:
                found.append(record)
            if len(found) >= limit:
                break
        return found

    def note_halt(self, run_id, said):
        """Keep that a run was halted here before its end, so that it does not go on; ``said`` tells who and when.
        Raises HostError.
        """
        record = {
            "schema": SCHEMA,
            "id": run_id,
            "name": "run",
            "family": HALT,
            "state": "reverted",
            "halted_by": said,
            "undo": [],
            "steps": [],
        }
        self.prepare()
        with locks.held(self.past_path + ".lock"):
            self._append(json.dumps(record, sort_keys=True).encode("utf-8") + b"\n")
            os.unlink(self.past_path + ".lock")

    def halt_of(self, run_id):
        """Who halted this run on this host, and when (a sentence); None when nobody did."""
        for line in reversed(self._lines()):
            if HALT.encode("ascii") in line:
                record = private_files.parse_object(line)
                if not schema.problem(record) and record["family"] == HALT and record["id"] == run_id:
                    return str(record.get("halted_by"))
        return None

    def _lines(self):
        """Lines (bytes) of the end of the past; none when the file, or the folder it is in, is not ours."""
        if not private_files.private(self.folders.ledger):
            return []
        try:
            with os.fdopen(private_files.open_private(self.past_path), "rb") as source:
                source.seek(max(0, os.fstat(source.fileno()).st_size - 2 * KEEP_BYTES))
                return source.read(2 * KEEP_BYTES).split(b"\n")
        except OSError:
            return []

    def _remove_stray(self, folder):
        """Take away what is only there while somebody works, for a fault that is gone: he was killed before he
        could.
        """
        if not private_files.private(folder):
            return
        for name in os.listdir(folder):
            fault_id, _dot, end = name.partition(".")
            path = os.path.join(folder, name)
            ours = (
                ID.fullmatch(fault_id)
                and end in OF_ONE_FAULT
                and self.read(fault_id) is None
                and not os.path.lexists(self.path(fault_id))
            )
            if ours or (name.startswith(private_files.NEW) and time.time() - os.lstat(path).st_mtime > OLD_S):
                private_files.remove(path)

    def remove_unused(self, needed):
        """Take away what only running faults and probes need, when none runs. Never in the way of one that starts.

        ``needed(run folder)`` says whether somebody else needs the runtime archive; it is asked with the lock that
        keeps out whoever starts.
        """
        run = self.folders.run
        lib = os.path.join(run, "lib")
        probes = os.path.join(run, "probes")
        if not private_files.private(
            run
        ):  # not there, or somebody else's: a folder with a foreseeable name in /tmp could lead us anywhere
            self._tidy_ledger()
            return
        try:
            # Another one may tidy right now that still saw our fault: two guardians whose supervisors were killed
            # together.
            with locks.held(os.path.join(run, "lib.lock"), wait=TIDY_S):
                private_files.remove_if_empty(probes)
                if os.path.isdir(probes) or os.path.isdir(os.path.join(run, "turn")) or self.active() or needed(run):
                    return
                if private_files.private(lib):
                    for name in os.listdir(lib):
                        private_files.remove(os.path.join(lib, name))
                with locks.held(os.path.join(run, "admission.lock"), wait=0):
                    self._remove_stray(run)
                    self._tidy_ledger()
                    os.unlink(os.path.join(run, "admission.lock"))
                os.unlink(os.path.join(run, "lib.lock"))
                private_files.remove_if_empty(lib, run)
        except (HostError, OSError):
            pass  # somebody starts one right now and will tidy later

    def _tidy_ledger(self):
        """Called where nobody works: with all locks, or without a run folder, which whoever starts a fault makes
        first.
        """
        if not private_files.private(self.folders.ledger) or self._ids():
            return
        try:
            for folder in (self.faults, self.folders.ledger):
                self._remove_stray(folder)
            private_files.remove_if_empty(self.faults, self.folders.ledger)
        except (HostError, OSError):
            pass


def _named_after(folder):
    """Ids of the faults that have a record in a private folder."""
    if not private_files.private(folder):
        return []
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [name[:-5] for name in names if name.endswith(".json") and ID.fullmatch(name[:-5])]
