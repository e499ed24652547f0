"""How long a lawful route takes, against the bare engine between the same points in the same run."""

from __future__ import annotations

import gc
import json
import random
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from datetime import time as clock
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from valhalla import Actor, ValhallaError, get_config

from portal.common.errors import NotFound
from portal.config import Settings
from portal.itineriz import asking
from portal.itineriz.routing.checking import LegContext, ids_at
from portal.itineriz.routing.costing import Costing, costing_for
from portal.itineriz.routing.engine import NO_PATH, Engine
from portal.itineriz.routing.lawgrid import LawGrid, grid_of
from portal.itineriz.routing.leglaw import LegQuestion
from portal.itineriz.routing.search import Outcome, Search
from portal.itineriz.trip import Stop, Trip
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from portal.runtime.bench.city import city_engine
from portal.runtime.bench.city_law import active_measures
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, percentile, timed_ms
from portal.runtime.bench.street_law import NOW
from portal.territories.api import TerritoryView, get_territory, open_config

type Point = tuple[float, float]

_PAIRS: Final = 40
_CITY_PAIRS: Final = 100
_GROWTH: Final = (0, 100, 1_000, 10_000, 100_000)
_ASKED: Final = 10_000
_EXCLUDED_PAIRS: Final = 5
_TOO_MANY_EXCLUDED: Final = 157
"""The engine's own code for more places than its limit lets be excluded."""
_PARIS: Final = ZoneInfo("Europe/Paris")
_LORRY: Final = {
    "gvw_t": 12,
    "height_m": 3.5,
    "width_m": 2.5,
    "length_m": 8.6,
    "axle_load_t": 8,
    "hazmat": False,
}


def measure(ground: Ground) -> Iterator[Line]:
    """Yield a route across the demo town on the day of its event, then a city under ever more measures."""
    yield from _in_demo_town(ground)
    settings: Settings = ground.app.extensions["settings"]
    yield from _in_city(city_engine(settings.var_dir / "city"))


def _in_demo_town(ground: Ground) -> Iterator[Line]:
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
    yield Line(
        "lawful routes a second through the planner, one core",
        1000 * len(lawful_ms) / sum(lawful_ms),
        "/s",
        "asked for",
        30.0,
    )


def _in_city(engine: Engine) -> Iterator[Line]:
    """The city under ever more active measures, always between the same points."""
    vehicle = Vehicle.from_public(_LORRY)
    costing = costing_for(vehicle, unknown_is_large=True)
    pairs = _city_pairs(engine)
    size = f"{len(engine.table):,} edges".replace(",", " ")
    for count in _GROWTH:
        law = LawSnapshot.build([], active_measures(engine.table, count), zone=_PARIS, version=str(count))
        grid = grid_of(engine, law)
        _lawful(grid, pairs[0], vehicle, costing)
        gc.collect()
        plain_ms, lawful_ms = [], []
        for pair in pairs:
            plain_ms.append(timed_ms(lambda pair=pair: _plain(engine, pair, costing)))  # type: ignore[misc]
            forget_ways(engine)
            lawful_ms.append(timed_ms(lambda pair=pair, grid=grid: _lawful(grid, pair, vehicle, costing)))  # type: ignore[misc]
        for percent in (50, 95):
            yield Line(
                f"lawful route under {count} active measures, {size}, p{percent}",
                percentile(lawful_ms, percent),
                "ms",
                f"plain Valhalla without law, p{percent}",
                percentile(plain_ms, percent),
            )
        if count == _ASKED:
            yield from _excluding(grid, pairs[:_EXCLUDED_PAIRS], vehicle, costing, percentile(lawful_ms, 50))


def _city_pairs(engine: Engine) -> list[tuple[Point, Point]]:
    dice = np.random.default_rng(3)
    rows = dice.integers(len(engine.table.coords), size=(_CITY_PAIRS, 2))
    return [tuple((float(lon), float(lat)) for lon, lat in engine.table.coords[pair]) for pair in rows]  # type: ignore[misc]


def forget_ways(engine: Engine) -> None:
    """Let nothing of an earlier search help: each pair is a new one."""
    engine.plain_way.cache_clear()
    engine.route.cache_clear()


def _plain(engine: Engine, pair: tuple[Point, Point], costing: Costing) -> None:
    engine.ask_route(*pair, costing)


def _lawful(grid: LawGrid, pair: tuple[Point, Point], vehicle: Vehicle, costing: Costing) -> Outcome | None:
    plain = grid.engine.drive(*pair, costing)
    if plain is None:
        return None
    leg = LegContext(vehicle, (), NOW, ids_at(grid.law, pair[0]), ids_at(grid.law, pair[1]))
    return Search(grid, *pair, leg, costing, plain).run()


def _excluding(
    grid: LawGrid, pairs: Sequence[tuple[Point, Point]], vehicle: Vehicle, costing: Costing, lawful_ms: float
) -> Iterator[Line]:
    """The same law given to the engine up front: a probe on every edge that an active measure closes.

    Our engine takes so many since its limit was raised; one with the limits it comes with is asked the same.
    """
    law = grid.for_leg(LegQuestion(vehicle), Interval(NOW, NOW + timedelta(hours=1)))
    rows = np.repeat(np.arange(len(grid.engine.table)), np.diff(law.pair_ptr))
    closed = np.unique(rows[law.reg_state[law.pair_reg] > 0])
    probes = [probe.as_location() for row in closed if (probe := grid.engine.table.probe(int(row))) is not None]
    with open_config(grid.engine.graph_dir) as config:
        actor = Actor(str(config))
        values = json.loads(config.read_text(encoding="utf-8"))
        stock_values = get_config(tile_extract="", tile_dir=values["mjolnir"]["tile_dir"])
        values["service_limits"] = stock_values["service_limits"]
        config.write_text(json.dumps(values), encoding="utf-8")
        stock = Actor(str(config))
    spent_ms, refused = _asked_excluding(actor, pairs, costing, probes)
    yield Line(
        "lawful route under 10000 active measures, p50",
        lawful_ms,
        "ms",
        f"the engine with {len(probes)} edges excluded up front (it refused {refused} of {len(pairs)})",
        percentile(spent_ms, 50),
    )
    _, refused = _asked_excluding(stock, pairs, costing, probes)
    most = values["service_limits"]["max_exclude_locations"]
    yield Line(
        f"stock engine (at most {most} excluded), same exclusions: refused",
        refused,
        "routes",
        "asked",
        len(pairs),
    )


def _asked_excluding(
    actor: Actor, pairs: Sequence[tuple[Point, Point]], costing: Costing, probes: Sequence[dict[str, Any]]
) -> tuple[list[float], int]:
    """Milliseconds of each route asked with places to keep away from, and how many were refused for their number."""
    spent_ms = []
    refused = 0
    for start, end in pairs:
        locations = [{"lon": lon, "lat": lat} for lon, lat in (start, end)]
        started = time.perf_counter()
        try:
            actor.route({"locations": locations, **costing.as_request(), "exclude_locations": probes})
        except ValhallaError as error:
            # That no way is left is an answer.
            if error.code not in (_TOO_MANY_EXCLUDED, NO_PATH):
                raise
            refused += error.code == _TOO_MANY_EXCLUDED
        spent_ms.append((time.perf_counter() - started) * 1000)
    return spent_ms, refused


def _event_noon(territory: TerritoryView) -> datetime:
    """Noon of the day after tomorrow: the demonstration dates its event so."""
    zone = ZoneInfo(territory.timezone)
    return datetime.combine(datetime.now(zone).date() + timedelta(days=2), clock(12), zone)


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
