"""What the worker runs: telling the base what waits to be told of one order."""

from __future__ import annotations

from uuid import UUID

from portal.audit import AuditTag, record
from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import UnitOfWork, unit_of_work
from portal.jobs import RunningJob, task
from portal.numeriz.models import OrderPush
from portal.numeriz.pushing.accounts import target_of
from portal.numeriz.pushing.client import DialogClient
from portal.numeriz.pushing.state import PushPlan, put_off, read_plan
from portal.numeriz.pushing.telling import Told, tell
from portal.numeriz.values import PushState
from portal.territories.api import get_territory_by_id

PUSH_JOB = "numeriz.push_order"
_STEP = "pushing"
_ACTOR = system_actor("dialog")


@task(PUSH_JOB, timeout_s=300)
def push_order(job: RunningJob, order_id: str) -> None:
    """Tell the newest version of an order that waits; a base that fails is no failure of the job."""
    plan = read_plan(UUID(order_id))
    if plan is None:
        return
    target = target_of(get_territory_by_id(plan.territory_id).slug)
    if target is None:
        told = Told(PushState.FAILED, {"code": "push-no-account"})
    else:
        told = tell(
            plan,
            DialogClient(target),
            claim=lambda: _claim(plan),
            still_ours=lambda: job.progress(_STEP),
        )
    with job.finish() as uow:
        settle(uow, plan, told)


def _claim(plan: PushPlan) -> None:
    """Remember that an order of this identifier, should the base have one from now on, was asked for by us."""
    with unit_of_work() as uow:
        row = uow.session.get_one(OrderPush, plan.push_id, populate_existing=True, with_for_update=True)
        row.answer = {**row.answer, "identifier": plan.order.identifier, "claimed": True}


def settle(uow: UnitOfWork, plan: PushPlan, told: Told, clock: Clock = SYSTEM_CLOCK) -> None:
    """Write how a telling ended, in the transaction of the job's end."""
    now = clock.now()
    row = uow.session.get_one(OrderPush, plan.push_id, populate_existing=True, with_for_update=True)
    if told.state is PushState.WAITING:
        put_off(row, told.answer, now, told.wanted_s)
    else:
        row.state, row.answer = told.state, dict(told.answer)
    row.remote_id, row.updated_at = told.remote_id or row.remote_id, now
    if row.state is PushState.WAITING:
        return
    for older_id in plan.older_ids:
        older = uow.session.get_one(OrderPush, older_id, populate_existing=True, with_for_update=True)
        older.state, older.answer, older.updated_at = row.state, {"superseded": plan.number}, now
    record(
        _ACTOR,
        AuditTag.ORDER_PUSHED,
        territory_id=plan.territory_id,
        subject_id=plan.order.id,
        data={
            "identifier": plan.order.identifier,
            "version": plan.number,
            "state": row.state.value,
            "code": str(row.answer.get("code", "")),
        },
        clock=clock,
    )
