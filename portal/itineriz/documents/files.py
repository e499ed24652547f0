"""The files of a tour for the road: for the devices of the driver, for spreadsheets, for paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import force_locale, gettext

from portal.common.errors import Conflict
from portal.common.text import fold
from portal.itineriz.documents.geojson import to_geojson
from portal.itineriz.documents.gpx import to_gpx
from portal.itineriz.documents.kml import to_kml
from portal.itineriz.documents.roadbook import make_road_book
from portal.itineriz.documents.stops_csv import to_csv
from portal.itineriz.documents.told import ToldTour
from portal.itineriz.ports import PassCode, pass_codes_of
from portal.itineriz.queries import RouteView
from portal.territories.api import TerritoryView

_NAME_LETTERS = 60


class FileKind(StrEnum):
    """The kinds of files; the value is the ending of the name."""

    GPX = "gpx"
    KML = "kml"
    GEOJSON = "geojson"
    CSV = "csv"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class ProducedFile:
    """A file ready to be sent. name: ASCII, safe in a header and on a disk."""

    name: str
    mimetype: str
    content: bytes


_MAKERS: dict[FileKind, tuple[str, Callable[[ToldTour], bytes]]] = {
    FileKind.GPX: ("application/gpx+xml", to_gpx),
    FileKind.KML: ("application/vnd.google-earth.kml+xml", to_kml),
    FileKind.GEOJSON: ("application/geo+json", to_geojson),
    FileKind.CSV: ("text/csv", to_csv),
    FileKind.PDF: ("application/pdf", lambda tour: make_road_book(tour, passes_of_tour(tour))),
}


def make_file(route: RouteView, kind: FileKind, *, place: TerritoryView, language: str) -> ProducedFile:
    """Make one file of an answered tour. place: its territory. language: fr or en.

    Raises Conflict("route-not-answered") while there is no answer, Conflict("route-not-lawful") for a refused tour:
    nobody takes a tour on the road that may not be driven.
    """
    with force_locale(language):
        mimetype, make = _MAKERS[kind]
        tour = tour_of(route, place)
        return ProducedFile(file_name(tour, kind), mimetype, make(tour))


def tour_of(route: RouteView, place: TerritoryView) -> ToldTour:
    """The lawful tour of a route, in the language of the running context. Raises as `make_file`."""
    if not route.status.answered or route.result is None:
        raise Conflict("route-not-answered")
    if route.result.get("status") != "ok":
        raise Conflict("route-not-lawful")
    return ToldTour(route, place)


def passes_of_tour(tour: ToldTour) -> Sequence[PassCode]:
    """The passes the vehicle shows during the tour; none for a vehicle that is not in the fleet."""
    vehicle_id = tour.route.vehicle_id
    if vehicle_id is None:
        return ()
    start = tour.answer.depart_at
    return pass_codes_of(tour.place.id, vehicle_id, start, tour.answer.arrive_at or start)


def file_name(tour: ToldTour, kind: FileKind) -> str:
    """The name of a file: what it is, the tour, the day."""
    what = gettext("Feuille de route") if kind is FileKind.PDF else gettext("Tournée")
    day = f"{tour.answer.depart_at.astimezone(tour.zone):%Y-%m-%d}"
    words = fold(f"{what} {tour.name}")[:_NAME_LETTERS].split()
    return f"{'-'.join([*words, day])}.{kind.value}"
