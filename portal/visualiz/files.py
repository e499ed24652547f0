"""What is on the screen as files: GeoJSON, KML, GPX way-points, CSV. The words are those of the map.

Sources: RFC 7946; OGC 07-147r2 (KML 2.2); GPX 1.1 Schema Documentation, strict about the order of elements.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import shapely
from flask_babel import gettext as _
from lxml import etree
from shapely.geometry.base import BaseGeometry

from portal.itineriz.api import Writer, utc
from portal.numeriz.api import SIGNS_PREVAIL, geojson
from portal.sheets import CsvText
from portal.visualiz.onscreen import Layer, Screen, Shown
from portal.visualiz.words import LAYER_NAMES, look_words

KML = "http://www.opengis.net/kml/2.2"
GPX = "http://www.topografix.com/GPX/1/1"
# Alpha, blue, green, red: the order of KML.
_KML_COLOURS = {
    "white": "ff6b6359",
    "blue": "ffb85f1d",
    "red": "ff2a23b3",
    "grey": "ff544d44",
    "black": "ff000000",
    "closed": "ff57148a",
    "limited": "ff0a50a4",
    "other": "ff5d564d",
}


class FileKind(StrEnum):
    """The kinds of files; the value is the ending of the name."""

    GEOJSON = "geojson"
    KML = "kml"
    GPX = "gpx"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself. title: place, day, hour and vehicle. page, feeds: absolute addresses."""

    title: str
    page: str
    feeds: str
    at: datetime


def notice(screen: Screen) -> str:
    """What a file is worth, and whether it holds everything."""
    if not screen.truncated:
        return str(SIGNS_PREVAIL)
    more = _("Tout ne tient pas dans ce fichier\u00a0: zoomez sur la carte pour avoir le reste.")
    return f"{SIGNS_PREVAIL} {more}"


def to_geojson(screen: Screen, about: About) -> bytes:
    """One feature per thing shown; `layer` tells them apart."""
    collection = {
        "type": "FeatureCollection",
        "name": about.title,
        "notice": notice(screen),
        "truncated": screen.truncated,
        "at": about.at.isoformat(),
        "page": about.page,
        "feeds": about.feeds,
        "features": [
            {"type": "Feature", "id": item.id, "geometry": geojson(item.shape), "properties": _properties(item)}
            for item in screen.shown
        ],
    }
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode()


def _properties(item: Shown) -> dict[str, object]:
    return {
        "layer": item.layer.value,
        "id": item.id,
        "title": item.title,
        "look": item.look,
        "lines": list(item.lines),
        "since": item.since and item.since.isoformat(),
        "until": item.until and item.until.isoformat(),
        "vehicle": item.concern or None,
        "href": item.href,
    }


def to_csv(screen: Screen, about: About) -> bytes:
    """One line per thing shown; a point inside or on it stands for its place."""
    header = [_("Calque"), _("Identifiant"), _("Titre"), _("Nature"), _("Détail"), _("Depuis"), _("Jusqu’à")]
    table = CsvText([*header, _("Véhicule"), _("Longitude"), _("Latitude"), _("Page")])
    for item in screen.shown:
        spot = _spot(item.shape)
        table.add(
            [
                str(LAYER_NAMES[item.layer]),
                item.id,
                item.title,
                look_words(item),
                " ".join(item.lines),
                item.since.isoformat() if item.since else "",
                item.until.isoformat() if item.until else "",
                item.concern,
                round(spot.x, 6),
                round(spot.y, 6),
                item.href or "",
            ]
        )
    table.add(["", "", notice(screen), "", about.title, "", "", "", "", "", about.page])
    return table.text.encode("utf-8", "replace")


def to_gpx(screen: Screen, about: About) -> bytes:
    """One way-point per thing shown."""
    writer = Writer(GPX, "gpx", version="1.1", creator="Joptimiz")
    described = writer.add(writer.root, "metadata")
    writer.add(described, "name", about.title)
    writer.add(described, "desc", notice(screen))
    writer.add(described, "link", href=about.page)
    writer.add(described, "time", utc(about.at))
    for item in screen.shown:
        spot = _spot(item.shape)
        point = writer.add(writer.root, "wpt", lat=f"{spot.y:.6f}", lon=f"{spot.x:.6f}")
        writer.add(point, "name", item.title)
        writer.add(point, "desc", _description(item))
        if item.href:
            writer.add(point, "link", href=item.href)
        writer.add(point, "type", item.layer.value)
    return writer.content()


def to_kml(screen: Screen, about: About) -> bytes:
    """One folder per layer, one placemark per thing shown."""
    writer = Writer(KML, "kml")
    document = writer.add(writer.root, "Document")
    writer.add(document, "name", about.title)
    writer.add(document, "description", f"{notice(screen)} {about.page}")
    for name, colour in _KML_COLOURS.items():
        style = writer.add(document, "Style", id=name)
        line = writer.add(style, "LineStyle")
        writer.add(line, "color", colour)
        writer.add(line, "width", "4")
        writer.add(writer.add(style, "PolyStyle"), "color", f"40{colour[2:]}")
    for layer in Layer:
        items = [item for item in screen.shown if item.layer is layer]
        if items:
            folder = writer.add(document, "Folder")
            writer.add(folder, "name", str(LAYER_NAMES[layer]))
            for item in items:
                _placemark(writer, folder, item)
    return writer.content()


def _placemark(writer: Writer, folder: etree._Element, item: Shown) -> None:
    mark = writer.add(folder, "Placemark")
    writer.add(mark, "name", item.title)
    writer.add(mark, "description", " ".join(filter(None, [_description(item), item.href])))
    if item.since is not None:
        span = writer.add(mark, "TimeSpan")
        writer.add(span, "begin", utc(item.since))
        if item.until is not None:
            writer.add(span, "end", utc(item.until))
    if item.look in _KML_COLOURS:
        writer.add(mark, "styleUrl", f"#{item.look}")
    parts = list(_parts(item.shape))
    holder = mark if len(parts) == 1 else writer.add(mark, "MultiGeometry")
    for part in parts:
        _geometry(writer, holder, part)


def _geometry(writer: Writer, holder: etree._Element, part: BaseGeometry) -> None:
    if isinstance(part, shapely.Polygon):
        area = writer.add(holder, "Polygon")
        for name, rings in (("outerBoundaryIs", [part.exterior]), ("innerBoundaryIs", part.interiors)):
            for ring in rings:
                line = writer.add(writer.add(area, name), "LinearRing")
                writer.add(line, "coordinates", _positions(ring))
    else:
        name = "Point" if isinstance(part, shapely.Point) else "LineString"
        writer.add(writer.add(holder, name), "coordinates", _positions(part))


def _parts(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    for part in shapely.get_parts(shape):
        # A collection holds collections at most once more.
        yield from shapely.get_parts(part)


def _positions(shape: BaseGeometry) -> str:
    return " ".join(f"{lon:.6f},{lat:.6f}" for lon, lat in shapely.get_coordinates(shape))


def _description(item: Shown) -> str:
    return " ".join([*item.lines, *([f"{item.concern}."] if item.concern else [])])


def _spot(shape: BaseGeometry) -> shapely.Point:
    """A point on or in a shape."""
    return shape if isinstance(shape, shapely.Point) else shapely.point_on_surface(shape)


MAKERS: Mapping[FileKind, tuple[str, Callable[[Screen, About], bytes]]] = {
    FileKind.GEOJSON: ("application/geo+json", to_geojson),
    FileKind.KML: ("application/vnd.google-earth.kml+xml", to_kml),
    FileKind.GPX: ("application/gpx+xml", to_gpx),
    FileKind.CSV: ("text/csv", to_csv),
}
