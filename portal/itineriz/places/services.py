"""Keeping the places a company delivers to often."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.itineriz.asking import check_position
from portal.itineriz.models import SavedPlace
from portal.itineriz.places.hours import ClockSpan
from portal.itineriz.places.queries import MOST_PLACES, count_places, find_row
from portal.territories.api import get_territory_by_id


@dataclass(frozen=True, slots=True)
class PlaceDraft:
    """A place as somebody gives it, (lon, lat) WGS84. service_min: minutes on the spot."""

    territory_id: UUID
    label: str
    address: str
    lon: float
    lat: float
    service_min: int = 0
    windows: tuple[ClockSpan, ...] = ()


def save_place(company_id: UUID, draft: PlaceDraft, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Keep a place. Raises Invalid for a position outside the territory and beyond MOST_PLACES, Conflict
    ("place-name-taken") when the company has another one of this name there."""
    check_position(get_territory_by_id(draft.territory_id), draft.lon, draft.lat)
    row = SavedPlace(id=new_id(), company_id=company_id, created_at=clock.now())
    _write(row, draft, clock)
    try:
        with unit_of_work() as uow:
            if count_places(company_id, draft.territory_id) >= MOST_PLACES:
                raise Invalid("too-many-places", field="label", most=MOST_PLACES)
            _refuse_name_taken(company_id, draft, None)
            uow.session.add(row)
    except IntegrityError as error:
        # Somebody else took the name between the question and the write.
        raise Conflict("place-name-taken", field="label") from error
    return row.id


def change_place(company_id: UUID, place_id: UUID, draft: PlaceDraft, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Replace what is known of a place; its territory stays. Raises as `save_place`, and NotFound."""
    try:
        with unit_of_work():
            row = find_row(company_id, place_id)
            check_position(get_territory_by_id(row.territory_id), draft.lon, draft.lat)
            kept = replace(draft, territory_id=row.territory_id)
            _refuse_name_taken(company_id, kept, place_id)
            _write(row, kept, clock)
    except IntegrityError as error:
        raise Conflict("place-name-taken", field="label") from error


def remove_place(company_id: UUID, place_id: UUID) -> None:
    """Forget a place; routes made with it keep their stops. Raises NotFound."""
    with unit_of_work() as uow:
        uow.session.delete(find_row(company_id, place_id))


def _write(row: SavedPlace, draft: PlaceDraft, clock: Clock) -> None:
    row.territory_id = draft.territory_id
    row.label, row.address, row.lon, row.lat = draft.label, draft.address, draft.lon, draft.lat
    row.service_min, row.windows = draft.service_min, [list(span) for span in draft.windows]
    row.updated_at = clock.now()


def _refuse_name_taken(company_id: UUID, draft: PlaceDraft, except_id: UUID | None) -> None:
    same = select(SavedPlace.id).where(
        SavedPlace.company_id == company_id,
        SavedPlace.territory_id == draft.territory_id,
        SavedPlace.label == draft.label,
    )
    if session().scalar(same) not in {None, except_id}:
        raise Conflict("place-name-taken", field="label")
