"""What the pages of a tour show, piece by piece: stops, legs, bays, what a regulation did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from flask_babel import gettext, ngettext

from portal.web import filters

Span = tuple[datetime, datetime | None]


def _(text: str, /, **params: object) -> str:
    return str(gettext(text, **params))


@dataclass(frozen=True, slots=True)
class BayShown:
    """A delivery bay near a stop. hours_told: False when the hours are in the French of an older answer."""

    name: str
    address: str
    lon: float
    lat: float
    walk_m: float
    length_m: float | None
    regime: str
    hours: str
    hours_told: bool
    max_stay_min: int | None
    doubt: str


@dataclass(frozen=True, slots=True)
class StopShown:
    """A stop in the order served. place: from 0. number: in the order given. is_return: the start, come back to."""

    place: int
    number: int
    label: str
    lon: float
    lat: float
    at: tuple[float, float]
    arrive_at: datetime | None
    leave_at: datetime | None
    wait_s: float
    service_s: float
    windows: Sequence[Span]
    bays: Sequence[BayShown]
    is_return: bool

    @property
    def sign(self) -> str:
        """What stands on the map and beside the name: D for the departure, then the number of the visit."""
        return _("D") if self.place == 0 else str(self.place)

    @property
    def short(self) -> str:
        """The name without the postcode and the town, which say nothing within one territory."""
        return short_label(self.label)


@dataclass(frozen=True, slots=True)
class LegShown:
    """The way to a stop. steps: (text, language, metres)."""

    start: StopShown
    end: StopShown
    depart_at: datetime
    arrive_at: datetime
    distance_m: float
    duration_s: float
    steps: Sequence[tuple[str, str, float]]
    gps: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Regulation:
    """What a regulation did to the tour, in words. asks: what its perimeter asks for: pass, accreditation, document.

    minutes, metres: of the detour. wait_min: minutes waited until it ended.
    """

    text: str
    colour: str | None
    url: str | None
    article: str
    source: str
    minutes: float
    metres: float
    wait_min: float
    opens_at: datetime | None
    stop: str
    asks: str | None


@dataclass(frozen=True, slots=True)
class ImpossibleStop:
    """A stop left out: why, when it is open, and whether a pass would open it."""

    name: str
    reasons: Sequence[str]
    open: Sequence[Span]
    passes: Sequence[str]
    asks_pass: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A better hour. depart_at: the departure that makes it, None when it cannot be asked for by an hour alone."""

    text: str
    depart_at: str | None
    arrive_at: datetime | None


def short_label(label: str) -> str:
    """An address without its postcode and town."""
    street, _comma, town = label.partition(", ")
    return street if town[:5].isdecimal() else label


def gps_links(stop: StopShown) -> list[tuple[str, str]]:
    """Links that open the way to where the vehicle stands for a stop in the driver's own GPS: (name, URL).

    They are plain links: nothing leaves the phone before one is pressed, and then the position alone.
    """
    lon, lat = stop.at
    position = f"{lat:.6f},{lon:.6f}"
    google = urlencode({"api": "1", "destination": position, "travelmode": "driving"})
    waze = urlencode({"ll": position, "navigate": "yes"})
    apple = urlencode({"daddr": position, "dirflg": "d"})
    return [
        (_("GPS du téléphone"), f"geo:{position}?q={position}({quote(stop.label[:60])})"),
        ("Waze", f"https://waze.com/ul?{waze}"),
        ("Google Maps", f"https://www.google.com/maps/dir/?{google}"),
        ("Plans (Apple)", f"https://maps.apple.com/?{apple}"),
    ]


def spans_text(spans: Sequence[Span], timezone: str) -> str:
    """Spans in words: « de 08:00 à 12:00 » on one day, with the days when they cross midnight."""
    zone = ZoneInfo(timezone)
    return ", ".join(_span_text(start.astimezone(zone), end and end.astimezone(zone)) for start, end in spans)


def _span_text(start: datetime, end: datetime | None) -> str:
    day = filters.short_day(start.date())
    if end is None:
        return _("à partir du %(day)s à %(start)s", day=day, start=f"{start:%H:%M}")
    if start.date() == end.date():
        return _("%(day)s de %(start)s à %(end)s", day=day, start=f"{start:%H:%M}", end=f"{end:%H:%M}")
    return _(
        "du %(day)s à %(start)s au %(last)s à %(end)s",
        day=day,
        start=f"{start:%H:%M}",
        last=filters.short_day(end.date()),
        end=f"{end:%H:%M}",
    )


def stop_name(place: int, label: str = "") -> str:
    """« Départ » or « Arrêt n° 2 », followed by its label: as the signs of the map count."""
    name = _("Arrêt n°\u00a0%(number)s", number=place) if place else _("Départ")
    return _("%(name)s\u00a0: %(label)s", name=name, label=label) if label else name


def stops_words(count: int) -> str:
    """« 3 arrêts »."""
    return str(ngettext("%(num)d arrêt", "%(num)d arrêts", count))
