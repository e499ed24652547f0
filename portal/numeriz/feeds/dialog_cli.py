"""Command: `orders name-places`: name the places of stored orders as the search of the national base does."""

from __future__ import annotations

import json
from dataclasses import replace

import click
from flask.cli import with_appcontext

from portal.common.actor import system_actor
from portal.numeriz.cli import JSON, TERRITORY, find_territory, one_sentence, orders
from portal.numeriz.feeds.dialog_search import NATIONAL_BASE, DialogSearch, name_places
from portal.numeriz.feeds.reading import fetch_rules
from portal.numeriz.messages import COUNTS

_MOST_BYTES = 64 * 1024 * 1024
"""Of one page: a hundred orders, the largest with thousands of streets drawn."""


@orders.command("name-places")
@TERRITORY
@click.option(
    "--insee-code",
    "insee_codes",
    multiple=True,
    required=True,
    metavar="CODE",
    help="Commune; may be given several times.",
)
@click.option("--url", default=NATIONAL_BASE, show_default=True, help="The base to ask, on one of the hosts of feeds.")
@JSON
@with_appcontext
def name_places_of_orders(slug: str, insee_codes: tuple[str, ...], url: str, as_json: bool) -> None:
    """Add communes, house numbers and reference points to the places of orders read from the feed of the base.

    Example: joptimiz orders name-places --territory paris-3e --insee-code 75103
    """
    territory = find_territory(slug)
    with one_sentence():
        rules = fetch_rules()
        search = DialogSearch(url, replace(rules, most_bytes=min(rules.most_bytes, _MOST_BYTES)))
        found = (item for code in insee_codes for item in search.orders({"inseeCode": code}))
        counts = name_places(system_actor("import"), territory.id, found)
    if as_json:
        click.echo(json.dumps({"counts": dict(counts)}))
        return
    for name, number in counts.items():
        click.echo(f"{number:>8}  {COUNTS[name]}")
