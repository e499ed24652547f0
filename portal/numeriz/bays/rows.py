"""Loading a bay to change it, within its territory."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.common.errors import NotFound
from portal.db import UnitOfWork
from portal.numeriz.models import DeliveryBay


def load_bay(uow: UnitOfWork, territory_id: UUID, bay_id: UUID) -> DeliveryBay:
    """Return a bay of the territory, held until the end of the transaction. Raises NotFound("bay-not-found")."""
    row = uow.session.scalar(
        select(DeliveryBay)
        .where(DeliveryBay.territory_id == territory_id, DeliveryBay.id == bay_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("bay-not-found")
    return row
