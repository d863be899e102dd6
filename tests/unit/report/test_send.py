# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a report may be sent to, and what of that may be said."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import send


@pytest.mark.parametrize(
    "where, parsed",
    [
        ("https://reports.example.org/chaos/", ("put", "https://reports.example.org/chaos/")),
        (" http://h:8080 ", ("put", "http://h:8080")),
        ("keeper:/srv/reports", ("host", "keeper", "/srv/reports")),
        ("web-1.example.org:/x", ("host", "web-1.example.org", "/x")),
        ("/srv/reports", ("copy", "/srv/reports")),
    ],
)
def test_places(where, parsed):
    assert send.parse(where) == parsed


@pytest.mark.parametrize(
    "where", ["ftp://h/x", "https:///x", "reports", "keeper:reports", "keeper://x", "-o:/x", "a b:/x", "s3://bucket/x"]
)
def test_what_is_no_place_is_one_sentence(where):
    with pytest.raises(ValueError, match="^chaos_report_to: ") as caught:
        send.parse(where)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "where, shown",
    [
        ("https://u:hunter2@h:8443/a/b?sig=hunter2#x", "https://h:8443/a/b"),
        ("https://h/a", "https://h/a"),
        ("keeper:/srv", "keeper:/srv"),
    ],
)
def test_what_is_shown_has_no_secret(where, shown):
    assert send.shown(where) == shown


def test_a_server_that_is_not_there_is_a_reason(tmp_path):
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(send.NotSent) as caught:
        send.put(str(tmp_path), "http://127.0.0.1:1/x?sig=hunter2")
    assert "refused" in str(caught.value).lower() and "hunter2" not in str(caught.value)
