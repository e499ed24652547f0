"""The stops of a tour for spreadsheets, in the order served."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext

from portal.itineriz.documents.told import ToldTour
from portal.itineriz.pages.shown import StopShown
from portal.sheets import CsvText


def _(text: str, /) -> str:
    return str(gettext(text))


def to_csv(tour: ToldTour) -> bytes:
    """The file: one line per stop, hours on the clock of the territory, whole minutes and metres."""
    table = CsvText(_headers())
    for stop in tour.stops:
        driven_m = tour.ways[stop.place - 1].leg.distance_m if 0 < stop.place <= len(tour.ways) else 0
        table.add(_cells(stop, driven_m, tour.zone))
    return table.text.encode("utf-8", "replace")


def _headers() -> list[str]:
    return [
        _("N°"),
        _("Arrêt"),
        _("Arrivée"),
        _("Repart"),
        _("Attente (min)"),
        _("Service (min)"),
        _("Créneaux"),
        _("Longitude"),
        _("Latitude"),
        _("Mètres depuis l’arrêt précédent"),
        _("Aire de livraison"),
        _("Mètres à pied"),
        _("Seconde aire"),
        _("Mètres à pied (seconde aire)"),
    ]


def _cells(stop: StopShown, driven_m: float, zone: ZoneInfo) -> Iterator[str | int | float]:
    yield stop.sign
    yield " ".join(stop.label.split())
    yield _clock(stop.arrive_at, zone)
    yield _clock(stop.leave_at, zone)
    yield round(stop.wait_s / 60)
    yield round(stop.service_s / 60)
    yield ", ".join(f"{_clock(start, zone)} – {_clock(end, zone)}" for start, end in stop.windows)
    yield round(stop.lon, 6)
    yield round(stop.lat, 6)
    yield round(driven_m)
    for choice in (0, 1):
        bay = stop.bays[choice] if choice < len(stop.bays) else None
        yield " ".join((bay.name or bay.address).split()) if bay else ""
        yield round(bay.walk_m) if bay else ""


def _clock(at: datetime | None, zone: ZoneInfo) -> str:
    """2026-11-25 09:10: a spreadsheet in any language takes it for a date."""
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
