"""Asking for a push: one row per version, written in the transaction that stores the version.

Orders are pushed one job at a time each, so that an old version never lands after a newer one. What is asked while a
job runs waits for the next round of upkeep.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict
from portal.common.ids import new_id
from portal.db import UnitOfWork, session, unit_of_work
from portal.jobs import JobState, enqueue, get_job
from portal.numeriz.models import OrderPush, OrderVersion, TrafficOrder
from portal.numeriz.pushing.accounts import target_of
from portal.numeriz.pushing.state import is_due, pushes_of, put_off
from portal.numeriz.pushing.tasks import PUSH_JOB
from portal.numeriz.queries import get_order
from portal.numeriz.values import PushState
from portal.territories.api import TerritoryView

# What stays true of the base when an order is told again.
_MARKS: Final = ("identifier", "claimed", "deleted")


def ask_push(
    uow: UnitOfWork, territory: TerritoryView, order_id: UUID, version_number: int, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Have a version of an order told to the national base, once the running transaction is durable.

    Nothing happens for a territory without an account there: our own feeds publish the order at once.
    """
    if target_of(territory.slug) is None:
        return
    uow.session.add(
        OrderPush(
            id=new_id(),
            order_id=order_id,
            version_number=version_number,
            state=PushState.WAITING,
            answer={},
            job_id=None,
            created_at=clock.now(),
            updated_at=clock.now(),
        )
    )
    uow.session.flush()  # the job is asked for with the rows it will find
    _start(order_id, clock)


def ask_again(territory: TerritoryView, order_id: UUID, *, adopt: bool = False, clock: Clock = SYSTEM_CLOCK) -> None:
    """Have the present version of an order told again, or for the first time, at a person's request.

    adopt: an order of this identifier that the base has already may be replaced.
    Raises NotFound(`order-not-found`), Conflict(`push-no-account`, `push-not-ours` for an order of another source).
    """
    get_order(territory.id, order_id)
    if target_of(territory.slug) is None:
        raise Conflict("push-no-account")
    with unit_of_work() as uow:
        # Two clerks who ask at once: the second one finds what the first one asked for.
        uow.session.execute(select(TrafficOrder.id).where(TrafficOrder.id == order_id).with_for_update())
        number = uow.session.scalar(select(func.max(OrderVersion.number)).where(OrderVersion.order_id == order_id))
        if number is None:
            raise Conflict("push-not-ours")
        pushes = pushes_of(order_id)
        newest = pushes[-1] if pushes else None
        if newest is None or newest.version_number != number:
            ask_push(uow, territory, order_id, number, clock=clock)
            newest = pushes_of(order_id)[-1]
        kept: dict[str, Any] = {name: newest.answer[name] for name in _MARKS if name in newest.answer}
        newest.state, newest.updated_at = PushState.WAITING, clock.now()
        newest.answer = kept | ({"adopt": True} if adopt else {})
        uow.session.flush()
        _start(order_id, clock)


def ask_due_pushes(clock: Clock = SYSTEM_CLOCK) -> int:
    """Ask for a job for every order of which something waits and is due; return how many. Cheap enough to be called
    every few seconds.
    """
    waiting = select(OrderPush.order_id).where(OrderPush.state == PushState.WAITING).distinct()
    asked = 0
    for order_id in session().scalars(waiting).all():
        with unit_of_work() as uow:
            locked = select(TrafficOrder.id).where(TrafficOrder.id == order_id).with_for_update(skip_locked=True)
            if uow.session.scalar(locked) is not None:
                asked += _start(order_id, clock)
    return asked


def _start(order_id: UUID, clock: Clock) -> bool:
    """Ask for a job when something is due and none is under way; return whether it did."""
    waiting = [push for push in pushes_of(order_id) if push.state is PushState.WAITING]
    if not waiting or _under_way(waiting, clock):
        return False
    if not is_due(waiting[-1], clock.now()):
        return False
    job_id = enqueue(PUSH_JOB, {"order_id": str(order_id)})
    for push in waiting:
        push.job_id = job_id
    return True


def _under_way(waiting: Sequence[OrderPush], clock: Clock) -> bool:
    """Tell whether a job will tell them; one that ended without a word, killed again and again, counts as a try."""
    for push in waiting:
        if push.job_id is None:
            continue
        job = get_job(push.job_id)
        if not job.state.ended:
            return True
        if job.state is JobState.FAILED:
            put_off(push, {**push.answer, "code": job.error_code or "unexpected"}, clock.now())
        push.job_id = None
    return False
