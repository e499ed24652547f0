"""The effects of a draft: asked for, kept beside it, and the second person's signature."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, NotFound
from portal.db import UnitOfWork, session, unit_of_work
from portal.jobs import JobView, enqueue, latest_job
from portal.numeriz.impact.found import Impact, impact_from_json
from portal.numeriz.models import NAME_LENGTH, OrderImpact, OrderWork
from portal.numeriz.writing import WorkView, get_work

IMPACT_JOB: Final = "numeriz.impact"


@dataclass(frozen=True, slots=True)
class KeptImpact:
    """The effects last found for a draft. digest: of the words they were found for; law_version: under which law."""

    digest: str
    impact: Impact
    law_version: str
    found_at: datetime


def ask_impact(territory_id: UUID, work_id: UUID) -> None:
    """Ask for the effects of a draft as it is now, unless that is under way. Raises NotFound("work-not-found")."""
    with unit_of_work():
        get_work(territory_id, work_id)
        running = impact_job(territory_id, work_id)
        if running is None or running.state.ended:
            enqueue(IMPACT_JOB, _args(territory_id, work_id), priority=True)


def impact_job(territory_id: UUID, work_id: UUID) -> JobView | None:
    """The last job asked for."""
    return latest_job(IMPACT_JOB, _args(territory_id, work_id))


def _args(territory_id: UUID, work_id: UUID) -> dict[str, str]:
    return {"territory_id": str(territory_id), "work_id": str(work_id)}


def kept_impact(work_id: UUID) -> KeptImpact | None:
    """The effects last found; the caller reaches the draft within its scope."""
    row = session().get(OrderImpact, work_id, populate_existing=True)
    return None if row is None else KeptImpact(row.digest, impact_from_json(row.result), row.law_version, row.found_at)


def keep_impact(uow: UnitOfWork, work_id: UUID, found: KeptImpact) -> None:
    """Keep what was found, in the running unit of work; of a draft published meanwhile nothing is kept.

    Other alarms than those that were signed end the signature.
    """
    wanted = select(OrderWork).where(OrderWork.id == work_id).with_for_update()
    work = uow.session.scalar(wanted.execution_options(populate_existing=True))
    if work is None:
        return
    alarms = [asdict(alarm) for alarm in found.impact.alarms]
    if alarms != work.alarms:
        work.signed_digest, work.signed_by_id, work.signed_by_name, work.signed_at = "", None, "", None
    work.judged, work.alarms = found.digest, alarms
    row = uow.session.get(OrderImpact, work_id)
    if row is None:
        row = OrderImpact(work_id=work_id)
        uow.session.add(row)
    row.digest, row.law_version, row.found_at = found.digest, found.law_version, found.found_at
    row.result = found.impact.to_json()


def may_sign(work: WorkView, actor: Actor) -> str | None:
    """Why this person may not sign the draft as it is now; None when they may."""
    own = actor.user_id is None or work.was_written_by(actor.user_id)
    return _cannot_be_signed(work) or ("own-work" if own else None)


def ask_signature(territory_id: UUID, work_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Tell the others that a draft waits for a second person. Raises Conflict(`impact-not-seen`, `no-alarm`,
    `signed-already`), NotFound."""
    with unit_of_work() as uow:
        work = get_work(territory_id, work_id)
        refused = _cannot_be_signed(work)
        if refused is not None:
            raise Conflict(refused)
        asked = update(OrderWork).where(OrderWork.id == work_id).values(sign_asked_at=clock.now())
        uow.session.execute(asked.execution_options(synchronize_session=False))


def _cannot_be_signed(work: WorkView) -> str | None:
    if not work.is_judged:
        return "impact-not-seen"
    if not work.alarms:
        return "no-alarm"
    return "signed-already" if work.is_signed else None


def sign_work(actor: Actor, territory_id: UUID, work_id: UUID, digest: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Sign what is written, as a second person who has read it. digest: of the words that were read.

    Raises Conflict(`work-changed`, `impact-not-seen`, `no-alarm`, `signed-already`, `own-work`), NotFound.
    """
    with unit_of_work() as uow:
        wanted = select(OrderWork).where(OrderWork.territory_id == territory_id, OrderWork.id == work_id)
        row = uow.session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
        if row is None:
            raise NotFound("work-not-found")
        work = get_work(territory_id, work_id)
        if work.digest != digest:
            raise Conflict("work-changed", author=row.author_name, at=row.updated_at)
        refused = may_sign(work, actor)
        if refused is not None:
            raise Conflict(refused)
        row.signed_digest, row.signed_at = digest, clock.now()
        row.signed_by_id, row.signed_by_name = actor.user_id, actor.label[:NAME_LENGTH]
        record(
            actor,
            AuditTag.ORDER_SIGNED,
            subject_id=work_id,
            territory_id=territory_id,
            data={"title": row.title, "author": row.author_name, "alarms": [alarm["code"] for alarm in row.alarms]},
            clock=clock,
        )
