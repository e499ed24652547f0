"""The commands that add, list, rebuild and remove territories."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import AppGroup

from portal.common.actor import system_actor
from portal.common.errors import PortalError, Unavailable
from portal.regulations.holidays import HolidayRegion
from portal.territories import services
from portal.territories.messages import STEPS, command_sentence
from portal.territories.models import DEFAULT_TIMEZONE
from portal.territories.queries import TerritoryView, get_build_facts, list_territories

_ACTOR = system_actor("command")

group = AppGroup("territory", help="Add, list, rebuild and remove territories.")

_osm = click.option(
    "--osm",
    "source",
    required=True,
    type=click.Path(path_type=Path),
    help="OpenStreetMap extract: .osm, .osm.gz, .osm.bz2 or .osm.pbf.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON on the standard output.")


@group.command("add")
@click.argument("slug")
@click.option("--name", required=True, help='Name shown to companies, for example "Ville de Paris".')
@_osm
@click.option("--timezone", default=DEFAULT_TIMEZONE, show_default=True, help="Time zone of the orders.")
@click.option(
    "--holidays",
    type=click.Choice([region.value for region in HolidayRegion]),
    default=HolidayRegion.METROPOLE.value,
    show_default=True,
    help="Public holidays that the orders go by.",
)
@_json
def add(slug: str, name: str, source: Path, timezone: str, holidays: str, as_json: bool) -> None:
    """Build a territory from an extract and open it.

    Example: joptimiz territory add paris-3e --name "Paris 3e" --osm paris.osm.pbf
    """
    with _one_sentence():
        command = services.AddTerritory(slug, name, source, timezone, holidays=HolidayRegion(holidays))
        _report(services.add_territory(_ACTOR, command, progress=_progress()), as_json)


@group.command("rebuild")
@click.argument("slug")
@_osm
@_json
def rebuild(slug: str, source: Path, as_json: bool) -> None:
    """Build a territory again from another extract; it serves the present build until the new one is complete.

    Example: joptimiz territory rebuild paris-3e --osm paris-2026.osm.pbf
    """
    with _one_sentence():
        _report(services.rebuild_territory(_ACTOR, slug, source, progress=_progress()), as_json)


@group.command("list")
@_json
def list_(as_json: bool) -> None:
    """List the territories.

    Example: joptimiz territory list --json
    """
    territories = [_described(territory) for territory in list_territories()]
    if as_json:
        click.echo(json.dumps(territories, ensure_ascii=False))
    elif not territories:
        click.echo("No territory yet: joptimiz territory add --help says how to make one.")
    for territory in [] if as_json else territories:
        built = "not built" if territory["build_version"] is None else f"build {territory['build_version']}"
        click.echo(f"{territory['slug']:<24} {territory['name']} ({built})")


@group.command("remove")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(slug: str, yes: bool) -> None:
    """Remove a territory with its orders, requests and passes.

    Example: joptimiz territory remove old-town
    """
    if not yes:
        click.confirm(f"Remove {slug} with all its orders, requests and passes? This cannot be undone", abort=True)
    with _one_sentence():
        services.remove_territory(_ACTOR, slug)
        click.echo(f"{slug} is removed.")


@contextmanager
def _one_sentence() -> Iterator[None]:
    """Turn an expected failure into its sentence and an exit status: 2 for bad input, 1 for a fault of the portal."""
    try:
        yield
    except PortalError as error:
        click.echo(f"Error: {command_sentence(error)}", err=True)
        sys.exit(1 if error.status >= 500 or error.code == "disk-full" else 2)


def _progress() -> Callable[[str, int, int], None]:
    """Return a listener that says each step once, and its share where a step is long."""
    said: dict[str, int] = {}

    def tell(step: str, done: int, total: int) -> None:
        percent = 100 * done // total if total else 100
        if step in said and (said[step] == 100 or said[step] <= percent < min(said[step] + 25, 100)):
            return
        said[step] = percent
        click.echo(f"{STEPS.get(step, step)}: {percent} %", err=True)

    return tell


def _report(result: services.BuildResult, as_json: bool) -> None:
    territory, facts = result.territory, result.facts
    if as_json:
        click.echo(json.dumps({**_described(territory), "already_built": result.already_built}, ensure_ascii=False))
    elif result.already_built:
        click.echo(f"{territory.slug} is already built from this extract.")
    else:
        click.echo(
            f"{territory.slug} is ready: {facts.directed_edge_count} road sections, {facts.street_count} streets, "
            f"{facts.address_count} addresses, {facts.size_bytes / 1e6:.1f} MB."
        )
        if facts.missing_edge_count:
            click.echo(
                f"Warning: {facts.missing_edge_count} road sections were not found by the engine; neither the law "
                "nor a route knows them.",
                err=True,
            )


def _described(territory: TerritoryView) -> dict[str, object]:
    try:
        facts = get_build_facts(territory)
    except Unavailable:
        facts = None
    return {
        "slug": territory.slug,
        "name": territory.name,
        "timezone": territory.timezone,
        "holidays": territory.holidays.value,
        "bounds": territory.bounds,
        "centre": territory.centre,
        "build_version": territory.build_version,
        "build": json.loads(facts.as_json()) if facts else None,
        "is_demo": territory.is_demo,
    }
