"""The three fields on which tours are judged: a real quarter with the perimeters of 2024, the invented town with its
own orders and event, and a real small town with invented orders. Each with bare rules beside the portal's law."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import osmium
import shapely
from valhalla import Actor, ValhallaError

from portal.itineriz.routing.costing import costing_for
from portal.itineriz.routing.engine import Engine, open_engine
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Colour, Motorised
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from portal.territories.api import open_config
from portal.territories.build.edges import build_edges
from portal.territories.build.graph import build_graph
from portal.territories.demo_town.generate import generate
from portal.territories.demo_town.osm_writer import write_osm_pbf
from tests.support import invented_orders
from tests.support.paris import BOUNDS, EXTRACT, PARIS, law_of_2024, records
from tests.support.plain_law import from_drawn, from_values, roads_of
from tests.support.tour_law import Law

type Built = tuple[Path, Path]
"""A graph and the extract it was built from."""

_TODAY = date(2026, 3, 9)
_LAWS_OF_MONACO = 6
MONACO_ZONE = ZoneInfo("Europe/Paris")


@dataclass
class Field:
    """A graph, one or several laws on it with the judges of these, and where and when one drives there."""

    name: str
    engine: Engine
    places: Sequence[tuple[float, float]]
    laws: Sequence[tuple[LawSnapshot, Law]]
    instants: Sequence[datetime]
    zone: ZoneInfo
    perimeter_ids: Sequence[str] = field(default=())

    @cached_property
    def unruled(self) -> LawSnapshot:
        """No law at all."""
        return LawSnapshot.build([], [], zone=self.zone, version="none")


def build(extract: Path, folder: Path) -> Built:
    """The graph of an extract."""
    folder.mkdir(parents=True)
    build_graph(extract, folder)
    build_edges(folder, extract)
    return folder, extract


def paris(shared_data: Path, folder: Path) -> Field:
    """The quarter of the extract and what was drawn there in 2024, at hours around its bounds."""
    graph, extract = build(shared_data / EXTRACT, folder)
    roads = roads_of(extract)
    rules = list(from_drawn(records(shared_data)))
    near = [rule for rule in rules if rule.area is not None and rule.area.intersects(shapely.box(*BOUNDS))]
    bounds = sorted({at for rule in near for hours in rule.hours for at in (hours.start, hours.end) if at is not None})
    instants = [at + timedelta(minutes=m) for at in bounds for m in (-40, -6, -2, 3, 45)]
    west, south, east, north = BOUNDS
    dice = random.Random("paris")
    places = [
        (dice.uniform(west + 0.001, east - 0.001), dice.uniform(south + 0.001, north - 0.001)) for _ in range(400)
    ]
    judge = Law(near, roads, PARIS, (south + north) / 2)
    ids = [rule.id for rule in near]
    return Field("paris", open_engine(graph), places, [(law_of_2024(shared_data), judge)], instants, PARIS, ids)


def demo(folder: Path) -> Field:
    """The invented town with its orders, its live closures and its event of three days."""
    town = generate(1, 2.0)
    folder.mkdir(parents=True)
    extract = folder / "town.osm.pbf"
    write_osm_pbf(town, extract)
    graph, _ = build(extract, folder / "graph")
    roads = roads_of(extract)
    told = town.law(_TODAY)
    measures = [measure for order in told.orders for measure in order.measures]
    law = LawSnapshot.build(told.perimeters, measures, zone=PARIS, version="demo")
    rules = list(from_values(told.perimeters, measures))
    middle = datetime.combine(_TODAY, datetime.min.time(), PARIS)
    hours = (6.4, 7.0, 7.9, 9.45, 10.45, 11.4, 15.9, 16.45, 18.9, 20.95, 23.5)
    instants = [middle + timedelta(days=day, hours=hour) for day in (0, 2, 3, 4, 6) for hour in hours]
    places = [(address.lon, address.lat) for address in town.addresses[:: max(1, len(town.addresses) // 400)]]
    judge = Law(rules, roads, PARIS, town.bounds[1])
    return Field("demo", open_engine(graph), places, [(law, judge)], instants, PARIS, [p.id for p in told.perimeters])


def monaco(shared_data: Path, folder: Path) -> Field:
    """A real small town with several sets of invented orders."""
    folder.mkdir(parents=True)
    extract = folder / "monaco.osm.pbf"
    # The builder of the engine ends its process on a compressed XML file.
    with osmium.SimpleWriter(str(extract)) as writer:
        for item in osmium.FileProcessor(str(shared_data / "osm" / "monaco.osm.gz")):
            writer.add(item)
    graph, _ = build(extract, folder / "graph")
    engine, roads = open_engine(graph), roads_of(extract)
    streets = [shape for shape in engine.table.shapes if shape.length * 111_195 > 60]
    laws, dice = [], random.Random("monaco")
    for _ in range(_LAWS_OF_MONACO):
        rules = invented_orders.any_rules(dice, streets, 60)
        laws.append((invented_orders.law_of(rules, MONACO_ZONE), Law(rules, roads, MONACO_ZONE, 43.73)))
    places = [dice.choice(streets).interpolate(dice.random(), normalized=True).coords[0] for _ in range(400)]
    instants = [invented_orders.MIDDLE + timedelta(minutes=dice.randint(-800, 800)) for _ in range(60)]
    ids = [rule.id for rule in rules if rule.colour]
    return Field("monaco", engine, places, laws, instants, MONACO_ZONE, ids)


VEHICLES: tuple[Mapping[str, Any], ...] = (
    {"gvw_t": 12, "height_m": 3.5, "width_m": 2.5, "length_m": 9, "axle_load_t": 8, "hazmat": False, "air_class": "2"},
    {"gvw_t": 3.5, "height_m": 2.6, "width_m": 2.0, "length_m": 6, "axle_load_t": 2, "hazmat": False, "air_class": "5"},
    {"gvw_t": 2, "height_m": 1.9, "width_m": 1.8, "length_m": 4.5, "axle_load_t": 1, "hazmat": False, "air_class": "E"},
    {
        "gvw_t": 19,
        "height_m": 3.8,
        "width_m": 2.55,
        "length_m": 10.5,
        "axle_load_t": 11,
        "hazmat": True,
        "air_class": "3",
        "usages": ["cityLogistics"],
    },
    {
        "gvw_t": 7.5,
        "height_m": 3.2,
        "width_m": 2.3,
        "length_m": 7,
        "axle_load_t": 5,
        "hazmat": False,
        "air_class": "4",
        "usages": ["cityLogistics"],
    },
    {"gvw_t": 12},
    {
        "gvw_t": 5,
        "height_m": 3,
        "width_m": 2.2,
        "length_m": 6.5,
        "axle_load_t": 4,
        "hazmat": False,
        "air_class": "2",
        "usages": ["emergency"],
    },
)


def any_passes(dice: random.Random, place: Field, at: datetime) -> list[dict[str, Any]]:
    """No pass, or one or two for colours or single perimeters, some of which end during the tour."""
    passes = []
    for _ in range(dice.choice((0, 0, 1, 1, 2))):
        start = at - timedelta(minutes=dice.choice((-3, 0, 60, 600)))
        end = start + timedelta(minutes=dice.choice((4, 30, 2000)))
        if dice.random() < 0.5 or not place.perimeter_ids:
            passes.append({"start": start, "end": end, "colours": {dice.choice(("blue", "red", "grey"))}})
        else:
            passes.append({"start": start, "end": end, "perimeter_ids": {dice.choice(place.perimeter_ids)}})
    return passes


def lawless(field: Field) -> Field:
    """The same field for a planner that knows no law, with the judges that do."""
    return replace(field, laws=[(field.unruled, judge) for _, judge in field.laws])


def perimeters_alone(field: Field) -> LawSnapshot:
    """The law of a field without its measures and without what no pass opens."""
    law, _ = field.laws[0]
    opened = [one for one in law.perimeters.values() if one.access.motorised is not Motorised.CLOSED]
    return LawSnapshot.build(opened, [], zone=field.zone, version="perimeters")


def pass_for_all(at: datetime) -> PassRight:
    """A pass for every colour around an instant."""
    return PassRight(at - timedelta(days=1), at + timedelta(days=2), colours=frozenset(Colour))


@dataclass(frozen=True)
class BareRoute:
    """What the bare engine says of a way."""

    seconds: float
    metres: float


class BareEngine:
    """The engine by itself, asked as anybody would."""

    def __init__(self, graph_dir: Path) -> None:
        with open_config(graph_dir) as config:
            self._actor = Actor(str(config))

    def route(self, start: tuple[float, float], end: tuple[float, float], vehicle: Vehicle) -> BareRoute | None:
        """The engine's own way between two points (lon, lat); None when it knows none."""
        locations = [{"lon": lon, "lat": lat, "search_cutoff": 500} for lon, lat in (start, end)]
        try:
            answer = self._actor.route(
                {"locations": locations, **costing_for(vehicle, unknown_is_large=True).as_request()}
            )
        except ValhallaError:
            return None
        summary = answer["trip"]["summary"]
        return BareRoute(float(summary["time"]), float(summary["length"]) * 1000)
