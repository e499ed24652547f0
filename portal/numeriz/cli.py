"""Commands: `orders`, `perimeters`, `bays` and `events`: import files or an address, list what is stored."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from flask.cli import with_appcontext

from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Invalid, NotFound, PortalError
from portal.db import Page
from portal.numeriz.event_lists import page_events
from portal.numeriz.feeds.fetching import fetch
from portal.numeriz.feeds.reading import fetch_rules
from portal.numeriz.forms import options_of_orders, read_options
from portal.numeriz.importing import AUTO, run_import
from portal.numeriz.imports.formats import formats_of
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.messages import COUNTS, NOTHING_STORED, error_sentence, issue_sentence, more_issues, sentence_of
from portal.numeriz.queries import page_orders
from portal.numeriz.values import ImportKind, ImportOutcome, ImportState
from portal.territories.api import TerritoryView, get_territory

SHOWN_ISSUES = 10
BROKEN_OFF = 1
"""Exit status of an import that stored the beginning of a file only."""

type Progress = Callable[[int, int], None]


class Unusable(click.ClickException):
    """Input that cannot be used: one sentence on the error stream, status 2."""

    exit_code = 2


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn an expected failure into one sentence and status 2."""
    try:
        yield
    except PortalError as error:
        raise Unusable(sentence_of(error)) from error


def find_territory(slug: str) -> TerritoryView:
    """Return the territory; ends the command when there is none."""
    try:
        return get_territory(slug)
    except NotFound as error:
        raise Unusable(sentence_of(error)) from error


@contextmanager
def progress_bar(*, silent: bool) -> Iterator[Progress | None]:
    """A bar on the error stream, for a person who watches; None when nobody does."""
    if silent or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=100, file=sys.stderr, show_pos=False) as bar:

        def told(done: int, total: int) -> None:
            percent = min(100, done * 100 // total) if total else 0
            bar.update(max(0, percent - bar.pos))

        yield told


def tell_outcome(outcome: ImportOutcome, *, as_json: bool, dry_run: bool = False) -> None:
    """Say what an import did; ends the command with status 1 when it was broken off."""
    if as_json:
        shown = {
            "state": outcome.state.value,
            "counts": dict(outcome.counts),
            "issues": dict(outcome.issue_counts),
            "changed": outcome.changed,
            "dry_run": dry_run,
            "error": dict(outcome.error),
        }
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        for name, number in outcome.counts.items():
            click.echo(f"{number:>8}  {COUNTS.get(name, name)}")
        for issue in outcome.issues[:SHOWN_ISSUES]:
            place = f"{issue.where}. " if issue.where is not None else ""
            click.echo(f"  - {place}{issue_sentence(issue.to_json())}")
        rest = sum(outcome.issue_counts.values()) - len(outcome.issues[:SHOWN_ISSUES])
        if rest > 0:
            click.echo(more_issues(rest))
        if dry_run:
            click.echo(str(NOTHING_STORED))
    if outcome.state is ImportState.PARTIAL:
        params = outcome.error.get("params")
        click.echo(
            error_sentence(str(outcome.error.get("code")), params if isinstance(params, Mapping) else {}), err=True
        )
        raise SystemExit(BROKEN_OFF)


TERRITORY = click.option("--territory", "slug", required=True, metavar="SLUG", help="Territory the data belong to.")
JSON = click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
OPTIONS = click.option(
    "--option", "pairs", multiple=True, metavar="NAME=VALUE", help="How to read the source; may be given several times."
)
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Tell what would happen, store nothing.")
_FILES = click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
_URL = click.option("--url", help="Address to download instead of FILES, on one of the hosts of feeds.")


def _format(kind: ImportKind) -> Callable[[Callable[..., None]], Callable[..., None]]:
    names = [AUTO, *formats_of(kind)]
    return click.option(
        "--format", "layout", type=click.Choice(names), default=AUTO, show_default=True, help="Format of the files."
    )


def _import(
    kind: ImportKind,
    files: Sequence[Path],
    url: str | None,
    slug: str,
    layout: str,
    pairs: Sequence[str],
    dry_run: bool,
    as_json: bool,
    complete: bool = False,
) -> None:
    territory = find_territory(slug)
    if bool(files) == (url is not None):
        raise click.UsageError("Give FILES or --url, one of them.")
    with one_sentence(), tempfile.TemporaryDirectory(prefix="joptimiz-import-") as folder:
        options = read_options("\n".join(pairs))
        if kind is ImportKind.ORDERS:
            options = options_of_orders(options, complete=complete)
        with progress_bar(silent=as_json) as progress:
            sources = [_downloaded(url, Path(folder), progress)] if url else [_readable(path) for path in files]
            with _naming(sources):
                outcome = run_import(
                    system_actor("import"),
                    territory,
                    kind,
                    sources,
                    format=layout,
                    options=options,
                    dry_run=dry_run,
                    progress=progress,
                )
    tell_outcome(outcome, as_json=as_json, dry_run=dry_run)


@contextmanager
def _naming(sources: Sequence[SourceFile]) -> Iterator[None]:
    """Name the file in a refusal that does not, when there is only one it can be about."""
    try:
        yield
    except Invalid as error:
        if "file" in error.params or len(sources) != 1:
            raise
        raise Invalid(error.code, error.field, file=sources[0].name, **error.params) from error


def _readable(path: Path) -> SourceFile:
    try:
        with path.open("rb"):
            return SourceFile(path.name, path)
    except OSError as error:
        raise Invalid("file-unreadable", file=path.name) from error


def _downloaded(url: str, folder: Path, progress: Progress | None) -> SourceFile:
    file = SourceFile(Path(urlsplit(url).path).name or "source", folder / "source")
    fetch(url, file.path, fetch_rules(), progress=progress)
    return file


@click.group("orders")
def orders() -> None:
    """Traffic orders."""


@click.group("perimeters")
def perimeters() -> None:
    """Restricted perimeters of events."""


@click.group("bays")
def bays() -> None:
    """Delivery bays."""


@click.group("events")
def events() -> None:
    """Live road events."""


_COMPLETE = click.option(
    "--complete",
    is_flag=True,
    help="FILES hold every order of their source: those they no longer hold are withdrawn. Without it they are an "
    "excerpt, which withdraws nothing; --option scope=... says more, and wins.",
)


def _add_import(group: click.Group, kind: ImportKind, text: str, *more: Callable[[Any], Any]) -> None:
    """Give a group its `import` command; more: options of this kind alone."""

    def run(**given: Any) -> None:
        _import(kind, **given)

    command: Any = with_appcontext(run)
    options: Sequence[Callable[[Any], Any]] = (_FILES, _URL, TERRITORY, _format(kind), *more, OPTIONS, _DRY_RUN, JSON)
    for option in reversed(options):
        command = option(command)
    group.command("import", help=text)(command)


_add_import(
    orders,
    ImportKind.ORDERS,
    "Import traffic orders, one transaction each; an unchanged order is not even read.\n\n"
    "Example: joptimiz orders import regulations.xml --territory paris-3e --complete",
    _COMPLETE,
)
_add_import(
    perimeters,
    ImportKind.PERIMETERS,
    "Import perimeters from GeoJSON FILES; --option names the columns of a file of another make.\n\n"
    "Example: joptimiz perimeters import zones.geojson --territory paris-3e --option colour=TYPE_ZONE",
)
_add_import(
    bays,
    ImportKind.BAYS,
    "Import delivery bays: the national schema, or the open data of a city, told by the headers.\n\n"
    "Example: joptimiz bays import stationnement.csv --territory paris-3e",
)
_add_import(
    events,
    ImportKind.EVENTS,
    "Import live events: situations of Bison Futé (whole or what is new), or closures in CIFS.\n\n"
    "Example: joptimiz events import content.xml --territory paris-3e",
)


@orders.command("list")
@TERRITORY
@click.option("--source", help="Only what this source brought.")
@JSON
@with_appcontext
def list_orders(slug: str, source: str | None, as_json: bool) -> None:
    """List the traffic orders of a territory.

    Example: joptimiz orders list --territory demo
    """
    territory = find_territory(slug)
    names = ("id", "identifier", "title", "authority_name", "category", "status", "source")
    listed: list[dict[str, object]] = []
    for line in _every(lambda cursor: page_orders(territory.id, cursor, source=source)):
        if as_json:
            listed.append({name: str(getattr(line, name)) for name in names})
        else:
            click.echo(f"{line.identifier}\t{line.status.value}\t{line.category.value}\t{line.title}")
    if as_json:
        click.echo(json.dumps({"orders": listed}, ensure_ascii=False))


@events.command("list")
@TERRITORY
@click.option("--all", "ended", is_flag=True, help="Those that are over too.")
@JSON
@with_appcontext
def list_events(slug: str, ended: bool, as_json: bool) -> None:
    """List the live events of a territory, the latest start first.

    Example: joptimiz events list --territory demo
    """
    territory, now = find_territory(slug), SYSTEM_CLOCK.now()
    listed: list[dict[str, object]] = []
    for line in _every(lambda cursor: page_events(territory.id, now, cursor, ended=ended)):
        if as_json:
            shown = {name: str(getattr(line, name)) for name in ("id", "source", "kind", "state", "road", "label")}
            ends_at = line.ends_at and line.ends_at.isoformat()
            listed.append({**shown, "starts_at": line.starts_at.isoformat(), "ends_at": ends_at})
        else:
            click.echo(f"{line.state.value}\t{line.kind.value}\t{line.road}\t{line.label}")
    if as_json:
        click.echo(json.dumps({"events": listed}, ensure_ascii=False))


def _every[T](page_at: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """Every item of a list that comes in pages."""
    cursor: str | None = None
    while True:
        page = page_at(cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


COMMANDS = (orders, perimeters, bays, events)
