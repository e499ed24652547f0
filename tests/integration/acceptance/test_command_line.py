"""The `joptimiz` command as a newcomer meets it: before any migration, with slips of the hand, and its help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from portal import create_app
from portal.cli import cli

type Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command as the console script does, with an empty folder of state."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("JOPTIMIZ_VAR", str(tmp_path))
    return lambda *arguments: CliRunner().invoke(cli, list(arguments), prog_name="joptimiz")


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The commands that do something, with the words that call them."""
    for name, command in group.commands.items():
        if name in {"db", "limiter"}:
            continue
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize(
    "arguments",
    [
        ("territory", "list"),
        ("route", "--territory", "x", "--stop", "2,48", "--stop", "2,48", "--depart", "2024-09-08T09:00"),
        ("what", "--territory", "x", "--at", "2,48", "--when", "2024-09-08T09:00"),
        ("perimeters", "import", __file__, "--territory", "x"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_migration_is_named_when_the_database_has_no_table_yet(run: Run, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "Error: the database is not at this version yet: run `joptimiz migrate` first.\n"


def test_one_sentence_is_said_when_the_database_is_out_of_reach(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////dev/null/none.sqlite")
    refused = run("territory", "list")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: the database cannot be used (")
    assert len(refused.stderr.splitlines()) == 1
    monkeypatch.setenv("DATABASE_URL", "nonsense")
    refused = run("territory", "list")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("Error: DATABASE_URL is not the address of a database")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("paint",), "No such command 'paint'"),
        (("territory", "paint"), "No such command 'paint'"),
        (("route", "--colour"), "No such option '--colour'"),
        (("route", "--territory", "x"), "Missing option '--stop'"),
        (("territory", "add"), "Missing argument 'SLUG'"),
        (("perimeters", "import", "/none.geojson", "--territory", "x"), "does not exist"),
        (("perimeters", "import", "/", "--territory", "x"), "is a directory"),
    ],
)
def test_one_sentence_and_status_2_when_the_command_is_mistyped(
    run: Run, arguments: tuple[str, ...], words: str
) -> None:
    refused = run(*arguments)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert words in refused.stderr and "--help` says more" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_the_version_and_our_commands_alone_are_shown_when_asked(run: Run) -> None:
    assert run("--version").stdout.startswith("joptimiz, version ")
    shown = run("--help").stdout
    assert "territory" in shown and "perimeters" in shown
    assert "limiter" not in shown and "  db " not in shown


def test_every_command_gives_an_example_when_asked_for_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOPTIMIZ_VAR", str(tmp_path))
    listed = dict(commands(cli)) | dict(commands(create_app().cli))
    assert len(listed) > 15
    for path, command in listed.items():
        with click.Context(command, info_name=path[-1]) as context:
            text = " ".join(command.get_help(context).split())
        example = text.partition("Example: ")[2]
        assert f"joptimiz {' '.join(path)}" in example, path
