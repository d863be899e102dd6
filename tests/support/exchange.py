# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of a report that programs read, checked as those programs check them: Jenkins's schema for JUnit XML,
and OpenMetrics.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

import junitparser
from prometheus_client.openmetrics.parser import text_string_to_metric_families

# What Jenkins's schema (junit-10.xsd of its xUnit plugin) allows: attributes (those with ! must be there) and children.
SCHEMA = {
    "testsuites": ("name time tests failures errors", "testsuite"),
    "testsuite": (
        "name! tests! failures! errors! group time skipped timestamp hostname id package file log url",
        "testsuite properties testcase system-out system-err",
    ),
    "properties": ("", "property"),
    "property": ("name! value!", ""),
    "testcase": ("name! time classname group", "skipped error failure system-out system-err"),
    "failure": ("type message", ""),
    "error": ("type message", ""),
    "skipped": ("type message", ""),
    "system-out": ("", ""),
}
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")
STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")


def check_junit(content):
    """The suites as junitparser reads them; each element has the attributes and children that the schema allows."""
    root = ElementTree.fromstring(content.encode("utf-8"))
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = (part.split() for part in SCHEMA[element.tag])
        assert set(element.attrib) <= {name.rstrip("!") for name in attributes}, element.attrib
        assert {name[:-1] for name in attributes if name.endswith("!")} <= set(element.attrib), element.tag
        assert {child.tag for child in element} <= set(children), element.tag
        assert TIME.fullmatch(element.get("time", "0")), element.get("time")
        assert STAMP.fullmatch(element.get("timestamp", "2026-01-01T00:00:00"))
        assert all(value.isprintable() for value in element.attrib.values())
        assert (element.text or "").replace("\n", "").isprintable()
    return junitparser.JUnitXml.fromstring(content.encode("utf-8"))


def check_openmetrics(content):
    """{(name, labels as a sorted tuple): value} as prometheus_client reads it."""
    assert content.endswith("# EOF\n") and content.replace("\n", "").isprintable()
    found = {}
    for family in text_string_to_metric_families(content):
        for sample in family.samples:
            assert family.name == sample.name or sample.name == family.name + "_info"
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found
