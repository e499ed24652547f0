"""From a file to text, JSON or features: what cannot be read is refused whole, with one reason."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final, Never

from portal.common.errors import Invalid
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.values import Issue

_BOM: Final = "\ufeff"
_MEGABYTE: Final = 1024 * 1024

# What people send in place of a text file, by its first bytes. Nothing is ever unpacked.
_PACKED: Final = (
    (b"PK\x03\x04", "ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"\x1f\x8b", "GZIP"),
    (b"BZh", "BZIP2"),
    (b"\xfd7zXZ\x00", "XZ"),
    (b"7z\xbc\xaf\x27\x1c", "7Z"),
    (b"Rar!", "RAR"),
    (b"\x28\xb5\x2f\xfd", "ZSTD"),
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "XLS"),
    (b"SQLite format 3", "SQLite"),
)
# Too few for UTF-16, whose text holds a NUL for each Latin letter.
_UTF16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def check_size(content: bytes, most: int) -> None:
    """Raise Invalid(`file-empty`, `file-too-large`)."""
    if not content.strip():
        raise Invalid("file-empty")
    if len(content) > most:
        raise Invalid("file-too-large", most=most // _MEGABYTE)


def check_plain(head: bytes, **told: str) -> None:
    """Raise Invalid(`file-packed`) for an archive, a workbook or a PDF, told by its first bytes. told: its name."""
    for magic, name in _PACKED:
        if head.startswith(magic):
            raise Invalid("file-packed", kind=name, **told)


def read_content(file: SourceFile, most: int) -> bytes:
    """The bytes of a file; one that is too large is not even read.

    Raises Invalid(`file-empty`, `file-too-large`, `file-packed`).
    """
    if file.path.stat().st_size > most:
        raise Invalid("file-too-large", most=most // _MEGABYTE)
    content = file.path.read_bytes()
    check_size(content, most)
    check_plain(content[:16])
    return content


def decode_text(content: bytes) -> tuple[str, list[Issue]]:
    """The text of a file that does not say how it is encoded: UTF-8, UTF-16 with its mark, else Windows-1252.

    A guess is told. Raises Invalid(`not-text`) for NUL bytes and broken UTF-16.
    """
    codec = _UTF16.get(content[:2])
    try:
        if codec is not None:
            return content[2:].decode(codec), [Issue("encoding-guessed", {"encoding": "UTF-16"})]
        if b"\x00" in content:
            raise Invalid("not-text")
        return content.decode("utf-8").removeprefix(_BOM), []
    except UnicodeDecodeError as error:
        if codec is not None:
            raise Invalid("not-text") from error
    text = content.removeprefix(_BOM.encode()).decode("cp1252", errors="replace")
    return text, [Issue("encoding-guessed", {"encoding": "Windows-1252"})]


def read_json(content: bytes) -> Any:
    """Parse UTF-8 JSON. NaN and infinities, which JSON does not have, are refused.

    Raises Invalid(`not-utf8`, `not-json`, `not-finite`, `too-deep`).
    """
    try:
        text = content.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        raise Invalid("not-utf8", position=error.start) from error
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise Invalid("not-json", line=error.lineno, column=error.colno) from error
    except ValueError as error:  # a whole number of thousands of digits
        raise Invalid("not-finite", value="…") from error
    except RecursionError as error:
        raise Invalid("too-deep") from error


def _refuse_constant(name: str) -> Never:
    raise Invalid("not-finite", value=name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Invalid("not-finite", value=text[:20])
    return number


def read_features(content: bytes) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
    """Return the features of a GeoJSON collection in longitude and latitude, and what it says of itself (`about`).

    A single feature is a collection of one.

    Raises Invalid as `read_json`, and `not-a-collection`, `no-feature`, `other-crs`.
    """
    found = read_json(content)
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = {"type": "FeatureCollection", "features": [found]}
    if not isinstance(found, dict) or found.get("type") != "FeatureCollection":
        raise Invalid("not-a-collection")
    features = found.get("features")
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise Invalid("not-a-collection")
    if not features:
        raise Invalid("no-feature")
    _check_crs(found.get("crs"))
    about = found.get("about")
    return features, about if isinstance(about, dict) else {}


def _check_crs(crs: object) -> None:
    """Old GeoJSON may name its coordinate system: only longitude and latitude in degrees are understood."""
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = str(properties.get("name", "")) if isinstance(properties, dict) else ""
    if name and not name.upper().endswith(("CRS84", "EPSG::4326", "EPSG:4326")):
        raise Invalid("other-crs", name=name[:60])


def clean_text(value: object, most: int) -> str:
    """Text a database can hold: without control characters or half pairs, spaces joined, cut at `most` signs."""
    text = str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    sound = text if text.isprintable() else _without_controls(text)
    return " ".join(sound.split())[:most].rstrip()


def _without_controls(text: str) -> str:
    return "".join(
        sign if sign.isprintable() and not 0xD800 <= ord(sign) <= 0xDFFF else " "
        for sign in text.replace("\u00a0", " ")
    )
