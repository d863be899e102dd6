# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report as a browser's parser sees it: what it is made of, and what stands where."""

from __future__ import annotations

import functools

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import html, view
from selectolax.lexbor import LexborHTMLParser

# What the page is made of. Nothing else may appear, whatever a host says: no picture, frame, form target or style of
# its own.
HEAD = {"html", "head", "meta", "title", "style", "body", "script"}
TEXT = set(
    "header main section footer article a p h1 h2 h3 h4 b br small span bdi code data ul ol li dl dt dd div details"
    " summary figure figcaption".split()
)
TABLE = set("table thead tbody tr th td".split())
TOOLS = set("form fieldset legend label input button output".split())
DRAWN = set("svg g defs pattern symbol path circle rect line text title use".split())
ELEMENTS = HEAD | TEXT | TABLE | TOOLS | DRAWN
WRITTEN = set(
    "charset content http-equiv name lang class id href hidden open scope value type checked placeholder tabindex role".split()
)
SHOWN = set(
    "width height x y x1 x2 y1 y2 d dx r cx cy viewbox preserveaspectratio patternunits patterntransform text-anchor"
    " focusable overflow".split()
)
ATTRIBUTES = WRITTEN | SHOWN


def parse(page):
    return LexborHTMLParser(page)


def nodes(tree):
    """All elements of a page, the root included."""
    return tree.root.traverse(include_text=False)


@functools.lru_cache(maxsize=None)
def own_script():
    return html._file("script.js"), html._file("style.css")


def words(node):
    """Text of an element, blanks joined."""
    return " ".join(node.text(separator=" ").split())


def check(page, report):
    """Every property that the page must have, whatever is in the report."""
    assert page.replace("\n", "").isprintable()
    tree = parse(page)
    kinds = {}
    for node in nodes(tree):
        kinds[node.tag] = kinds.get(node.tag, 0) + 1
        for name, value in node.attributes.items():
            known = name.lower() in ATTRIBUTES or name.startswith(("aria-", "data-"))
            assert known and not name.startswith("on"), (node.tag, name, value)
            if name.lower() == "href":
                assert value.startswith("#"), value
    assert set(kinds) - {"-comment", "!doctype", "-doctype"} <= ELEMENTS, set(kinds) - ELEMENTS
    assert kinds["script"] == kinds["style"] == kinds["body"] == 1
    script, style = own_script()
    assert tree.css_first("script").text() == script and tree.css_first("style").text() == style
    cards = view.detailed(view.cards(report))
    assert len(tree.css("details.card")) == len(cards)
    assert [node.attributes["id"] for node in tree.css("details.card")] == [card["anchor"] for card in cards]
    anchors = [node.attributes["id"] for node in nodes(tree) if "id" in node.attributes]
    assert len(anchors) == len(set(anchors))
    assert all(node.attributes["href"][1:] in anchors for node in nodes(tree) if "href" in node.attributes)
    assert all(len(node.text()) <= 4500 for node in tree.css("td, th, p, dd, h3, li"))
    return tree
