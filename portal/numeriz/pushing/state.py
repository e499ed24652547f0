"""The rows of pushes: what waits to be told of an order, and what the base holds of it.

`OrderPush.answer` holds, beside what was answered: `identifier` and `claimed` (we asked for an order of this
identifier there: whatever bears it is ours), `deleted`, `adopt` (a clerk said that the order there may be replaced),
`tries` and `next_at` while it waits, `superseded` (a later version went instead).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from portal.db import session
from portal.numeriz.models import OrderPush, TrafficOrder
from portal.numeriz.queries import OrderView, get_order
from portal.numeriz.values import OrderStatus, PushState

MOST_TRIES: Final = 14
"""Of a base that does not answer: at the pace of `retry_delay`, for sixteen hours."""
_FIRST_DELAY_S: Final = 30.0
_LAST_DELAY_S: Final = 3 * 3600.0


@dataclass(frozen=True, slots=True)
class PushPlan:
    """What is to be told of an order. push_id: of the newest version that waits; older_ids: of those it replaces.

    held: the identifier under which the base holds the order for us, None when it does not. adopt: an order of this
    identifier that is there already may be replaced.
    """

    territory_id: UUID
    order: OrderView
    push_id: UUID
    number: int
    older_ids: tuple[UUID, ...]
    held: str | None
    adopt: bool

    @property
    def withdrawn(self) -> bool:
        """Tell whether the base must no longer hold the order."""
        return self.order.status is not OrderStatus.PUBLISHED


def read_plan(order_id: UUID) -> PushPlan | None:
    """What is to be told of an order now; None when nothing waits."""
    pushes = pushes_of(order_id)
    waiting = [push for push in pushes if push.state is PushState.WAITING]
    if not waiting:
        return None
    newest = waiting[-1]
    territory_id = session().scalars(select(TrafficOrder.territory_id).where(TrafficOrder.id == order_id)).one()
    return PushPlan(
        territory_id=territory_id,
        order=get_order(territory_id, order_id),
        push_id=newest.id,
        number=newest.version_number,
        older_ids=tuple(push.id for push in waiting[:-1]),
        held=held_identifier(pushes),
        adopt=bool(newest.answer.get("adopt")),
    )


def pushes_of(order_id: UUID) -> Sequence[OrderPush]:
    """The pushes of an order, the oldest version first."""
    statement = select(OrderPush).where(OrderPush.order_id == order_id).order_by(OrderPush.version_number)
    return session().scalars(statement.execution_options(populate_existing=True)).all()


def held_identifier(pushes: Iterable[OrderPush]) -> str | None:
    """The identifier under which the base holds an order for us, or may: a run was killed before it knew."""
    held: str | None = None
    for push in pushes:
        if push.answer.get("deleted"):
            held = None
        if push.answer.get("claimed"):
            held = str(push.answer["identifier"])
    return held


def retry_delay(tries: int, wanted_s: float = 0.0) -> timedelta:
    """How long to wait after a number of tries in vain: twice as long each time, three hours at most.

    wanted_s: what the base asked for, obeyed up to a day.
    """
    delay_s = min(_FIRST_DELAY_S * 2.0 ** (max(tries, 1) - 1), _LAST_DELAY_S)
    return timedelta(seconds=max(delay_s, min(wanted_s, 86_400.0)))


def put_off(push: OrderPush, answer: Mapping[str, Any], now: datetime, wanted_s: float = 0.0) -> None:
    """Note a try in vain: the push waits for its next one, or has failed when that was the last."""
    tries = int(push.answer.get("tries", 0)) + 1
    kept = {"adopt": True} if push.answer.get("adopt") else {}
    next_at = {} if tries >= MOST_TRIES else {"next_at": (now + retry_delay(tries, wanted_s)).isoformat()}
    push.answer = {**answer, **kept, "tries": tries, **next_at}
    push.state = PushState.WAITING if next_at else PushState.FAILED
    push.updated_at = now


def is_due(push: OrderPush, now: datetime) -> bool:
    """Tell whether a push that waits may be tried."""
    next_at = push.answer.get("next_at")
    return push.state is PushState.WAITING and (next_at is None or datetime.fromisoformat(next_at) <= now)
