# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report in a real browser: quiet under its own policy, readable without scripts, by keyboard, on paper, and
for who cannot see it.

Pictures of each width and scheme are kept in tests/output/report.
"""

from __future__ import annotations

import re

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import html, view
from axe_playwright_python.sync_playwright import Axe

from support import browser as browsers
from support import reports, run_of_18
from support.modules import ROOT

pytestmark = pytest.mark.chromium
PICTURES = ROOT / "tests" / "output" / "report"
VIEWS = [
    (1280, "light"),
    (360, "dark"),
    (1600, "light"),
    *(pytest.param(*each, marks=pytest.mark.nightly) for each in ((1280, "dark"), (360, "light"))),
]
EVIL = "<script>document.title='owned'</script><img src=x onerror=alert(1)>\u202e\x1b[2J</style></script>\"'>"
KINDS = ["failed", "broken", "unknown", "passed", "planned"]  # of cards
PAGE_CM = 27.1  # height of A4 without its margins


@pytest.fixture(scope="module")
def browser():
    with browsers.started() as browser:
        yield browser


@pytest.fixture(scope="module")
def report():
    """Some of the catalogue's scenarios on two hosts, and one of every kind of end."""
    chosen = [
        each
        for each in run_of_18.catalogue()
        if each["id"] in ("cpu-heavy", "network-delay-heavy", "database-outage-extended")
    ]
    return reports.report(
        run_of_18.records(("web1", "web2"), chosen) + reports.records("web3"),
        purpose="Quarterly test",
        owner="Team Orders",
    )


@pytest.fixture(scope="module")
def path(report, tmp_path_factory):
    target = tmp_path_factory.mktemp("report") / "report.html"
    target.write_text(html.render(report, "ab" * 32), encoding="utf-8")
    return target


def picture(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / (name + ".png")), full_page=True)


@pytest.mark.parametrize("width, scheme", VIEWS)
def test_it_fits_and_is_quiet(browser, path, width, scheme):
    """Nothing but the file is asked for, nothing is complained of (see support.browser), nothing is wider than the
    window.
    """
    with browsers.opened(browser, path, width, scheme) as page:
        page.get_by_role("button", name="Open or close all").click()
        assert page.locator("details.card:not([open])").count() == 0
        wide = page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 &&"
            " !e.closest('.wide, svg')).length"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width and wide == 0
        back = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", back))) > 384) is (scheme == "light")
        picture(page, "%d-%s" % (width, scheme))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, path, scheme):
    """One card of each kind is open; what is closed is seen by nobody, axe included."""
    with browsers.opened(browser, path, scheme=scheme) as page:
        page.evaluate(
            "names => { const kinds = new Set(names); document.querySelectorAll('.card').forEach(c => { c.open ="
            " kinds.delete(c.dataset.v); }); }",
            KINDS,
        )
        assert page.locator("details.card[open]").count() == len(KINDS)
        options = {"resultTypes": ["violations"]}
        if scheme == "dark":  # the rest is the same in the dark
            options["runOnly"] = ["color-contrast"]
        found = Axe().run(page, options=options).response["violations"]
        assert [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found] == []


def test_without_scripts_everything_can_be_read(browser, path, report):
    with browsers.opened(browser, path, script=False) as page:
        assert page.locator("h1").inner_text() == "Failed" and not page.locator("#tools").is_visible()
        card = page.locator("#e-cpu-light-web3")
        assert card.get_attribute("open") is None
        card.locator("summary").first.click()
        assert card.locator("svg.time").first.is_visible()
        card.locator("details.data summary").first.click()
        assert card.locator("table.grid tbody tr").first.is_visible()
        assert page.locator("details.card").count() == len(view.detailed(view.cards(report)))


def test_by_keyboard(browser, path):
    """Skip link, filter, card, and the cross-hair, without a mouse."""
    with browsers.opened(browser, path) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.locator("#tools input[type=radio]").first.focus()
        page.keyboard.press("ArrowRight")
        shown = page.locator("details.card:visible")
        assert shown.count() == page.locator("details.card[data-v=failed]").count() > 0
        assert page.locator("#tools output").inner_text().endswith("shown")
        page.locator("#tools input[type=radio]").first.focus()
        page.keyboard.press("Space")
        head = page.locator("details.card summary").first
        head.focus()
        was = page.locator("details.card").first.get_attribute("open")
        page.keyboard.press("Enter")
        assert page.locator("details.card").first.get_attribute("open") != was
        box = page.locator("details.card[open] .charts").first
        box.locator(".scrub").focus()
        page.keyboard.press("ArrowRight")
        page.locator(".hair[visibility=visible]").first.wait_for(state="attached")
        second = float(box.locator(".scrub").input_value())
        assert second > 0 and box.locator(".scrub").get_attribute("aria-valuetext").startswith(
            "+%.1f s: sent " % second
        )
        assert box.locator(".readout").inner_text().startswith("+%.1f s" % second)


def test_the_cross_hair_reads_the_table_behind_the_chart(browser, path, report):
    with browsers.opened(browser, path) as page:
        card = page.locator("#e-network-delay-heavy-web1")
        chart = card.locator("svg.time").first
        chart.scroll_into_view_if_needed()
        place = chart.bounding_box()
        start, end = (float(card.locator(".charts").get_attribute("data-" + edge)) for edge in ("from", "to"))
        page.mouse.move(place["x"] + place["width"] * (20.5 - start) / (end - start), place["y"] + 60)
        page.locator("#e-network-delay-heavy-web1 .readout", has_text="s").wait_for(state="attached")
        record = next(each for each in report["experiments"] if each["scenario"] == "network-delay-heavy")
        line = record["timeline"]
        at = int((20.5 - line["from_s"]) / line["bucket_s"])
        said = card.locator(".readout").inner_text()
        assert "sent %d" % line["sent"][at] in said and "p95 ms %s" % line["p95_ms"][at] in said, said
        # One cross-hair over all charts of all cards that are open.
        assert page.locator("details.card[open] .hair[visibility=visible]").count() >= 2


def test_tables_sort_by_what_figures_are(browser, path):
    with browsers.opened(browser, path) as page:
        heads = page.locator("section[aria-labelledby=h-fleet] table.sort").first.locator("thead th")
        column = next(number for number in range(heads.count()) if heads.nth(number).inner_text().startswith("Errors"))
        for wanted in ("ascending", "descending"):
            heads.nth(column).locator("button").click()
            assert heads.nth(column).get_attribute("aria-sort") == wanted
            cells = page.locator("section[aria-labelledby=h-fleet] table.sort").first.locator(
                "tbody tr td:nth-child(%d)" % (column + 1)
            )
            values = [
                float(
                    cells.nth(number).locator("data").get_attribute("value")
                    if cells.nth(number).locator("data").count()
                    else cells.nth(number).inner_text().rstrip(" %")
                )
                for number in range(cells.count())
                if cells.nth(number).inner_text() != "-"
            ]
            assert values == sorted(values, reverse=wanted == "descending") and len(set(values)) > 2


def test_on_paper_no_chart_is_cut_and_no_card_is_closed(browser, path):
    """A4: each chart fits on a page and does not break, and what is closed on the screen is printed."""
    with browsers.opened(browser, path) as page:
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 703, "height": 1000})  # 18.6 cm at 96 dots an inch
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        charts = page.evaluate(
            "[...document.querySelectorAll('figure, .facts')].map(e => [e.getBoundingClientRect().height,"
            " getComputedStyle(e).breakInside])"
        )
        assert len(charts) > 8 and all(height < PAGE_CM / 2.54 * 96 and inside == "avoid" for height, inside in charts)
        assert page.locator("details.card .body:visible").count() == page.locator("details.card").count()
        assert page.locator("#tools:visible, .scrub:visible").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 703
        paper = page.pdf(prefer_css_page_size=True)
        (PICTURES / "report.pdf").parent.mkdir(parents=True, exist_ok=True)
        (PICTURES / "report.pdf").write_bytes(paper)
        assert paper.startswith(b"%PDF") and len(re.findall(rb"/Type ?/Page\b", paper)) > 3


def test_hostile_texts_stay_texts(browser, tmp_path):
    target = tmp_path / "report.html"
    target.write_text(html.render(reports.report(reports.hostile(EVIL), command=EVIL)), encoding="utf-8")
    with browsers.opened(browser, target) as page:
        assert page.title().startswith("Failed: chaos report") and "<script>" in page.locator("body").inner_text()
        assert page.locator("img").count() == 0 and "\u202e" not in page.content()


def test_the_policy_stops_what_is_not_of_the_page(browser, path, tmp_path):
    """Were a script, a style or a picture smuggled in, the browser would not take it."""
    target = tmp_path / "report.html"
    smuggled = (
        "<script>document.title='owned'</script><img src='file:///x.png'><style>h1{display:none}</style><p id=x"
        " style='display:none'>x</p></body>"
    )
    target.write_text(path.read_text(encoding="utf-8").replace("</body>", smuggled), encoding="utf-8")
    complaints = []
    with browsers.opened(browser, target, complaints=complaints) as page:
        assert page.title().startswith("Failed") and page.locator("h1").is_visible() and page.locator("#x").is_visible()
    refused = " ".join(complaints)
    assert all(word in refused for word in ("script-src", "style-src", "default-src")), complaints
