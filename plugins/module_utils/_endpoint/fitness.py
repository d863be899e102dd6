# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a service that was found cannot be experimented on as it is, and what to do about it. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

import re

from .. import _redact

TOKEN = "set chaos_probe headers that it accepts, such as Authorization"
ADDRESS = "name a URL that answers with chaos_probe url (--probe URL)"
# Words of a path behind which people log in.
_LOGIN_PATH = re.compile(
    r"(?i)(?:^|[/_-])(?:log[-_]?in|sign[-_]?in|logon|sso|oauth2?|saml2?|authenticate|authorize)(?:[/_.?-]|$)"
)
_PASSWORD_FIELD = re.compile(rb"(?i)<input\b[^>]{0,400}\btype\s{0,9}=\s{0,9}[\"']?password\b")


def is_login_path(path):
    """Whether a path, with or without its query, is that of a page to log in."""
    return bool(_LOGIN_PATH.search(path.partition("?")[0]))


def is_login_page(body):
    """Whether a body (bytes) asks for a password."""
    return bool(_PASSWORD_FIELD.search(body[:65536]))


def complaint(answer, certificate=None):
    """One sentence with the remedy when the service is not well or cannot be asked; None when it is well.

    ``answer``: what ask() returned; ``certificate``: what is wrong with its TLS certificate, or None.
    """
    where = _redact.url(answer.get("health_url") or answer.get("url"))
    if not answer["speaks"]:
        if answer["error"] == "timeout":
            return (
                "%s has a listener that does not answer in time; wait until it is healthy, or name another service"
                % where
            )
        return "%s has a listener that gives no HTTP answer (%s); name another service" % (where, answer["error"])
    if answer.get("login"):
        return "%s is a login page; %s, or %s" % (where, TOKEN, ADDRESS)
    if answer.get("redirect") and 300 <= answer["status"] < 400:
        return "%s redirects to %s; %s" % (
            where,
            answer["redirect"],
            TOKEN if is_login_path(answer["redirect"]) else ADDRESS,
        )
    if answer["error"]:
        return "%s starts to answer %d, but the answer is incomplete (%s); wait until it is healthy" % (
            where,
            answer["status"],
            answer["error"],
        )
    if not answer["healthy"]:
        said = ' and says "%s"' % answer["says"] if answer.get("says") else ""
        remedy = {401: TOKEN, 403: TOKEN, 407: TOKEN}.get(
            answer["status"], ADDRESS if answer["verdict"] is None else "wait until it is healthy"
        )
        return "%s answers %d%s; %s" % (where, answer["status"], said, remedy)
    if certificate:
        return (
            "the TLS certificate of %s is not trusted (%s); install its CA on the host, or set chaos_probe"
            " validate_certs: false"
            % (
                where,
                certificate,
            )
        )
    return None
