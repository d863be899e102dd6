# shellcheck shell=bash
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A PostgreSQL server for the tests; sourced by run_tests.sh. Tests start servers of their own, so only the programs count.

postgresql_found() {
    local program
    for program in /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb; do
        [ -x "$program" ] && return
    done
    command -v initdb >/dev/null
}

# Install it when it may; else say so. The tests that need it then say that they were skipped (in CI they fail).
set_up_postgresql() {
    postgresql_found && return
    if may_install; then
        printf 'Installing PostgreSQL for the tests ...\n' >&2
        # Debian would start a server on the usual port; the tests want the programs only.
        if [ ! -e /usr/sbin/policy-rc.d ] && [ -d /usr/sbin ] && command -v apt-get >/dev/null; then
            printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
            chmod 755 /usr/sbin/policy-rc.d
            install_package postgresql postgresql-server
            rm -f /usr/sbin/policy-rc.d
        else
            install_package postgresql postgresql-server
        fi
    fi
    postgresql_found ||
        printf 'PostgreSQL is not installed, so the tests that need its server do not run; install it (Debian, Ubuntu: apt-get install postgresql; Fedora, RHEL: dnf install postgresql-server).\n' >&2
}
