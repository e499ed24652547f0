"""Signs of OpenStreetMap on the way: the engine obeys those that are plain and lasting, the law all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import pytest

from portal.itineriz.planning.planner import plan
from portal.itineriz.routing.engine import Engine, open_engine
from portal.itineriz.routing.overlay import law_to_drive
from portal.itineriz.trip import Status, Stop, Trip
from portal.numeriz.osm.law import measures_of_roads
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from portal.territories.build.edges import build_edges
from portal.territories.build.graph import build_graph
from portal.territories.build.restrictions import build_restrictions
from portal.territories.restrictions import TaggedRoad, read_restrictions
from tests.support.extract import LAT, LON, Extract
from tests.support.paris import PARIS, local

# Known in every size, so that no unknown one makes the engine choose another street.
LORRY = Vehicle(gross_weight_kg=12_000, height_cm=380, width_cm=250, length_cm=900, axle_load_kg=8_000, hazmat=True)
VAN = Vehicle(gross_weight_kg=3_000, height_cm=250, width_cm=200, length_cm=600, axle_load_kg=1_500, hazmat=True)
_APART = 5
"""From one quarter to the next, in steps of the plan."""


class Quarter(NamedTuple):
    """A part of the town and the law of its one sign."""

    number: int
    law: LawSnapshot


type Town = tuple[Engine, dict[str, Quarter]]

MONDAY_NOON, MONDAY_NIGHT = local("2024-06-03T12:00"), local("2024-06-03T23:00")

STRAIGHT, ROUND = "Rue Droite", "Rue du Tour"

OBEYED: list[tuple[dict[str, str], str, str]] = [
    # The tags, and the street that the lorry and the van take.
    ({"access": "no"}, ROUND, ROUND),
    ({"vehicle": "no"}, ROUND, ROUND),
    ({"motor_vehicle": "no"}, ROUND, ROUND),
    ({"hgv": "no"}, ROUND, STRAIGHT),
    ({"hazmat": "no"}, ROUND, ROUND),
    ({"maxheight": "2.4"}, ROUND, ROUND),
    ({"maxheight": "3.5 m"}, ROUND, STRAIGHT),
    ({"maxheight": "3.79"}, ROUND, STRAIGHT),
    ({"maxheight": "3.80"}, STRAIGHT, STRAIGHT),
    ({"maxheight:physical": "3.5"}, ROUND, STRAIGHT),
    ({"maxwidth": "2.3"}, ROUND, STRAIGHT),
    ({"maxwidth": "1.9m"}, ROUND, ROUND),
    ({"maxlength": "8"}, ROUND, STRAIGHT),
    ({"maxlength": "5.5 m"}, ROUND, ROUND),
    ({"maxweight": "7.5"}, ROUND, STRAIGHT),
    ({"maxweight": "2.99 t"}, ROUND, ROUND),
    ({"maxweight": "12t"}, STRAIGHT, STRAIGHT),
    ({"maxaxleload": "6"}, ROUND, STRAIGHT),
    ({"maxaxleload": "1.4 t"}, ROUND, ROUND),
    *[
        ({key: value}, ROUND, ROUND)
        for key in ("access", "vehicle", "motor_vehicle")
        for value in ("destination", "delivery", "customers", "private", "delivery;destination")
    ],
    *[({"hgv": value}, ROUND, STRAIGHT) for value in ("destination", "delivery", "private")],
]

OTHERS: list[tuple[dict[str, str], str, str]] = [
    ({"maxweightrating": "7.5"}, ROUND, STRAIGHT),
    ({"maxgcweight": "7.5"}, ROUND, STRAIGHT),
    ({"maxweight:hgv": "7.5"}, ROUND, STRAIGHT),
    ({"maxweightrating:hgv": "7.5"}, ROUND, STRAIGHT),
    ({"maxweight": "6600 lbs"}, ROUND, ROUND),
    ({"maxheight:forward": "3.5"}, ROUND, STRAIGHT),
    ({"maxweight:forward": "7.5"}, ROUND, STRAIGHT),
    ({"maxweight:backward": "7.5"}, STRAIGHT, STRAIGHT),
    ({"maxaxleload:forward": "6"}, ROUND, STRAIGHT),
    ({"hgv:forward": "no"}, ROUND, STRAIGHT),
    ({"hgv:backward": "no"}, STRAIGHT, STRAIGHT),
    ({"access:forward": "no"}, ROUND, ROUND),
    ({"hazmat:forward": "no"}, ROUND, ROUND),
    ({"motor_vehicle:forward": "destination"}, ROUND, ROUND),
    ({"goods": "no"}, STRAIGHT, ROUND),
    ({"hgv": "customers"}, ROUND, STRAIGHT),
    ({"motor_vehicle": "psv"}, ROUND, ROUND),
    ({"motor_vehicle": "residents"}, ROUND, ROUND),
    ({"hgv:conditional": "no @ (weight>7.5)"}, ROUND, STRAIGHT),
    ({"access:conditional": "no @ (hgv)"}, ROUND, STRAIGHT),
    ({"motor_vehicle:conditional": "no @ (length>8)"}, ROUND, STRAIGHT),
    ({"hazmat:conditional": "no @ (Mo-Su)"}, ROUND, ROUND),
]

TIMED: dict[str, dict[str, str]] = {
    "day": {"hgv:conditional": "no @ (Mo-Fr 07:00-20:00)"},
    "night": {"motor_vehicle": "yes", "motor_vehicle:conditional": "no @ (22:00-06:00)"},
}


def _name(tags: Mapping[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in tags.items())


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Quarters one above the other, one for each sign: a straight street bears it, with a longer way round."""
    signs = {_name(tags): tags for tags, _lorry, _van in (*OBEYED, *OTHERS)} | TIMED
    folder, drawn, ways = tmp_path_factory.mktemp("signs"), Extract(), {}
    for number, tags in enumerate(signs.values()):
        at = {(x, y): drawn.node(x, y + number * _APART) for x in (0, 2, 4, 6) for y in (0, 3)}
        ways[drawn.way_of([at[2, 0], at[4, 0]], {"highway": "residential", "name": STRAIGHT, **tags})] = number
        drawn.way_of([at[0, 0], at[2, 0]], {"highway": "residential", "name": "Rue Ouest"})
        drawn.way_of([at[4, 0], at[6, 0]], {"highway": "residential", "name": "Rue Est"})
        drawn.way_of([at[2, 0], at[2, 3], at[4, 3], at[4, 0]], {"highway": "residential", "name": ROUND})
    pbf = drawn.write(folder / "town.osm.pbf")
    build_restrictions(pbf, folder / "restrictions.jsonl.gz")
    (folder / "graph").mkdir()
    build_graph(pbf, folder / "graph")
    build_edges(folder / "graph", pbf)
    roads = {ways[road.way_id]: road for road in read_restrictions(folder / "restrictions.jsonl.gz")}
    quarters = {name: Quarter(number, _law_of(roads[number])) for number, name in enumerate(signs)}
    return open_engine(folder / "graph"), quarters


def _law_of(*roads: TaggedRoad) -> LawSnapshot:
    return LawSnapshot.build([], measures_of_roads(roads, PARIS), zone=PARIS, version="1")


def _way(town: Town, name: str, vehicle: Vehicle, at: datetime, law: LawSnapshot | None = None) -> list[str]:
    engine, quarters = town
    lat = LAT + quarters[name].number * _APART / 1000
    stops = (Stop(LON + 0.0005, lat), Stop(LON + 0.0055, lat))
    result = plan(engine, quarters[name].law if law is None else law, Trip(stops, at, vehicle))
    assert result.status is Status.OK
    driven = {name for leg in result.legs for edge in leg.drive.edges for name in engine.table.names_of(edge.row)}
    return [street for street in (STRAIGHT, ROUND) if street in driven]


@pytest.mark.parametrize(("tags", "lorry", "van"), OBEYED, ids=[_name(tags) for tags, *_ in OBEYED])
def test_lasting_signs_are_obeyed_when_the_law_leaves_them_to_the_engine(
    town: Town, tags: dict[str, str], lorry: str, van: str
) -> None:
    law = town[1][_name(tags)].law
    assert len(law.measures) == 1 and not law_to_drive(law).measures
    assert _way(town, _name(tags), LORRY, MONDAY_NOON) == [lorry]
    assert _way(town, _name(tags), VAN, MONDAY_NOON) == [van]


@pytest.mark.parametrize(("tags", "lorry", "van"), OTHERS, ids=[_name(tags) for tags, *_ in OTHERS])
def test_other_lasting_signs_are_driven_as_law_when_the_engine_is_not_known_to_obey_them(
    town: Town, tags: dict[str, str], lorry: str, van: str
) -> None:
    law = town[1][_name(tags)].law
    assert len(law.measures) == 1 and law_to_drive(law) is law
    assert _way(town, _name(tags), LORRY, MONDAY_NOON) == [lorry]
    assert _way(town, _name(tags), VAN, MONDAY_NOON) == [van]


@pytest.mark.parametrize(
    ("sign", "vehicle", "noon", "night"),
    [
        ("day", LORRY, ROUND, STRAIGHT),
        ("day", VAN, STRAIGHT, STRAIGHT),
        ("night", VAN, STRAIGHT, ROUND),
    ],
)
def test_signs_with_hours_are_obeyed_in_their_hours_when_a_tour_is_planned(
    town: Town, sign: str, vehicle: Vehicle, noon: str, night: str
) -> None:
    assert _way(town, sign, vehicle, MONDAY_NOON) == [noon]
    assert _way(town, sign, vehicle, MONDAY_NIGHT) == [night]


def test_the_engine_alone_looks_at_no_hour_when_a_sign_has_some(town: Town) -> None:
    nothing = _law_of()
    assert _way(town, "day", LORRY, MONDAY_NOON, nothing) == _way(town, "day", LORRY, MONDAY_NIGHT, nothing)


def test_what_has_to_be_read_stays_when_the_law_is_driven() -> None:
    roads = [({"hazmat:adr_tunnel_cat": "C"}, 1), ({"hgv": "no"}, 0), ({"hgv:conditional": "no @ (Su)"}, 1)]
    for tags, kept in roads:
        assert len(law_to_drive(_law_of(TaggedRoad(1, tags, ((LON, LAT), (LON + 0.001, LAT))))).measures) == kept


def test_a_street_in_pieces_stays_when_the_engine_does_not_read_one_of_them() -> None:
    first = TaggedRoad(1, {"hgv": "destination"}, ((LON, LAT), (LON + 0.001, LAT)))
    second = TaggedRoad(2, {"hgv": "customers"}, ((LON + 0.001, LAT), (LON + 0.002, LAT)))
    for roads, kept in (((first,), 0), ((first, replace(second, tags=first.tags)), 0), ((first, second), 1)):
        law = _law_of(*roads)
        assert len(law.measures) == 1 and len(law_to_drive(law).measures) == kept


def test_a_square_stays_when_it_is_drawn_as_an_area() -> None:
    ring = ((LON, LAT), (LON + 0.001, LAT), (LON + 0.001, LAT + 0.001), (LON, LAT))
    for area, kept in (("yes", 1), ("no", 0)):
        law = _law_of(TaggedRoad(1, {"highway": "pedestrian", "area": area, "motor_vehicle": "no"}, ring))
        assert len(law_to_drive(law).measures) == kept
