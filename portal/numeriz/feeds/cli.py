"""Commands: `feeds add|list|run|remove`."""

from __future__ import annotations

import json
import re
from uuid import UUID

import click
from flask import current_app
from flask.cli import with_appcontext

from portal.common.actor import system_actor
from portal.config import Settings
from portal.db import unit_of_work
from portal.numeriz.cli import BROKEN_OFF, JSON, OPTIONS, TERRITORY, find_territory, one_sentence, tell_outcome
from portal.numeriz.desk_words import NOTHING_NEW, every_words
from portal.numeriz.feeds import register as services
from portal.numeriz.feeds.presets import PRESETS, find_preset
from portal.numeriz.feeds.reading import read_feed, settle
from portal.numeriz.forms import read_options
from portal.numeriz.importing import AUTO
from portal.numeriz.imports.formats import FORMATS
from portal.numeriz.messages import error_sentence
from portal.numeriz.values import ImportKind

_ACTOR = system_actor("command")
_SPANS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Rhythm(click.ParamType[int]):
    """A span as people type it: 900, 15m, 6h, 1d. Seconds."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d{1,7})([smhd]?)", str(value))
        if found is None:
            self.fail(f"{value!r} is not a span such as 900, 15m, 6h or 1d.", param, ctx)
        return int(found[1]) * _SPANS_S[found[2] or "s"]


@click.group("feeds")
def feeds() -> None:
    """Sources that are read again and again."""


@feeds.command("add")
@TERRITORY
@click.option("--preset", type=click.Choice([preset.name for preset in PRESETS]), help="A known source.")
@click.option("--kind", type=click.Choice([kind.value for kind in ImportKind]), help="What the source brings.")
@click.option("--name", help="What the feed is called on the pages.")
@click.option("--url", help="Address of the source, on one of the hosts of feeds.")
@click.option(
    "--format",
    "layout",
    type=click.Choice(list(dict.fromkeys([AUTO, *(item.name for item in FORMATS)]))),
    default=AUTO,
    show_default=True,
)
@click.option("--every", "every_s", type=Rhythm(), help="How often: 900, 15m, 6h, 1d; without it, only when asked.")
@click.option("--licence", default="", help="The licence the source announces.")
@OPTIONS
@JSON
@with_appcontext
def add(
    slug: str,
    preset: str | None,
    kind: str | None,
    name: str | None,
    url: str | None,
    layout: str,
    every_s: int | None,
    licence: str,
    pairs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add a feed: a known source, or any address on a host of feeds.

    Example: joptimiz feeds add --territory paris-3e --preset dialog-temporary
    """
    territory = find_territory(slug)
    known = find_preset(preset or "")
    with one_sentence():
        if known is not None:
            new = known.feed()
        elif kind and name and url:
            options = read_options("\n".join(pairs))
            new = services.NewFeed(ImportKind(kind), name, url, layout, every_s, options, licence)
        else:
            raise click.UsageError("Give --preset, or --kind, --name and --url.")
        feed_id = services.add_feed(_ACTOR, territory.id, new, hosts=_settings().feed_hosts)
    click.echo(json.dumps({"id": str(feed_id)}) if as_json else str(feed_id))


@feeds.command("list")
@TERRITORY
@JSON
@with_appcontext
def list_all(slug: str, as_json: bool) -> None:
    """List the feeds of a territory with their last failure.

    Example: joptimiz feeds list --territory paris-3e
    """
    listed = services.list_feeds(find_territory(slug).id)
    if as_json:
        rows = [
            {
                "id": str(feed.id),
                "kind": feed.kind.value,
                "name": feed.name,
                "format": feed.format,
                "url": feed.url,
                "every_s": feed.every_s,
                "active": feed.active,
                "checked_at": feed.checked_at and feed.checked_at.isoformat(),
                "next_at": feed.next_at and feed.next_at.isoformat(),
                "failures": feed.failures,
                "error": dict(feed.error),
            }
            for feed in listed
        ]
        click.echo(json.dumps({"feeds": rows}, ensure_ascii=False))
        return
    for feed in listed:
        state = every_words(feed.every_s) if feed.active else "–"
        said = error_sentence(feed.error["code"], feed.error.get("params", {})) if feed.error else ""
        checked = feed.checked_at.isoformat(timespec="seconds") if feed.checked_at else "–"
        click.echo(f"{feed.id}\t{feed.name}\t{state}\t{checked}\t{said}".rstrip())


@feeds.command("run")
@click.argument("feed_id", type=click.UUID)
@TERRITORY
@JSON
@with_appcontext
def run(feed_id: UUID, slug: str, as_json: bool) -> None:
    """Read a feed now, in this process. Status 1 when the source cannot be read.

    Example: joptimiz feeds run 0198c7f2-5b1e-7000-8000-000000000000 --territory paris-3e
    """
    with one_sentence():
        feed = services.get_feed(find_territory(slug).id, feed_id)
    reading = read_feed(feed)
    with unit_of_work() as uow:
        settle(uow, feed.id, reading)
    if reading.outcome is not None:
        tell_outcome(reading.outcome, as_json=as_json)
    elif reading.error:
        click.echo(error_sentence(reading.error["code"], reading.error.get("params", {})), err=True)
        raise SystemExit(BROKEN_OFF)
    else:
        click.echo(json.dumps({"state": "unchanged"}) if as_json else str(NOTHING_NEW))


@feeds.command("remove")
@click.argument("feed_id", type=click.UUID)
@TERRITORY
@with_appcontext
def remove(feed_id: UUID, slug: str) -> None:
    """Forget a feed; what it brought stays.

    Example: joptimiz feeds remove 0198c7f2-5b1e-7000-8000-000000000000 --territory paris-3e
    """
    with one_sentence():
        services.remove_feed(_ACTOR, find_territory(slug).id, feed_id)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


COMMANDS = (feeds,)
