"""Activations of orders whose effects nobody studied: one tap is enough, then a second person looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, func, select

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict
from portal.db import session, unit_of_work
from portal.numeriz.models import NAME_LENGTH, OrderVersion, TrafficOrder
from portal.numeriz.values import OrderChange, OrderDraft, OrderStatus
from portal.numeriz.writing import VersionView, current_order
from portal.numeriz.writing.versions import AWAITS, SWITCHES
from portal.regulations.measures import CLOSING_TYPES

LONGEST_ALONE: Final = timedelta(hours=24)
"""How long one person may close a street in all before a second one has looked."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """An order that was activated and waits for a second person. by, at: the last activation; own: the reader's."""

    order_id: UUID
    title: str
    by: str
    at: datetime
    own: bool


def last_end_alone(order: OrderDraft, versions: Sequence[VersionView], now: datetime) -> datetime | None:
    """Until when one person may have an order activated; None for one that needs nobody else.

    What was published from the form was judged, and signed when an alarm was on: these words may be activated. What
    closes nothing has no alarm. versions: the newest first.
    """
    written = next((one for one in versions if one.change not in SWITCHES), None)
    judged = written is not None and written.document is not None
    if judged or not any(measure.type in CLOSING_TYPES for measure in order.measures):
        return None
    waiting = [one.at for one in versions if one.awaits]
    return min(waiting, default=now) + LONGEST_ALONE


def list_unconfirmed(actor: Actor, territory_id: UUID) -> Sequence[Unconfirmed]:
    """The published orders with activations that no second person has confirmed, the oldest first."""
    columns = (OrderVersion.order_id, TrafficOrder.title, OrderVersion.actor_name, OrderVersion.at)
    rows = session().execute(_waiting(territory_id).with_only_columns(*columns, OrderVersion.actor_id)).all()
    own = {row.order_id for row in rows if row.actor_id == actor.user_id}
    last = {row.order_id: row for row in rows}
    return [Unconfirmed(row.order_id, row.title, row.actor_name, row.at, row.order_id in own) for row in last.values()]


def unconfirmed_count(territory_id: UUID) -> ScalarSelect[int]:
    """How many orders `list_unconfirmed` names, to be asked with other figures."""
    orders = func.count(OrderVersion.order_id.distinct())
    return _waiting(territory_id).order_by(None).with_only_columns(orders).scalar_subquery()


def confirm_activation(actor: Actor, territory_id: UUID, order_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Sign the activations of an order, as a second person who has looked at them.

    Raises NotFound("order-not-found"), Conflict(`nothing-to-confirm`, `own-activation`).
    """
    with unit_of_work() as uow:
        order = current_order(territory_id, order_id)
        wanted = _waiting(territory_id).where(OrderVersion.order_id == order_id).with_for_update(of=OrderVersion)
        rows = uow.session.scalars(wanted.execution_options(populate_existing=True)).all()
        if not rows:
            raise Conflict("nothing-to-confirm")
        if actor.user_id is None or actor.user_id in {row.actor_id for row in rows}:
            raise Conflict("own-activation")
        for row in rows:
            row.signed_by_name = actor.label[:NAME_LENGTH]
        record(
            actor,
            AuditTag.ORDER_SIGNED,
            subject_id=order_id,
            territory_id=territory_id,
            data={"title": order.title, "author": rows[-1].actor_name, "versions": [row.number for row in rows]},
            clock=clock,
        )


def _waiting(territory_id: UUID) -> Select[OrderVersion]:
    return (
        select(OrderVersion)
        .join(TrafficOrder, TrafficOrder.id == OrderVersion.order_id)
        .where(
            TrafficOrder.territory_id == territory_id,
            TrafficOrder.status == OrderStatus.PUBLISHED,
            OrderVersion.change == OrderChange.ACTIVATED,
            OrderVersion.signed_by_name == "",
            OrderVersion.document[AWAITS].as_boolean().is_(True),
        )
        .order_by(OrderVersion.at, OrderVersion.number)
    )
