"""Whether a PDF is whole, open and still: header, end, table of objects, and no word that makes it act. Pure.

ISO 32000-1: 7.5 (structure), 7.6 (encryption), 12.6.4 (actions). A reader goes from the table of objects straight to
their places: it cannot be fooled about where a stream begins by a comment or a string, this reading can. So names are
looked for in every byte of the document, and in every packed group of objects; a group that is not read here, for the
way it is packed or said to be one, refuses the document. Limits, stated: streams of drawing and images are not
unpacked, nor files carried inside (an electronic invoice carries its data so).
"""

from __future__ import annotations

import re
import zlib

from portal.common.errors import Invalid

PDF_START = b"%PDF-"
_VERSION = re.compile(rb"%PDF-[12]\.\d")
_TAIL = 2048
_END = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF")
_TABLE = re.compile(rb"\s*(?:xref\b|\d{1,10}\s+\d{1,5}\s+obj\b)")
_STREAM = re.compile(rb">>\s*stream\r?\n")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_NAME_END = rb"(?![A-Za-z0-9_.+-])"
_FILTER = re.compile(rb"/Filter" + _NAME_END)
_KNOWN_FILTER = re.compile(rb"/Filter\s*(?:\[\s*/FlateDecode\s*\]|/FlateDecode" + _NAME_END + rb")")
_NO_FILTER = re.compile(rb"/Filter\s*\[\s*\]")
# With a predictor the bytes inside are others; a reference may lead to one.
_PREDICTED = re.compile(rb"/Predictor|/DecodeParms\s*\[?\s*\d")
_ENCRYPTED = re.compile(rb"/Encrypt" + _NAME_END)
# Every action names its kind. The key of a script alone is too short to be looked for in images: one of a few
# megabytes holds it by chance.
_ACTIVE = re.compile(rb"/(?:JavaScript|Launch|RichMedia|Rendition|ImportData|XFA)" + _NAME_END)
_SCRIPT = re.compile(rb"/JS" + _NAME_END)
_PACKED = re.compile(rb"/ObjStm" + _NAME_END)
# A stream with this key is a group for readers that do not ask its type.
_GROUPED = re.compile(rb"/(?:ObjStm|First)" + _NAME_END)
_MOST_UNPACKED = 32 * 1024 * 1024
"""Of all groups together: a small file that grows beyond is refused rather than unpacked."""


def whole_pdf(content: bytes) -> bytes:
    """Return the document. Raises Invalid: paper-damaged, paper-encrypted, paper-active."""
    if _VERSION.match(content) is None:
        raise Invalid("paper-damaged")
    ends = list(_END.finditer(content, max(0, len(content) - _TAIL)))
    if not ends or _TABLE.match(content, int(ends[-1].group(1))) is None:
        raise Invalid("paper-damaged")
    plain = _plain(content)
    _check_still(plain)
    outside, groups = _parted(content)
    if any(_SCRIPT.search(text) for text in outside):
        raise Invalid("paper-active")
    unread, left = len(_PACKED.findall(plain)), _MOST_UNPACKED
    for about, packed in groups:
        unpacked = _unpacked(about, packed, left)
        left -= len(unpacked)
        text = _plain(unpacked)
        _check_still(text)
        if _SCRIPT.search(text):
            raise Invalid("paper-active")
        unread += len(_PACKED.findall(text)) - len(_PACKED.findall(about))
    if unread:
        raise Invalid("paper-damaged")
    return content


def _plain(text: bytes) -> bytes:
    """Return a text whose names are written without escapes."""
    return _ESCAPED.sub(lambda found: bytes([int(found.group(1), 16)]), text)


def _check_still(plain: bytes) -> None:
    if _ENCRYPTED.search(plain):
        raise Invalid("paper-encrypted")
    if _ACTIVE.search(plain):
        raise Invalid("paper-active")


def _parted(content: bytes) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    """Return what stands outside the streams, and each packed group of objects: what is said of it, its bytes."""
    outside: list[bytes] = []
    groups: list[tuple[bytes, bytes]] = []
    place = 0
    for found in _STREAM.finditer(content):
        if found.start() < place:
            continue
        before = _plain(content[place : found.start()])
        outside.append(before)
        end = content.find(b"endstream", found.end())
        if end < 0:
            raise Invalid("paper-damaged")
        # What describes a stream follows the last « obj » before it.
        about = before[max(0, before.rfind(b"obj")) :]
        if _GROUPED.search(about):
            groups.append((about, content[found.end() : end]))
        place = end
    outside.append(_plain(content[place:]))
    return outside, groups


def _unpacked(about: bytes, packed: bytes, most: int) -> bytes:
    filters = len(_FILTER.findall(about))
    if filters == 0 or (filters == 1 and _NO_FILTER.search(about)):
        return packed
    if filters > 1 or _KNOWN_FILTER.search(about) is None or _PREDICTED.search(about):
        raise Invalid("paper-damaged")
    reader = zlib.decompressobj()
    try:
        plain = reader.decompress(packed, max(1, most))
    except zlib.error as error:
        raise Invalid("paper-damaged") from error
    # Not at its end: it grows too much, or goes on behind a word that is not the end of the stream.
    if not reader.eof:
        raise Invalid("paper-damaged")
    return plain
