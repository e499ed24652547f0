"""Vehicles as sets, for the lists and locks of other contexts."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

from portal.db import session
from portal.fleet.models import Category, Vehicle


def ids_of_category(category: Category) -> Select[UUID]:
    """Return the statement that selects the vehicles of a category, of every company; for `IN`."""
    return select(Vehicle.id).where(Vehicle.category == category)


def owners_of(vehicle_ids: Select[UUID]) -> set[UUID]:
    """Return the companies that own the vehicles of a statement: a borrowed one is in the fleet of whoever lends it."""
    return set(session().scalars(select(Vehicle.company_id).where(Vehicle.id.in_(vehicle_ids)).distinct()))
