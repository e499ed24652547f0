"""Small documents made byte by byte: sound ones, and what one may wrongly be given."""

from __future__ import annotations

import struct
import zlib

_END = b"\xff\xd9"


def png_paper(width: int = 1, height: int = 1) -> bytes:
    """A grey image of the size given."""
    rows = b"".join(b"\x00" + b"\x80" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, body) for name, body in chunks)


def png_chunk(name: bytes, body: bytes) -> bytes:
    """A chunk with its size and its sum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def jpeg_paper(scan: bytes = b"\x11\x22\xff\x00\x33\xff\xd0\x44", after: bytes = b"") -> bytes:
    """The segments of a photo around a scan that means nothing: no pixel is looked at. after: what a phone appends."""
    segments = (
        (0xE0, b"JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"),
        # A thumbnail stands in a segment, with an end of its own.
        (0xE1, b"Exif\x00\x00\xff\xd8" + _END),
        (0xC0, struct.pack(">BHHB", 8, 40, 30, 1) + b"\x01\x11\x00"),
        (0xDA, b"\x01\x01\x00\x00\x3f\x00"),
    )
    parts = [b"\xff" + bytes([mark]) + struct.pack(">H", len(body) + 2) + body for mark, body in segments]
    return b"\xff\xd8" + b"".join(parts) + scan + _END + after


def pdf_paper(*objects: bytes, trailer: bytes = b"", version: bytes = b"1.7") -> bytes:
    """A document of the objects given (a catalogue stands first), with its table."""
    content = b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, body in enumerate((b"<< /Type /Catalog >>", *objects), start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    content += b"".join(b"%010d 00000 n \n" % place for place in places)
    content += b"trailer\n<< /Size %d /Root 1 0 R %b >>\n" % (len(places) + 1, trailer)
    return content + b"startxref\n%d\n%%%%EOF\n" % start


def pdf_stream(about: bytes, body: bytes) -> bytes:
    """A stream object."""
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(body), about, body)
