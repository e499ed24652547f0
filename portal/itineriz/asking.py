"""From what people and programs give to a trip, and from a trip to its answer: the one way in."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid, Unavailable
from portal.fleet.api import Energy, get_known_vehicles
from portal.itineriz.kept_bays import bays_of
from portal.itineriz.planning.driving import Progress
from portal.itineriz.planning.planner import Extras, plan
from portal.itineriz.routing.engine import Engine, open_engine
from portal.itineriz.trip import Stop, Trip, TripResult
from portal.numeriz.api import law_snapshot
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Colour
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from portal.territories.api import TerritoryView

MOST_STOPS = 200
_HAS_HOUR = re.compile(r"\d[T ]\d", re.IGNORECASE)
FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Nobody drives before or after, and the ends of the calendar break every sum of hours."""


def answer(
    territory: TerritoryView,
    trip: Trip,
    progress: Progress | None = None,
    *,
    read: tuple[LawSnapshot, datetime] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> TripResult:
    """The lawful tour of a trip in a territory. Raises Invalid for what was given, Unavailable without a graph.

    progress: (step, done, total) told on the way, step "order" or "leg"; what it raises goes through. read: the present
    law of the territory, when it was just read, and the hour before it was.
    """
    check_stops(territory, trip.stops)
    engine, now = engine_of(territory), clock.now()
    law, law_at = (law_snapshot(territory.id), now) if read is None else read
    bays = bays_of(territory.id, law)
    result = plan(engine, law, trip, extras=Extras(bays=bays, progress=progress, now=law_at))
    return replace(result, law_at=law_at)


def energy_of(company_id: UUID | None, vehicle_id: UUID | None) -> str | None:
    """What a vehicle of a company runs on, None when nobody said so or it has left the fleet."""
    if company_id is None or vehicle_id is None:
        return None
    found = get_known_vehicles(company_id, [vehicle_id])
    energy = found[0].energy if found else None
    return None if energy is None else energy.value


def engine_of(territory: TerritoryView) -> Engine:
    """The engine of a territory's present graph. Raises Unavailable("graph-missing") when there is none here."""
    if territory.graph_dir is None:
        raise Unavailable("graph-missing", territory=territory.slug)
    try:
        return open_engine(territory.graph_dir)
    except OSError as error:
        # The row names a build whose files are not on this machine.
        raise Unavailable("graph-missing", territory=territory.slug) from error


def check_stops(territory: TerritoryView, stops: Sequence[Stop]) -> None:
    """Refuse stops that cannot be in the territory, before any costly work."""
    if len(stops) < 2:
        raise Invalid("stops-missing", field="stops")
    if len(stops) > MOST_STOPS:
        raise Invalid("too-many-stops", field="stops", most=MOST_STOPS)
    for number, stop in enumerate(stops):
        check_position(territory, stop.lon, stop.lat, number)


def check_position(territory: TerritoryView, lon: float, lat: float, number: int | None = None) -> None:
    """Refuse a position outside the territory; say so when longitude and latitude look exchanged.

    number: of the stop, from 0; None for a position that is no stop of a tour.
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise Invalid("stop-not-a-position", field="stops", stop=number)
    if territory.bounds is None:
        raise Unavailable("graph-missing", territory=territory.slug)
    if _inside(territory.bounds, lon, lat):
        return
    code = "stop-swapped" if _inside(territory.bounds, lat, lon) else "stop-outside-territory"
    raise Invalid(code, field="stops", stop=number)


def _inside(bounds: Sequence[float], lon: float, lat: float) -> bool:
    west, south, east, north = bounds
    return west <= lon <= east and south <= lat <= north


def read_position(text: str, number: int | None = None) -> tuple[float, float]:
    """Read `LON,LAT` in degrees; number as in `check_position`. Raises Invalid("stop-not-a-position")."""
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Invalid("stop-not-a-position", field="stops", stop=number) from error
    return lon, lat


def read_instant(text: str, zone: ZoneInfo) -> datetime:
    """Read an ISO instant; without an offset it is the local time of the territory.

    Of a local time that comes twice in autumn the first is taken. Raises Invalid("departure-unreadable") and
    Invalid("departure-does-not-exist") for the hour skipped in spring.
    """
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid("departure-unreadable", field="depart_at") from error
    if not _HAS_HOUR.search(text):
        # Midnight is an hour like another: it must be said.
        raise Invalid("departure-unreadable", field="depart_at")
    return local_instant(given, zone)


def local_instant(given: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time of the territory, or of an aware time. Raises Invalid, see `read_instant`."""
    if not FIRST_YEAR <= given.year <= LAST_YEAR:
        raise Invalid("departure-unreadable", field="depart_at")
    if given.tzinfo is not None:
        return given.astimezone(UTC)
    instant = given.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != given:
        raise Invalid("departure-does-not-exist", field="depart_at")
    return instant


def check_instants(depart_at: datetime, stops: Sequence[Stop]) -> None:
    """Refuse hours in which nobody drives: of the departure (or arrival), and of the windows of the stops."""
    if not FIRST_YEAR <= depart_at.year <= LAST_YEAR:
        raise Invalid("departure-unreadable", field="depart_at")
    for number, stop in enumerate(stops):
        for span in stop.windows:
            if span.start.year < FIRST_YEAR or span.end.year > LAST_YEAR:
                raise Invalid("window-unreadable", field="window", stop=number)


def read_windows(text: str, zone: ZoneInfo) -> tuple[Interval, ...]:
    """Read the windows of a stop, `START/END` in ISO instants, several with commas. Raises Invalid("window-unreadable")
    and what `read_instant` raises."""
    windows = []
    for part in text.split(","):
        start, slash, end = part.partition("/")
        if not slash:
            raise Invalid("window-unreadable", field="window")
        first, last = read_instant(start, zone), read_instant(end, zone)
        if last <= first:
            raise Invalid("window-unreadable", field="window")
        windows.append(Interval(first, last))
    return tuple(windows)


def read_energy(text: str) -> str:
    """Read what a vehicle runs on. Raises Invalid("energy-unknown")."""
    known = [energy.value for energy in Energy]
    if text not in known:
        raise Invalid("energy-unknown", field="energy", known=", ".join(known))
    return text


def read_vehicle(text: str) -> Vehicle:
    """Read the JSON object of a vehicle (tonnes, metres). Raises Invalid."""
    try:
        values = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid("vehicle-unreadable", field="vehicle") from error
    if not isinstance(values, Mapping):
        raise Invalid("vehicle-unreadable", field="vehicle")
    return Vehicle.from_public(values)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


def read_colours(texts: Sequence[str]) -> frozenset[Colour]:
    """Read colours of perimeters, each text one colour or several with commas. Raises Invalid("colour-unknown")."""
    found = set()
    for name in ",".join(texts).split(",") if texts else ():
        try:
            found.add(Colour(name.strip().lower()))
        except ValueError as error:
            known = ", ".join(colour.value for colour in Colour)
            raise Invalid("colour-unknown", field="colour_passes", colour=name.strip()[:40], known=known) from error
    return frozenset(found)


def colour_passes(colours: Iterable[Colour], at: datetime) -> tuple[PassRight, ...]:
    """A supposed pass for whole colours around an instant, to compare with and without."""
    held = frozenset(colours)
    return (PassRight(at - timedelta(days=1), at + timedelta(days=7), colours=held),) if held else ()
