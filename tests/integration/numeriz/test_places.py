"""Where an order applies, as a clerk says it: what is found, what the law then closes, what is refused and how."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from flask import Flask

from portal.common.errors import Unavailable
from portal.numeriz import codec
from portal.numeriz.matching.places import match_place
from portal.numeriz.places import ResolvedPlace, problem_sentence, resolve_place
from portal.numeriz.places.messages import PROBLEMS
from portal.numeriz.places.roads import roads_of
from portal.regulations.geometry import to_metres_at
from portal.regulations.measures import Direction, EdgeEffect, LocationKind, MeasureType, effect_on_edge
from portal.territories.api import TerritoryView
from portal.territories.queries import ADDRESSES_NAME
from tests.factories.territories import make_territory
from tests.support.extract import LAT, LON
from tests.support.places_town import BOUNDS, at, build_plan, lay_plan, line, polygon, ring, street

ALL = ring((-0.5, -0.5), (8.5, -0.5), (8.5, 4.5), (-0.5, 4.5))


def span(place: ResolvedPlace) -> tuple[float, float]:
    """From where to where the place runs on the plan, from west to east."""
    assert place.location is not None
    west, _south, east, _north = place.location.shape.bounds
    return round((west - LON) * 1000, 2), round((east - LON) * 1000, 2)


def codes(place: ResolvedPlace) -> list[str]:
    return [issue.code for issue in place.problems]


def closed(town: TerritoryView, place: ResolvedPlace) -> set[tuple[str, str]]:
    """What the law closes when the place bears a ban: name of the road and heading of the edge."""
    assert place.location is not None
    roads = roads_of(town)
    with roads.tracing() as graph:
        match = match_place(graph, codec.location_from_json(codec.location_to_json(place.location)))
    assert match is not None
    found = set()
    for edge in match.edges:
        row = roads.table.row_of[int(edge["edge_id"])]
        effect = effect_on_edge(
            MeasureType.NO_ENTRY, place.location.direction, along=bool(edge["along"]), one_way=roads.is_one_way(row)
        )
        east, north = np.diff(roads.table.shape_coords(row)[[0, -1]], axis=0)[0]
        if effect is EdgeEffect.CLOSED:
            heading = ("E" if east > 0 else "W") if abs(east) > abs(north) else ("N" if north > 0 else "S")
            found.add((roads.label(row), heading))
    return found


@pytest.mark.parametrize(
    ("wanted", "label", "expected"),
    [
        ({"name": "Rue Longue"}, "Rue Longue", (0.0, 8.0)),
        ({"name": "rue longue, Bourg"}, "Rue Longue", (0.0, 8.0)),
        (
            {"name": "Rue Longue", "from": {"crossing": "rue du puits"}, "to": {"crossing": "Rue des Halles"}},
            "Rue Longue, de Rue du Puits à Rue des Halles",
            (2.0, 6.0),
        ),
        (
            {"name": "Rue Longue", "from": {"number": "10"}, "to": {"number": "20"}},
            "Rue Longue, du n°\u00a010 au n°\u00a020",
            (2.02, 3.95),
        ),
        ({"name": "Rue Longue", "from": {"number": "20"}}, "Rue Longue, à partir du n°\u00a020", (3.95, 8.0)),
        ({"name": "Rue Longue", "to": {"crossing": "Rue du Four"}}, "Rue Longue, jusqu’à Rue du Four", (0.0, 4.0)),
        ({"name": "D12"}, "D 12", (0.0, 8.0)),
        ({"name": "Place Ronde"}, "Place Ronde", (6.0, 7.0)),
        (
            {"name": "Avenue Double", "from": {"crossing": "Rue du Puits"}, "to": {"crossing": "Rue du Four"}},
            "Avenue Double, de Rue du Puits à Rue du Four",
            (2.0, 4.0),
        ),
    ],
)
def test_street_is_cut_where_it_is_said_when_its_ends_are_known(
    plan_town: TerritoryView, wanted: dict[str, object], label: str, expected: tuple[float, float]
) -> None:
    found = resolve_place(plan_town, street(wanted))
    assert found.location is not None and found.location.kind is LocationKind.NAMED_STREET
    assert (found.location.label, codes(found)) == (label, [])
    assert span(found) == pytest.approx(expected, abs=0.02)


def test_both_carriageways_are_found_when_an_avenue_has_two(plan_town: TerritoryView) -> None:
    found = resolve_place(plan_town, street({"name": "Avenue Double", "from": {"crossing": "Rue du Four"}}))
    assert closed(plan_town, found) == {("Avenue Double", "E"), ("Avenue Double", "W")}
    assert len(found.edges["features"]) > 4


@pytest.mark.parametrize(
    ("direction", "start", "end", "heading"),
    [
        ("forward", "Rue du Puits", "Rue du Four", {"E"}),
        ("backward", "Rue du Puits", "Rue du Four", {"W"}),
        ("forward", "Rue du Four", "Rue du Puits", {"W"}),
        ("both", "Rue du Four", "Rue du Puits", {"E", "W"}),
    ],
)
def test_law_closes_the_direction_that_is_said_when_a_part_of_a_street_is_banned(
    plan_town: TerritoryView, direction: str, start: str, end: str, heading: set[str]
) -> None:
    part = {"name": "Rue Longue", "from": {"crossing": start}, "to": {"crossing": end}}
    found = resolve_place(plan_town, street(part, direction=direction))
    assert closed(plan_town, found) == {("Rue Longue", one) for one in heading}
    arrows = {feature["properties"]["arrow"] for feature in found.edges["features"] if feature["properties"]["arrow"]}
    assert arrows == {direction}


def test_places_of_several_streets_are_one_when_they_are_given_together(plan_town: TerritoryView) -> None:
    found = resolve_place(plan_town, street({"name": "Rue du Puits"}, {"name": "Rue du Four"}))
    assert {one.name for one in found.streets} == {"Rue du Puits", "Rue du Four"}
    assert found.location is not None and found.location.label == "Rue du Puits\u00a0; Rue du Four"


@pytest.mark.parametrize(
    ("place", "code", "field", "said"),
    [
        (street({"name": ""}), "street-missing", "streets.0.name", ""),
        (street({"name": "Rue Longe"}), "street-unknown", "streets.0.name", "Rue Longue"),
        (
            street({"name": "Rue Longue", "from": {"number": "99"}}),
            "number-unknown",
            "streets.0.from",
            "37, 38, 39, 40",
        ),
        (street({"name": "Rue Longue", "to": {"number": "12 zut"}}), "number-unreadable", "streets.0.to", ""),
        (street({"name": "Rue du Four", "to": {"number": "12"}}), "street-without-numbers", "streets.0.to", ""),
        (street({"name": "Rue Longue", "to": {"crossing": "Allée Neuve"}}), "crossing-unknown", "streets.0.to", "Rue "),
        (
            street({"name": "Rue Longue", "to": {"crossing": "Rue X"}}),
            "crossing-street-unknown",
            "streets.0.to",
            "Rue ",
        ),
        (
            street({"name": "Rue Longue", "from": {"number": "8"}, "to": {"number": "8"}}),
            "street-part-empty",
            "streets.0.to",
            "",
        ),
        (street(*[{"name": "Rue Longue"}] * 31), "too-many-streets", "streets", "30"),
        ({"kind": "road", "spec": {"road": ""}}, "road-missing", "road", ""),
        ({"kind": "road", "spec": {"road": "D 13"}}, "road-unknown", "road", "D 12"),
        (
            {"kind": "road", "spec": {"road": "D 12", "from": {"pr": "3"}, "to": {"pr": "4", "abscissa_m": "120"}}},
            "reference-points-unknown",
            "points",
            "PR",
        ),
        (
            {"kind": "road", "spec": {"road": "D 12", "from": {"pr": "12x"}, "to": None}},
            "reference-point-unreadable",
            "from",
            "12x",
        ),
        (line((0, 0.3)), "too-few-points", "points", "2"),
        (line((0, 0.5), (8, 0.9)), "drawn-not-found", "points", ""),
        ({"kind": "line", "spec": {}}, "drawing-missing", "points", ""),
        ({"kind": "line", "spec": {"text": "ici"}}, "not-geojson", "points", ""),
        ({"kind": "line", "spec": {"text": '{"type": "Point", "coordinates": [2, 48]}'}}, "not-a-line", "points", ""),
        ({"kind": "line", "spec": {"points": [[2.36, "x"], [2.37, 48.86]]}}, "bad-coordinates", "points", ""),
        ({"kind": "line", "spec": {"points": [[7.1, 43.1], [7.2, 43.1]]}}, "place-outside", "points", "Bourg"),
        (polygon([ring((0, -1), (4, 1), (4, -1), (0, 1))]), "self-crossing", "rings", "48.86"),
        (polygon([ring((50, 50), (60, 50), (60, 60))]), "place-outside", "rings", "Bourg"),
        (polygon([ring((0, 9), (0, 9.001), (0.001, 9))]), "too-small", "rings", ""),
        (polygon([ring((0, 9.5), (0, 9.8), (1, 9.8))]), "zone-empty", "rings", ""),
        (polygon([]), "drawing-missing", "rings", ""),
        ({"kind": "town", "spec": {"except": ["Rue Longe"]}}, "street-unknown", "except", "Rue Longue"),
        ({"kind": "nowhere"}, "kind-missing", "kind", ""),
    ],
)
def test_place_is_refused_with_a_sentence_when_it_means_nothing(
    plan_town: TerritoryView, place: Mapping[str, Any], code: str, field: str, said: str
) -> None:
    found = resolve_place(plan_town, place)
    assert found.location is None
    told = [issue for issue in found.problems if issue.code == code]
    assert [issue.params["field"] for issue in told] == [field]
    sentence = problem_sentence(told[0])
    assert said in sentence and "%(" not in sentence


def test_line_is_followed_as_it_is_drawn_when_it_lies_beside_a_street(plan_town: TerritoryView) -> None:
    east = resolve_place(plan_town, line((0.2, 0.03), (3, 0.02), (7.8, 0.03), direction="forward"))
    west = resolve_place(plan_town, line((7.8, 0.03), (3, 0.02), (0.2, 0.03), direction="forward"))
    assert closed(plan_town, east) == {("Rue Longue", "E")}
    assert closed(plan_town, west) == {("Rue Longue", "W")}
    assert east.location is not None and east.location.label == "Rue Longue"


def test_road_takes_the_drawing_and_keeps_its_reference_points_when_both_are_given(plan_town: TerritoryView) -> None:
    ends = {"from": {"pr": "3", "abscissa_m": "250", "side": "D"}, "to": {"pr": "4", "abscissa_m": "0", "side": "D"}}
    drawn = {"points": [at(0.2, 0), at(2, 0), at(2, 1)]}
    found = resolve_place(plan_town, {"kind": "road", "spec": {"road": "D12", **ends, **drawn}})
    assert found.location is not None and found.location.kind is LocationKind.NUMBERED_ROAD
    assert found.location.label == "D 12, du PR 3+250 (côté droit) au PR 4+0 (côté droit)"
    assert span(found) == pytest.approx((0.2, 2.0), abs=0.02)
    assert codes(found) == ["drawn-leaves-road"]


@pytest.mark.parametrize("left_out", [[], ["Rue du Four"]])
def test_zone_binds_the_streets_inside_but_motorways_and_those_left_out(
    plan_town: TerritoryView, left_out: list[str]
) -> None:
    found = resolve_place(plan_town, polygon([ALL], left_out=left_out))
    bound = {name for name, _heading in closed(plan_town, found)}
    assert bound == {
        "Rue Longue",
        "Avenue Double",
        "Rue du Puits",
        "Rue du Four",
        "Rue des Halles",
        "Allée Neuve",
    } - set(left_out)
    assert {one.name for one in found.streets if one.left_out} == set(left_out)
    assert codes(found) == ["motorway-inside"]


def test_motorway_is_bound_when_the_clerk_says_so(plan_town: TerritoryView) -> None:
    found = resolve_place(plan_town, polygon([ALL], motorways=True))
    assert ("A 99", "E") in closed(plan_town, found) and codes(found) == []


def test_whole_town_is_bound_when_nothing_is_drawn(plan_town: TerritoryView) -> None:
    found = resolve_place(plan_town, {"kind": "town", "spec": {"except": ["Rue Longue"]}})
    assert found.location is not None and found.location.kind is LocationKind.WHOLE_CITY
    assert found.location.label == "Bourg, toute la commune, sauf Rue Longue"
    names = {name for name, _heading in closed(plan_town, found)}
    assert {"Rue du Serpent", "Avenue Double"} <= names and not {"Rue Longue", "A 99"} & names
    assert codes(found) == ["town-is-territory", "motorway-inside"]


def test_edges_are_taken_out_and_added_when_the_clerk_does_so(plan_town: TerritoryView) -> None:
    part = {"name": "Rue Longue", "from": {"crossing": "Rue du Puits"}, "to": {"crossing": "Rue des Halles"}}
    found = resolve_place(plan_town, street(part, direction="forward"))
    of: dict[str, list[dict[str, Any]]] = {state: [] for state in ("found", "removed", "near", "added")}
    for feature in found.edges["features"]:
        of[feature["properties"]["state"]].append(feature["properties"])
    assert len(of["found"]) == 2 and not of["removed"]
    further = [one["id"] for one in of["near"] if one["name"] == "Rue Longue"]
    edited = resolve_place(
        plan_town, {**street(part, direction="forward"), "removed": [of["found"][0]["id"]], "added": further}
    )
    states = {one["properties"]["id"]: one["properties"]["state"] for one in edited.edges["features"]}
    assert states[of["found"][0]["id"]] == "removed" and {states[one] for one in further} == {"added"}
    assert edited.location is not None and edited.location.shape.length == pytest.approx(0.006, abs=1e-4)
    assert closed(plan_town, edited) == {("Rue Longue", "E")}


def test_single_edge_of_a_zone_is_left_free_when_it_is_taken_out(plan_town: TerritoryView) -> None:
    found = resolve_place(plan_town, polygon([ALL]))
    edge = next(one["properties"] for one in found.edges["features"] if one["properties"]["name"] == "Rue Longue")
    edited = resolve_place(plan_town, {**polygon([ALL]), "removed": [edge["id"]]})
    roads = roads_of(plan_town)
    with roads.tracing() as graph:
        assert edited.location is not None
        match = match_place(graph, edited.location)
    assert match is not None
    rows = {roads.segment(roads.table.row_of[int(one["edge_id"])]) for one in match.edges}
    assert roads.row_of(edge["id"]) not in rows
    assert {name for name, _heading in closed(plan_town, edited)} >= {"Rue Longue", "Rue du Four"}


def test_nothing_is_stored_when_the_edges_named_are_of_an_older_graph(plan_town: TerritoryView) -> None:
    found = resolve_place(plan_town, street({"name": "Rue Longue"}, removed=["00000000-42"]))
    assert found.location is None and codes(found) == ["edges-of-older-map"]


def test_confirmed_place_is_found_again_when_the_graph_is_built_anew(app: Flask, plan_town: TerritoryView) -> None:
    part = {"name": "Rue Longue", "from": {"crossing": "Rue du Puits"}, "to": {"crossing": "Rue du Four"}}
    found = resolve_place(plan_town, street(part))
    assert plan_town.graph_dir is not None
    newer = lay_plan(build_plan(plan_town.graph_dir.parent.parent / "newer", more=True), "nouveau-bourg")
    assert closed(newer, found) == closed(plan_town, found) == {("Rue Longue", "E"), ("Rue Longue", "W")}


def test_commune_is_asked_when_several_have_the_street(app: Flask, tmp_path: Path) -> None:
    west, south, east, _north = BOUNDS
    town = lay_plan(build_plan(tmp_path / "two", communes=True), bounds=(west, south, east, LAT + 0.022))
    asked = resolve_place(town, street({"name": "Rue Longue"}))
    assert asked.location is None and codes(asked) == ["street-of-several-communes"]
    there = resolve_place(town, street({"name": "Rue Longue", "commune": "hameau"}))
    assert there.location is not None and there.location.shape.bounds[1] == pytest.approx(LAT + 0.02, abs=1e-6)
    whole = resolve_place(town, {"kind": "town", "spec": {}})
    assert whole.location is None and codes(whole) == ["town-of-several-communes"]


def test_street_that_has_the_number_is_taken_when_the_name_lies_in_two_places(app: Flask, tmp_path: Path) -> None:
    west, south, east, _north = BOUNDS
    build = build_plan(tmp_path / "two", communes=True)
    town = lay_plan(build, bounds=(west, south, east, LAT + 0.022))
    in_both = resolve_place(town, street({"name": "Rue Longue", "from": {"number": "1"}}))
    assert in_both.location is None and codes(in_both) == ["street-of-several-communes"]
    of_one = resolve_place(town, street({"name": "Rue Longue", "from": {"number": "20"}}))
    assert (codes(of_one), span(of_one)) == (["street-of-one-commune"], (3.95, 8.0))
    # The numbers of the other place are not known, nor its commune.
    with closing(sqlite3.connect(build / ADDRESSES_NAME)) as index, index:
        index.execute("DELETE FROM entry WHERE commune = 'Hameau'")
    whole = resolve_place(town, street({"name": "Rue Longue"}))
    assert whole.location is not None and whole.location.shape.bounds[3] > LAT + 0.01
    for wanted, expected in (({"from": {"number": "20"}}, (3.95, 8.0)), ({"to": {"number": "20"}}, (0.0, 3.95))):
        found = resolve_place(town, street({"name": "Rue Longue", **wanted}))
        assert found.location is not None and found.location.shape.bounds[3] < LAT + 0.01
        assert (codes(found), span(found)) == (["street-at-one-place"], expected)


def test_drawing_is_made_simpler_or_refused_when_it_has_ten_thousand_points(plan_town: TerritoryView) -> None:
    turns = np.linspace(0, 2 * np.pi, 10_000, endpoint=False)
    smooth = [at(4 + 3 * np.cos(turn), 2 + 2 * np.sin(turn)) for turn in turns]
    found = resolve_place(plan_town, polygon([[*smooth, smooth[0]]]))
    assert found.location is not None and len(shapely.get_coordinates(found.location.shape)) < 500
    rough = [at((4 + (n % 2) / 10) + 3 * np.cos(turn), 2 + 2 * np.sin(turn)) for n, turn in enumerate(turns[::2])]
    refused = resolve_place(plan_town, polygon([[*rough, rough[0]]]))
    assert refused.location is None and set(codes(refused)) <= {"too-many-points", "self-crossing"}
    flood = resolve_place(plan_town, line(*[(n / 4000, 0.0) for n in range(30_000)]))
    assert codes(flood) == ["too-many-points"]


def test_parts_make_the_whole_street_when_it_is_cut_at_one_place(plan_town: TerritoryView) -> None:
    def metres(place: ResolvedPlace) -> float:
        assert place.location is not None
        return float(shapely.transform(place.location.shape, to_metres_at(LAT)).length)

    for name, cut in (("Rue Longue", {"number": "17"}), ("Avenue Double", {"crossing": "Rue du Four"})):
        whole = resolve_place(plan_town, street({"name": name}))
        parts = [resolve_place(plan_town, street({"name": name, end: cut})) for end in ("from", "to")]
        assert sum(map(metres, parts)) == pytest.approx(metres(whole), abs=9.0)
        together = shapely.union_all([part.location.shape for part in parts if part.location is not None])
        assert whole.location is not None
        assert shapely.hausdorff_distance(together, whole.location.shape) < 1e-4


def test_location_reads_back_the_same_when_it_was_stored(plan_town: TerritoryView) -> None:
    for place in (street({"name": "Rue Longue", "from": {"number": "3"}}), polygon([ALL], left_out=["Rue du Puits"])):
        found = resolve_place(plan_town, place)
        assert found.location is not None
        again = codec.location_from_json(codec.location_to_json(found.location))
        assert again == found.location and again.direction is Direction.BOTH


def test_missing_graph_is_told_when_a_territory_was_never_built(app: Flask) -> None:
    with pytest.raises(Unavailable, match="graph-missing"):
        resolve_place(make_territory(bounds=None), street({"name": "Rue Longue"}))


def test_every_problem_has_a_sentence_when_it_is_told(app: Flask) -> None:
    assert all("%(" not in str(sentence) % _Anything() for sentence in PROBLEMS.values())


class _Anything(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key
