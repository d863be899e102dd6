# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running programs: real ones."""

from __future__ import annotations

import os
import sys
import time

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils import _cmd
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError


def python(code, **how):
    return _cmd.run([sys.executable, "-c", code], **how)


def test_a_program_s_result():
    result = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", check=False)
    assert (result.rc, result.stdout, result.stderr) == (3, "out\n", "err\n")
    assert result.argv[0] == sys.executable


def test_arguments_are_never_read_by_a_shell(tmp_path):
    text = "$(touch %s/x); `id` * ' \"" % tmp_path
    assert _cmd.run([sys.executable, "-c", "import sys; print(sys.argv[1])", text]).stdout == text + "\n"
    assert list(tmp_path.iterdir()) == []


def test_a_string_is_refused():
    with pytest.raises(TypeError):
        _cmd.run("echo x")


def test_the_locale_is_c_and_more_can_be_added(monkeypatch):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert python("import os; print(os.environ['LC_ALL'], os.environ['X'])", env={"X": "1"}).stdout == "C 1\n"


@pytest.fixture
def chatty_stdin():
    """Something waits on this process's own standard input: a program that we run must not eat it."""
    kept = os.dup(0)
    read, write = os.pipe()
    os.write(write, b"not for you")
    os.close(write)
    os.dup2(read, 0)
    os.close(read)
    yield
    os.dup2(kept, 0)
    os.close(kept)


@pytest.mark.usefixtures("chatty_stdin")
def test_standard_input_is_empty_unless_given():
    assert python("import sys; print(repr(sys.stdin.read()))").stdout == "''\n"
    assert python("import sys; print(sys.stdin.read())", stdin="told").stdout == "told\n"


def test_a_failure_is_one_sentence_with_what_the_program_said():
    with pytest.raises(HostError) as caught:
        python("import sys; print('first\\nsecond', file=sys.stderr); sys.exit(4)")
    assert str(caught.value) == "%s ended with code 4: first?second" % sys.executable
    assert caught.value.details["rc"] == 4 and caught.value.details["stderr"] == "first\nsecond\n"


@pytest.mark.parametrize(
    "program, words", [("/nonexistent/program", "No such file or directory"), (os.devnull, "Permission denied")]
)
def test_a_program_that_cannot_start(program, words):
    with pytest.raises(HostError, match="^%s could not be run: %s$" % (program, words)):
        _cmd.run([program])


def test_a_time_limit_ends_the_program():
    start = time.monotonic()
    with pytest.raises(HostError, match="did not end within 0.3 s"):
        python("import time; time.sleep(60)", timeout=0.3)
    assert time.monotonic() - start < 30


def test_output_is_bounded_and_need_not_be_text():
    result = python("import sys; sys.stdout.buffer.write(b'\\xff' * (3 * 1024 * 1024))")
    assert len(result.stdout) == _cmd.OUTPUT_LIMIT


def test_programs_are_found_in_the_sbin_folders_too(tmp_path, monkeypatch):
    program = tmp_path / "magsasa-tool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(_cmd, "_EXTRA_PATH", (str(tmp_path),))
    assert _cmd.which("magsasa-tool") == str(program)
    assert _cmd.which("magsasa-tool-that-is-not-there") is None


@pytest.mark.root
def test_as_another_user():
    kept = os.getgroups()
    os.setgroups([0, 4])
    try:
        check_another_user()
    finally:
        os.setgroups(kept)


def check_another_user():
    """No group of root's stays either."""
    assert _cmd.run(["/usr/bin/id", "-u"], user=(65534, 65534)).stdout == "65534\n"
    assert _cmd.run(["/usr/bin/id", "-G"], user=(65534, 65534)).stdout == "65534\n"
