# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a body: compression and character set taken off, whatever the headers say of them. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

import codecs
import re
import zlib

MOST_BYTES = 64 * 1024  # of what a compressed body holds
_MOST_CODINGS = 3
_GZIP, _ZLIB, _RAW = (
    31,
    15,
    -15,
)  # zlib's names for the forms: gzip, zlib, and the bare stream that some servers call deflate
_GZIP_MAGIC = b"\x1f\x8b\x08"
_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.I)
# Decoders that turn bytes into letters one by one; Python knows stranger ones by name (punycode, unicode_escape).
_USUAL = re.compile(
    r"(utf-?(8|16|32)|iso-?8859|latin|windows-|cp|(us-)?ascii|koi8|shift|euc|gb|big5)[A-Za-z0-9_.:-]*", re.I
)


def text(body, headers):
    """The text of a body (bytes), or None for a compression that cannot be taken off. Letters that do not decode
    are U+FFFD.
    """
    for coding in reversed(headers.get("content-encoding", "").lower().split(",")[:_MOST_CODINGS]):
        body = _decoded(body, coding.strip())
        if body is None:
            return None
    if body.startswith(_GZIP_MAGIC):  # no text begins like this: the header is missing
        body = _inflated(body, _GZIP) or b""
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace")
    return body.decode(_charset(body, headers), "replace").lstrip("\ufeff")


def _decoded(body, coding):
    """The body without one content coding (RFC 9110, section 8.4.1), or None."""
    if coding in ("", "identity") or not body:
        return body
    if coding in ("gzip", "x-gzip"):
        return _inflated(body, _GZIP)
    if coding == "deflate":
        plain = _inflated(body, _ZLIB)
        return plain if plain is not None else _inflated(body, _RAW)
    return None


def _inflated(body, form):
    """At most MOST_BYTES of what a compressed body holds; of one that breaks off, what came before that. None when
    nothing did.
    """
    inflate = zlib.decompressobj(form)
    try:
        plain = inflate.decompress(body, MOST_BYTES)
    except zlib.error:
        return None
    return plain if plain or inflate.eof else None


def _charset(body, headers):
    """The character set: by the zeros that ASCII letters have in the wide ones, else by the header, else UTF-8 (RFC
    8259, section 8.1).
    """
    if body[:2] != b"\0\0" and b"\0" in body[:4]:
        if body[1:4] == b"\0\0\0":
            return "utf-32-le"
        return "utf-16-le" if body[1:2] == b"\0" else "utf-16-be"
    if body[:3] == b"\0\0\0":
        return "utf-32-be"
    named = _CHARSET.search(headers.get("content-type", ""))
    if named and _USUAL.fullmatch(named.group(1)):
        try:
            return codecs.lookup(named.group(1)).name
        except LookupError:
            pass
    return "utf-8"
