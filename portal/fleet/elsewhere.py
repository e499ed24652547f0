"""Plates that another company has in use too: for the staff of a territory, never for a company."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from portal.db import session
from portal.fleet.models import Vehicle


def plates_elsewhere(company_id: UUID, vehicle_ids: Collection[UUID]) -> dict[UUID, int]:
    """Count, for each of these vehicles, the other companies that have its plate in use; those with none are left out.

    company_id: who uses the vehicles. A borrowed one is its lender's too, which is no doubt about its plate. Whoever
    calls shows it to staff alone: a company must not learn what another has.
    """
    mine, other = aliased(Vehicle), aliased(Vehicle)
    same_plate = (other.plate_key == mine.plate_key) & (other.country == mine.country)
    rows = session().execute(
        select(mine.id, func.count(other.company_id.distinct()))
        .join(other, same_plate & (other.company_id != mine.company_id) & (other.company_id != company_id))
        .where(mine.id.in_(vehicle_ids), other.archived_at.is_(None))
        .group_by(mine.id)
    )
    return {vehicle_id: count for vehicle_id, count in rows}  # noqa: C416 a row is a tuple of its own kind
