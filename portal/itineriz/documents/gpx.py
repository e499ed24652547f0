"""The tour as GPX 1.1: stops as waypoints, manoeuvres as a route, the way driven as a track with its times.

The order of elements is that of the schema, which is strict about it. Source: GPX 1.1 Schema Documentation
(topografix.com/GPX/1/1).
"""

from __future__ import annotations

from lxml import etree

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.itineriz.documents.told import ToldTour, Way
from portal.itineriz.documents.xml_text import Writer, utc
from portal.itineriz.pages.shown import StopShown

NAMESPACE = "http://www.topografix.com/GPX/1/1"
ODBL = "https://opendatacommons.org/licenses/odbl/1-0/"


def to_gpx(tour: ToldTour, *, clock: Clock = SYSTEM_CLOCK) -> bytes:
    """The file. A tour is one route and one track, whose segments are the legs."""
    writer = Writer(NAMESPACE, "gpx", version="1.1", creator="Joptimiz")
    _metadata(writer, tour, clock)
    for stop in tour.stops:
        point = _point(writer, writer.root, "wpt", stop.lon, stop.lat)
        if stop.arrive_at is not None:
            writer.add(point, "time", utc(stop.arrive_at))
        writer.add(point, "name", _numbered(stop))
        writer.add(point, "type", "stop")
    route = writer.add(writer.root, "rte")
    writer.add(route, "name", tour.name)
    _stop_of_route(writer, route, tour.stops[0])
    for way in tour.ways:
        _manoeuvres(writer, route, way)
        _stop_of_route(writer, route, way.leg.end)
    track = writer.add(writer.root, "trk")
    writer.add(track, "name", tour.name)
    for way in tour.ways:
        if way.track:
            segment = writer.add(track, "trkseg")
            for lon, lat, at in way.track:
                writer.add(_point(writer, segment, "trkpt", lon, lat), "time", utc(at))
    return writer.content()


def _metadata(writer: Writer, tour: ToldTour, clock: Clock) -> None:
    about = writer.add(writer.root, "metadata")
    writer.add(about, "name", tour.name)
    writer.add(about, "desc", tour.notice)
    rights = writer.add(about, "copyright", author="OpenStreetMap contributors")
    writer.add(rights, "license", ODBL)
    writer.add(about, "time", utc(tour.route.ended_at or clock.now()))
    if tour.line:
        lons, lats = [lon for lon, _lat in tour.line], [lat for _lon, lat in tour.line]
        box = {"minlat": min(lats), "minlon": min(lons), "maxlat": max(lats), "maxlon": max(lons)}
        writer.add(about, "bounds", **{name: degrees(value) for name, value in box.items()})


def _manoeuvres(writer: Writer, route: etree._Element, way: Way) -> None:
    # The last one says that the stop is reached: the stop itself follows.
    for step in way.steps[:-1]:
        if step.at is not None:
            point = _point(writer, route, "rtept", *step.at)
            writer.add(point, "name", step.text)
            writer.add(point, "type", "manoeuvre")


def _stop_of_route(writer: Writer, route: etree._Element, stop: StopShown) -> None:
    """A stop as a point of the route: where the vehicle stands for it."""
    point = _point(writer, route, "rtept", *stop.at)
    if stop.arrive_at is not None:
        writer.add(point, "time", utc(stop.arrive_at))
    writer.add(point, "name", _numbered(stop))
    writer.add(point, "type", "stop")


def _point(writer: Writer, parent: etree._Element, name: str, lon: float, lat: float) -> etree._Element:
    return writer.add(parent, name, lat=degrees(lat), lon=degrees(lon))


def _numbered(stop: StopShown) -> str:
    return f"{stop.sign}. {stop.label}"


def degrees(value: float) -> str:
    """Degrees to 10 cm, never in powers of ten."""
    return f"{value:.6f}"
