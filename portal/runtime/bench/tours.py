"""How long a tour in a free order takes, as it grows: ordered, driven and lawful, end to end."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from portal.itineriz import asking
from portal.itineriz.trip import Call, Status, Stop, Trip, TripResult
from portal.regulations.vehicles import Vehicle
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, timed_ms
from portal.runtime.bench.routes import forget_ways
from portal.territories.api import get_territory

_GROWTH: Final = (10, 50, 100, 200)
_SERVICE_S: Final = 60
_MOST_DRAWS: Final = 20
_LORRY: Final = {
    "gvw_t": 12,
    "height_m": 3.5,
    "width_m": 2.5,
    "length_m": 8.6,
    "axle_load_t": 8,
    "hazmat": False,
}


def measure(ground: Ground) -> Iterator[Line]:
    """Yield seconds of lawful tours in a free order on the demo town, beside the same stops in the order given."""
    with ground.app.app_context():
        asked = _Tours(ground)
        for count in (3, *_GROWTH):
            stops = asked.servable(count)
            given_s, free_s = (asked.seconds(stops, free=free) for free in (False, True))
            if count in _GROWTH:  # the first tour reads the graph and the law
                yield Line(f"lawful tour of {count} stops, free order", free_s, "s", "order given", given_s)


class _Tours:
    """Tours through the town tomorrow from eight o'clock, by a lorry without a pass."""

    def __init__(self, ground: Ground) -> None:
        self._dice = random.Random(11)  # noqa: S311 the same stops each time, nothing secret
        self._places = [(address.lon, address.lat) for address in ground.town.addresses]
        self._vehicle = Vehicle.from_public(_LORRY)
        self._territory = get_territory(ground.territory)
        zone = ZoneInfo(self._territory.timezone)
        self._depart_at = datetime.combine(datetime.now(zone).date() + timedelta(days=1), time(8), zone)

    def drive(self, stops: Sequence[Stop], *, free: bool) -> TripResult:
        """The answer for a tour that comes back to its start."""
        trip = Trip(tuple(stops), self._depart_at, self._vehicle, return_to_start=True, free_order=free)
        return asking.answer(self._territory, trip)

    def seconds(self, stops: Sequence[Stop], *, free: bool) -> float:
        """How long that answer takes when no way of it was driven before."""
        forget_ways(asking.engine_of(self._territory))
        return timed_ms(lambda: self.drive(stops, free=free)) / 1000

    def servable(self, count: int) -> list[Stop]:
        """Stops drawn at random that one lawful tour serves: what stands in its way is drawn again.

        Raises RuntimeError when the town has no such tour.
        """
        stops = [self._draw() for _ in range(count)]
        for _ in range(_MOST_DRAWS):
            found = self.drive(stops, free=True)
            refused = {stop.number for stop in found.impossible}
            # The way to a stop may be closed because of where it begins.
            refused |= {call.number for obstacle in found.blocking for call in _ends(found, obstacle.stop)}
            if found.status is Status.OK and not refused:
                return stops
            for number in refused:
                stops[number] = self._draw()
        raise RuntimeError(f"no lawful tour of {count} stops was found")

    def _draw(self) -> Stop:
        return Stop(*self._dice.choice(self._places), service_s=_SERVICE_S)


def _ends(found: TripResult, place: int) -> tuple[Call, ...]:
    """Both stops of the way to this place in the order served."""
    return found.calls[max(0, place - 1) : place + 1]
