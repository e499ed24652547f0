"""Reads of the saved places; the first argument is the scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_, select

from portal.common.errors import NotFound
from portal.db import Page, holds_text, paginate, session
from portal.itineriz.models import SavedPlace
from portal.itineriz.places.hours import ClockSpan

MOST_PLACES = 2000
"""A company keeps at most so many places in a territory."""


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A saved place, (lon, lat) WGS84. windows: when it may be served, local clock; none: at any time."""

    id: UUID
    territory_id: UUID
    label: str
    address: str
    lon: float
    lat: float
    service_min: int
    windows: tuple[ClockSpan, ...]


def list_places(company_id: UUID, territory_id: UUID, limit: int = MOST_PLACES) -> Sequence[PlaceView]:
    """The places of a company in a territory, by name."""
    mine = select(SavedPlace).where(SavedPlace.company_id == company_id, SavedPlace.territory_id == territory_id)
    return [_view(row) for row in session().scalars(mine.order_by(SavedPlace.label, SavedPlace.id).limit(limit))]


def page_places(company_id: UUID, search: str = "", cursor: str | None = None) -> Page[PlaceView]:
    """The places of a company everywhere, by name; search: part of the name or of the address."""
    mine = select(SavedPlace).where(SavedPlace.company_id == company_id)
    if search:
        wanted = (holds_text(column, search) for column in (SavedPlace.label, SavedPlace.address))
        mine = mine.where(or_(*wanted))
    return paginate(mine, [SavedPlace.label, SavedPlace.id], cursor, size=30).map(_view)


def get_place(company_id: UUID, place_id: UUID) -> PlaceView:
    """A place of a company; raises NotFound."""
    return _view(find_row(company_id, place_id))


def find_row(company_id: UUID, place_id: UUID) -> SavedPlace:
    """The row of a place of a company; raises NotFound."""
    row = session().scalar(select(SavedPlace).where(SavedPlace.company_id == company_id, SavedPlace.id == place_id))
    if row is None:
        raise NotFound("place-not-found")
    return row


def count_places(company_id: UUID, territory_id: UUID) -> int:
    """How many places a company keeps in a territory."""
    mine = select(func.count()).where(SavedPlace.company_id == company_id, SavedPlace.territory_id == territory_id)
    return session().scalar(mine) or 0


def _view(row: SavedPlace) -> PlaceView:
    return PlaceView(
        id=row.id,
        territory_id=row.territory_id,
        label=row.label,
        address=row.address,
        lon=row.lon,
        lat=row.lat,
        service_min=row.service_min,
        windows=tuple((start, end) for start, end in row.windows),
    )
