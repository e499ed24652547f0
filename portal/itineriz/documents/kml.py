"""The tour as KML 2.2: the way, the stops, and in a folder of their own the streets that were closed to it.

Source: OGC 07-147r2, KML 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext
from lxml import etree

from portal.itineriz.documents.gpx import degrees
from portal.itineriz.documents.told import Closed, ToldTour
from portal.itineriz.documents.xml_text import Writer, utc
from portal.itineriz.pages.shown import StopShown
from portal.web import filters

NAMESPACE = "http://www.opengis.net/kml/2.2"
_WAY, _CLOSED = "way", "closed"
# Alpha, blue, green, red: the order of KML.
_LOOKS = ((_WAY, "ff8f4a0b", "5"), (_CLOSED, "ff180db0", "4"))


def _(text: str, /, **params: object) -> str:
    return str(gettext(text, **params))


def to_kml(tour: ToldTour) -> bytes:
    """The file."""
    writer = Writer(NAMESPACE, "kml")
    document = writer.add(writer.root, "Document")
    writer.add(document, "name", tour.name)
    writer.add(document, "description", tour.notice)
    for name, colour, width in _LOOKS:
        line = writer.add(writer.add(document, "Style", id=name), "LineStyle")
        writer.add(line, "color", colour)
        writer.add(line, "width", width)
    _ways(writer, document, tour)
    _stops(writer, document, tour.stops)
    drawn = [closed for closed in tour.closed if closed.lines]
    if drawn:
        _closed(writer, document, drawn)
    return writer.content()


def _ways(writer: Writer, document: etree._Element, tour: ToldTour) -> None:
    folder = _folder(writer, document, _("Itinéraire"))
    for way in tour.ways:
        if len(way.line) < 2:
            continue
        mark = writer.add(folder, "Placemark")
        writer.add(mark, "name", _("%(start)s → %(end)s", start=way.leg.start.label, end=way.leg.end.label))
        length, lasting = filters.distance(way.leg.distance_m), filters.duration(way.leg.duration_s)
        writer.add(mark, "description", f"{length}, {lasting}")
        span = writer.add(mark, "TimeSpan")
        writer.add(span, "begin", utc(way.leg.depart_at))
        writer.add(span, "end", utc(way.leg.arrive_at))
        writer.add(mark, "styleUrl", f"#{_WAY}")
        _line(writer, mark, way.line)


def _stops(writer: Writer, document: etree._Element, stops: Sequence[StopShown]) -> None:
    folder = _folder(writer, document, _("Arrêts"))
    for stop in stops:
        mark = writer.add(folder, "Placemark")
        writer.add(mark, "name", f"{stop.sign}. {stop.label}")
        if stop.arrive_at is not None:
            writer.add(writer.add(mark, "TimeStamp"), "when", utc(stop.arrive_at))
        writer.add(writer.add(mark, "Point"), "coordinates", _position((stop.lon, stop.lat)))


def _closed(writer: Writer, document: etree._Element, drawn: Sequence[Closed]) -> None:
    folder = _folder(writer, document, _("Rues évitées"))
    for closed in drawn:
        mark = writer.add(folder, "Placemark")
        writer.add(mark, "name", closed.title)
        writer.add(mark, "description", closed.why)
        writer.add(mark, "styleUrl", f"#{_CLOSED}")
        many = writer.add(mark, "MultiGeometry")
        for line in closed.lines:
            _line(writer, many, line)


def _folder(writer: Writer, document: etree._Element, name: str) -> etree._Element:
    folder = writer.add(document, "Folder")
    writer.add(folder, "name", name)
    return folder


def _line(writer: Writer, parent: etree._Element, positions: Sequence[Sequence[float]]) -> None:
    line = writer.add(parent, "LineString")
    writer.add(line, "tessellate", "1")
    writer.add(line, "coordinates", " ".join(map(_position, positions)))


def _position(position: Sequence[float]) -> str:
    return f"{degrees(position[0])},{degrees(position[1])}"
