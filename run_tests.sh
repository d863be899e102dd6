#!/usr/bin/env bash
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The test command: sets itself up, then runs the stages of the test suite.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@" # called as "sh run_tests.sh"
set -u

usage() {
    cat <<'TEXT'
Usage: ./run_tests.sh [OPTION]... [-- PYTEST OPTION...]

Runs the whole test suite and prints the result of each stage.

  --only STAGE   run only this stage; repeat it or separate several with commas
  --quick        for development: lint, unit, app, and a few other tests with a real run and a real host
  --list         print the stages and end
  --help         print this text

Exit codes: 0 all passed, 1 something failed or could not run, 2 wrong usage.
A test that fails while the CPU is overloaded, by the kernel's pressure figures, is retried once. More than three such
tests fail the run.

CHAOS_NIGHTLY=1 also runs the variants that are left out by day. CI=true makes a test fail, instead of being skipped, if
the machine lacks what it needs. CHAOS_PYTHON sets the Python (3.11 or newer) for .venv. CHAOS_NO_INSTALL=1 keeps root
from installing a missing system package.
TEXT
}

stages() {
    cat <<'TEXT'
lint         yamllint, ansible-lint (profile production), shellcheck, changelog, the built collection and its site
sanity       ansible-test sanity
unit         tests/unit: pure logic, and the shape of the collection
app          target_app/tests: the sample application
awx          tests/awx: the playbooks as jobs of Ansible Tower and AWX
matrix       tests/matrix: targets with other Pythons, controllers with other versions of ansible-core
solo         tests/solo: what measures this machine and needs it alone: loads, the times of the probe, a whole run
truth        tests/truth: whole experiments on a service whose failures are known to the millisecond
integration  tests/integration: probes, ports, services and hosts on this machine
faults       tests/integration: faults that modules inject into this machine
runs         tests/integration: whole plays that experiment on this machine
commands     tests/integration: the commands, roles, settings and reports on this machine
lab          tests/lab: faults on real hosts over SSH, created for the tests
fleet        tests/lab: whole plays over such hosts, and what takes several of them
crash        tests/crash: every kind of fault against every kind of failure, on a lab host
vm           tests/vm: a virtual machine with its own kernel
TEXT
}

bad_usage() {
    printf '%s; see ./run_tests.sh --help\n' "$1" >&2
    exit 2
}

only=() more=()
while [ $# -gt 0 ]; do
    case $1 in
    --only | --only=*)
        if [ "$1" = --only ]; then
            [ $# -gt 1 ] || bad_usage "--only: a value is missing"
            shift
        fi
        IFS=, read -r -a names <<<"${1#--only=}"
        [ "${#names[@]}" -gt 0 ] || bad_usage "--only: '' is not a stage; --list prints them"
        for name in "${names[@]}"; do
            # bash 3.2 does not know a newline within a pattern.
            [[ $name =~ ^[[:lower:]]+$ && $'\n'$(stages) == *$'\n'"$name "* ]] ||
                bad_usage "--only: '$(printf '%s' "${name:0:80}" | tr '[:cntrl:]' '?')' is not a stage; --list prints them"
            only+=("$name")
        done
        ;;
    --quick) only+=(lint unit app quick) ;;
    --list) stages && exit ;;
    --help | -h) usage && exit ;;
    --)
        shift
        more=("$@")
        break
        ;;
    *) bad_usage "'$(printf '%s' "${1:0:80}" | tr '[:cntrl:]' '?')' is not an option of this command" ;;
    esac
    shift
done
# Neither mapfile nor an empty array under "set -u" is known to bash 3.2.
[ "${#only[@]}" -gt 0 ] || while read -r name _rest; do only+=("$name"); done < <(stages)

# shellcheck source=tools/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools/setup.sh"
set_up dev
# shellcheck source=tools/servers.sh
. "$ROOT/tools/servers.sh"
case " ${only[*]} " in *" app "* | *" integration "* | *" faults "* | *" runs "* | *" commands "* | *" solo "*) set_up_servers ;; esac

cd "$ROOT" || exit 1
ansible_environment
# What the user's shell says about Ansible must not change what the tests see.
unset ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH ANSIBLE_CALLBACKS_ENABLED
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$ROOT/tools
exec "$VENV/bin/python" -m stages --only "$(
    IFS=,
    printf '%s' "${only[*]}"
)" -- ${more[@]+"${more[@]}"}
