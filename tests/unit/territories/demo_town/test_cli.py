"""The command that writes the town."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.territories.demo_town.cli import demo_town_command


def test_file_is_written_when_the_values_are_good(tmp_path: Path) -> None:
    target = tmp_path / "town.osm.pbf"
    result = CliRunner().invoke(demo_town_command, ["--seed", "3", "--size-km", "2", "-o", str(target)])
    assert result.exit_code == 0, result.output
    assert "100% town" in result.stderr
    assert "Valmarin-sur-Orle" in result.stdout
    assert target.stat().st_size > 50_000
    assert [path.name for path in tmp_path.iterdir()] == ["town.osm.pbf"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--size-km", "0.5", "-o", "town.osm.pbf"], "size_km must be between 2 and 30, not 0.5"),
        (["--size-km", "nan", "-o", "town.osm.pbf"], "size_km must be between"),
        (["--seed", "-4", "-o", "town.osm.pbf"], "seed must not be negative"),
        (["-o", "town.txt"], "must end in one of"),
        (["-o", "nowhere/town.osm.pbf"], "does not exist"),
        (["--size-km", "big", "-o", "town.osm.pbf"], "'big' is not a valid float"),
        ([], "Missing option '-o'"),
    ],
    ids=["small", "nan", "seed", "suffix", "folder", "text", "no-output"],
)
def test_status_is_two_when_a_value_cannot_be_used(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(demo_town_command, arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not list(tmp_path.iterdir())


def test_help_shows_an_example_when_asked() -> None:
    result = CliRunner().invoke(demo_town_command, ["--help"])
    assert "Example: joptimiz demo-town --seed 1" in result.output
