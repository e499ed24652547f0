"""The structure of images, from the first sign to the last: no pixel is decoded. Pure.

PNG: ISO/IEC 15948, 5 (chunks with their check sums). JPEG: ITU-T T.81, annex B (segments, then scans up to the end).
"""

from __future__ import annotations

import re
import struct
import zlib

from portal.common.errors import Invalid

PNG_START = b"\x89PNG\r\n\x1a\n"
JPEG_START = b"\xff\xd8\xff"
_CHUNK = struct.Struct(">I4s")
_MOST_PIXELS = 30_000
"""Of one side: a larger image is no photo of a paper."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END = 0xDA, 0xD9
# Inside a scan a byte FF is followed by 00, or by one of the eight marks of resynchronisation.
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def whole_png(content: bytes) -> bytes:
    """Return the image when every chunk is whole and its sum right. Raises Invalid(paper-damaged)."""
    place = len(PNG_START)
    names: list[bytes] = []
    while place < len(content):
        if len(content) < place + 12:
            raise Invalid("paper-damaged")
        size, name = _CHUNK.unpack_from(content, place)
        end = place + 12 + size
        if end > len(content) or zlib.crc32(content[place + 4 : end - 4]) != int.from_bytes(content[end - 4 : end]):
            raise Invalid("paper-damaged")
        if not names:
            _check_header(name, content[place + 8 : end - 4])
        names.append(name)
        place = end
    once = all(names.count(name) == 1 for name in (b"IHDR", b"IEND"))
    if not once or b"IDAT" not in names or names[-1] != b"IEND":
        raise Invalid("paper-damaged")
    return content


def _check_header(name: bytes, body: bytes) -> None:
    if (
        name != b"IHDR"
        or len(body) != 13
        or not all(0 < side <= _MOST_PIXELS for side in struct.unpack(">II", body[:8]))
    ):
        raise Invalid("paper-damaged")


def whole_jpeg(content: bytes) -> bytes:
    """Return the image up to its end: what a phone appends after it (a film, a second view) is not kept.

    Raises Invalid(paper-damaged) when a segment is cut, or there is no frame, no scan or no end.
    """
    place, framed, scanned = 2, False, False
    while True:
        mark, place = _mark(content, place)
        if mark == _END and framed and scanned:
            return content[:place]
        if len(content) < place + 2:
            raise Invalid("paper-damaged")
        size = int.from_bytes(content[place : place + 2])
        if mark in _FRAMES:
            _check_frame(content[place : place + size])
            framed = True
        elif not 0xC0 <= mark <= 0xFE or mark == _END or size < 2:
            raise Invalid("paper-damaged")
        place += size
        if mark == _SCAN:
            scanned, following = True, _AFTER_SCAN.search(content, place)
            if following is None:
                raise Invalid("paper-damaged")
            place = following.start()


def _mark(content: bytes, place: int) -> tuple[int, int]:
    """The mark that stands here, filling bytes skipped, and the place after it."""
    if content[place : place + 1] != b"\xff":
        raise Invalid("paper-damaged")
    while content[place : place + 1] == b"\xff":
        place += 1
    if place >= len(content):
        raise Invalid("paper-damaged")
    return content[place], place + 1


def _check_frame(segment: bytes) -> None:
    """A frame tells its height and width, then its components. A height of 0 is told later: no camera does that."""
    if len(segment) < 11:
        raise Invalid("paper-damaged")
    if not all(0 < side <= _MOST_PIXELS for side in struct.unpack(">HH", segment[3:7])):
        raise Invalid("paper-damaged")
