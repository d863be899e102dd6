# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that runs programs: argv lists, C locale, a time limit, bounded output. Private to magsasa.chaos."""

from __future__ import annotations

import os
from collections import namedtuple

from ._errors import HostError, printable

Result = namedtuple("Result", "argv rc stdout stderr")
OUTPUT_LIMIT = 1024 * 1024
_EXTRA_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not on the PATH of a plain user's SSH session


def which(program):
    """Full path of a program or None; looks into the sbin folders too."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath)] + list(_EXTRA_PATH))
    if os.path.dirname(program):
        return program if _runs(program) else None
    return next(filter(_runs, (os.path.join(folder, program) for folder in path.split(os.pathsep) if folder)), None)


def _runs(path):
    return os.path.isfile(path) and os.access(path, os.X_OK)


def run(argv, timeout=30.0, stdin=None, check=True, env=None, user=None, pass_fds=(), prepare=None):
    """Run ``argv`` (list of str) and return a Result; stdin is text or None.

    ``env`` is added to the environment; a value of None takes a variable away. ``user`` (uid, gid) runs it as that
    user.
    ``pass_fds``: descriptors that stay open in it. ``prepare`` is called in it before it becomes the program. Raises
    HostError
    when it cannot start, takes longer than ``timeout`` seconds, or (with ``check``) exits non-zero.
    """
    import subprocess  # not at the top: a question runs no program

    if isinstance(argv, str):
        raise TypeError("argv must be a list")
    environment = dict(os.environ, LC_ALL="C")
    environment.update(env or {})
    environment = {key: value for key, value in environment.items() if value is not None}
    extra = {"preexec_fn": prepare}
    if user is not None and os.geteuid() == 0:
        uid, gid = user

        def become():
            if prepare is not None:
                prepare()
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)

        extra = {"preexec_fn": become, "cwd": "/"}
    try:
        # run_command needs an AnsibleModule, which the runtime archive has not.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            argv,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            errors="replace",
            timeout=timeout,
            env=environment,
            check=False,
            pass_fds=pass_fds,
            **extra,
        )
    except subprocess.TimeoutExpired:
        raise HostError("%s did not end within %g s" % (argv[0], timeout), cmd=argv)
    except OSError as error:
        raise HostError("%s could not be run: %s" % (argv[0], error.strerror or error), cmd=argv)
    result = Result(argv, done.returncode, done.stdout[:OUTPUT_LIMIT], done.stderr[:OUTPUT_LIMIT])
    if check and result.rc != 0:
        said = printable(result.stderr.strip() or result.stdout.strip() or "nothing", 300)
        raise HostError(
            "%s ended with code %d: %s" % (argv[0], result.rc, said), cmd=argv, rc=result.rc, stderr=result.stderr
        )
    return result
