#!/usr/bin/env bash
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A lab of small Linux machines to run experiments on: sets itself up, then hands over to molecule/lab.
# Started by another shell (sh run_lab.sh): what follows is for bash, any from 3.2 on.
case ${BASH_VERSION:-},:${SHELLOPTS:-}: in
,* | *:posix:*)
    command -v bash >/dev/null 2>&1 || { echo 'bash was not found, and this command is written in it; install bash.' >&2 && exit 1; }
    exec env -u POSIXLY_CORRECT -u SHELLOPTS bash "$0" "$@"
    ;;
esac
set -u

usage() {
    cat <<'TEXT'
Usage: ./run_lab.sh ACTION [OPTION]...

Boots a lab of small Linux machines on this one: application hosts app1 to appN with the sample application, db1 with
PostgreSQL, and observer1. They have systemd, SSH and their own isolated network. Needs root.

  up [N]              start it with N application hosts (default 2) and print the path of its inventory
  status              print its hosts and whether they answer
  inventory           print the path of its inventory
  ssh HOST [COMMAND]  log in to a host, or run a command there
  down                stop it and clean up, even after a crash
  vm ACTION           the same for a virtual machine with its own kernel (QEMU); up without N, ssh without HOST
  ACTION --help       print the options of an action, such as --name for several labs at once

  ./run_lab.sh up 3 --protected 1
  ./run_chaos_tests.sh --inventory "$(./run_lab.sh inventory)"
  ./run_lab.sh down
  ./run_lab.sh vm up

Images are built once, in ~/.cache/magsasa-chaos-lab (set CHAOS_LAB_HOME for another folder).
Exit codes: 0 done, 1 failed, 2 wrong usage; ssh: that of the command.
TEXT
}

case ${1:-} in
--help | -h) usage && exit ;;
up | down | status | inventory | ssh | vm) ;;
'') usage >&2 && exit 2 ;;
*)
    printf "'%s' is not an action; see ./run_lab.sh --help\n" "$(printf '%s' "${1:0:80}" | tr '[:cntrl:]' '?')" >&2
    exit 2
    ;;
esac

# The folder of this file, also where a link leads to it.
file=${BASH_SOURCE[0]}
while [ -h "$file" ]; do
    link=$(readlink "$file")
    [ "${link#/}" != "$link" ] || link=$(dirname "$file")/$link
    file=$link
done
# shellcheck source=tools/setup.sh
. "$(dirname -- "$file")/tools/setup.sh"
set_up runtime
ansible_environment
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$ROOT/molecule
exec "$VENV/bin/python" -m lab "$@"
