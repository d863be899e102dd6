# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium for pages that are files: it has no network, and whatever a page asks for or complains of is
kept.
"""

from __future__ import annotations

import contextlib

from playwright.sync_api import sync_playwright

from support.needs import chromium


@contextlib.contextmanager
def started():
    """A browser (playwright's). Its sandbox wants a user that is not root; what it opens is our own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened(browser, path, width=1280, scheme="light", script=True, complaints=None):
    """A page that shows the file ``path``. When it is closed, nothing may have been asked for but the file, and nothing
    complained of; a list
    ``complaints`` takes what is complained of instead."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script, offline=True
    )
    page, asked, quiet = context.new_page(), [], complaints is None
    complaints = [] if quiet else complaints
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    try:
        page.goto(path.as_uri().split("#")[0])
        yield page
        assert not quiet or (asked, complaints) == ([path.as_uri()], [])
    finally:
        context.close()
