"""What Numeriz keeps of the clerks who write and import the law."""

from __future__ import annotations

from sqlalchemy import select

from portal.accounts.api import Traces
from portal.numeriz.models import ImportReport, OrderVersion, OrderWork, TrafficOrder

TRACES = (
    Traces(
        "brouillons_d_arretes",
        lambda person: OrderWork.author_id == person.id,
        (OrderWork.territory_id, OrderWork.title, OrderWork.created_at, OrderWork.updated_at),
        label=OrderWork.author_name,
    ),
    Traces(
        "brouillons_signes",
        lambda person: OrderWork.signed_by_id == person.id,
        (OrderWork.territory_id, OrderWork.title, OrderWork.signed_at),
        label=OrderWork.signed_by_name,
    ),
    Traces(
        "versions_d_arretes",
        lambda person: OrderVersion.actor_id == person.id,
        (OrderVersion.order_id, OrderVersion.number, OrderVersion.change, OrderVersion.reason, OrderVersion.at),
        label=OrderVersion.actor_name,
    ),
    Traces(
        "versions_signees",
        lambda person: (
            OrderVersion.signed_by_name.in_(person.names)
            & OrderVersion.order_id.in_(
                select(TrafficOrder.id).where(TrafficOrder.territory_id.in_(person.territory_ids))
            )
        ),
        (OrderVersion.order_id, OrderVersion.number, OrderVersion.at),
        label=OrderVersion.signed_by_name,
    ),
    Traces(
        "imports",
        lambda person: ImportReport.actor_label.in_(person.names) & ImportReport.territory_id.in_(person.territory_ids),
        (ImportReport.territory_id, ImportReport.kind, ImportReport.file_name, ImportReport.created_at),
        label=ImportReport.actor_label,
    ),
)
