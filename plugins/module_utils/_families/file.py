# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files: removed, with other permissions, corrupted, appended to; and exactly as before afterwards. Private to
magsasa.chaos.
"""

from __future__ import annotations

import os
import re

from .. import _quantity
from .._errors import BadOption, HostError
from .._plan import plan, step, undo
from .._host import moved_paths, pinned_files
from .._ledger import private_files
from .._undo.operations import kept_files
from ._file import find, owners

ACTIONS = ("remove", "permissions", "corrupt", "append")
ONLY = {
    "mode": ("permissions",),
    "owner": ("permissions",),
    "group": ("permissions",),
    "size": ("corrupt", "append"),
    "content": ("append",),
}
DEFAULT_SIZE = 4096
LARGEST = 16 * 1024 * 1024
LONGEST_TEXT = 64 * 1024


def _mode(text):
    if not isinstance(text, str) or not re.fullmatch(
        "0?[0-7]{3,4}", text.strip()
    ):  # YAML reads 0400 without quotes as 256
        raise BadOption("mode", text, "is not a mode in octal digits", "write one in quotes, such as '0000' or '0400'")
    return int(text.strip(), 8)


class File:
    """The file family."""

    name = "file"
    settle_s = 0.0
    options = {
        "action": {"type": "str", "choices": list(ACTIONS)},
        "path": {"type": "str"},
        "mode": {"type": "raw"},
        "owner": {"type": "str"},
        "group": {"type": "str"},
        "size": {"type": "str"},
        "content": {"type": "str"},
    }

    def parse(self, params):
        """Figures of the family's options."""
        action = params["action"]
        if not action:
            raise BadOption("action", "", "is missing", "use one of %s" % ", ".join(ACTIONS))
        for option, actions in ONLY.items():
            if params[option] is not None and action not in actions:
                raise BadOption(
                    option,
                    params[option],
                    "has no effect with action=%s" % action,
                    "leave it out, or use action=%s" % actions[0],
                )
        if action == "permissions" and params["mode"] is None and params["owner"] is None and params["group"] is None:
            raise BadOption("mode", "", "is missing", "give at least one of mode, owner and group")
        if params["size"] is not None and params["content"] is not None:
            raise BadOption("size", params["size"], "is given together with content", "give one of them")
        content = params["content"]
        if content is not None and not 0 < len(content.encode("utf-8", "replace")) <= LONGEST_TEXT:
            raise BadOption(
                "content",
                content,
                "is empty or longer than %s" % _quantity.show_size(LONGEST_TEXT),
                "use a shorter text, or size",
            )
        size = None
        if action in ("corrupt", "append") and content is None:
            size = (
                DEFAULT_SIZE if params["size"] is None else _quantity.size(params["size"], "size", low=1, high=LARGEST)
            )
        return {
            "action": action,
            "path": find.absolute(params["path"]),
            "mode": None if params["mode"] is None else _mode(params["mode"]),
            "owner": params["owner"],
            "group": params["group"],
            "size": size,
            "content": content,
        }

    def claims(self, options):
        """What a fault of these options holds, known before the host is looked at: a file that is moved aside
        cannot be.
        """
        return ["file:%s" % options["path"]]

    def inspect(self, options):
        """The file, who has it open for writing, and what the names of owner and group mean."""
        facts = find.inspect(options["path"], regular=options["action"] != "permissions")
        wanted = {"mode": options["mode"], "uid": owners.user(options["owner"]), "gid": owners.group(options["group"])}
        facts["wanted"] = {key: value for key, value in wanted.items() if value is not None}
        return facts

    # -- planning

    def plan(self, options, facts):
        """One step; refuses files that the host needs, and those that others are writing."""
        action, path = options["action"], facts["path"]
        notes = find.guard(options, facts)
        base = {"path": path, "ino": facts["ino"]}
        requested = {"path": path}
        if action == "remove":
            chosen = step(
                "remove",
                "move %s aside in its own folder" % path,
                dict(base, fault="$ID"),
                [undo("file.put_back", path=path, fault="$ID", **moved_paths.known(facts))],
            )
        elif action == "permissions":
            chosen = self._permissions(options, facts, base, requested)
        else:
            chosen = self._written(options, facts, base, requested)
        return plan("file", action, "kernel", requested, [chosen], self.claims(options) + _same(facts), notes)

    @staticmethod
    def _permissions(options, facts, base, requested):
        before, after = facts["before"], facts["wanted"]
        if all(before[key] == value for key, value in after.items()):
            raise BadOption(
                "mode", ", ".join(_shown(after)), "is what %s already has" % facts["path"], "request a different value"
            )
        requested.update(item.split("=", 1) for item in _shown(after))
        says = "give %s %s (it has %s)" % (
            facts["path"],
            ", ".join(_shown(after)),
            ", ".join(_shown({key: before[key] for key in after})),
        )
        return step(
            "permissions",
            says,
            dict(base, after=after),
            [
                undo(
                    "file.permissions",
                    before=before,
                    after=after,
                    fault="$ID",
                    **dict(base, **moved_paths.known(facts)),
                )
            ],
        )

    @staticmethod
    def _written(options, facts, base, requested):
        path, before = facts["path"], facts["before"]
        base = dict(base, fault="$ID", before=before)
        if options["action"] == "corrupt":
            if not facts["size"]:
                raise BadOption(
                    "path", path, "is empty, so there is nothing to corrupt", "name another file, or use action=append"
                )
            size = min(options["size"], facts["size"])
            requested["size"] = size
            says = "overwrite the first %d of %d bytes of %s" % (size, facts["size"], path)
            return step(
                "corrupt",
                says,
                dict(base, size=size),
                [undo("file.contents", size=size, **dict(base, **moved_paths.known(facts)))],
            )
        ours = {"junk": options["size"]} if options["content"] is None else {"text": options["content"]}
        size = options["size"] or len(options["content"].encode("utf-8", "replace"))
        requested["size"] = size
        base.update(at=facts["size"], ours=ours)
        return step(
            "append",
            "append %d bytes to the %d of %s" % (size, facts["size"], path),
            base,
            [undo("file.cut", **dict(base, **moved_paths.known(facts)))],
        )

    # -- doing

    def do_remove(self, ctx, args):
        """One rename: whoever has it open goes on with it."""
        with pinned_files.folder(args["path"]) as parent:
            name = os.path.basename(args["path"])
            if os.stat(name, dir_fd=parent, follow_symlinks=False).st_ino != args["ino"]:
                raise HostError("%s was replaced while this was being planned" % args["path"])
            ctx.hold(args["path"], kept_files.place_aside(args["path"], ctx.id))
            kept_files.move(parent, name, kept_files.aside(ctx.id))

    def do_permissions(self, ctx, args):
        """The owner first: a change of owner takes setuid bits away."""
        with _known(args) as name:
            ctx.hold(args["path"])
            after = args["after"]
            if "uid" in after or "gid" in after:
                os.chown(name, after.get("uid", -1), after.get("gid", -1))
            if "mode" in after:
                os.chmod(name, after["mode"])

    def do_corrupt(self, ctx, args):
        """In place, so that whoever has it open sees it; what was there is on the disk before that."""
        with _known(args) as name, pinned_files.opened(name, os.O_RDWR) as descriptor:
            original = pinned_files.read(descriptor, args["size"])
            if len(original) != args["size"]:
                raise HostError("%s became shorter while this was being planned" % args["path"])
            private_files.write_private(kept_files.kept(ctx.id), original)
            for path in (args["path"], kept_files.kept(ctx.id)):
                ctx.hold(path)
            pinned_files.write(descriptor, pinned_files.junk(ctx.id, args["size"]), 0)
            os.fsync(descriptor)

    def do_append(self, ctx, args):
        """At the end that was planned with: the undo looks for it there."""
        with _known(args) as name, pinned_files.opened(name, os.O_RDWR) as descriptor:
            if os.fstat(descriptor).st_size != args["at"]:
                raise HostError("%s grew or shrank while this was being planned" % args["path"])
            ctx.hold(args["path"])
            pinned_files.write(descriptor, kept_files.Cut.added(args), args["at"])
            os.fsync(descriptor)

    # -- measuring

    def measure(self, ctx):
        """Read from the file itself."""
        return getattr(self, "_measure_" + ctx.record["action"])(ctx, ctx.record["steps"][0]["args"])

    @staticmethod
    def _measure_remove(ctx, args):
        try:
            os.lstat(args["path"])
            there = True
        except FileNotFoundError:
            there = False
        with pinned_files.folder(args["path"]) as parent:
            aside = kept_files.there(parent, kept_files.aside(ctx.id))
        note = "another process created it again" if there and aside else ""
        return {
            "effect": "confirmed" if aside else "mismatch",
            "measured": {"there": there, "moved_aside": aside},
            "note": note,
        }

    @staticmethod
    def _measure_permissions(ctx, args):
        with pinned_files.same(args["path"], args["ino"]) as name:
            found = pinned_files.metadata(name) if name else None
        if found is None:
            return {"effect": "mismatch", "measured": {}, "note": "another process replaced or removed it"}
        bitten = all(found[key] == value for key, value in args["after"].items())
        shown = dict(item.split("=", 1) for item in _shown({key: found[key] for key in ("mode", "uid", "gid")}))
        return {
            "effect": "confirmed" if bitten else "mismatch",
            "measured": shown,
            "note": "" if bitten else "another process changed it",
        }

    @staticmethod
    def _measure_corrupt(ctx, args):
        with open(kept_files.kept(ctx.id), "rb") as source:
            original = source.read()
        with pinned_files.held(args["path"]) as name, pinned_files.opened(name, os.O_RDONLY) as descriptor:
            found = pinned_files.read(descriptor, args["size"])
        differing = sum(1 for one, other in zip(found, original) if one != other) if args["size"] <= 65536 else None
        bad = [
            end - start for start, end in pinned_files.blocks(args["size"]) if found[start:end] != original[start:end]
        ]
        measured = {"corrupt_bytes": sum(bad), "of": args["size"], "differing_bytes": differing}
        return {"effect": "confirmed" if sum(bad) == args["size"] else "mismatch", "measured": measured, "note": ""}

    @staticmethod
    def _measure_append(ctx, args):
        ours = kept_files.Cut.added(args)
        with pinned_files.held(args["path"]) as name, pinned_files.opened(name, os.O_RDONLY) as descriptor:
            found = pinned_files.read(descriptor, len(ours), args["at"])
            size = os.fstat(descriptor).st_size
        return {
            "effect": "confirmed" if found == ours else "mismatch",
            "measured": {"size_before": args["at"], "size": size, "appended": len(ours) if found == ours else 0},
            "note": "",
        }


class _known:
    """As exact.same, but a file that is not the planned one is an error."""

    def __init__(self, args):
        self._same = pinned_files.same(args["path"], args["ino"])
        self._path = args["path"]

    def __enter__(self):
        name = self._same.__enter__()
        if name is None:
            self._same.__exit__(None, None, None)
            raise HostError("%s was replaced or removed while this was being planned" % self._path)
        return name

    def __exit__(self, *error):
        return self._same.__exit__(*error)


def _shown(values):
    """["mode=0644", "uid=0"] of some metadata."""
    return [
        "%s=%s" % (key, "%04o" % values[key] if key == "mode" else values[key])
        for key in ("mode", "uid", "gid")
        if key in values
    ]


def _same(facts):
    """The claim that a fault on the same file by another name (hard link, bind mount) meets."""
    return ["file:%d:%d" % (facts["dev"], facts["ino"])]


FAMILY = File()
