# shellcheck shell=bash
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Servers for the tests; sourced by run_tests.sh. Tests start servers of their own, so only the programs count.

postgresql_found() {
    local program
    for program in /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb; do
        [ -x "$program" ] && return
    done
    command -v initdb >/dev/null
}

mariadb_found() {
    { [ -x /usr/sbin/mariadbd ] || [ -x /usr/libexec/mariadbd ]; } && command -v mariadb-install-db >/dev/null
}

podman_found() {
    command -v podman >/dev/null && command -v busybox >/dev/null && { command -v runc >/dev/null || command -v crun >/dev/null; }
}

chromium_found() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

# Install packages without the servers that Debian would start on their usual ports: pairs of names as install_package takes them.
install_unstarted() {
    local kept=
    if [ ! -e /usr/sbin/policy-rc.d ] && [ -d /usr/sbin ] && command -v apt-get >/dev/null; then
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
        kept=yes
    fi
    while [ "$#" -gt 0 ]; do
        install_package "$1" "$2" || true
        shift 2
    done
    [ -z "$kept" ] || rm -f /usr/sbin/policy-rc.d
}

# set_up_server TITLE FOUND HINT PACKAGES...: install it when it may; else say so.
# The tests that need it then say that they were skipped (in CI they fail).
set_up_server() {
    local title=$1 found=$2 hint=$3
    shift 3
    "$found" && return
    if may_install; then
        printf 'Installing %s for the tests ...\n' "$title" >&2
        install_unstarted "$@"
    fi
    "$found" || printf '%s is not installed, so the tests that need it do not run; install it (%s).\n' "$title" "$hint" >&2
}

set_up_servers() {
    set_up_server PostgreSQL postgresql_found \
        'Debian, Ubuntu: apt-get install postgresql; Fedora, RHEL: dnf install postgresql-server' \
        postgresql postgresql-server
    set_up_server MariaDB mariadb_found 'Debian, Ubuntu: apt-get install mariadb-server; Fedora, RHEL: dnf install mariadb-server' mariadb-server mariadb-server
    set_up_server podman podman_found \
        'Debian, Ubuntu: apt-get install runc podman busybox-static; Fedora, RHEL: dnf install podman busybox' \
        runc - busybox-static busybox podman podman
    set_up_server Chromium chromium_found 'Debian: apt-get install chromium; Fedora, RHEL with EPEL: dnf install chromium' chromium chromium
}
