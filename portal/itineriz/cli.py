"""The commands `route` and `what`: the lawful tour, and the law at a point, for people and programs.

Exit status: 0 an answer (also when there is no lawful route), 1 a failure of the portal, 2 input that cannot be used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from portal.common.errors import Invalid, PortalError
from portal.itineriz import asking
from portal.itineriz.addresses.serving import standing_at
from portal.itineriz.documents.answer import reason_values, to_public
from portal.itineriz.documents.terminal import route_lines
from portal.itineriz.messages import fault, verdict_words
from portal.itineriz.trip import Stop, Trip
from portal.numeriz.api import SIGNS_PREVAIL, law_snapshot
from portal.regulations.evaluate import verdict_of_ways
from portal.regulations.schedules import Interval
from portal.territories.api import get_territory

_COLOUR_PASSES = click.option(
    "--colour-passes",
    multiple=True,
    metavar="COLOUR[,COLOUR]",
    help="Suppose a pass for whole colours: white, blue, red, grey, black.",
)


def _in_one_sentence[**P](command: Callable[P, None]) -> Callable[P, None]:
    """Turn an expected error into one sentence on the error output and the right exit status."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except PortalError as error:
            _end(fault(error), 2 if error.status < 500 else 1)

    return run


def _end(sentence: str, status: int) -> NoReturn:
    click.echo(sentence, err=True)
    raise SystemExit(status)


@click.command("route")
@click.option("--territory", "slug", required=True, help="Slug of the territory.")
@click.option(
    "--stop", "stops", multiple=True, required=True, metavar="LON,LAT", help="A stop; at least two, in order."
)
@click.option("--depart", help="ISO instant; without an offset, local time of the territory.")
@click.option("--arrive-by", help="Instead of --depart: be at the last stop then, and leave as late as that allows.")
@click.option(
    "--service",
    "services",
    multiple=True,
    type=click.FloatRange(0, 1440),
    metavar="MINUTES",
    help="How long the vehicle stands at a stop; once for all stops after the first, or once for each stop in order.",
)
@click.option(
    "--window",
    "windows",
    multiple=True,
    metavar="STOP=START/END[,START/END]",
    help="When the service of a stop (number from 1) may begin; ISO instants.",
)
@click.option("--free-order", is_flag=True, help="Serve the stops after the first in the best order.")
@click.option("--return", "returns", is_flag=True, help="Come back to the first stop.")
@click.option("--energy", help="What the vehicle runs on: diesel, petrol, electric, ...; for fuel and emissions.")
@click.option("--vehicle", "vehicle_json", default="{}", show_default=True, help="JSON object, tonnes and metres.")
@_COLOUR_PASSES
@click.option("--assume-passes", is_flag=True, help="Suppose the passes that open the way, and name them.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@with_appcontext
@_in_one_sentence
def route_command(
    slug: str,
    stops: tuple[str, ...],
    depart: str | None,
    arrive_by: str | None,
    services: tuple[float, ...],
    windows: tuple[str, ...],
    free_order: bool,
    returns: bool,
    energy: str | None,
    vehicle_json: str,
    colour_passes: tuple[str, ...],
    assume_passes: bool,
    as_json: bool,
) -> None:
    """Compute the lawful tour of a vehicle: the way, what it avoids and why, or what stands in its way.

    \b
    Example: joptimiz route --territory paris-3e --stop 2.356,48.8655 --stop 2.378,48.869 --depart 2024-09-08T09:00
    --vehicle '{"gvw_t": 12, "height_m": 3.5}' --json

    \b
    A tour that is over at noon, in the best order, a quarter of an hour at each stop, the second one before ten:
    joptimiz route --territory paris-3e --stop 2.356,48.8655 --stop 2.378,48.869 --stop 2.365,48.864
    --arrive-by 2024-09-07T12:00 --service 15 --window 2=2024-09-07T08:00/2024-09-07T10:00 --free-order --return
    """
    territory = get_territory(slug)
    zone = ZoneInfo(territory.timezone)
    if (depart is None) == (arrive_by is None):
        raise Invalid("departure-or-arrival", field="depart_at")
    arrive_at = None if arrive_by is None else asking.read_instant(arrive_by, zone)
    depart_at = arrive_at or asking.read_instant(depart or "", zone)
    trip = Trip(
        stops=_read_stops(stops, services, windows, zone),
        depart_at=depart_at,
        arrive_by=arrive_at,
        free_order=free_order,
        return_to_start=returns,
        energy=None if energy is None else asking.read_energy(energy),
        vehicle=asking.read_vehicle(vehicle_json),
        passes=asking.colour_passes(asking.read_colours(colour_passes), depart_at),
        assume_passes=assume_passes,
    )
    values = to_public(asking.answer(territory, trip), zone)
    _answer(values, route_lines(values, zone), as_json)


def _read_stops(
    texts: Sequence[str], services: Sequence[float], windows: Sequence[str], zone: ZoneInfo
) -> tuple[Stop, ...]:
    """The stops with the minutes and the windows given for them. Raises Invalid."""
    positions = [asking.read_position(text, number) for number, text in enumerate(texts)]
    if len(services) not in {0, 1, len(texts)}:
        raise Invalid("services-do-not-match", field="service", stops=len(texts))
    if len(services) == len(texts):
        minutes = list(services)
    else:
        minutes = [0.0, *(services[0] if services else 0.0 for _ in texts[1:])]
    of_stop: dict[int, tuple[Interval, ...]] = {}
    for text in windows:
        number, _, spans = text.partition("=")
        if not number.isdecimal() or not 1 <= int(number) <= len(texts):
            raise Invalid("window-unreadable", field="window")
        of_stop[int(number) - 1] = (*of_stop.get(int(number) - 1, ()), *asking.read_windows(spans, zone))
    return tuple(
        Stop(lon, lat, service_s=round(served * 60), windows=of_stop.get(number, ()))
        for number, ((lon, lat), served) in enumerate(zip(positions, minutes, strict=True))
    )


@click.command("what")
@click.option("--territory", "slug", required=True, help="Slug of the territory.")
@click.option("--at", "position", required=True, metavar="LON,LAT", help="The point asked about.")
@click.option("--when", required=True, help="ISO instant; without an offset, local time of the territory.")
@click.option("--vehicle", "vehicle_json", default="{}", show_default=True, help="JSON object, tonnes and metres.")
@_COLOUR_PASSES
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@with_appcontext
@_in_one_sentence
def what_command(
    slug: str, position: str, when: str, vehicle_json: str, colour_passes: tuple[str, ...], as_json: bool
) -> None:
    """Tell what the law says of a vehicle that stops at a point, at an instant: in the street nearest to it.

    \b
    In JSON, street is its name, empty when it has none, null when no street is known: then the point itself is asked.

    Example: joptimiz what --territory paris-3e --at 2.365,48.867 --when 2024-09-08T09:00 --vehicle '{"gvw_t": 12}'
    """
    territory = get_territory(slug)
    zone = ZoneInfo(territory.timezone)
    at = asking.read_instant(when, zone)
    lon, lat = asking.read_position(position)
    asking.check_position(territory, lon, lat)
    vehicle = asking.read_vehicle(vehicle_json)
    passes = asking.colour_passes(asking.read_colours(colour_passes), at)
    law = law_snapshot(territory.id)
    standing = standing_at(territory.graph_dir, law, (lon, lat))
    found = verdict_of_ways(law, standing.ways, at, vehicle, passes)
    values: dict[str, Any] = {
        "verdict": found.state.value,
        "street": standing.street,
        "reasons": [reason_values(reason, zone) for reason in found.reasons],
        "warnings": [reason_values(reason, zone) for reason in found.warnings],
    }
    said = (f"- {reason['why']}" for reason in (*values["reasons"], *values["warnings"]))
    _answer(values, [verdict_words(values["verdict"]), *said], as_json)


def _answer(values: Mapping[str, Any], lines: Iterable[str], as_json: bool) -> None:
    """Print an answer: one JSON object, or lines of text that say what they are worth."""
    click.echo(json.dumps(values, ensure_ascii=False) if as_json else "\n".join([*lines, str(SIGNS_PREVAIL)]))
