"""Versions of the orders written here: what each said, word for word, and the order as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from portal.common.errors import NotFound
from portal.db import session
from portal.numeriz import codec
from portal.numeriz.models import MeasureRow, OrderVersion, TrafficOrder
from portal.numeriz.values import NUMERIZ, Category, Issue, OrderChange, OrderDraft, OrderStatus, Subject
from portal.numeriz.writing.values import Document, VersionView
from portal.regulations.measures import MeasureType

SWITCHED: Final = frozenset({OrderChange.LIFTED, OrderChange.ACTIVATED})
"""Changes after which an order does not hold as it is written."""
SWITCHES: Final = SWITCHED | {OrderChange.RESUMED}
"""Changes of the hot switch: what the order says on paper is what the version before them said."""
ORDER, FORM, AWAITS = "order", "form", "awaits"
"""Parts of the document of a version: the order by `order_to_json`, the words of the form (null: none), whether it
waits for the signature of a second person."""


def versions_of(order_id: UUID) -> Sequence[VersionView]:
    """Return every version of an order, the newest first; none for one that was never changed here.

    The caller reaches the order within its scope.
    """
    rows = session().scalars(
        select(OrderVersion).where(OrderVersion.order_id == order_id).order_by(OrderVersion.number.desc())
    )
    return [_view(row) for row in rows]


def newest_version(order_id: UUID) -> VersionView | None:
    """Return the version in force; None for an order that was never changed here."""
    newest = select(OrderVersion).where(OrderVersion.order_id == order_id).order_by(OrderVersion.number.desc())
    row = session().scalar(newest.limit(1))
    return None if row is None else _view(row)


@dataclass(frozen=True, slots=True)
class VersionLine:
    """Which version of an order is in force, since when, and what made it."""

    number: int
    change: OrderChange
    at: datetime


def version_in_force(order_id: UUID) -> VersionLine | None:
    """Return the version in force without what it says; None for an order that was never changed here."""
    found = (
        session()
        .execute(
            select(OrderVersion.number, OrderVersion.change, OrderVersion.at)
            .where(OrderVersion.order_id == order_id)
            .order_by(OrderVersion.number.desc())
            .limit(1)
        )
        .one_or_none()
    )
    return None if found is None else VersionLine(*found)


def current_order(territory_id: UUID, order_id: UUID) -> OrderDraft:
    """Return an order as it is stored now, of any source, withdrawn or not; raises NotFound("order-not-found")."""
    wanted = select(TrafficOrder).where(TrafficOrder.territory_id == territory_id, TrafficOrder.id == order_id)
    row = session().scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("order-not-found")
    measures = session().execute(
        select(MeasureRow.type, MeasureRow.max_speed_kmh, MeasureRow.document)
        .where(MeasureRow.order_id == order_id)
        .order_by(MeasureRow.position)
    )
    return OrderDraft(
        identifier=row.identifier,
        title=row.title,
        authority_name=row.authority_name,
        category=row.category,
        measures=tuple(codec.measure_from_json(kind, speed, document) for kind, speed, document in measures),
        subject=row.subject,
        status=row.status,
        url=row.url,
        source=row.source,
        source_id=row.source_id,
        provenance=row.provenance,
        issues=tuple(_issue(found) for found in row.issues),
    )


def written_order(territory_id: UUID, order_id: UUID) -> OrderDraft:
    """Return an order as it is written, whatever the hot switch makes of its hours; raises as `current_order`."""
    stored = current_order(territory_id, order_id)
    if stored.source != NUMERIZ:
        return stored
    return next((one.order for one in versions_of(order_id) if one.change not in SWITCHES), stored)


def order_to_json(order: OrderDraft) -> dict[str, Any]:
    """An order as JSON values."""
    return {
        "identifier": order.identifier,
        "title": order.title,
        "authority": order.authority_name,
        "category": order.category.value,
        "subject": order.subject.value if order.subject else None,
        "status": order.status.value,
        "url": order.url,
        "source": order.source,
        "sourceId": order.source_id,
        "provenance": dict(order.provenance),
        "issues": [issue.to_json() for issue in order.issues],
        "measures": [
            {"type": measure.type.value, "maxSpeedKmh": measure.max_speed_kmh, **codec.measure_to_json(measure)}
            for measure in order.measures
        ],
    }


def order_from_json(found: Mapping[str, Any]) -> OrderDraft:
    """The order of `order_to_json`."""
    return OrderDraft(
        identifier=found["identifier"],
        title=found["title"],
        authority_name=found["authority"],
        category=Category(found["category"]),
        measures=tuple(
            codec.measure_from_json(MeasureType(measure["type"]), measure["maxSpeedKmh"], measure)
            for measure in found["measures"]
        ),
        subject=Subject(found["subject"]) if found["subject"] else None,
        status=OrderStatus(found["status"]),
        url=found["url"],
        source=found["source"],
        source_id=found["sourceId"],
        provenance=found["provenance"],
        issues=tuple(_issue(issue) for issue in found["issues"]),
    )


def version_document(order: OrderDraft, form: Document | None, *, awaits: bool = False) -> dict[str, Any]:
    """What is kept of a version."""
    return {ORDER: order_to_json(order), FORM: None if form is None else dict(form), AWAITS: awaits}


def _issue(found: Mapping[str, Any]) -> Issue:
    return Issue(found["code"], found.get("params", {}), found.get("where"))


def _view(row: OrderVersion) -> VersionView:
    return VersionView(
        row.id,
        row.order_id,
        row.number,
        row.change,
        order_from_json(row.document[ORDER]),
        row.document[FORM],
        row.reason,
        row.actor_id,
        row.actor_name,
        row.signed_by_name,
        row.at,
        awaits=bool(row.document.get(AWAITS)) and not row.signed_by_name,
    )
