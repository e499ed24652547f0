"""The commands, as a person types them; files that nobody should send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from portal.db import session
from portal.numeriz.models import ImportReport
from portal.numeriz.queries import list_bays, list_perimeters
from tests.factories.law import make_law, make_territory, order_draft

RING = [[2.36, 48.86], [2.37, 48.86], [2.37, 48.87], [2.36, 48.86]]


def run(app: Flask, *arguments: str) -> Result:
    # Other tests pushed a context for the whole test; a command opens its own.
    return app.test_cli_runner().invoke(args=list(arguments))


def jop(**changes: Any) -> dict[str, Any]:
    properties = {
        "EVENEMENT": "Fête",
        "TYPE_PERI": "Rouge",
        "DATE_DEBUT": "2024/09/08 05:30:00.000",
        "DATE_FIN": "2024/09/08 14:00:00.000",
    }
    geometry = changes.pop("geometry", {"type": "Polygon", "coordinates": [RING]})
    return {"type": "Feature", "properties": {**properties, **changes}, "geometry": geometry}


def collection(*features: Any, **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more}).encode()


def polygon(ring: object) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring]}


HOSTILE = {
    "empty": b"",
    "blank": b"  \n ",
    "not-json": b"PK\x03\x04",
    "half": collection(jop())[:-20],
    "not-a-number": collection(jop(geometry=polygon([[2.36, 48.86], [2.37, 48.86], [9e999, 48.87], [2.36, 48.86]]))),
    "too-big-number": collection(jop()).replace(b"2.37", b"1e400"),
    "latin-1": collection(jop()).replace(b"F\\u00eate", "Fête".encode("latin-1")),
    "utf-16": collection(jop()).decode().encode("utf-16"),
    "a-list": b"[1, 2]",
    "a-text": b'"FeatureCollection"',
    "no-features": b'{"type": "FeatureCollection"}',
    "none": collection(),
    "features-of-text": collection("a", "b"),
    "no-properties": collection({"type": "Feature", "geometry": None}),
    "other-layout": collection({"type": "Feature", "properties": {"a": 1}, "geometry": None}),
    "lambert": collection(jop(), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}),
    "swapped": collection(jop(), jop(geometry=polygon([[lat, lon] for lon, lat in RING]))),
    "out-of-world": collection(jop(geometry=polygon([[652000, 6862000], [652100, 6862000], [652000, 6862100]]))),
    "texts-for-numbers": collection(jop(geometry=polygon([["a", "b"], ["c", "d"]]))),
    "open-ring": collection(jop(geometry=polygon([[2.36, 48.86], [2.37, 48.86]]))),
    "no-coordinates": collection(jop(geometry={"type": "Polygon"})),
    "unknown-geometry": collection(jop(geometry={"type": "Cercle", "coordinates": [2.36, 48.86]})),
    "deep": b'{"type": "FeatureCollection", "features": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "one-long-line": b'{"type": "FeatureCollection", "features": [' + b" " * (30 * 1024 * 1024) + b"]}",
    "nul": b"\x00" * 1000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_is_refused_in_one_sentence_when_it_is_hostile(app: Flask, tmp_path: Path, name: str) -> None:
    territory = make_territory()
    path = tmp_path / "perimetres.geojson"
    path.write_bytes(HOSTILE[name])
    result = run(app, "perimeters", "import", str(path), "--territory", territory.slug)
    assert result.exit_code == 2, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("Error: perimetres.geojson\u00a0: "), result.stderr
    assert len(lines[0]) < 250 and lines[0].endswith(".")
    assert not list_perimeters(territory.id) and session().query(ImportReport).count() == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"a", b"\x00\x01", b"x;y\n1;2\n", b"ID,LONGITUDE,LATITUDE\n", b"ID,LONGITUDE,LATITUDE\n1,48.86,2.36\n"],
    ids=["empty", "one-word", "binary", "unknown", "no-row", "swapped"],
)
def test_a_bay_file_is_refused_in_one_sentence_when_it_is_hostile(app: Flask, tmp_path: Path, content: bytes) -> None:
    territory = make_territory()
    path = tmp_path / "aires.csv"
    path.write_bytes(content)
    result = run(app, "bays", "import", str(path), "--territory", territory.slug)
    assert result.exit_code == 2, result.output
    assert len(result.stderr.strip().splitlines()) == 1
    assert not list_bays(territory.id)


def test_nothing_is_stored_when_the_second_file_is_broken(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    good, bad = tmp_path / "good.geojson", tmp_path / "bad.geojson"
    good.write_bytes(collection(jop()))
    bad.write_bytes(b"{")
    result = run(app, "perimeters", "import", str(good), str(bad), "--territory", territory.slug)
    assert result.exit_code == 2 and "bad.geojson" in result.stderr
    assert not list_perimeters(territory.id)


def test_an_unknown_territory_or_file_ends_with_two_when_it_is_named(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "good.geojson"
    path.write_bytes(collection(jop()))
    unknown = run(app, "perimeters", "import", str(path), "--territory", "nulle-part")
    assert (unknown.exit_code, unknown.stderr) == (2, "Error: Aucun territoire ne porte ce nom.\n")
    assert run(app, "bays", "import", str(tmp_path / "absent.csv"), "--territory", "nulle-part").exit_code == 2


def test_a_program_reads_the_figures_when_it_asks_for_json(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    path = tmp_path / "good.geojson"
    path.write_bytes(collection(jop(), jop(TYPE_PERI="Bleu")))
    tried = json.loads(
        run(app, "perimeters", "import", str(path), "--territory", territory.slug, "--json", "--dry-run").output
    )
    assert tried["dry_run"] and tried["counts"]["perimeters_added"] == 2
    assert not list_perimeters(territory.id)
    done = json.loads(run(app, "perimeters", "import", str(path), "--territory", territory.slug, "--json").output)
    assert done["changed"] and done["counts"]["shapes"] == 1
    again = json.loads(run(app, "perimeters", "import", str(path), "--territory", territory.slug, "--json").output)
    assert not again["changed"] and again["counts"]["perimeters_unchanged"] == 2


def test_a_person_reads_the_figures_when_a_file_is_imported(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    path = tmp_path / "good.geojson"
    path.write_bytes(collection(jop(geometry=None)))
    output = run(app, "perimeters", "import", str(path), "--territory", territory.slug).output
    assert "1  Périmètres ajoutés" in output
    assert "Sans géométrie" in output


def test_our_own_layout_is_read_when_it_is_asked_or_recognised(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    properties = {
        "event": "Braderie",
        "name": "Centre",
        "colour": "blue",
        "activations": [["2024-09-08T08:00:00+02:00", "2024-09-08T20:00"], ["2024-09-09T08:00", None]],
    }
    path = tmp_path / "own.geojson"
    path.write_bytes(collection({"type": "Feature", "properties": properties, "geometry": polygon(RING)}))
    for layout in ("auto", "geojson"):
        assert (
            run(app, "perimeters", "import", str(path), "--territory", territory.slug, "--format", layout).exit_code
            == 0
        )
    [perimeter] = list_perimeters(territory.id)
    assert [(s.start.isoformat(), s.end and s.end.isoformat()) for s in perimeter.activations] == [
        ("2024-09-08T06:00:00+00:00", "2024-09-08T18:00:00+00:00"),
        ("2024-09-09T06:00:00+00:00", None),
    ]


def test_orders_are_listed_when_the_territory_has_some(app: Flask) -> None:
    territory = make_territory()
    make_law(territory, orders=[order_draft(title=f"Arrêté {n:03}") for n in range(70)])
    lines = run(app, "orders", "list", "--territory", territory.slug).output.splitlines()
    assert len(lines) == 70 and lines[0].endswith("permanent\tArrêté 000")
    listed = json.loads(run(app, "orders", "list", "--territory", territory.slug, "--json").output)["orders"]
    assert len(listed) == 70 and listed[0]["status"] == "published"


@pytest.mark.parametrize("command", ["perimeters import", "bays import", "orders list"])
def test_help_gives_an_example_when_it_is_asked(app: Flask, command: str) -> None:
    result = run(app, *command.split(), "--help")
    assert result.exit_code == 0 and f"Example: joptimiz {command}" in result.output
