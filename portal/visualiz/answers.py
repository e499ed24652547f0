"""What one may do at a point and a moment: the verdict of the law, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for
from shapely.geometry import Point

from portal.common.errors import Unavailable
from portal.numeriz.api import law_snapshot, sentence, state_words
from portal.regulations.evaluate import Reason, State, next_change, verdict
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from portal.territories.api import TerritoryView, geocode, reverse_geocode
from portal.visualiz.moments import Moment

TONES = {State.ALLOWED: "green", State.UNKNOWN: "grey", State.PASS_REQUIRED: "orange", State.FORBIDDEN: "red"}


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence of an answer and the page of what it speaks of: an order, or else a perimeter."""

    text: str
    href: str
    is_order: bool


@dataclass(frozen=True, slots=True)
class PlaceAnswer:
    """The answer at a point (lon, lat). changes_at: the first later instant at which the state differs."""

    lon: float
    lat: float
    label: str
    state: State
    word: str
    tone: str
    reasons: tuple[Told, ...]
    warnings: tuple[Told, ...]
    changes_at: datetime | None
    then: str
    inside: bool


def answer_at(territory: TerritoryView, point: tuple[float, float], moment: Moment, vehicle: Vehicle) -> PlaceAnswer:
    """Ask the law about a delivery at a point (lon, lat): a stop, without any pass."""
    law = law_snapshot(territory.id)
    place = Point(*point)
    found = verdict(law, place, moment.at, vehicle)
    change = next_change(law, place, moment.at, vehicle)
    return PlaceAnswer(
        lon=point[0],
        lat=point[1],
        label=_label(territory.slug, point),
        state=found.state,
        word=state_words(found.state),
        tone=TONES[found.state],
        reasons=tuple(_told(reason, law, territory.slug) for reason in found.reasons),
        warnings=tuple(_told(warning, law, territory.slug) for warning in found.warnings),
        changes_at=change.at if change else None,
        then=state_words(change.verdict.state) if change else "",
        inside=_inside(territory, point),
    )


def _told(reason: Reason, law: LawSnapshot, slug: str) -> Told:
    if reason.kind == "perimeter":
        href = url_for("visualiz.show_perimeter", territory=slug, perimeter_id=reason.id)
    else:
        href = url_for("visualiz.show_order", territory=slug, order_id=law.measures[reason.id].order.id)
    return Told(sentence(reason, law.zone), href, reason.kind == "measure")


def _label(slug: str, point: tuple[float, float]) -> str:
    """The nearest address; the degrees where there is none, or while the index of addresses cannot be read."""
    try:
        hit = reverse_geocode(slug, *point)
    except Unavailable:
        hit = None
    return f"{point[1]:.5f}, {point[0]:.5f}" if hit is None else hit.label


def _inside(territory: TerritoryView, point: tuple[float, float]) -> bool:
    if territory.bounds is None:
        return False
    west, south, east, north = territory.bounds
    return west <= point[0] <= east and south <= point[1] <= north


def find_place(slug: str, address: str) -> tuple[float, float] | None:
    """Return the point of an address typed by hand; None when nothing answers to it."""
    hit = geocode(slug, address) if address.strip() else None
    return None if hit is None else (hit.lon, hit.lat)


def next_activation(territory_id: UUID, after: datetime) -> datetime | None:
    """Return when the next perimeter becomes active."""
    perimeters = law_snapshot(territory_id).perimeters.values()
    starts = [span.start for perimeter in perimeters for span in perimeter.activations if span.start > after]
    return min(starts, default=None)
