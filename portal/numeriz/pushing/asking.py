"""Asking for a push: one row per version, written in the transaction that stores the version.

Orders are pushed one job at a time each, so that an old version never lands after a newer one. What is asked while a
job runs waits for the next round of upkeep.
"""

from __future__ import annotations

from uuid import UUID

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.ids import new_id
from portal.db import UnitOfWork
from portal.numeriz.models import OrderPush
from portal.numeriz.pushing.accounts import target_of
from portal.numeriz.values import PushState
from portal.territories.api import TerritoryView


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
