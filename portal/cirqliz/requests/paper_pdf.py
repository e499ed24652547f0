"""Whether a PDF is whole, open and still: header, end, table of objects, and no word that makes it act. Pure.

ISO 32000-1: 7.5 (structure), 7.6 (encryption), 12.6.4 (actions). Limits, stated: names are looked for in every object
and in every packed group of objects; streams of drawing and images are not opened, nor files carried inside (an
electronic invoice carries its data so). A group packed in a way that is not read here refuses the document.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from portal.common.errors import Invalid

PDF_START = b"%PDF-"
_VERSION = re.compile(rb"%PDF-[12]\.\d")
_TAIL = 2048
_END = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF")
_TABLE = re.compile(rb"\s*(?:xref\b|\d{1,10}\s+\d{1,5}\s+obj\b)")
_STREAM = re.compile(rb"\bstream\r?\n")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_FILTER = re.compile(rb"/Filter\s*(\[[^\]]*\]|/\w+)")
_NAME = re.compile(rb"/\w+")
_NAME_END = rb"(?![A-Za-z0-9_.+-])"
_ENCRYPTED = re.compile(rb"/Encrypt" + _NAME_END)
_ACTIVE = re.compile(rb"/(?:JavaScript|JS|Launch|RichMedia|ImportData|XFA)" + _NAME_END)
_PACKED = re.compile(rb"/ObjStm" + _NAME_END)
_MOST_UNPACKED = 32 * 1024 * 1024
"""Of all groups together: a small file that grows beyond is refused rather than unpacked."""


def whole_pdf(content: bytes) -> bytes:
    """Return the document. Raises Invalid: paper-damaged, paper-encrypted, paper-active."""
    if _VERSION.match(content) is None:
        raise Invalid("paper-damaged")
    ends = list(_END.finditer(content, max(0, len(content) - _TAIL)))
    if not ends or _TABLE.match(content, int(ends[-1].group(1))) is None:
        raise Invalid("paper-damaged")
    for text in _texts(content):
        plain = _ESCAPED.sub(lambda found: bytes([int(found.group(1), 16)]), text)
        if _ENCRYPTED.search(plain):
            raise Invalid("paper-encrypted")
        if _ACTIVE.search(plain):
            raise Invalid("paper-active")
    return content


def _texts(content: bytes) -> Iterator[bytes]:
    """What stands outside the streams, piece by piece, and the groups of objects packed in streams."""
    place, left = 0, _MOST_UNPACKED
    for found in _STREAM.finditer(content):
        if found.start() < place:
            continue
        before = content[place : found.start()]
        yield before
        end = content.find(b"endstream", found.end())
        if end < 0:
            raise Invalid("paper-damaged")
        # What describes a stream follows the last « obj » before it.
        about = _ESCAPED.sub(lambda name: bytes([int(name.group(1), 16)]), before[before.rfind(b"obj") :])
        if _PACKED.search(about):
            unpacked = _unpack(about, content[found.end() : end], left)
            left -= len(unpacked)
            yield unpacked
        place = end
    yield content[place:]


def _unpack(about: bytes, packed: bytes, most: int) -> bytes:
    filters = _FILTER.search(about)
    names = _NAME.findall(filters.group(1)) if filters else []
    if not names:
        return packed
    if names != [b"/FlateDecode"] or b"/Predictor" in about:
        raise Invalid("paper-damaged")
    reader = zlib.decompressobj()
    try:
        plain = reader.decompress(packed, most)
    except zlib.error as error:
        raise Invalid("paper-damaged") from error
    if reader.unconsumed_tail:
        raise Invalid("paper-damaged")
    return plain
