"""How the pushes of an order fared, for its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from portal.db import session
from portal.numeriz.models import OrderPush, TrafficOrder
from portal.numeriz.pushing.accounts import target_of
from portal.numeriz.pushing.messages import STATES, problem_sentence
from portal.numeriz.pushing.state import pushes_of
from portal.numeriz.queries import OrderView
from portal.numeriz.values import NUMERIZ, OrderStatus, PushState
from portal.territories.api import TerritoryView


@dataclass(frozen=True, slots=True)
class PushLine:
    """One version on its way. problem: why it is not there, empty when it is; sentences: the base's own words.

    superseded: the later version that went instead. next_at: of a try that waits. present: the base holds the order.
    """

    number: int
    state: PushState
    state_words: str
    at: datetime
    problem: str
    sentences: Sequence[str]
    superseded: int | None
    next_at: datetime | None
    present: bool


@dataclass(frozen=True, slots=True)
class PushPanel:
    """What the page of an order says of its pushes. lines: the newest version first.

    may_ask: a person may have it sent (again); may_adopt: it waits for a word about the order that is there already.
    """

    order_id: UUID
    has_account: bool
    lines: Sequence[PushLine]
    may_ask: bool
    may_adopt: bool


def push_panel(territory: TerritoryView, order: OrderView) -> PushPanel | None:
    """The panel of an order; None for one that was not written here, or never was law."""
    if order.source != NUMERIZ or order.status is OrderStatus.DRAFT:
        return None
    pushes = pushes_of(order.id)
    lines = [_line(push) for push in reversed(pushes)]
    newest = pushes[-1] if pushes else None
    has_account = target_of(territory.slug) is not None
    waits = newest is not None and newest.state is PushState.WAITING and "next_at" not in newest.answer
    sent = newest is not None and newest.state is PushState.SENT
    return PushPanel(
        order_id=order.id,
        has_account=has_account,
        lines=lines,
        may_ask=has_account and not waits and not sent,
        may_adopt=has_account and newest is not None and newest.answer.get("code") == "push-taken",
    )


def _line(push: OrderPush) -> PushLine:
    answer = push.answer
    params = answer.get("params") or {"status": answer.get("status", "–")}
    code, next_at = answer.get("code"), answer.get("next_at")
    return PushLine(
        number=push.version_number,
        state=push.state,
        state_words=str(STATES[push.state]),
        at=push.updated_at,
        problem=problem_sentence(str(code), params) if code else "",
        sentences=tuple(str(sentence) for sentence in answer.get("sentences", ())),
        superseded=answer.get("superseded"),
        next_at=None if next_at is None else datetime.fromisoformat(next_at),
        present=bool(answer.get("claimed")),
    )


@dataclass(frozen=True, slots=True)
class StuckPush:
    """An order whose newest version is not at the base. problem: why, empty while it waits for its first try."""

    order_id: UUID
    title: str
    state: PushState
    state_words: str
    problem: str
    sentences: Sequence[str]


def list_stuck(territory_id: UUID, most: int = 50) -> Sequence[StuckPush]:
    """The orders of a territory whose newest version is not at the base (yet), the last that moved first."""
    newest = (
        select(OrderPush.order_id, func.max(OrderPush.version_number).label("number"))
        .join(TrafficOrder, TrafficOrder.id == OrderPush.order_id)
        .where(TrafficOrder.territory_id == territory_id)
        .group_by(OrderPush.order_id)
        .subquery()
    )
    rows = session().execute(
        select(OrderPush, TrafficOrder.title)
        .join(newest, (newest.c.order_id == OrderPush.order_id) & (newest.c.number == OrderPush.version_number))
        .join(TrafficOrder, TrafficOrder.id == OrderPush.order_id)
        .where(OrderPush.state != PushState.SENT)
        .order_by(OrderPush.updated_at.desc(), OrderPush.id)
        .limit(most)
    )
    found = [(push, title, _line(push)) for push, title in rows]
    return [
        StuckPush(push.order_id, title, push.state, line.state_words, line.problem, line.sentences)
        for push, title, line in found
    ]
