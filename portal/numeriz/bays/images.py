"""A photo as it may be shown to everybody: whole, of a known kind, without what the camera wrote about itself. Pure.

No pixel is decoded: what is not needed to draw the picture (place, hour and name of the camera, comments, a second
view, a film behind the end) is left out part by part. How the picture is to be turned is kept.
PNG: ISO/IEC 15948, 5. JPEG: ITU-T T.81, annex B. The turn: Exif 2.3, tag 0x0112 of the first directory.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from typing import Final

from portal.common.errors import Invalid

MAX_BYTES: Final = 5 * 1024 * 1024
MOST_PIXELS: Final = 12_000
"""Of one side."""
JPEG, PNG = "image/jpeg", "image/png"
_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_JPEG_START: Final = b"\xff\xd8\xff"
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"IDAT", b"IEND"})
_CHUNK: Final = struct.Struct(">I4s")
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END, _COMMENT = 0xDA, 0xD9, 0xFE
_JFIF, _EXIF, _ADOBE = 0xE0, 0xE1, 0xEE
_APPLICATIONS: Final = range(0xE0, 0xF0)
# Inside a scan a byte FF is followed by 00, or by one of the eight marks of resynchronisation.
_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_EXIF_NAME: Final = b"Exif\x00\x00"
_TURN: Final = 0x0112
_TURNS: Final = range(2, 9)


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture to show. media_type: image/jpeg or image/png."""

    media_type: str
    content: bytes


def read_photo(content: bytes) -> Photo:
    """Return the picture that somebody sent, cleaned. The bytes decide what it is, never its name.

    Raises Invalid(field `photo`): photo-missing, photo-too-large, photo-type, photo-damaged, photo-too-wide.
    """
    if not content:
        raise Invalid("photo-missing", field="photo")
    if len(content) > MAX_BYTES:
        raise Invalid("photo-too-large", field="photo", most=MAX_BYTES // 2**20)
    if content.startswith(_PNG_START):
        return Photo(PNG, _clean_png(content))
    if content.startswith(_JPEG_START):
        return Photo(JPEG, _clean_jpeg(content))
    raise Invalid("photo-type", field="photo")


def media_type_of(content: bytes) -> str:
    """The type of a picture that `read_photo` gave."""
    return PNG if content.startswith(_PNG_START) else JPEG


def _damaged() -> Invalid:
    return Invalid("photo-damaged", field="photo")


def _check_sides(width: int, height: int) -> None:
    if not width or not height:
        raise _damaged()
    if max(width, height) > MOST_PIXELS:
        raise Invalid("photo-too-wide", field="photo", most=MOST_PIXELS)


def _clean_png(content: bytes) -> bytes:
    kept = [_PNG_START]
    names: list[bytes] = []
    place = len(_PNG_START)
    while not names or names[-1] != b"IEND":
        if len(content) < place + 12:
            raise _damaged()
        size, name = _CHUNK.unpack_from(content, place)
        end = place + 12 + size
        if end > len(content) or zlib.crc32(content[place + 4 : end - 4]) != int.from_bytes(content[end - 4 : end]):
            raise _damaged()
        if not names:
            if name != b"IHDR" or size != 13:
                raise _damaged()
            _check_sides(*struct.unpack_from(">II", content, place + 8))
        elif name == b"IHDR":
            raise _damaged()
        names.append(name)
        if name in _PNG_KEPT:
            kept.append(content[place:end])
        place = end
    if b"IDAT" not in names:
        raise _damaged()
    return b"".join(kept)


def _clean_jpeg(content: bytes) -> bytes:
    kept: list[bytes] = []
    place, turn, framed, scanned = 2, 0, False, False
    while True:
        mark, place = _mark(content, place)
        if mark == _END and framed and scanned:
            break
        size = int.from_bytes(content[place : place + 2]) if len(content) >= place + 2 else 0
        if size < 2 or place + size > len(content) or not 0xC0 <= mark <= 0xFE or mark == _END:
            raise _damaged()
        segment, place = content[place : place + size], place + size
        if mark in _FRAMES:
            _check_frame(segment)
            framed = True
        if mark == _EXIF:
            turn = turn or _turn_of(segment[2:])
        elif mark != _COMMENT and (mark not in _APPLICATIONS or mark in {_JFIF, _ADOBE}):
            kept.append(bytes((0xFF, mark)) + segment)
        if mark == _SCAN:
            following = _AFTER_SCAN.search(content, place)
            if following is None:
                raise _damaged()
            kept.append(content[place : following.start()])
            place, scanned = following.start(), True
    turned = [_turn_segment(turn)] if turn in _TURNS else []
    return b"".join([b"\xff\xd8", *turned, *kept, b"\xff\xd9"])


def _mark(content: bytes, place: int) -> tuple[int, int]:
    """The mark that stands here, filling bytes skipped, and the place after it."""
    if content[place : place + 1] != b"\xff":
        raise _damaged()
    while content[place : place + 1] == b"\xff":
        place += 1
    if place >= len(content):
        raise _damaged()
    return content[place], place + 1


def _check_frame(segment: bytes) -> None:
    if len(segment) < 11:
        raise _damaged()
    height, width = struct.unpack_from(">HH", segment, 3)
    _check_sides(width, height)


def _turn_of(body: bytes) -> int:
    """How the camera was held, 1 to 8; 0 when it does not say, or says it so that nobody can read it."""
    tiff = body.removeprefix(_EXIF_NAME)
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if tiff == body or order is None or len(tiff) < 8:
        return 0
    (at,) = struct.unpack_from(f"{order}I", tiff, 4)
    if at + 2 > len(tiff):
        return 0
    (entries,) = struct.unpack_from(f"{order}H", tiff, at)
    for entry in range(at + 2, min(at + 2 + 12 * entries, len(tiff) - 11), 12):
        tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
        if tag == _TURN and kind == 3 and count == 1:
            return int(value)
    return 0


def _turn_segment(turn: int) -> bytes:
    """An Exif segment that tells the turn alone."""
    tiff = b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, _TURN, 3, 1, turn, 0, 0)
    body = _EXIF_NAME + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
