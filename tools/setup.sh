# shellcheck shell=bash
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Set-up that both commands share; sourced, not run. set_up LAYER makes .venv hold the layer "runtime" (what the chaos
# command needs) or "dev" (that, and what the tests need). The second time it only compares a stamp.

ROOT=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
LOG=$ROOT/.cache/setup.log

# What is wrong and what to do about it, in one sentence.
setup_failed() {
    printf 'Set-up failed: %s\n' "$1" >&2
    exit 1
}

# The real path of interpreter $1, when it runs and is new enough: what is behind a shim or a virtual environment.
real_python() {
    "$1" -I -c 'import sys
if sys.version_info < (3, 11):
    sys.exit(1)
print(getattr(sys, "_base_executable", None) or sys.executable)' 2>/dev/null
}

# Paths to try, best first. A python3 that is too old does not hide a newer one beside it.
python_candidates() {
    local version folder
    for version in 3.13 3.12 3.14 3.11; do
        command -v "python$version"
        for folder in "${HOME:-/root}"/.pyenv/versions /opt/python; do
            printf '%s\n' "$folder/$version".*/bin/python3
        done
        printf '%s\n' {/usr/local,/usr,/opt/homebrew}/bin/"python$version"
    done
    command -v python3
}

find_python() {
    local candidate real
    while IFS= read -r candidate; do
        [ -n "$candidate" ] && real=$(real_python "$candidate") && printf '%s\n' "$real" && return
    done < <(python_candidates)
    return 1
}

# Whether system packages may be installed here: by root, unless CHAOS_NO_INSTALL is set.
may_install() {
    [ "$(id -u)" = 0 ] && [ -z "${CHAOS_NO_INSTALL:-}" ]
}

# Install a system package: its name for apt-get, its name for dnf ("-" where there is none). Quiet; false when it cannot.
install_package() {
    may_install || return 1
    if command -v apt-get >/dev/null; then
        { DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$1" ||
            { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$1"; }; } >"$LOG" 2>&1 </dev/null
    elif [ "$2" != - ] && command -v dnf >/dev/null; then
        dnf install -y -q "$2" >"$LOG" 2>&1 </dev/null
    else
        return 1
    fi
}

require_python() {
    if [ -n "${CHAOS_PYTHON:-}" ]; then
        PYTHON=$(real_python "$CHAOS_PYTHON") || setup_failed "CHAOS_PYTHON: '${CHAOS_PYTHON:0:200}' is not a Python 3.11 or newer; name another or leave it unset."
        return
    fi
    PYTHON=$(find_python) && return
    local name
    for name in python3:python3.12 python3.12:python3.12 python3.11:python3.11; do
        install_package "${name%:*}" "${name#*:}" && PYTHON=$(find_python) && return
    done
    setup_failed "no Python 3.11 or newer was found; install one (Debian 12, Ubuntu 24.04 and newer: apt-get install python3 python3-venv; Fedora, RHEL 9: dnf install python3.12) or set CHAOS_PYTHON to its path."
}

# Where two interpreters come from the same installation.
same_python() {
    local code='import os, sys; print(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))'
    [ "$("$1" -I -c "$code" 2>/dev/null)" = "$("$2" -I -c "$code" 2>/dev/null)" ]
}

# Who names an interpreter gets that one or a refusal, also where an environment is there already.
named_python() {
    [ -n "${CHAOS_PYTHON:-}" ] || return 0
    require_python
    [ ! -x "$VENV/bin/python" ] || same_python "$VENV/bin/python" "$PYTHON" || rm -f "$VENV"/ready-* "$VENV/bin/activate"
}

# Ansible and the sample application keep files below HOME; Ansible ends with a traceback where it cannot.
usable_places() {
    local home=${ANSIBLE_HOME:-${HOME:+$HOME/.ansible}}
    [ -z "$home" ] || { mkdir -p "$home/tmp" && [ -w "$home/tmp" ]; } 2>/dev/null ||
        setup_failed "the folder '${home:0:200}' cannot be written, and Ansible keeps its files there; set HOME to a folder of yours."
    case $ROOT in
    *:* | *$'\n'*) setup_failed "the path of this checkout holds a colon or a line break, and search paths are separated by colons; move it to another folder." ;;
    esac
}

# What decides whether the environment can stay: the pins, the place (scripts hold it) and the layer's list.
environment_key() {
    {
        cat "$ROOT/constraints.txt" "$ROOT"/tools/requirements-*.txt "$ROOT/target_app/requirements.txt"
        printf '%s\n' "$VENV"
    } | cksum | tr -d '\n'
    # A python that a system update took away must not pass for a working one.
    "$VENV/bin/python" -I -S -c 'import sys; print("", sys.version_info[:2], sys.prefix)' 2>/dev/null
}

environment_ready() {
    [ -x "$VENV/bin/python" ] && [ -f "$VENV/ready-$1" ] && [ "$(environment_key)" = "$(cat "$VENV/ready-$1")" ]
}

make_environment() {
    if command -v uv >/dev/null && uv venv -q --clear --python "$PYTHON" "$VENV" >"$LOG" 2>&1; then
        return
    fi
    if ! "$PYTHON" -I -c 'import ensurepip, venv' 2>/dev/null; then
        local version
        version=$("$PYTHON" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        install_package "python$version-venv" - || setup_failed "$PYTHON cannot make virtual environments; install its venv package (Debian, Ubuntu: apt-get install python$version-venv)."
    fi
    "$PYTHON" -m venv --clear "$VENV" >"$LOG" 2>&1 || setup_failed "$PYTHON could not make the virtual environment $VENV; see $LOG."
}

# The line of pip's output that says why: that an index could not be reached stands in a warning, and the errors after it follow from that.
pip_said() {
    local line
    line=$(sed -n "s/^.*after connection broken by '\(.*\)': .*$/\1/p" "$LOG" | sed 's/<[^>]*>: //' | tail -n 1)
    [ -n "$line" ] || line=$(grep 'not a trusted or secure host' "$LOG" | tail -n 1)
    [ -n "$line" ] || line=$(grep -v '^WARNING' "$LOG" | grep -v '^ *$' | tail -n 1)
    printf '%s' "$line" | cut -c 1-300
}

install_layer() {
    local list=$ROOT/tools/requirements-$1.txt
    if command -v uv >/dev/null && uv pip install -q --python "$VENV/bin/python" -c "$ROOT/constraints.txt" -r "$list" >"$LOG" 2>&1; then
        return
    fi
    "$VENV/bin/python" -m pip --version >/dev/null 2>&1 || "$VENV/bin/python" -m ensurepip >"$LOG" 2>&1 ||
        setup_failed "the environment $VENV has no pip; remove that folder and run the command again."
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
        "$VENV/bin/python" -m pip install -q --no-input -c "$ROOT/constraints.txt" -r "$list" >"$LOG" 2>&1 ||
        setup_failed "the Python packages could not be installed (pip said: $(pip_said)); check that pip can reach a package index, then run the command again. All of it is in $LOG."
}

# The environment stays when its interpreter works and it was made in this place (its scripts hold the path), so that a changed pin installs what changed and no more.
prepare() {
    environment_ready "$1" && return
    if ! real_python "$VENV/bin/python" >/dev/null || ! grep -qF "$VENV" "$VENV/bin/activate" 2>/dev/null; then
        require_python
        printf 'Making the environment %s with %s ...\n' "$VENV" "$PYTHON" >&2
        make_environment
    fi
    printf 'Installing Python packages (%s) ...\n' "$1" >&2
    rm -f "$VENV"/ready-*
    install_layer "$1"
    # Once for all runs: uv does not, and where PYTHONDONTWRITEBYTECODE is set every start of Ansible would compile anew.
    env -u PYTHONDONTWRITEBYTECODE "$VENV/bin/python" -m compileall -q -j 0 "$VENV/lib" >/dev/null 2>&1 || true
    environment_key >"$VENV/ready-$1"
    [ "$1" = dev ] && cp "$VENV/ready-dev" "$VENV/ready-runtime"
    rm -f "$LOG"
}

# A folder that a newer version has no more may be left with its byte code. Ansible takes it for the package and does not
# look at the file beside it that has the same name now.
forget_old_folders() {
    local folder
    while IFS= read -r folder; do
        folder=${folder%/*}
        [ "$(ls -A "$folder")" != __pycache__ ] || rm -rf -- "$folder"
    done < <(find "$ROOT/plugins" -depth -type d -name __pycache__ 2>/dev/null)
}

# Two commands that start at the same time must not install into one folder at once.
set_up() {
    usable_places
    named_python
    forget_old_folders
    environment_ready "$1" && return
    [ -w "$ROOT" ] || setup_failed "the folder $ROOT is not writable, and .venv is made there; use a checkout of your own."
    mkdir -p "$ROOT/.cache"
    if command -v flock >/dev/null; then
        exec 9>"$ROOT/.cache/setup.lock"
        flock 9
        prepare "$1"
        exec 9>&-
    else
        prepare "$1"
    fi
}

nft_found() {
    command -v nft >/dev/null || [ -x /usr/sbin/nft ] || [ -x /sbin/nft ]
}

# What the scenarios of a run on this machine need beside Python. Root gets it, unless CHAOS_NO_INSTALL is set; the run says what is skipped without it.
set_up_programs() {
    nft_found && return
    may_install || return 0
    mkdir -p "$ROOT/.cache"
    if install_package nftables nftables && nft_found; then
        printf 'Installed nftables, which the network scenarios need (CHAOS_NO_INSTALL=1 keeps it from being installed).\n' >&2
    else
        printf 'nftables could not be installed (see %s), so the network scenarios are skipped; install it (apt-get install nftables, dnf install nftables).\n' "$LOG" >&2
    fi
}

# What makes the collection resolve through this checkout, from any folder, whatever the user's own settings are.
ansible_environment() {
    export PATH="$VENV/bin:$PATH"
    export ANSIBLE_CONFIG=${ANSIBLE_CONFIG:-$ROOT/ansible.cfg}
    export ANSIBLE_COLLECTIONS_PATH="$ROOT/.collections:${ANSIBLE_COLLECTIONS_PATH:-${HOME:-/root}/.ansible/collections:/usr/share/ansible/collections}"
    export ANSIBLE_CALLBACKS_ENABLED="magsasa.chaos.slo_report${ANSIBLE_CALLBACKS_ENABLED:+,$ANSIBLE_CALLBACKS_ENABLED}"
    # Ansible refuses a locale that is not UTF-8.
    [ "$(locale charmap 2>/dev/null)" = UTF-8 ] || export LC_ALL=C.UTF-8
}
