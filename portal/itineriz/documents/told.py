"""The parts of a stored answer that files draw: the track of each leg with its times, the streets that were closed.

Answers of older releases lack some keys: each absence has the meaning said beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext

from portal.itineriz.documents.wording import reason_text, step_text
from portal.itineriz.pages.display import Answer
from portal.itineriz.pages.shown import LegShown, StopShown
from portal.itineriz.queries import RouteView
from portal.territories.api import TerritoryView

type Point = tuple[float, float]


def _(text: str, /, **params: object) -> str:
    return str(gettext(text, **params))


@dataclass(frozen=True, slots=True)
class Step:
    """A manoeuvre, where it begins (lon, lat; None in old answers). metres: driven until the next one."""

    text: str
    language: str
    metres: float
    at: Point | None


@dataclass(frozen=True, slots=True)
class Way:
    """A leg with what files need of it. track: (lon, lat, instant), in the order driven; may be empty."""

    leg: LegShown
    steps: Sequence[Step]
    track: Sequence[tuple[float, float, datetime]]

    @property
    def line(self) -> list[list[float]]:
        """The track as GeoJSON positions, without the points where the vehicle stands still."""
        line: list[list[float]] = []
        for lon, lat, _at in self.track:
            if not line or line[-1] != [lon, lat]:
                line.append([lon, lat])
        return line


@dataclass(frozen=True, slots=True)
class Closed:
    """Streets that the route without law would have taken. lines: as in a GeoJSON MultiLineString; may be empty.

    minutes: what it costs, those of a wait for its end (wait_min) included.
    """

    why: str
    title: str
    url: str
    starts_at: str
    ends_at: str
    minutes: float
    wait_min: float
    metres: float
    lines: Sequence[Sequence[Sequence[float]]]


class ToldTour:
    """A lawful tour as files tell it. Made in the language of the running context; place: its territory."""

    def __init__(self, route: RouteView, place: TerritoryView) -> None:
        self.route = route
        self.place = place
        self.zone = ZoneInfo(place.timezone)
        self.result: Mapping[str, Any] = route.result or {}
        self.answer = Answer(route, place.timezone)
        self.ways: Sequence[Way] = list(self._ways())
        self.closed: Sequence[Closed] = [self._closed(values) for values in self.result.get("avoided", ())]

    @property
    def stops(self) -> Sequence[StopShown]:
        """The stops in the order served; the first is the departure."""
        return self.answer.stops

    @property
    def name(self) -> str:
        """The name a person gave to the tour, else where it goes."""
        given = self.route.label
        return given or _("%(start)s → %(end)s", start=self.stops[0].label, end=self.stops[-1].label)

    @property
    def notice(self) -> str:
        """What every file says: the order and the signs prevail, and where the streets come from."""
        return " ".join(
            [
                _("Informations indicatives\u00a0: seuls l’arrêté signé et la signalisation font foi."),
                _("Données cartographiques © les contributeurs d’OpenStreetMap, licence ODbL."),
            ]
        )

    @property
    def line(self) -> list[list[float]]:
        """The whole tour as GeoJSON positions."""
        geometry = self.result.get("geometry")
        return geometry["coordinates"] if geometry else []

    def _ways(self) -> Iterator[Way]:
        """The legs with their own part of the timeline, which is in the order of time."""
        timeline = [(lon, lat, datetime.fromisoformat(at)) for lon, lat, at in self.result.get("timeline", ())]
        begin = 0
        for leg, values in zip(self.answer.legs, self.result.get("legs", ()), strict=True):
            while begin < len(timeline) and timeline[begin][2] < leg.depart_at:
                begin += 1
            end = begin
            while end < len(timeline) and timeline[end][2] <= leg.arrive_at:
                end += 1
            yield Way(leg, [_step(step) for step in values["instructions"]], timeline[begin:end])
            # The arrival without a stay is the departure of the next leg too.
            begin = max(begin, end - 1)

    def _closed(self, values: Mapping[str, Any]) -> Closed:
        lines = values.get("lines")
        return Closed(
            why=reason_text(values, self.zone),
            title=str(values.get("title", "")),
            url=str(values.get("url") or ""),
            starts_at=str(values.get("starts_at") or ""),
            ends_at=str(values.get("ends_at") or ""),
            minutes=float(values.get("minutes", 0)),
            wait_min=float(values.get("wait_min", 0)),
            metres=float(values.get("metres", 0)),
            lines=lines["coordinates"] if lines else (),
        )


def _step(values: Mapping[str, Any]) -> Step:
    text, language = step_text(values)
    at = (float(values["lon"]), float(values["lat"])) if "lon" in values and "lat" in values else None
    return Step(text, language, float(values["distance_m"]), at)
