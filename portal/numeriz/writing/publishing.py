"""Making an order law, changing it and withdrawing it: one transaction each, one more version each time.

A version, the stored order, its line in the journal, the version of the law, the jobs that follow from it and the push
to the national base are written together: after a crash there is all of it or nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid
from portal.common.ids import new_id
from portal.db import UnitOfWork, session, unit_of_work
from portal.jobs import JobState, enqueue, latest_job
from portal.numeriz.exports.publishing import PUBLISH_JOB
from portal.numeriz.impact.since import SinceStudy, since_study
from portal.numeriz.law.memory import bump_law, lock_law
from portal.numeriz.matching.tasks import ensure_matching
from portal.numeriz.models import NAME_LENGTH, OrderVersion, OrderWork, TrafficOrder
from portal.numeriz.pushing import ask_push
from portal.numeriz.storing.orders import merge_orders
from portal.numeriz.storing.tally import Tally
from portal.numeriz.values import NUMERIZ, OrderChange, OrderDraft, OrderStatus
from portal.numeriz.writing.document import also_from, read_order
from portal.numeriz.writing.values import Document, PublishingState, WorkView
from portal.numeriz.writing.versions import SWITCHED, current_order, newest_version, version_document
from portal.numeriz.writing.works import get_work
from portal.territories.api import ALL_TERRITORIES, TerritoryView, get_territory_by_id

REASON_LENGTH: Final = 500
_TAGS: Final = {
    OrderChange.PUBLISHED: AuditTag.ORDER_PUBLISHED,
    OrderChange.AMENDED: AuditTag.ORDER_AMENDED,
    OrderChange.WITHDRAWN: AuditTag.ORDER_WITHDRAWN,
    OrderChange.LIFTED: AuditTag.ORDER_SWITCHED,
    OrderChange.ACTIVATED: AuditTag.ORDER_SWITCHED,
    OrderChange.RESUMED: AuditTag.ORDER_SWITCHED,
}


def publishing_state(territory: TerritoryView, work: WorkView, *, clock: Clock = SYSTEM_CLOCK) -> PublishingState:
    """Tell what stands between a work and the law."""
    read, faults = read_order(work.document, territory, work.order_id)
    draft = None if faults else read
    newest = newest_version(work.order_id) if work.order_id else None
    now = clock.now()
    return PublishingState(
        faults=faults,
        draft=draft,
        warnings=[issue.to_json() for issue in draft.issues] if draft else (),
        impact_seen=work.is_judged,
        alarms=work.alarms if work.is_judged else (),
        signed=work.is_signed,
        replaced_by=newest if newest is not None and newest.number != work.amends else None,
        also_from=also_from(territory.id, work.document),
        switched=newest is not None and newest.change in SWITCHED,
        over=draft is not None and draft.ends_at is not None and draft.ends_at <= now,
        since=SinceStudy()
        if draft is None or not work.is_judged
        else since_study(territory, work.id, draft, work.order_id, now),
    )


def publish_work(
    actor: Actor, territory_id: UUID, work_id: UUID, revision: int, *, seen: str = "", clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Make what is written law, as a new order or as the next version of the one it replaces; return the order's id.

    The work ends with it: its words stay in the version. seen: `SinceStudy.mark` of what was read before this was
    asked; other clashes than those are shown first. Raises NotFound(`work-not-found`), Conflict(`is-model`,
    `work-deleted`, `work-changed`, `order-changed`, `order-withdrawn`, `impact-not-seen`, `signature-missing`,
    `new-clashes`), Invalid(`order-not-ready`) with `faults`.
    """
    territory = get_territory_by_id(territory_id)
    with unit_of_work() as uow:
        lock_law(uow, territory_id)
        work = get_work(territory_id, work_id, lock=True)
        if work.is_model:
            raise Conflict("is-model")
        if work.deleted_at is not None:
            raise Conflict("work-deleted")
        if work.revision != revision:
            raise Conflict("work-changed", revision=work.revision, author=work.author_name, at=work.updated_at)
        state = publishing_state(territory, work, clock=clock)
        draft = state.draft
        if draft is None:
            raise Invalid("order-not-ready", state.faults[0].field, faults=state.faults)
        if state.replaced_by is not None:
            raise Conflict("order-changed", number=state.replaced_by.number, author=state.replaced_by.actor_name)
        if not state.impact_seen:
            raise Conflict("impact-not-seen")
        if state.alarms and not state.signed:
            raise Conflict("signature-missing")
        if state.since.clashes and state.since.mark != seen:
            raise Conflict("new-clashes")
        signed_by = work.signed_by_name if work.is_signed else ""
        order_id = work.order_id
        if order_id is None:
            # The id of the work tells the order from every other, whatever its identifier becomes.
            draft = replace(draft, source_id=str(work.id))
            merge_orders(uow, territory_id, [draft], Tally(Counter(), []), clock.now())
            order_id = _id_of(territory_id, draft)
            change = OrderChange.PUBLISHED
        else:
            change = OrderChange.AMENDED
        store_version(
            uow,
            territory_id,
            order_id,
            change,
            draft,
            actor,
            signed_by=signed_by,
            form=work.document,
            clock=clock,
        )
        uow.session.execute(delete(OrderWork).where(OrderWork.id == work_id))
        return order_id


def published_from(territory_id: UUID, work_id: UUID) -> UUID | None:
    """Return the order that a new work became, for whoever sends the same form twice; None when there is none."""
    same = select(TrafficOrder.id).where(
        TrafficOrder.territory_id == territory_id,
        TrafficOrder.source == NUMERIZ,
        TrafficOrder.source_id == str(work_id),
    )
    return session().scalar(same)


def withdraw_order(
    actor: Actor, territory_id: UUID, order_id: UUID, reason: str, *, clock: Clock = SYSTEM_CLOCK
) -> int:
    """Withdraw a published order written here: kept with its history, no law any more; return the version's number.

    Raises Invalid(`reason-missing`, `reason-too-long`), NotFound(`order-not-found`), Conflict(`not-ours`,
    `order-withdrawn`).
    """
    why = reason.strip()
    if not why:
        raise Invalid("reason-missing", "reason")
    if len(why) > REASON_LENGTH:
        raise Invalid("reason-too-long", "reason", most=REASON_LENGTH)
    with unit_of_work() as uow:
        lock_law(uow, territory_id)
        order = current_order(territory_id, order_id)
        return store_version(uow, territory_id, order_id, OrderChange.WITHDRAWN, order, actor, why, clock=clock)


def store_version(
    uow: UnitOfWork,
    territory_id: UUID,
    order_id: UUID,
    change: OrderChange,
    draft: OrderDraft,
    actor: Actor,
    reason: str = "",
    signed_by: str = "",
    *,
    form: Document | None = None,
    awaits: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Store what an order says from now on, with everything that follows from it; return the version's number.

    The order keeps its place in its source, and the words of its form unless others are given. An order that was
    never changed here first gets a version of what it said until now. awaits: a second person has still to sign this
    version, which is in force all the same. Raises NotFound(`order-not-found`),
    Conflict(`not-ours`, `order-withdrawn`).
    """
    lock_law(uow, territory_id)
    before = current_order(territory_id, order_id)
    if before.source != NUMERIZ:
        raise Conflict("not-ours")
    if before.status is OrderStatus.WITHDRAWN:
        raise Conflict("order-withdrawn")
    now = clock.now()
    newest = newest_version(order_id)
    number = newest.number if newest else 0
    if newest is None and change is not OrderChange.PUBLISHED:
        number = 1
        _add_version(uow, order_id, number, OrderChange.PUBLISHED, before, None, clock=clock)
    number += 1
    status = OrderStatus.WITHDRAWN if change is OrderChange.WITHDRAWN else OrderStatus.PUBLISHED
    stored = replace(draft, source=before.source, source_id=before.source_id, status=status)
    merge_orders(uow, territory_id, [stored], Tally(Counter(), []), now)
    words = form if form is not None else newest.document if newest else None
    _add_version(
        uow,
        order_id,
        number,
        change,
        stored,
        words,
        actor=actor,
        reason=reason,
        signed_by=signed_by,
        awaits=awaits,
        clock=clock,
    )
    record(
        actor,
        _TAGS[change],
        subject_id=order_id,
        territory_id=territory_id,
        data={
            "identifier": stored.identifier,
            "version": number,
            "change": change.value,
            "reason": reason,
            "signed_by": signed_by,
        },
        clock=clock,
    )
    bump_law(uow, territory_id, clock)
    _ask_for_what_follows(uow, get_territory_by_id(territory_id), order_id, number, clock)
    return number


def _ask_for_what_follows(uow: UnitOfWork, territory: TerritoryView, order_id: UUID, number: int, clock: Clock) -> None:
    """Ask for the match with the road graph, the files of open data and the push, each once this is durable."""
    uow.session.flush()  # what waits for a match is found by a query
    ensure_matching(territory, clock)
    for scope in (territory.slug, ALL_TERRITORIES):
        last = latest_job(PUBLISH_JOB, {"scope": scope})
        # One that waits will say this too; one that runs may have read the law already.
        if last is None or last.state is not JobState.PENDING:
            enqueue(PUBLISH_JOB, {"scope": scope})
    ask_push(uow, territory, order_id, number, clock=clock)


def _add_version(
    uow: UnitOfWork,
    order_id: UUID,
    number: int,
    change: OrderChange,
    order: OrderDraft,
    form: Document | None,
    *,
    actor: Actor | None = None,
    reason: str = "",
    signed_by: str = "",
    awaits: bool = False,
    clock: Clock,
) -> None:
    """Add a version; one without an actor is what was stored before versions were kept."""
    at = clock.now() if actor is not None else _changed_at(order_id)
    uow.session.add(
        OrderVersion(
            id=new_id(),
            order_id=order_id,
            number=number,
            change=change,
            document=version_document(order, form, awaits=awaits),
            reason=reason,
            actor_id=actor.user_id if actor else None,
            actor_name=actor.label[:NAME_LENGTH] if actor else "",
            signed_by_name=signed_by,
            at=at,
        )
    )
    uow.session.flush()  # the next reading of the newest version finds it


def _changed_at(order_id: UUID) -> datetime:
    return session().scalars(select(TrafficOrder.updated_at).where(TrafficOrder.id == order_id)).one()


def _id_of(territory_id: UUID, draft: OrderDraft) -> UUID:
    same = select(TrafficOrder.id).where(
        TrafficOrder.territory_id == territory_id,
        TrafficOrder.source == draft.source,
        TrafficOrder.source_id == draft.key,
    )
    return session().scalars(same).one()
