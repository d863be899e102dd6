#!/usr/bin/env bash
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The chaos command: checks its options, sets itself up, hands over to ansible-playbook.
# Started by another shell (sh run_chaos_tests.sh): what follows is for bash, any from 3.2 on.
case ${BASH_VERSION:-},:${SHELLOPTS:-}: in
,* | *:posix:*)
    command -v bash >/dev/null 2>&1 || { echo 'bash was not found, and this command is written in it; install bash.' >&2 && exit 1; }
    exec env -u POSIXLY_CORRECT -u SHELLOPTS bash "$0" "$@"
    ;;
esac
set -u

usage() {
    cat <<'TEXT'
Usage: ./run_chaos_tests.sh [OPTION]... [-- ANSIBLE-PLAYBOOK OPTION...]

Runs chaos experiments on this machine or on the hosts of an inventory, and writes a report.
If no service is found on this machine, the sample application is started, tested and stopped.

  --intensity LEVEL   smoke, light (default), medium, heavy, full or extended
  --scenario ID       run only this scenario; repeat it or separate several with commas
  --scenario-file F   your own scenarios, in the form of docs/scenario.schema.json; repeat it for several files
  --target URL        the service to test, such as http://localhost:5001
  --objective NAME=LIMIT
                      an objective of your system instead of the scenario's own, such as recovery_time=5s; one of
                      error_rate, availability, p95, p99, latency_impact, recovery_time and mttr; repeat it for several
  --probe URL         what to probe instead of the health endpoint: a URL such as http://localhost:5001/orders, or a
                      path of the service such as /orders; for headers, body and expected answer use chaos_probe
  --inventory PATH    hosts to test; only those with chaos_allowed: true are touched; repeat it for several
  --compare RUN       the earlier run to compare with: its id, latest (the default), latest-passed, none, or a report.json
  --report-dir DIR    folder for reports (default: CHAOS_REPORT_DIR, else reports/ beside this script)
  --dry-run           plan and check everything, change nothing
  --list              print the scenarios (with --intensity, only its own) and for each what it would use on this
                      machine, or why it cannot run; with --inventory, on each of its hosts
  --render FILE       draw all forms of a report again from its report.json; with --report-dir, into that folder
  --merge PART        merge the parts of a sliced run into one report: a report.json, a folder with reports, or a URL;
                      repeat it for several
  --detect            only find out which service would be tested, and why
  --halt              revert every active fault on every host of the inventory now, and stop the sample application
                      of a run that was killed
  --help              print this text

Exit codes:
  0    passed
  1    could not run
  2    wrong usage of the command, a setting or a scenario file
  3    not passed: an objective was missed, an experiment failed or was refused, nothing was tested, or something was
       left behind
  4    a host could not be reached
  130  interrupted by Ctrl-C: the first puts back what is in, waits and reports; after a second one, or with -v,
       faults end by themselves (--halt ends them now)

The first run creates .venv beside this script. CHAOS_PYTHON sets the Python (3.11 or newer) to create it with.
CHAOS_NO_INSTALL=1 keeps root from installing a missing system package.
TEXT
}

bad_usage() {
    printf '%s; see ./run_chaos_tests.sh --help\n' "$1" >&2
    exit 2
}

# A value in a message: one line, no control characters, bounded.
shown() {
    printf '%s' "${1:0:80}" | tr '[:cntrl:]' '?'
}

# The path $1 as seen from the caller's folder, made absolute.
absolute() {
    case $1 in
    /*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$PWD" "$1" ;;
    esac
}

check_url() {
    local option=$2 url='^https?://[^/?#]+([/?#].*)?$'
    # The characters of RFC 3986: none of them can end a JSON text or begin a template.
    [[ $1 =~ $url && $1 != *[^A-Za-z0-9._~:/?#@!\$\&\'\(\)*+,\;=%\[\]-]* ]] ||
        bad_usage "$option: '$(shown "$1")' is not a URL; write it as http://HOST:PORT or https://HOST:PORT/PATH"
    local port='^https?://[^/?#]*:([0-9]+)([/?#].*)?$'
    if [[ $1 =~ $port ]] && ((${#BASH_REMATCH[1]} > 5 || 10#${BASH_REMATCH[1]} < 1 || 10#${BASH_REMATCH[1]} > 65535)); then
        bad_usage "$option: '$(shown "$1")' has no valid port; use one from 1 to 65535"
    fi
}

# A URL, or a path of the service.
check_probe() {
    case $1 in
    /*) (check_url "http://localhost$1" --probe) 2>/dev/null || bad_usage "--probe: '$(shown "$1")' is not a URL; write it as http://HOST:PORT/PATH or /PATH" ;;
    *) check_url "$1" --probe ;;
    esac
}

add_inventory() {
    if [ ! -e "$1" ] && [[ $1 == *,* ]]; then
        inventories+=(-i "$1") # a list of hosts, as Ansible takes it
        return
    fi
    [ -r "$1" ] || bad_usage "--inventory: '$(shown "$1")' cannot be read; name an inventory file or folder that exists"
    inventories+=(-i "$(absolute "$1")")
}

# A path that can be written into a JSON text as it is.
add_file() {
    local path
    path=$(absolute "$1")
    [ -f "$path" ] && [ -r "$path" ] || bad_usage "--scenario-file: '$(shown "$1")' cannot be read; name a YAML file with a list 'scenarios'"
    [[ $path != *[\"\\]* && $path != *[[:cntrl:]]* ]] ||
        bad_usage "--scenario-file: the path '$(shown "$path")' holds a double quote, a backslash or a line break; use another folder or name"
    files+=("$path")
}

# An earlier run: a word, an id, or a file or folder whose path can be written into a JSON text as it is.
check_earlier() {
    local path known='^(latest|latest-passed|none|[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6})$'
    earlier=$1
    [[ ! $1 =~ $known ]] || return 0
    path=$(absolute "$1")
    [ -n "$1" ] && [ -r "$path" ] && [[ $path != *[\"\\]* && $path != *[[:cntrl:]]* ]] ||
        bad_usage "--compare: '$(shown "$1")' is no run that can be read; name its id, latest, latest-passed, none, or a report.json"
    earlier=$path
}

add_scenarios() {
    local each ids
    [[ $1 != *$'\n'* ]] || bad_usage "--scenario: '$(shown "$1")' is not a list of ids; separate them with commas"
    IFS=, read -r -a ids <<<"$1"
    [ "${#ids[@]}" -gt 0 ] || bad_usage "--scenario: '' is not a scenario; --list prints them"
    for each in "${ids[@]}"; do
        [[ $each =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$ ]] || bad_usage "--scenario: '$(shown "$each")' is not a scenario; --list prints them"
        scenarios+=("$each")
    done
}

# Scenarios of one's own come with options after --, so only without those is an unknown id an error already here. Which
# scenarios an intensity runs is not decided here but in plugins/plugin_utils/_catalogue.py.
check_scenarios() {
    local each known
    [ "${#more[@]}${#files[@]}" = 00 ] || return 0
    # The form of the files is fixed; a test says so.
    known=$(sed -n 's/^  - id: //p' "$here"/roles/suite/files/{catalogue,extended}.yml)
    for each in ${scenarios[@]+"${scenarios[@]}"}; do
        [[ $'\n'$known$'\n' == *$'\n'"$each"$'\n'* ]] || bad_usage "--scenario: '$each' is not a scenario; --list prints them"
    done
}

# A part of a sliced run: a URL, or a file or folder that can be read.
add_part() {
    case $1 in
    http://* | https://*) parts+=("$1") ;;
    *)
        [ -r "$1" ] || bad_usage "--merge: '$(shown "$1")' cannot be read; name a report.json, a folder with reports, or a URL"
        parts+=("$(absolute "$1")")
        ;;
    esac
    case $1 in
    *[\"\\,]* | *[[:cntrl:]]*) bad_usage "--merge: '$(shown "$1")' has characters that a part must not have; rename it" ;;
    esac
}

# run, list, detect, render, merge and halt exclude each other.
set_mode() {
    [ "$mode" = run ] || [ "$mode" = "$1" ] || bad_usage "--$mode and --$1 exclude each other; give one of them"
    mode=$1
}

# The folder of this file, also where a link leads to it.
file=${BASH_SOURCE[0]}
while [ -h "$file" ]; do
    link=$(readlink "$file")
    [ "${link#/}" != "$link" ] || link=$(dirname "$file")/$link
    file=$link
done
here=$(CDPATH='' cd -- "$(dirname -- "$file")" && pwd -P)
mode=run intensity='' target='' probe='' old='' report_dir='' earlier=''
parts=() inventories=() scenarios=() files=() objectives=() flags=() more=()

while [ $# -gt 0 ]; do
    option=$1
    shift
    case $option in
    --intensity | --scenario | --scenario-file | --objective | --target | --probe | --inventory | --report-dir | --render | --merge | --compare)
        [ $# -gt 0 ] || bad_usage "$option: a value is missing"
        value=$1
        shift
        ;;
    --intensity=* | --scenario=* | --scenario-file=* | --objective=* | --target=* | --probe=* | --inventory=* | --report-dir=* | --render=* | --merge=* | --compare=*)
        value=${option#*=} option=${option%%=*}
        ;;
    esac
    case $option in
    --intensity)
        case $value in
        smoke | light | medium | heavy | full | extended) intensity=$value ;;
        *) bad_usage "--intensity: '$(shown "$value")' is not an intensity; use smoke, light, medium, heavy, full or extended" ;;
        esac
        ;;
    --scenario) add_scenarios "$value" ;;
    --scenario-file) add_file "$value" ;;
    --objective) [ -n "$value" ] || bad_usage "--objective: '' is not an objective; write NAME=LIMIT, such as recovery_time=5s" && objectives+=("$value") ;;
    --target) check_url "$value" --target && target=$value ;;
    --probe) check_probe "$value" && probe=$value ;;
    --inventory) add_inventory "$value" ;;
    --report-dir) [ -n "$value" ] || bad_usage "--report-dir: '' is not a folder; name one" && report_dir=$value ;;
    --compare) check_earlier "$value" ;;
    --render)
        [ -f "$value" ] && [ -r "$value" ] || bad_usage "--render: '$(shown "$value")' cannot be read; name the report.json of an earlier run"
        set_mode render && old=$(absolute "$value")
        ;;
    --merge) set_mode merge && add_part "$value" ;;
    --dry-run) flags=(--check) ;;
    --list | --detect | --halt) set_mode "${option#--}" ;;
    --help | -h) usage && exit ;;
    --) more=(${@+"$@"}) && break ;;
    *) bad_usage "'$(shown "$option")' is not an option of this command" ;;
    esac
done
# Ansible takes shorter forms, too; with a name that no task has it runs nothing and ends with 0.
for option in ${more[@]+"${more[@]}"}; do
    case $option in --sta*) bad_usage "--start-at-task must not leave out a part of a run; leave it out" ;; esac
done
[ "$mode" != run ] || check_scenarios

# shellcheck source=tools/setup.sh
. "$here/tools/setup.sh"
set_up runtime
# What a run on this machine needs and may lack; other machines are their owners'.
[ "$mode" != run ] || [ "${#inventories[@]}" -gt 0 ] || set_up_programs

if [ "$mode" = render ]; then
    exec "$VENV/bin/python" "$ROOT/tools/render_report.py" "$old" ${report_dir:+"$(absolute "$report_dir")"}
fi
if [ "$mode" = list ] && [ "${#inventories[@]}" = 0 ]; then
    exec "$VENV/bin/python" "$ROOT/tools/list_scenarios.py" ${intensity:+"$intensity"}
fi

case $mode in
list) playbook=chaos_preflight ;; # each host of the inventory tells for itself
run) playbook=chaos_${intensity:-light} ;;
*) playbook=chaos_$mode ;;
esac

# Values travel as JSON, never through a shell's or a template's hands.
variables=''
[ -z "$target" ] || variables="\"chaos_target_url\": \"$target\""
[ -z "$earlier" ] || variables+="${variables:+, }\"chaos_compare\": \"$earlier\""
[ -z "$probe" ] || variables+="${variables:+, }\"chaos_probe_url\": \"$probe\""
if [ "${#scenarios[@]}" -gt 0 ]; then
    variables+="${variables:+, }\"chaos_scenarios\": [$(printf ', "%s"' "${scenarios[@]}" | cut -c 3-)]"
fi
if [ "${#files[@]}" -gt 0 ]; then
    variables+="${variables:+, }\"chaos_scenario_files\": [$(printf ', "%s"' "${files[@]}" | cut -c 3-)]"
fi
if [ "${#objectives[@]}" -gt 0 ]; then
    stated=$("$VENV/bin/python" "$ROOT/tools/check_objectives.py" "${objectives[@]}") || exit
    variables+="${variables:+, }\"chaos_objectives\": $stated"
fi
if [ "${#parts[@]}" -gt 0 ]; then
    variables+="${variables:+, }\"chaos_merge_parts\": [$(printf ', "%s"' "${parts[@]}" | cut -c 3-)]"
fi
[ -z "$variables" ] || flags+=(-e "{$variables}")

CHAOS_REPORT_DIR=$(absolute "${report_dir:-${CHAOS_REPORT_DIR:-$here/reports}}")
export CHAOS_REPORT_DIR
ansible_environment
[ "$mode" != run ] || export ANSIBLE_STDOUT_CALLBACK=${ANSIBLE_STDOUT_CALLBACK:-magsasa.chaos.console}
[ "${#inventories[@]}" -gt 0 ] || inventories=(-i "$ROOT/inventory/hosts")
exec "$VENV/bin/python" "$ROOT/tools/play.py" "${inventories[@]}" ${flags[@]+"${flags[@]}"} "$ROOT/playbooks/$playbook.yml" ${more[@]+"${more[@]}"}
