"""The life of passes once they are given: held back, given back, taken back for good; each change in the journal.

Every function here works inside a running unit of work and locks the passes it changes, in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased

from portal.accounts.api import closed_companies
from portal.audit import AuditTag
from portal.cirqliz.mails import mail_revocations
from portal.cirqliz.models import AccessPass
from portal.cirqliz.passes.journal import write_pass_entry
from portal.cirqliz.states import PassState, RevocationReason, SuspensionReason
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict
from portal.db import UnitOfWork
from portal.fleet.api import ids_of_company, lock_fleet, lock_fleets, owners_by_vehicle


def suspend_passes(
    uow: UnitOfWork,
    actor: Actor,
    reason: SuspensionReason,
    *,
    company_id: UUID | None = None,
    vehicle_ids: Collection[UUID] | None = None,
    pass_ids: Collection[UUID] | None = None,
    request_id: UUID | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Hold back the passes that meet every selector given (one at least), those that are over excepted.

    A pass held back because its vehicle changed stays so until somebody decides, even when its company reopens: that
    reason takes the place of the other, never the reverse. Returns how many were changed; the caller tells the company.
    """
    scope = _scope(company_id, vehicle_ids, pass_ids, request_id)
    return _suspend_rows(actor, _living(uow, scope, AccessPass.valid_to > clock.now()), reason, clock)


def _suspend_rows(actor: Actor, rows: Sequence[AccessPass], reason: SuspensionReason, clock: Clock) -> int:
    changed = 0
    for found in rows:
        if found.state is PassState.SUSPENDED and not (
            reason is SuspensionReason.VEHICLE_CHANGED and found.suspend_reason is SuspensionReason.COMPANY_CLOSED
        ):
            continue
        found.state, found.suspend_reason, found.changed_at = PassState.SUSPENDED, reason, clock.now()
        write_pass_entry(actor, AuditTag.PASS_SUSPENDED, found, {"suspend_reason": reason.value}, clock)
        changed += 1
    return changed


def resume_passes(
    uow: UnitOfWork,
    actor: Actor,
    reason: SuspensionReason,
    *,
    company_id: UUID | None = None,
    vehicle_ids: Collection[UUID] | None = None,
    pass_ids: Collection[UUID] | None = None,
    request_id: UUID | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Let the passes that were held back for this reason count again; return how many do.

    Those of a closed company, or of a vehicle that a closed company lends, stay held back, for that. The caller tells
    the company.
    """
    scope = _scope(company_id, vehicle_ids, pass_ids, request_id)
    # Fleets before passes, as everywhere: a company that closes at this instant is waited for.
    lock_fleets(uow, uow.session.scalars(select(AccessPass.company_id).where(scope).distinct()))
    return resume_rows(uow, actor, _living(uow, scope), reason, clock)


def resume_rows(
    uow: UnitOfWork, actor: Actor, rows: Sequence[AccessPass], reason: SuspensionReason, clock: Clock
) -> int:
    """As `resume_passes`, for rows that the caller has locked.

    Whether a company is closed is read once the passes are held: one that closes at this instant either is seen here,
    or waits for these passes and holds them back again.
    """
    held = [one for one in rows if one.state is PassState.SUSPENDED and one.suspend_reason is reason]
    if not held:
        return 0
    owners = owners_by_vehicle({one.vehicle_id for one in held})
    closed = set(uow.session.scalars(closed_companies({one.company_id for one in held} | set(owners.values()))))
    resumed = 0
    for found in held:
        found.changed_at = clock.now()
        if found.company_id in closed or owners.get(found.vehicle_id) in closed:
            found.suspend_reason = SuspensionReason.COMPANY_CLOSED
            continue
        found.state, found.suspend_reason = PassState.ACTIVE, None
        write_pass_entry(actor, AuditTag.PASS_RESUMED, found, {"suspend_reason": reason.value}, clock)
        resumed += 1
    return resumed


def suspend_for_company(uow: UnitOfWork, actor: Actor, company_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> int:
    """Hold back every pass of a company that has closed, and those of the vehicles it lends, in the transaction that
    closes it.

    The fleet is locked first: a decision under way either has given its passes by then or sees the company closed. One
    about a borrowed vehicle holds the lender's fleet too, so that the borrower's own need not be locked here.
    """
    lock_fleet(uow, company_id)
    found = _living(uow, _touched_by(company_id), AccessPass.valid_to > clock.now())
    return _suspend_rows(actor, found, SuspensionReason.COMPANY_CLOSED, clock)


def resume_for_company(uow: UnitOfWork, actor: Actor, company_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> int:
    """Let the passes of a company and of the vehicles it lends count again, in the transaction that opens it again."""
    uow.session.flush()  # the new status of the company must be seen below
    lock_fleet(uow, company_id)
    found = _living(uow, _touched_by(company_id))
    return resume_rows(uow, actor, found, SuspensionReason.COMPANY_CLOSED, clock)


def _touched_by(company_id: UUID) -> ColumnElement[bool]:
    """The passes that rest on a company: its own, and those that others hold for its vehicles."""
    return or_(AccessPass.company_id == company_id, AccessPass.vehicle_id.in_(ids_of_company(company_id)))


def revoke_for_decision(
    uow: UnitOfWork,
    actor: Actor,
    request_id: UUID,
    vehicle_ids: Collection[UUID],
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Take back what an earlier answer gave to vehicles that are refused now; return how many passes.

    The pass of a vehicle that was swapped for a broken-down one goes with the approval of the latter.
    """
    replaced = aliased(AccessPass)
    swapped = select(replaced.id).where(replaced.request_id == request_id, replaced.vehicle_id.in_(vehicle_ids))
    own = AccessPass.vehicle_id.in_(vehicle_ids) & AccessPass.swapped_from.is_(None)
    of_them = or_(own, AccessPass.swapped_from.in_(swapped))
    found = _living(uow, AccessPass.request_id == request_id, of_them)
    return revoke_rows(actor, found, RevocationReason.DECISION_CHANGED, clock=clock)


_WITHDRAWN = {
    "plate-changed": RevocationReason.PLATE_CHANGED,
    "vehicle-archived": RevocationReason.VEHICLE_ARCHIVED,
    "loan-ended": RevocationReason.LOAN_ENDED,
}


def revoke_for_vehicles(
    actor: Actor, uow: UnitOfWork, company_id: UUID, vehicle_ids: Sequence[UUID], reason: str
) -> None:
    """Revoke a company's passes of vehicles that changed plate or left its hands, in the transaction of that change.

    The fleet says so for each company that may hold one: the owner's, and those it lent the vehicle to.
    """
    found = _living(uow, AccessPass.company_id == company_id, AccessPass.vehicle_id.in_(vehicle_ids))
    revoke_rows(actor, found, _WITHDRAWN[reason], clock=SYSTEM_CLOCK)


def revoke_rows(
    actor: Actor, rows: Sequence[AccessPass], reason: RevocationReason, text: str = "", *, clock: Clock
) -> int:
    """Take back passes that the caller has locked, for good, and tell the companies; return how many."""
    for found in rows:
        revoke_row(actor, found, reason, text, clock)
    for owner, passes in _by_company(rows):
        mail_revocations(owner, passes)
    return len(rows)


def revoke_row(actor: Actor, found: AccessPass, reason: RevocationReason, text: str, clock: Clock) -> None:
    """Take back one pass that the caller has locked. Raises Conflict when it was taken back before."""
    if found.state is PassState.REVOKED:
        raise Conflict("pass-already-revoked", at=found.revoked_at, number=found.number)
    found.state, found.revoked_at, found.revoked_by = PassState.REVOKED, clock.now(), actor.user_id
    found.revoke_reason, found.revoke_text = reason, text.strip()
    found.suspend_reason, found.changed_at = None, found.revoked_at
    more = {"reason_code": reason.value, "reason_text": text.strip()}
    write_pass_entry(actor, AuditTag.PASS_REVOKED, found, more, clock)


def _scope(
    company_id: UUID | None,
    vehicle_ids: Collection[UUID] | None,
    pass_ids: Collection[UUID] | None,
    request_id: UUID | None,
) -> ColumnElement[bool]:
    given: list[ColumnElement[bool]] = []
    if company_id is not None:
        given.append(AccessPass.company_id == company_id)
    if vehicle_ids is not None:
        given.append(AccessPass.vehicle_id.in_(vehicle_ids))
    if pass_ids is not None:
        given.append(AccessPass.id.in_(pass_ids))
    if request_id is not None:
        given.append(AccessPass.request_id == request_id)
    if not given:
        raise ValueError("never all passes at once")
    condition, *rest = given
    for one in rest:
        condition &= one
    return condition


def _living(uow: UnitOfWork, *scope: ColumnElement[bool]) -> list[AccessPass]:
    rows = uow.session.scalars(
        select(AccessPass)
        .where(*scope, AccessPass.state != PassState.REVOKED)
        .order_by(AccessPass.id)
        .with_for_update(of=AccessPass)
        .execution_options(populate_existing=True)
    )
    return list(rows)


def _by_company(rows: Sequence[AccessPass]) -> list[tuple[UUID, list[AccessPass]]]:
    ordered = sorted(rows, key=lambda one: (one.company_id, one.number))
    return [(owner, list(passes)) for owner, passes in groupby(ordered, key=lambda one: one.company_id)]
