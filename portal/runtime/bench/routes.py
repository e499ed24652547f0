"""How long a lawful route takes, against the bare engine between the same points."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from valhalla import Actor

from portal.common.errors import NotFound
from portal.itineriz import asking
from portal.itineriz.routing.costing import costing_for
from portal.itineriz.trip import Stop, Trip
from portal.regulations.vehicles import Vehicle
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, percentile, timed_ms
from portal.territories.api import TerritoryView, get_territory, open_config

_PAIRS = 40
_LORRY = {"gvw_t": 12, "height_m": 3.5, "width_m": 2.5, "length_m": 8.6}


def measure(ground: Ground) -> Iterator[Line]:
    """Yield p50 and p95 of a route across the town on a day when its event closes streets."""
    dice = random.Random(7)  # noqa: S311 the same pairs each time, nothing secret
    places = [(address.lon, address.lat) for address in ground.town.addresses]
    pairs = [(Stop(*dice.choice(places)), Stop(*dice.choice(places))) for _ in range(_PAIRS)]
    vehicle = Vehicle.from_public(_LORRY)
    with ground.app.app_context():
        territory = get_territory(ground.territory)
        depart_at = _event_noon(territory)
        trips = [Trip(stops=pair, depart_at=depart_at, vehicle=vehicle) for pair in pairs]
        asking.answer(territory, trips[0])  # the graph and the law are read once, by the first
        lawful_ms = [timed_ms(lambda trip=trip: asking.answer(territory, trip)) for trip in trips]  # type: ignore[misc]
    bare_ms = _bare_ms(territory, pairs, vehicle)
    for percent in (50, 95):
        yield Line(
            f"lawful route of a 12 t lorry, {_PAIRS} pairs, p{percent}",
            percentile(lawful_ms, percent),
            "ms",
            f"plain Valhalla, p{percent}",
            percentile(bare_ms, percent),
        )


def _event_noon(territory: TerritoryView) -> datetime:
    """Noon of the day after tomorrow: the demonstration dates its event so."""
    zone = ZoneInfo(territory.timezone)
    return datetime.combine(datetime.now(zone).date() + timedelta(days=2), time(12), zone)


def _bare_ms(territory: TerritoryView, pairs: list[tuple[Stop, Stop]], vehicle: Vehicle) -> list[float]:
    if territory.graph_dir is None:
        raise NotFound("graph-missing")
    with open_config(territory.graph_dir) as config:
        engine = Actor(str(config))
    costing = costing_for(vehicle, unknown_is_large=True).as_request()

    def drive(pair: tuple[Stop, Stop]) -> None:
        engine.route({"locations": [{"lon": stop.lon, "lat": stop.lat} for stop in pair], **costing})

    drive(pairs[0])
    return [timed_ms(lambda pair=pair: drive(pair)) for pair in pairs]  # type: ignore[misc]
