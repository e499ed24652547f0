"""Signs of OpenStreetMap on the way: the engine obeys the lasting ones, the law those with hours."""

from __future__ import annotations

from pathlib import Path

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
LORRY = Vehicle(gross_weight_kg=12_000, height_cm=380, width_cm=250, length_cm=900, axle_load_kg=8_000, hazmat=False)
VAN = Vehicle(gross_weight_kg=3_000, height_cm=250, width_cm=200, length_cm=600, axle_load_kg=1_500, hazmat=False)
MONDAY_NOON, MONDAY_NIGHT = local("2024-06-03T12:00"), local("2024-06-03T23:00")

STREETS: dict[str, dict[str, str]] = {
    "heavy": {"hgv": "no"},
    "low": {"maxheight": "3.5"},
    "weak": {"maxweight": "7.5"},
    "closed": {"motor_vehicle": "no"},
    "day": {"hgv:conditional": "no @ (Mo-Fr 07:00-20:00)"},
    "night": {"motor_vehicle": "yes", "motor_vehicle:conditional": "no @ (22:00-06:00)"},
    "delivery": {"motor_vehicle": "destination"},
}


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Engine, LawSnapshot]]:
    """For each sign a town whose straight street bears it, with a longer way round."""
    return {name: _town(tmp_path_factory.mktemp(name), signs) for name, signs in STREETS.items()}


def _town(folder: Path, signs: dict[str, str]) -> tuple[Engine, LawSnapshot]:
    plan_ = Extract()
    at = {(x, y): plan_.node(x, y) for x in (0, 2, 4, 6) for y in (0, 3)}
    plan_.way_of([at[2, 0], at[4, 0]], {"highway": "residential", "name": "Rue Droite", **signs})
    plan_.way_of([at[0, 0], at[2, 0]], {"highway": "residential", "name": "Rue Ouest"})
    plan_.way_of([at[4, 0], at[6, 0]], {"highway": "residential", "name": "Rue Est"})
    plan_.way_of([at[2, 0], at[2, 3], at[4, 3], at[4, 0]], {"highway": "residential", "name": "Rue du Tour"})
    pbf = plan_.write(folder / "town.osm.pbf")
    build_restrictions(pbf, folder / "restrictions.jsonl.gz")
    (folder / "graph").mkdir()
    build_graph(pbf, folder / "graph")
    build_edges(folder / "graph", pbf)
    measures = measures_of_roads(read_restrictions(folder / "restrictions.jsonl.gz"), PARIS)
    return open_engine(folder / "graph"), LawSnapshot.build([], measures, zone=PARIS, version="1")


def _way(town: tuple[Engine, LawSnapshot], vehicle: Vehicle, at: object, law: LawSnapshot | None = None) -> list[str]:
    engine, told = town
    stops = (Stop(LON + 0.0005, LAT), Stop(LON + 0.0055, LAT))
    result = plan(engine, told if law is None else law, Trip(stops, at, vehicle))  # type: ignore[arg-type]
    assert result.status is Status.OK
    driven = {name for leg in result.legs for edge in leg.drive.edges for name in engine.table.names_of(edge.row)}
    return [name for name in ("Rue Droite", "Rue du Tour") if name in driven]


@pytest.mark.parametrize(
    ("sign", "lorry", "van"),
    [
        ("heavy", "Rue du Tour", "Rue Droite"),
        ("low", "Rue du Tour", "Rue Droite"),
        ("weak", "Rue du Tour", "Rue Droite"),
        ("closed", "Rue du Tour", "Rue du Tour"),
        ("delivery", "Rue du Tour", "Rue du Tour"),
    ],
)
def test_lasting_signs_are_obeyed_when_the_law_leaves_them_to_the_engine(
    towns: dict[str, tuple[Engine, LawSnapshot]], sign: str, lorry: str, van: str
) -> None:
    _engine, law = towns[sign]
    assert len(law.measures) == 1 and not law_to_drive(law).measures
    assert _way(towns[sign], LORRY, MONDAY_NOON) == [lorry]
    assert _way(towns[sign], VAN, MONDAY_NOON) == [van]


@pytest.mark.parametrize(
    ("sign", "vehicle", "noon", "night"),
    [
        ("day", LORRY, "Rue du Tour", "Rue Droite"),
        ("day", VAN, "Rue Droite", "Rue Droite"),
        ("night", VAN, "Rue Droite", "Rue du Tour"),
    ],
)
def test_signs_with_hours_are_obeyed_in_their_hours_when_a_tour_is_planned(
    towns: dict[str, tuple[Engine, LawSnapshot]], sign: str, vehicle: Vehicle, noon: str, night: str
) -> None:
    assert _way(towns[sign], vehicle, MONDAY_NOON) == [noon]
    assert _way(towns[sign], vehicle, MONDAY_NIGHT) == [night]


def test_the_engine_alone_looks_at_no_hour_when_a_sign_has_some(
    towns: dict[str, tuple[Engine, LawSnapshot]],
) -> None:
    nothing = LawSnapshot.build([], [], zone=PARIS, version="none")
    assert _way(towns["day"], LORRY, MONDAY_NOON, nothing) == _way(towns["day"], LORRY, MONDAY_NIGHT, nothing)


def test_what_has_to_be_read_stays_when_the_law_is_driven() -> None:
    roads = [({"hazmat:adr_tunnel_cat": "C"}, 1), ({"hgv": "no"}, 0), ({"hgv:conditional": "no @ (Su)"}, 1)]
    for tags, kept in roads:
        road = TaggedRoad(1, tags, ((LON, LAT), (LON + 0.001, LAT)))
        law = LawSnapshot.build([], measures_of_roads([road], PARIS), zone=PARIS, version="1")
        assert len(law_to_drive(law).measures) == kept
