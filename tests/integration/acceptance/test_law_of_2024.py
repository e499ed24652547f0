"""The records of 2024 imported by the command, then asked at points and instants, against shapely and the files."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import shapely
from flask import Flask

from portal.numeriz.api import law_snapshot
from portal.regulations.evaluate import verdict
from portal.regulations.vehicles import Vehicle
from tests.factories.law import make_territory
from tests.support.paris import TRUCK, local, records

INSTANTS = (
    "2024-07-17T12:00",
    "2024-07-18T00:00",
    "2024-07-26T12:58",
    "2024-07-26T12:59:30",
    "2024-07-26T13:00",
    "2024-07-28T15:00",
    "2024-08-10T09:00",
    "2024-08-20T12:00",
    "2024-08-28T17:59:59",
    "2024-08-28T18:00",
    "2024-09-08T10:00",
)
CLOSING = {"Rouge", "Gris"}
# Nearer an outline than this (degrees, about two metres), rounding decides.
OUTLINE = 2e-5


def test_every_verdict_is_that_of_the_records_when_points_and_instants_are_many(app: Flask, shared_data: Path) -> None:
    territory = make_territory("paris-3e")
    files = [str(shared_data / "jop2024" / f"{name}.geojson") for name in ("zones", "para_ouverture")]
    command = ["perimeters", "import", *files, "--territory", "paris-3e", "--json"]
    done = app.test_cli_runner().invoke(args=command)
    assert done.exit_code == 0, done.output
    counts = json.loads(done.stdout)["counts"]
    assert (counts["records"], counts["shapes"], counts["duplicates"]) == (882, 123, 1)
    assert (counts["repaired"], counts["without_geometry"]) == (5, 6)
    law = law_snapshot(territory.id)
    drawn = list(records(shared_data))
    chosen = random.Random(2024)
    points = [record["shape"].representative_point() for record in drawn[::6]]
    points += [shapely.Point(chosen.uniform(2.2, 2.45), chosen.uniform(48.8, 48.92)) for _ in range(80)]
    police = Vehicle.from_public({"usages": ["police"]})
    asked = closed = 0
    for instant in INSTANTS:
        at = local(instant)
        active = [record for record in drawn if record["start"] <= at < record["end"]]
        for point in points:
            if any(_outline_distance(record["shape"], point) < OUTLINE for record in active):
                continue
            around = {record["colour"] for record in active if record["shape"].contains(point)}
            expected = "pass_required" if around & CLOSING else "allowed"
            assert verdict(law, point, at, TRUCK, ()).state.value == expected, (instant, point, around)
            assert verdict(law, point, at, police, ()).state.value == "allowed"
            asked += 1
            closed += expected == "pass_required"
    assert asked > 1500 and closed > 100


def _outline_distance(area: shapely.Geometry, point: shapely.Point) -> float:
    parts = [part for part in shapely.get_parts(area) if part.geom_type == "Polygon"]
    return min((part.boundary.distance(point) for part in parts), default=1.0)


@pytest.mark.parametrize(
    ("name", "records", "added"),
    [
        ("paris-3e-republique.csv", 641, 641),
        ("grand-lyon-example.csv", 16, 16),
        ("hauts-de-seine.csv", 1007, 980),
    ],
    ids=["paris", "national", "hauts-de-seine"],
)
def test_bays_are_stored_once_when_a_known_file_is_imported_twice(
    app: Flask, shared_data: Path, name: str, records: int, added: int
) -> None:
    make_territory("paris-3e")
    command = ["bays", "import", str(shared_data / "delivery-bays" / name), "--territory", "paris-3e", "--json"]
    first, again = (json.loads(app.test_cli_runner().invoke(args=command).stdout) for _ in range(2))
    assert (first["counts"]["records"], first["counts"]["bays_added"], first["changed"]) == (records, added, True)
    assert (again["counts"]["bays_unchanged"], again["changed"]) == (added, False)


def test_a_file_is_refused_in_one_sentence_when_it_is_no_bay_file(app: Flask, shared_data: Path) -> None:
    make_territory("paris-3e")
    path = str(shared_data / "traffic-orders" / "carros.csv")
    refused = app.test_cli_runner().invoke(args=["bays", "import", path, "--territory", "paris-3e"])
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "carros.csv" in refused.stderr and len(refused.stderr.splitlines()) == 1
    assert "aucun format connu" in refused.stderr
