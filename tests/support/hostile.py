"""Files that nobody means well, and a process of bounded memory and time that reads them all."""

from __future__ import annotations

import gzip
import io
import json
import math
import os
import random
import resource
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from portal.common.errors import Invalid
from portal.numeriz.imports.documents import check_plain
from portal.numeriz.imports.formats import formats_of
from portal.numeriz.imports.reading import ReadingContext, SourceFile
from portal.numeriz.values import ImportKind

MEGABYTE = 1024 * 1024
MEMORY_BYTES = 1536 * MEGABYTE
PROCESSOR_S = 120
BOUNDS = (2.3515, 48.8576, 2.3807, 48.8700)

type Content = bytes | int | Callable[[], bytes]
"""What is in a file, how to make it, or only how large it is."""

BAYS = b"ID,LONGITUDE,LATITUDE,GEOM_WKT,LONGUEUR,TEMPORALITE_CDS,TEMPORALITE_OSM,NOM\n"
PLACED = b"1,2.36,48.86,"
ORDERS = (
    b"COLL_NOM,COLL_INSEE,ARR_DATE,ARR_REF,REGL_MODALITE,VEH_TYPES,VEH_USAGES,PERIODE_JH,EMPRISE_DESIGNATION,GEOM_WKT\n"
)
ORDER = b"Port,13001,2020-01-01,A1,Interdit,Poids lourds,,"


def _packed_zeros() -> bytes:
    return gzip.compress(bytes(20 * MEGABYTE))


def _zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zones.geojson", bytes(20 * MEGABYTE))
    return buffer.getvalue()


def _noise() -> bytes:
    return random.Random(1).randbytes(100_000).replace(b"\x00", b"\x01")


def _circle(points: int, step: int = 1) -> list[list[float]]:
    """A ring around the middle of the territory; step: how many corners each side jumps over."""
    ring = [
        [
            2.366 + 0.005 * math.cos(2 * math.pi * i * step / points),
            48.863 + 0.003 * math.sin(2 * math.pi * i * step / points),
        ]
        for i in range(points)
    ]
    return [*ring, ring[0]]


def _features(*geometries: object, **changes: object) -> bytes:
    properties = {"event": "Fête", "colour": "red", "start": "2024-07-26T13:00", "end": "2024-07-27T02:00"}
    features = [{"type": "Feature", "properties": properties, "geometry": geometry} for geometry in geometries]
    return json.dumps({"type": "FeatureCollection", "features": features, **changes}).encode()


def _polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def _piled(count: int) -> dict[str, object]:
    """Squares that all lie over one another."""
    squares = []
    for i in range(count):
        west, south = 2.36 + i * 1e-7, 48.86 + (i % 7) * 1e-7
        squares.append([[[west, south], [west + 0.01, south], [west + 0.01, south + 0.01], [west, south]]])
    return {"type": "MultiPolygon", "coordinates": squares}


def _nested(depth: int) -> dict[str, object]:
    found: dict[str, object] = {"type": "Point", "coordinates": [2.36, 48.86]}
    for _ in range(depth):
        found = {"type": "GeometryCollection", "geometries": [found]}
    return found


def _empty_features() -> bytes:
    return b'{"type":"FeatureCollection","features":[' + b"{}," * (2 * MEGABYTE) + b"{}]}"


def _order(positions: bytes) -> bytes:
    return ORDERS + ORDER + b',Quai,"LINESTRING(' + positions + b')"\n'


SQUARE = _polygon([[2.36, 48.86], [2.37, 48.86], [2.37, 48.865], [2.36, 48.865], [2.36, 48.86]])
EXCHANGED = _polygon([[48.86, 2.36], [48.86, 2.37], [48.865, 2.37], [48.86, 2.36]])
BOW_TIE = _polygon([[2.36, 48.86], [2.37, 48.865], [2.37, 48.86], [2.36, 48.865], [2.36, 48.86]])
DATEX = (
    b'<d2:payload xmlns:d2="http://datex2.eu/schema/3/d2Payload" xmlns="http://datex2.eu/schema/3/trafficRegulation">'
)
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%s;" % (str(i - 1).encode() if i else b"") * 10) for i in range(12))
    + b"]>"
    + DATEX
    + b"&a11;</d2:payload>"
)
EXTERNAL = b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + DATEX + b"&x;</d2:payload>"

LONG_HOURS = ORDERS + ORDER + b"Mo " * 40_000 + b",Quai,\n"
NESTED = _features({"type": "Polygon", "coordinates": "@"}).replace(b'"@"', b"[" * 400 + b"]" * 400)

BAY, RULES, AREA, EVENT = ImportKind.BAYS, ImportKind.ORDERS, ImportKind.PERIMETERS, ImportKind.EVENTS
GEOJSON = "geojson"
COMPLEX = (0, ["shape-too-complex"])
NO_OUTLINE, GUESSED = (1, ["outline-dropped"]), (1, ["encoding-guessed"])

# Name, kind, format, content; then the code that refuses the file, or else how many drafts and which doubts.
CASES: list[tuple[str, ImportKind, str, Content, str | tuple[int, list[str]]]] = [
    ("nothing", BAY, "national", b"", "file-empty"),
    ("spaces", BAY, "national", b" \n \n", "file-empty"),
    ("100 MB in a line", BAY, "national", 100 * MEGABYTE, "file-too-large"),
    ("19 MB in a cell", BAY, "national", lambda: BAYS + PLACED + b"x" * (19 * MEGABYTE), "cell-too-long"),
    ("19 MB without a column", BAY, "national", lambda: b"x" * (19 * MEGABYTE), "no-header"),
    ("a million columns", BAY, "national", lambda: b"," * 1_000_000 + b"\n1\n", "too-many-columns"),
    ("lines of commas", BAY, "national", lambda: BAYS + (b"," * 900 + b"\n") * 5_000, "no-row"),
    ("a wide line", BAY, "national", BAYS + PLACED + b",,,,,,9\n", "row-too-wide"),
    ("too many lines", BAY, "national", lambda: BAYS + b"1,2.36,48.86\n" * 5001, "too-many-rows"),
    ("a header alone", BAY, "national", BAYS, "no-row"),
    ("other columns", BAY, "national", b"a,b\n1,2\n", "unknown-layout"),
    ("NUL bytes", BAY, "national", BAYS + b"1,2.36,\x0048.86\n", "not-text"),
    ("noise", BAY, "national", _noise, "not-csv"),
    ("an open quote", BAY, "national", BAYS + PLACED + b'"POLYGON((\n2,2.36,48.86\n', "not-csv"),
    ("text after a quote", BAY, "national", BAYS + PLACED + b'"a"b\n', "not-csv"),
    ("UTF-16", BAY, "national", (BAYS + PLACED).decode().encode("utf-16"), GUESSED),
    ("UTF-16 without its mark", BAY, "national", (BAYS + PLACED).decode().encode("utf-16-le"), "not-text"),
    ("half of UTF-16", BAY, "national", (BAYS + PLACED).decode().encode("utf-16")[:-1], "not-text"),
    ("Latin-1", BAY, "national", BAYS + PLACED + b",,,,\xe9t\xe9\n", GUESSED),
    ("Latin-1 marked UTF-8", BAY, "national", b"\xef\xbb\xbf" + BAYS + PLACED + b",,,,\xe9\n", GUESSED),
    ("a ZIP bomb", BAY, "national", _zip_bomb, "file-packed"),
    ("a GZIP bomb", BAY, "paris", _packed_zeros, "file-packed"),
    ("a PDF", BAY, "antibes", b"%PDF-1.7 ...", "file-packed"),
    ("NaN", BAY, "national", BAYS + b"1,NaN,nan\n", (0, ["bay-without-place"])),
    ("1e308", BAY, "national", BAYS + b"1,1e308,48.86\n", (0, ["bay-without-place"])),
    ("1e999999999", BAY, "national", BAYS + PLACED + b",1e999999999\n", (1, ["unbelievable-size"])),
    ("1e-999999999", BAY, "national", BAYS + PLACED + b",1e-999999999\n", (1, ["unbelievable-size"])),
    ("exchanged axes", BAY, "national", BAYS + b"1,48.86,2.36\n", "coordinates-swapped"),
    ("a nested outline", BAY, "national", BAYS + PLACED + b"POLYGON" + b"(" * 50_000 + b"\n", NO_OUTLINE),
    ("nested collections", BAY, "national", BAYS + PLACED + b"GEOMETRYCOLLECTION(" * 5000 + b"\n", NO_OUTLINE),
    ("nested hours", BAY, "national", BAYS + PLACED + b",," + b"[" * 100_000 + b"\n", (1, ["bad-hours"])),
    ("long hours", BAY, "national", BAYS + PLACED + b",,," + b"Mo " * 40_000 + b"\n", (1, ["bad-hours"])),
    ("order: long hours", RULES, "cerema", LONG_HOURS, (1, ["ban-in-words", "not-located"])),
    ("order: a cell of 4 MB", RULES, "cerema", lambda: _order(b"2.36 48.86," * 400_000), "cell-too-long"),
    ("order: NaN", RULES, "cerema", _order(b"nan nan, 2 48"), (1, ["not-located"])),
    ("order: 1e308", RULES, "cerema", _order(b"1e308 48, 2 48"), (0, ["out-of-world"])),
    ("order: exchanged axes", RULES, "cerema", _order(b"48.86 2.36, 48.86 2.37"), (0, ["coordinates-swapped"])),
    ("order: an open quote", RULES, "cerema", ORDERS + ORDER + b',Quai,"LINE\n', "not-csv"),
    ("areas: 100 MB in a line", AREA, GEOJSON, 100 * MEGABYTE, "file-too-large"),
    ("areas: 15 MB of lists", AREA, GEOJSON, lambda: b"[" + b"[]," * (5 * MEGABYTE) + b"[]]", "not-a-collection"),
    ("areas: nested lists", AREA, GEOJSON, b"[" * 200_000, "too-deep"),
    ("areas: nested positions", AREA, GEOJSON, NESTED, (1, ["not-an-area"])),
    ("areas: nested collections", AREA, GEOJSON, lambda: _features(_nested(60)), (0, ["bad-geometry"])),
    ("areas: cut short", AREA, GEOJSON, _features(SQUARE)[:-9], "not-json"),
    ("areas: NaN", AREA, GEOJSON, _features(SQUARE).replace(b"48.865", b"NaN"), "not-finite"),
    ("areas: 1e999", AREA, GEOJSON, _features(SQUARE).replace(b"48.865", b"1e999"), "not-finite"),
    ("areas: 1e308", AREA, GEOJSON, _features(SQUARE).replace(b"48.865", b"1e308"), (0, ["out-of-world"])),
    ("areas: 400 digits", AREA, GEOJSON, _features(SQUARE).replace(b"48.865", b"9" * 400), (0, ["bad-geometry"])),
    ("areas: 5000 digits", AREA, GEOJSON, _features(SQUARE).replace(b"48.865", b"9" * 5000), "not-finite"),
    ("areas: UTF-16", AREA, GEOJSON, _features(SQUARE).decode().encode("utf-16"), "not-utf8"),
    ("areas: Latin-1", AREA, GEOJSON, _features(SQUARE).replace(rb"F\u00eate", b"F\xeate"), "not-utf8"),
    ("areas: a ZIP bomb", AREA, "jop2024", _zip_bomb, "file-packed"),
    ("areas: Lambert 93", AREA, GEOJSON, _features(SQUARE, crs={"properties": {"name": "EPSG:2154"}}), "other-crs"),
    ("areas: no features", AREA, GEOJSON, b'{"type": "FeatureCollection", "features": {"a": 1}}', "not-a-collection"),
    ("areas: empty features", AREA, GEOJSON, _empty_features, "too-many-features"),
    ("areas: exchanged axes", AREA, GEOJSON, _features(SQUARE, EXCHANGED), "coordinates-swapped"),
    ("areas: a bow tie", AREA, GEOJSON, _features(BOW_TIE), (1, ["shape-repaired"])),
    ("areas: 100,000 corners", AREA, GEOJSON, lambda: _features(_polygon(_circle(100_000))), (1, [])),
    ("areas: 200,001 corners", AREA, GEOJSON, lambda: _features(_polygon(_circle(200_001))), COMPLEX),
    ("areas: a star of 60,001", AREA, GEOJSON, lambda: _features(_polygon(_circle(60_001, 30_000))), COMPLEX),
    ("areas: a star of 20,001", AREA, GEOJSON, lambda: _features(_polygon(_circle(20_001, 10_000))), COMPLEX),
    ("areas: 5,000 piled up", AREA, GEOJSON, lambda: _features(_piled(5_000)), COMPLEX),
    ("orders: laughs", RULES, "datex2", LAUGHS, "not-xml"),
    ("orders: another file", RULES, "datex2", EXTERNAL, "xml-doctype"),
    ("orders: nested elements", RULES, "datex2", DATEX + b"<a>" * 100_000, "not-xml"),
    ("orders: cut short", RULES, "datex2", DATEX + b"<a>", "not-xml"),
    ("orders: 100 MB in a line", RULES, "datex2", lambda: DATEX + b"<a>" + b"x" * (100 * MEGABYTE), "not-xml"),
    ("orders: a ZIP bomb", RULES, "datex2", _zip_bomb, "file-packed"),
    ("events: laughs", EVENT, "bison-fute", LAUGHS, "not-situations"),
]  # fmt: skip


def read_all(folder: Path) -> Iterator[tuple[str, str | tuple[int, list[str]]]]:
    """What becomes of each file: the code that refuses it, or how many drafts it gives and which doubts."""
    for name, kind, layout, content, _ in CASES:
        path = folder / "hostile"
        if isinstance(content, int):
            path.write_bytes(b"x")
            os.truncate(path, content)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content())
        yield name, _read(SourceFile("hostile", path), kind, layout)


def _read(file: SourceFile, kind: ImportKind, layout: str) -> str | tuple[int, list[str]]:
    context = ReadingContext(
        ZoneInfo("Europe/Paris"), BOUNDS, datetime(2026, 1, 1, tzinfo=UTC), 20 * MEGABYTE, most_rows=5000
    )
    chosen = formats_of(kind)[layout]
    if chosen.streams:
        context = ReadingContext(context.zone, BOUNDS, context.now, 500 * MEGABYTE, most_rows=5000)
    drafts: list[Any] = []
    codes: Counter[str] = Counter()
    try:
        check_plain(file.head())
        reading = chosen.open([file], context)
        for record in reading.records:
            try:
                found = record.read()
            except Invalid as error:
                codes[error.code] += 1
                continue
            drafts += found.drafts
            codes.update(issue.code for issue in found.issues)
            codes.update(issue.code for draft in found.drafts for issue in draft.issues)
    except Invalid as error:
        return error.code
    codes.update(issue.code for issue in reading.issues)
    return len(drafts), sorted(codes)


def main(folder: str) -> None:
    """Read every hostile file within bounds; one JSON line each."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    for name, found in read_all(Path(folder)):
        sys.stdout.write(json.dumps([name, found]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
