"""How long 10,000 addresses take over a week: geocoded by the index of the town, judged by a law of 10,000 measures."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import shapely

from portal.itineriz.addresses.checking import MOST_ADDRESSES, Checked, Checker
from portal.itineriz.addresses.finding import Finder
from portal.itineriz.addresses.results import encode
from portal.itineriz.asking import engine_of
from portal.itineriz.places.sheet import SheetRow
from portal.itineriz.routing.engine import Engine
from portal.numeriz.api import law_snapshot
from portal.regulations.evaluate import verdict
from portal.regulations.measures import LocationKind, Measure
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.law_sample import NOW, invented_measures
from portal.runtime.bench.line import Line, timed_ms
from portal.territories.api import get_territory

_MEASURES = 10_000
_LORRY = {"gvw_t": 12, "height_m": 3.5, "width_m": 2.5, "length_m": 8.6}
_AREA_DEGREES = 0.0015
_NAIVE = 20
_HOURS = 7 * 24


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the seconds of a check, from the texts to the file of its result, with the law of the demonstration and
    with 10,000 measures on its streets, beside asking the law once per address and hour (measured on a few)."""
    dice = random.Random(11)  # noqa: S311 the same addresses each time, nothing secret
    with ground.app.app_context():
        territory = get_territory(ground.territory)
        zone, engine = ZoneInfo(territory.timezone), engine_of(territory)
        own = law_snapshot(territory.id)
        crowded = _crowded(own, engine)
        doors = [f"{door.number} {door.street}" for door in ground.town.addresses]
        rows = [SheetRow(number, {"address": dice.choice(doors)}) for number in range(1, MOST_ADDRESSES + 1)]
        vehicle, monday = Vehicle.from_public(_LORRY), (NOW - timedelta(days=NOW.weekday())).date()

        def check(law: LawSnapshot, count: int = MOST_ADDRESSES) -> Checked:
            checked = Checker(engine, law, zone, monday, vehicle).check(rows[:count], Finder(territory))
            encode(checked.answers, [address.to_json() for address in checked.addresses])
            return checked

        # The graph and the law are read before: the job of a check finds them so, or waits for them once.
        check(own, 1)
        for name, law in ((f"{len(own.measures)} measures", own), (f"{len(crowded.measures)} measures", crowded)):
            found: list[Checked] = []
            seconds = timed_ms(_kept(check, law, found)) / 1000
            naive = _naive_s(law, found[0], vehicle)
            yield Line(
                f"{MOST_ADDRESSES} addresses over a week, {name}",
                seconds,
                "s",
                f"the law asked for each address and hour ({_NAIVE} measured)",
                naive,
            )


def _kept(check: Callable[[LawSnapshot], Checked], law: LawSnapshot, found: list[Checked]) -> Callable[[], None]:
    return lambda: found.append(check(law))


def _crowded(law: LawSnapshot, engine: Engine) -> LawSnapshot:
    """The law with 10,000 invented measures on the streets and around the corners of the town."""
    dice = random.Random(12)  # noqa: S311 the same law each time, nothing secret
    more: list[Measure] = []
    for one in invented_measures(_MEASURES):
        street = dice.choice(engine.table.shapes)
        (place,) = one.locations
        shape = shapely.centroid(street).buffer(_AREA_DEGREES) if place.kind is LocationKind.AREA else street
        more.append(replace(one, locations=(replace(place, shape=shape),)))
    return LawSnapshot.build(
        law.perimeters.values(),
        [*law.measures.values(), *more],
        zone=law.zone,
        version="crowded",
        region=law.calendar.region,
        previous=law,
    )


def _naive_s(law: LawSnapshot, checked: Checked, vehicle: Vehicle) -> float:
    """Seconds that all addresses would take one by one and hour by hour, from a few of them."""
    points = [
        shapely.Point(found.lon, found.lat)
        for address in checked.addresses[:_NAIVE]
        if (found := address.located.found) is not None
    ]
    hours = [NOW + timedelta(hours=hour) for hour in range(_HOURS)]

    def ask() -> None:
        for point in points:
            for at in hours:
                verdict(law, point, at, vehicle)

    return timed_ms(ask) / 1000 / len(points) * MOST_ADDRESSES
