"""Vehicles as sets, for the lists and locks of other contexts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import batched
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from portal.db import holds_text, session
from portal.fleet.models import Category, Vehicle
from portal.fleet.plates import plate_key


def answering(search: str) -> ColumnElement[bool]:
    """Return the condition of the vehicles whose plate, in any typing, or name holds what is searched."""
    named = holds_text(Vehicle.label, search)
    key = plate_key(search)
    return named | Vehicle.plate_key.contains(key, autoescape=True) if key else named


def ids_of_category(category: Category) -> Select[UUID]:
    """Return the statement that selects the vehicles of a category, of every company; for `IN`."""
    return select(Vehicle.id).where(Vehicle.category == category)


def ids_of_company(company_id: UUID) -> Select[UUID]:
    """Return the statement that selects the vehicles a company owns, lent ones included; for `IN`."""
    return select(Vehicle.id).where(Vehicle.company_id == company_id)


def owners_by_vehicle(vehicle_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Return the company that owns each vehicle."""
    found: dict[UUID, UUID] = {}
    # In parts: SQLite takes so many values and no more.
    for part in batched(vehicle_ids, 500):
        rows = session().execute(select(Vehicle.id, Vehicle.company_id).where(Vehicle.id.in_(part)))
        found.update((vehicle_id, company_id) for vehicle_id, company_id in rows)
    return found


def owners_of(vehicle_ids: Select[UUID]) -> set[UUID]:
    """Return the companies that own the vehicles of a statement: a borrowed one is in the fleet of whoever lends it."""
    return set(session().scalars(select(Vehicle.company_id).where(Vehicle.id.in_(vehicle_ids)).distinct()))
