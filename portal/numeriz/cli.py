"""Commands: `perimeters import`, `bays import`, `orders list`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from portal.common.actor import system_actor
from portal.common.errors import Invalid, NotFound
from portal.numeriz.imports.perimeters import PerimeterFormat
from portal.numeriz.messages import COUNTS, NOTHING_STORED, issue_sentence, more_issues, sentence_of
from portal.numeriz.queries import page_orders
from portal.numeriz.uploads import import_bays, import_perimeters
from portal.numeriz.values import ImportOutcome
from portal.territories.api import TerritoryView, get_territory

SHOWN_ISSUES = 10


class Unusable(click.ClickException):
    """Input that cannot be used: one sentence on the error stream, status 2."""

    exit_code = 2


def _territory(slug: str) -> TerritoryView:
    try:
        return get_territory(slug)
    except NotFound as error:
        raise Unusable(sentence_of(error)) from error


def _read(path: Path) -> tuple[str, bytes]:
    most: int = current_app.extensions["settings"].max_upload_bytes
    try:
        # One byte too many is enough to be refused: a huge file is not read whole.
        with path.open("rb") as stream:
            return path.name, stream.read(most + 1)
    except OSError as error:
        raise Unusable(sentence_of(Invalid("file-unreadable", file=path.name))) from error


def _run(work: Callable[[], ImportOutcome], *, as_json: bool, dry_run: bool) -> None:
    try:
        outcome = work()
    except Invalid as error:
        raise Unusable(sentence_of(error)) from error
    totals: dict[str, int] = {}
    for issue in outcome.issues:
        totals[issue.code] = totals.get(issue.code, 0) + 1
    if as_json:
        shown = {"counts": dict(outcome.counts), "issues": totals, "changed": outcome.changed, "dry_run": dry_run}
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    for name, number in outcome.counts.items():
        click.echo(f"{number:>8}  {COUNTS.get(name, name)}")
    ordered = sorted(outcome.issues, key=lambda issue: totals[issue.code])
    for issue in ordered[:SHOWN_ISSUES]:
        place = f"{issue.where}. " if issue.where is not None else ""
        click.echo(f"  - {place}{issue_sentence(issue.to_json())}")
    if len(ordered) > SHOWN_ISSUES:
        click.echo(more_issues(len(ordered) - SHOWN_ISSUES))
    if dry_run:
        click.echo(str(NOTHING_STORED))


_TERRITORY = click.option("--territory", "slug", required=True, metavar="SLUG", help="Territory the data belong to.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Tell what would happen, store nothing.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("perimeters")
def perimeters() -> None:
    """Restricted perimeters of events."""


@perimeters.command("import")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@_TERRITORY
@click.option(
    "--format",
    "layout",
    type=click.Choice([item.value for item in PerimeterFormat]),
    default=PerimeterFormat.AUTO.value,
    show_default=True,
    help="Layout of the files.",
)
@_DRY_RUN
@_JSON
@with_appcontext
def import_perimeter_files(files: tuple[Path, ...], slug: str, layout: str, dry_run: bool, as_json: bool) -> None:
    """Import perimeters from GeoJSON FILES; importing the same again changes nothing.

    Example: joptimiz perimeters import zones.geojson --territory paris-3e
    """
    territory = _territory(slug)
    contents = [_read(path) for path in files]
    actor = system_actor("import")
    _run(
        lambda: import_perimeters(actor, territory, contents, layout=PerimeterFormat(layout), dry_run=dry_run),
        as_json=as_json,
        dry_run=dry_run,
    )


@click.group("bays")
def bays() -> None:
    """Delivery bays."""


@bays.command("import")
@click.argument("file", type=_FILE)
@_TERRITORY
@_DRY_RUN
@_JSON
@with_appcontext
def import_bay_file(file: Path, slug: str, dry_run: bool, as_json: bool) -> None:
    """Import delivery bays from a CSV FILE: the national schema or the open data of Paris, told by the headers.

    Example: joptimiz bays import stationnement.csv --territory paris-3e
    """
    territory = _territory(slug)
    name, content = _read(file)
    _run(
        lambda: import_bays(system_actor("import"), territory, name, content, dry_run=dry_run),
        as_json=as_json,
        dry_run=dry_run,
    )


@click.group("orders")
def orders() -> None:
    """Traffic orders."""


@orders.command("list")
@_TERRITORY
@_JSON
@with_appcontext
def list_orders(slug: str, as_json: bool) -> None:
    """List the traffic orders of a territory.

    Example: joptimiz orders list --territory demo
    """
    territory = _territory(slug)
    cursor: str | None = None
    listed: list[dict[str, object]] = []
    while True:
        page = page_orders(territory.id, cursor)
        for line in page.items:
            if as_json:
                names = ("id", "identifier", "title", "authority_name", "category", "status")
                listed.append({name: str(getattr(line, name)) for name in names})
            else:
                click.echo(f"{line.identifier}\t{line.status.value}\t{line.category.value}\t{line.title}")
        cursor = page.next_cursor
        if cursor is None:
            break
    if as_json:
        click.echo(json.dumps({"orders": listed}, ensure_ascii=False))


COMMANDS = (perimeters, bays, orders)
