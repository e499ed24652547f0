"""The commands on real extracts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from portal.common.actor import system_actor
from portal.territories import api
from portal.territories.build import edges


@pytest.fixture(autouse=True)
def clean(app: Flask) -> Iterator[None]:
    """Remove the territories of the test and their files."""
    yield
    for territory in list(api.list_territories()):
        api.remove_territory(system_actor("test"), territory.slug)


def _run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["territory", *arguments])


def test_real_extracts_become_territories_when_added(app: Flask, shared_data: Path, tmp_path: Path) -> None:
    osm = shared_data / "osm"
    paris = _run(app, "add", "paris-3e", "--name", "Paris 3e", "--osm", str(osm / "paris_bss.osm.pbf"), "--json")
    assert paris.exit_code == 0, paris.output
    facts = json.loads(paris.stdout)
    assert (facts["slug"], facts["name"], facts["already_built"]) == ("paris-3e", "Paris 3e", False)
    assert facts["bounds"] == [2.351499, 48.857557, 2.38072, 48.87]
    assert (facts["build"]["directed_edge_count"], facts["build"]["missing_edge_count"]) == (1210, 0)
    assert "Drawing the base map" in paris.stderr
    monaco = _run(
        app, "add", "monaco", "--name", "Monaco", "--osm", str(osm / "monaco.osm.gz"), "--holidays", "reunion"
    )
    assert monaco.exit_code == 0, monaco.output
    assert monaco.stdout.startswith("monaco is ready: 1441 road sections")
    assert facts["build"]["restriction_count"] == 70
    assert [api.get_territory(slug).holidays.value for slug in ("paris-3e", "monaco")] == ["metropole", "reunion"]
    hit = api.geocode("paris-3e", "bd du temple")
    assert hit is not None
    assert hit.label == "Boulevard du Temple, Paris"
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes((osm / "paris_bss.osm.pbf").read_bytes()[:50_000])
    before = api.get_territory("paris-3e")
    refused = _run(app, "rebuild", "paris-3e", "--osm", str(cut))
    assert refused.exit_code == 2
    assert refused.stderr.splitlines()[-1].startswith("Error: cut.osm.pbf cannot be read to its end")
    assert api.get_territory("paris-3e") == before
    listed = _run(app, "list", "--json")
    assert [territory["slug"] for territory in json.loads(listed.stdout)] == ["monaco", "paris-3e"]


def test_same_extract_is_said_to_be_built_when_given_again(app: Flask, village_source: Path) -> None:
    assert _run(app, "add", "bourg", "--name", "Bourg", "--osm", str(village_source)).exit_code == 0
    again = _run(app, "rebuild", "bourg", "--osm", str(village_source))
    assert (again.exit_code, again.stdout) == (0, "bourg is already built from this extract.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add", "Bourg", "--name", "B", "--osm", "x.osm"], "cannot be a slug"),
        (["add", "bourg", "--name", "B", "--osm", "none.osm"], "none.osm does not exist"),
        (["add", "bourg", "--name", "B", "--osm", "x.osm", "--timezone", "Mars"], "is not a time zone"),
        (["rebuild", "bourg", "--osm", "none.osm"], "There is no territory bourg"),
        (["remove", "bourg", "--yes"], "There is no territory bourg"),
    ],
)
def test_command_says_one_sentence_and_exits_2_when_the_input_is_bad(
    app: Flask, arguments: list[str], sentence: str
) -> None:
    result = _run(app, *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_removal_asks_first_when_not_told_yes(app: Flask, village_source: Path) -> None:
    _run(app, "add", "bourg", "--name", "Bourg", "--osm", str(village_source))
    refused = app.test_cli_runner().invoke(args=["territory", "remove", "bourg"], input="n\n")
    assert refused.exit_code == 1
    assert api.get_territory("bourg").slug == "bourg"
    done = app.test_cli_runner().invoke(args=["territory", "remove", "bourg"], input="y\n")
    assert done.exit_code == 0
    assert [*api.list_territories()] == []
    assert "No territory yet" in _run(app, "list").stdout


def test_sections_left_out_are_told_when_a_build_did_not_find_them(
    app: Flask, village_source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No point is looked at, as if every point had another road upon it.
    monkeypatch.setattr(edges, "PROBE_FRACTIONS", ())
    added = _run(app, "add", "bourg", "--name", "Bourg", "--osm", str(village_source))
    assert added.exit_code == 0, added.output
    # Five streets of two sections, each driven both ways.
    assert "Warning: 20 road sections were not found by the engine" in added.stderr
