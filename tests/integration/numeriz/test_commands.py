"""The commands, as a person types them; files that nobody should send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from portal.db import session
from portal.numeriz.bays.queries import list_bays
from portal.numeriz.models import ImportReport
from portal.numeriz.queries import list_perimeters
from tests.factories.law import make_law, make_territory, order_draft
from tests.support.datex import order, publication
from tests.support.event_feeds import cifs_file
from tests.support.source_server import SourceServer, body, serve

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
    "deep": b'{"type": "FeatureCollection", "features": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "one-long-line": b'{"type": "FeatureCollection", "features": [' + b" " * (30 * 1024 * 1024) + b"]}",
    "nul": b"\x00" * 1000,
}
# A record that cannot be used is left aside alone, and the report says so.
SKIPPED = {
    "out-of-world": collection(jop(geometry=polygon([[652000, 6862000], [652100, 6862000], [652000, 6862100]]))),
    "texts-for-numbers": collection(jop(geometry=polygon([["a", "b"], ["c", "d"]]))),
    "open-ring": collection(jop(geometry=polygon([[2.36, 48.86], [2.37, 48.86]]))),
    "no-coordinates": collection(jop(geometry={"type": "Polygon"})),
    "unknown-geometry": collection(jop(geometry={"type": "Cercle", "coordinates": [2.36, 48.86]})),
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


@pytest.mark.parametrize("name", SKIPPED)
def test_a_record_is_left_aside_when_its_shape_is_nonsense(app: Flask, tmp_path: Path, name: str) -> None:
    territory = make_territory()
    path = tmp_path / "perimetres.geojson"
    path.write_bytes(SKIPPED[name])
    result = run(app, "perimeters", "import", str(path), "--territory", territory.slug, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["counts"]["records_skipped"] == 1 and sum(told["issues"].values()) == 1
    assert not list_perimeters(territory.id) and not told["changed"]


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


def test_orders_are_read_changed_and_unchanged_when_their_file_comes_again(app: Flask, shared_data: Path) -> None:
    territory = make_territory("france", bounds=(-5.0, 41.0, 10.0, 51.5))
    path = str(shared_data / "dialog" / "get-regulations-expected-result.xml")
    command = ("orders", "import", path, "--territory", territory.slug, "--json")
    tried = json.loads(run(app, *command, "--dry-run").output)
    assert (tried["counts"]["orders_added"], tried["dry_run"], tried["state"]) == (6, True, "applied")
    assert session().query(ImportReport).count() == 0
    assert json.loads(run(app, *command).output)["counts"]["orders_added"] == 6
    again = json.loads(run(app, *command).output)
    assert (again["state"], again["changed"], again["counts"]["records_unchanged"]) == ("unchanged", False, 6)
    listed = json.loads(run(app, "orders", "list", "--territory", "france", "--source", "dialog", "--json").output)
    assert len(listed["orders"]) == 6 and {line["source"] for line in listed["orders"]} == {"dialog"}


@pytest.mark.parametrize(
    ("creator", "given", "withdrawn"),
    [
        ("DiaLog", (), 0),
        ("DiaLog", ("--complete",), 1),
        ("DiaLog", ("--option", "scope=all"), 1),
        ("DiaLog", ("--complete", "--option", "scope=part"), 0),
        ("DiaLog", ("--complete", "--option", "scope=temporary"), 0),
        ("Mairie", (), 0),
        ("Mairie", ("--complete",), 1),
    ],
)
def test_a_file_of_orders_withdraws_only_when_it_is_said_to_be_complete(
    app: Flask, tmp_path: Path, creator: str, given: tuple[str, ...], withdrawn: int
) -> None:
    territory = make_territory()
    path = tmp_path / "regulations.xml"
    orders = [order(order_id=f"p{place}", source=None) for place in range(4)]
    for held in (orders, orders[1:]):
        path.write_text(publication(*held, creator=creator), encoding="utf-8")
        result = run(app, "orders", "import", str(path), "--territory", territory.slug, *given, "--json")
        assert result.exit_code == 0, result.output
    assert json.loads(result.output)["counts"].get("orders_withdrawn", 0) == withdrawn


def test_events_are_imported_and_listed_when_their_file_is_given(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    path = tmp_path / "cifs.xml"
    now = datetime.now(UTC)
    path.write_bytes(cifs_file("Rue A", "Rue B", starts=now - timedelta(hours=1)))
    result = run(app, "events", "import", str(path), "--territory", territory.slug, "--format", "cifs")
    assert result.exit_code == 0 and "Enregistrements lus" in result.output and not result.stderr
    lines = run(app, "events", "list", "--territory", territory.slug).output.splitlines()
    assert sorted(line.split("\t")[:2] for line in lines) == [["active", "closure"]] * 2
    path.write_bytes(cifs_file("Rue C", starts=now - timedelta(days=9), ends=now - timedelta(days=1)))
    run(app, "events", "import", str(path), "--territory", territory.slug, "--option", "source=autre")
    listed = json.loads(run(app, "events", "list", "--territory", territory.slug, "--all", "--json").output)["events"]
    assert sorted(event["state"] for event in listed) == ["active", "active", "ended"]


def test_a_command_ends_with_one_when_the_file_breaks_off(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    path = tmp_path / "cifs.xml"
    path.write_bytes(cifs_file(*[f"Rue {n}" for n in range(9)], starts=datetime.now(UTC))[:-300])
    result = run(app, "events", "import", str(path), "--territory", territory.slug)
    assert result.exit_code == 1 and len(result.stderr.strip().splitlines()) == 1
    told = run(app, "events", "import", str(path), "--territory", territory.slug, "--json")
    assert told.exit_code == 1 and json.loads(told.stdout)["state"] == "partial"


def test_an_option_reaches_the_reader_when_it_is_given(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    path = tmp_path / "zones.geojson"
    properties = {"manif": "Braderie", "teinte": "rouge", "du": "2024-09-08T08:00", "au": "2024-09-08T20:00"}
    path.write_bytes(collection({"type": "Feature", "properties": properties, "geometry": polygon(RING)}))
    pairs = [f"--option={pair}" for pair in ("event=manif", "colour=teinte", "start=du", "end=au")]
    result = run(app, "perimeters", "import", str(path), "--territory", territory.slug, *pairs)
    assert result.exit_code == 0, result.output
    assert [perimeter.event for perimeter in list_perimeters(territory.id)] == ["Braderie"]
    bad = run(app, "perimeters", "import", str(path), "--territory", territory.slug, "--option", "manif")
    assert bad.exit_code == 2 and "nom=valeur" in bad.stderr


@pytest.fixture
def source(app: Flask) -> Iterator[SourceServer]:
    before = app.extensions["settings"]
    with serve() as running:
        app.extensions["settings"] = replace(before, feed_hosts=frozenset({running.host}))
        yield running
    app.extensions["settings"] = before


def test_a_file_is_downloaded_when_its_address_is_given(app: Flask, source: SourceServer) -> None:
    territory = make_territory()
    source.replies["/v1/cifs.xml"] = body(cifs_file("Rue A", starts=datetime.now(UTC)))
    command = ("events", "import", "--territory", territory.slug, "--url")
    assert run(app, *command, source.url("/v1/cifs.xml")).exit_code == 0
    assert session().query(ImportReport).one().file_name == "cifs.xml"
    for url, sentence in {
        "https://ailleurs.fr/x.xml": "n’est pas dans la liste des sources",
        source.url("/absent.xml"): "n’a rien à cette adresse",
    }.items():
        refused = run(app, *command, url)
        assert refused.exit_code == 2 and len(refused.stderr.strip().splitlines()) == 1
        assert sentence in refused.stderr


@pytest.mark.parametrize("sources", [(), ("FILE", "--url", "https://exemple.fr/x")], ids=["neither", "both"])
def test_a_command_asks_for_one_source_when_it_is_given_none_or_two(
    app: Flask, tmp_path: Path, sources: tuple[str, ...]
) -> None:
    make_territory()
    path = tmp_path / "x.xml"
    path.write_bytes(b"<a/>")
    given = [str(path) if word == "FILE" else word for word in sources]
    result = run(app, "events", "import", *given, "--territory", "paris-3e")
    assert result.exit_code == 2 and "FILES or --url" in result.stderr


def test_a_feed_is_added_read_listed_and_removed_by_commands(app: Flask, source: SourceServer) -> None:
    territory = make_territory()
    source.replies["/cifs.xml"] = body(cifs_file("Rue A", starts=datetime.now(UTC)), ETag='"1"')
    where = ("--territory", territory.slug)
    given = ("--kind", "events", "--name", "Fermetures", "--url", source.url("/cifs.xml"), "--every", "15m")
    feed_id = json.loads(run(app, "feeds", "add", *where, *given, "--json").output)["id"]
    assert "events_added" in json.loads(run(app, "feeds", "run", feed_id, *where, "--json").output)["counts"]
    assert json.loads(run(app, "feeds", "run", feed_id, *where, "--json").output) == {"state": "unchanged"}
    assert run(app, "feeds", "run", feed_id, *where).output == "Rien de nouveau à la source.\n"
    [feed] = json.loads(run(app, "feeds", "list", *where, "--json").output)["feeds"]
    assert (feed["every_s"], feed["failures"], feed["error"]) == (900, 0, {}) and feed["checked_at"]
    source.replies["/cifs.xml"] = body(b"", 404)
    failed = run(app, "feeds", "run", feed_id, *where)
    assert failed.exit_code == 1 and "n’a rien à cette adresse" in failed.stderr
    assert "n’a rien à cette adresse" in run(app, "feeds", "list", *where).output
    assert run(app, "feeds", "remove", feed_id, *where).exit_code == 0
    assert run(app, "feeds", "run", feed_id, *where).exit_code == 2
    assert run(app, "feeds", "list", *where).output == ""


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((), "--preset, or --kind"),
        (("--preset", "dialog-temporary"), "n’est pas dans la liste des sources"),
        (("--kind", "events", "--name", "x", "--url", "https://ailleurs.fr/x"), "n’est pas dans la liste"),
        (("--preset", "inconnue"), "inconnue"),
        (("--kind", "events", "--name", "x", "--url", "https://a.fr/x", "--every", "souvent"), "is not a span"),
    ],
)
def test_a_feed_is_refused_in_words_when_it_cannot_be_added(
    app: Flask, source: SourceServer, given: tuple[str, ...], sentence: str
) -> None:
    territory = make_territory()
    result = run(app, "feeds", "add", "--territory", territory.slug, *given)
    assert result.exit_code == 2 and sentence in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        *(f"{kind} import" for kind in ("orders", "perimeters", "bays", "events")),
        *(f"{kind} list" for kind in ("orders", "events")),
        *(f"feeds {act}" for act in ("add", "list", "run", "remove")),
    ],
)
def test_help_gives_an_example_when_it_is_asked(app: Flask, command: str) -> None:
    result = run(app, *command.split(), "--help")
    assert result.exit_code == 0 and f"Example: joptimiz {command}" in result.output
