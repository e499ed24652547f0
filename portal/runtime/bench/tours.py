"""How long a tour in a free order takes, as it grows: ordered, driven and lawful, end to end."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from portal.itineriz import asking
from portal.itineriz.trip import Stop, Trip
from portal.regulations.vehicles import Vehicle
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, timed_ms
from portal.territories.api import get_territory

_GROWTH: Final = (10, 50, 100, 200)
_SERVICE_S: Final = 60
_LORRY: Final = {
    "gvw_t": 12,
    "height_m": 3.5,
    "width_m": 2.5,
    "length_m": 8.6,
    "axle_load_t": 8,
    "hazmat": False,
}


def measure(ground: Ground) -> Iterator[Line]:
    """Yield seconds of tours in a free order on the demo town, beside the same stops in the order given."""
    dice = random.Random(11)  # noqa: S311 the same stops each time, nothing secret
    places = [(address.lon, address.lat) for address in ground.town.addresses]
    vehicle = Vehicle.from_public(_LORRY)
    with ground.app.app_context():
        territory = get_territory(ground.territory)
        zone = ZoneInfo(territory.timezone)
        depart_at = datetime.combine(datetime.now(zone).date() + timedelta(days=1), time(8), zone)
        for count in (3, *_GROWTH):
            stops = tuple(Stop(*dice.choice(places), service_s=_SERVICE_S) for _ in range(count))
            given = Trip(stops, depart_at, vehicle, return_to_start=True)
            free = Trip(stops, depart_at, vehicle, return_to_start=True, free_order=True)
            given_ms, free_ms = (timed_ms(lambda trip=trip: asking.answer(territory, trip)) for trip in (given, free))  # type: ignore[misc]
            if count in _GROWTH:  # the first tour reads the graph and the law
                yield Line(f"tour of {count} stops, free order", free_ms / 1000, "s", "order given", given_ms / 1000)
