"""The row of a bay: loaded to be changed, within its territory, told when it is, and put in the words of an import."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import Clock
from portal.common.errors import NotFound
from portal.db import UnitOfWork
from portal.numeriz import codec
from portal.numeriz.law.memory import bump_law
from portal.numeriz.models import DeliveryBay
from portal.numeriz.values import BayDraft


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


def tell_changed(uow: UnitOfWork, actor: Actor, bay: DeliveryBay, said: Mapping[str, object], clock: Clock) -> None:
    """Date a change of a bay, and write it in the journal and the version of the law, in its transaction."""
    bay.updated_at = clock.now()
    record(
        actor,
        AuditTag.BAYS_CHANGED,
        territory_id=bay.territory_id,
        subject_id=bay.id,
        data={"bay": bay.local_id, **said},
        clock=clock,
    )
    bump_law(uow, bay.territory_id, clock)


def draft_of_row(row: DeliveryBay) -> BayDraft:
    """A stored bay in the words of an import."""
    return BayDraft(
        local_id=row.local_id,
        lon=row.lon,
        lat=row.lat,
        source=row.source,
        name=row.name,
        address=row.address,
        insee_code=row.insee_code,
        outline=None if row.outline_wkb is None else codec.shape_from_bytes(row.outline_wkb),
        max_gross_weight_kg=row.max_gross_weight_kg,
        details=row.details,
        regime=row.regime,
        layout=row.layout,
        length_cm=row.length_cm,
        width_cm=row.width_cm,
        places=row.places,
        hours=codec.hours_from_json(row.hours),
        max_stay_min=row.max_stay_min,
        active=row.active,
        provenance=row.provenance,
    )
