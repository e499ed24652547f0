"""Registering, describing and verifying companies."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from portal.accounts.closings import tell_company_closed, tell_company_reopened
from portal.accounts.commands import CompanyDetails, NewCompany
from portal.accounts.mails import write_mail
from portal.accounts.models import Company, CompanyStatus, Membership
from portal.accounts.policies import refuses_closing, refuses_company_decision, refuses_reopening
from portal.accounts.queries import company_recipients, find_account_by_email, find_company_by_siret
from portal.accounts.registry import Establishment
from portal.accounts.services.twins import refusing_twins
from portal.audit.journal import last_entry, record
from portal.audit.tags import AuditTag
from portal.common.actor import Actor, CompanyRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, unit_of_work
from portal.mail import public_link


def refuse_known_siret(siret: str, establishment: Establishment | None) -> None:
    """Raise Invalid when the SIRET is registered here ("siret-registered") or closed in the registry."""
    if find_company_by_siret(siret) is not None:
        raise Invalid("siret-registered", "siret")
    if establishment is not None and not establishment.is_open:
        raise Invalid("siret-closed", "siret")


def add_company(
    actor: Actor, company: NewCompany, establishment: Establishment | None, *, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Register a company whose first owner is the actor; raises Invalid as `refuse_known_siret`."""
    with refusing_twins(Invalid("siret-registered", "siret")), unit_of_work() as uow:
        refuse_known_siret(company.siret, establishment)
        snapshot = establishment.snapshot if establishment else None
        company_id = add_company_row(uow, actor, company, snapshot, clock=clock)
    assert company_id is not None
    return company_id


def add_company_row(
    uow: UnitOfWork, actor: Actor, company: NewCompany, snapshot: dict[str, Any] | None, *, clock: Clock
) -> UUID | None:
    """Write a company, its first owner and its journal entry; None when the SIRET is registered already."""
    assert actor.user_id is not None
    if find_company_by_siret(company.siret) is not None:
        return None
    row = Company(
        id=new_id(),
        siret=company.siret,
        siren=company.siret[:9],
        **asdict(company.details),
        status=CompanyStatus.PENDING,
        registry_snapshot=snapshot,
        created_at=clock.now(),
    )
    uow.session.add(row)
    uow.session.flush()  # the membership and the journal reference this row
    uow.session.add(
        Membership(
            id=new_id(),
            account_id=actor.user_id,
            company_id=row.id,
            role=CompanyRole.OWNER,
            created_at=clock.now(),
        )
    )
    record(actor, AuditTag.COMPANY_REGISTERED, subject_id=row.id, company_id=row.id, clock=clock)
    return row.id


def update_company(
    actor: Actor, company_id: UUID, details: CompanyDetails, version: int, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Change a company's description. version: the one the form was filled from; raises Conflict when it is older."""
    with unit_of_work() as uow:
        row = _lock(uow, company_id)
        if row.version != version:
            raise Conflict("company-changed-meanwhile")
        changes = {}
        for name, after in asdict(details).items():
            before = getattr(row, name)
            if before != after:
                changes[name] = [before, after]
                setattr(row, name, after)
        if changes:
            record(actor, AuditTag.COMPANY_UPDATED, subject_id=row.id, company_id=row.id, data=changes, clock=clock)


def verify_company(actor: Actor, company_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Declare that a company is what it says; raises Denied, or Conflict when that is done already."""
    _decide(actor, company_id, CompanyStatus.VERIFIED, AuditTag.COMPANY_VERIFIED, "company_verified", "", clock)


def refuse_company(actor: Actor, company_id: UUID, reason: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Declare that a company is not accepted: it may ask for nothing, passes it had are suspended.

    reason: a sentence for its people. Raises Denied, Conflict.
    """
    _decide(actor, company_id, CompanyStatus.REFUSED, AuditTag.COMPANY_REFUSED, "company_refused", reason, clock)


def _decide(
    actor: Actor, company_id: UUID, to: CompanyStatus, tag: AuditTag, mail: str, reason: str, clock: Clock
) -> None:
    with unit_of_work() as uow:
        row = _lock(uow, company_id)
        refusal = refuses_company_decision(actor, row.status, to)
        if refusal == "company-decision-staff-only":
            raise Denied(refusal)
        if refusal:
            raise Conflict(refusal)
        before = _become(row, to, clock)
        data = {"status": [before.value, to.value], **({"reason": reason} if reason else {})}
        record(actor, tag, subject_id=row.id, company_id=row.id, data=data, clock=clock)
        _tell(uow, actor, row, before)
        link = public_link("accounts.company_home", company_id=row.id)
        for recipient in company_recipients(row.id):
            reader = find_account_by_email(recipient)
            locale = reader.locale if reader else "fr"
            write_mail(recipient, mail, locale, company_name=row.name, reason=reason, link=link)


def close_company(actor: Actor, company_id: UUID, reason: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Declare that a company has ceased: it may ask for nothing, its passes are suspended. reason: a sentence for its
    people. Raises Denied, Invalid (no reason), Conflict (closed already).
    """
    if not reason.strip():
        raise Invalid("closing-without-reason", field="reason")
    with unit_of_work() as uow:
        row = _lock(uow, company_id)
        _check_supervised(refuses_closing(actor, row.status))
        before = _become(row, CompanyStatus.CLOSED, clock)
        _tell_existence(uow, actor, row, before, reason.strip(), clock)


def reopen_company(actor: Actor, company_id: UUID, reason: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Declare that a closed company goes on, as what it was before: once verified, its suspended passes count again.

    Raises Denied, Invalid (no reason), Conflict (not closed).
    """
    if not reason.strip():
        raise Invalid("closing-without-reason", field="reason")
    with unit_of_work() as uow:
        row = _lock(uow, company_id)
        _check_supervised(refuses_reopening(actor, row.status))
        before = _become(row, _status_before_closing(company_id), clock)
        _tell_existence(uow, actor, row, before, reason.strip(), clock)


def _check_supervised(refusal: str | None) -> None:
    if refusal == "company-closing-supervisor-only":
        raise Denied(refusal)
    if refusal:
        raise Conflict(refusal)


def _status_before_closing(company_id: UUID) -> CompanyStatus:
    """Return what a closed company was, as the journal says: nobody may alter it. Unknown: somebody looks at it."""
    closed = last_entry(AuditTag.COMPANY_CLOSED, company_id)
    return CompanyStatus.PENDING if closed is None else CompanyStatus(closed.data["status"][0])


def _become(row: Company, to: CompanyStatus, clock: Clock) -> CompanyStatus:
    """Change the status of a company; return the one before."""
    before, row.status = row.status, to
    row.verified_at = clock.now() if to is CompanyStatus.VERIFIED else None
    return before


def _tell(uow: UnitOfWork, actor: Actor, row: Company, before: CompanyStatus) -> None:
    """Tell the other contexts when what the company was given stops counting, or counts again."""
    if before.barred is not row.status.barred:
        (tell_company_closed if row.status.barred else tell_company_reopened)(uow, actor, row.id)


def _tell_existence(
    uow: UnitOfWork, actor: Actor, row: Company, before: CompanyStatus, reason: str, clock: Clock
) -> None:
    closed = row.status is CompanyStatus.CLOSED
    tag = AuditTag.COMPANY_CLOSED if closed else AuditTag.COMPANY_REOPENED
    data = {"status": [before.value, row.status.value], "reason": reason}
    record(actor, tag, subject_id=row.id, company_id=row.id, data=data, clock=clock)
    _tell(uow, actor, row, before)
    mail = "company_closed" if closed else "company_reopened"
    link = public_link("accounts.company_home", company_id=row.id)
    verified = row.status is CompanyStatus.VERIFIED
    for recipient in company_recipients(row.id):
        reader = find_account_by_email(recipient)
        locale = reader.locale if reader else "fr"
        write_mail(recipient, mail, locale, company_name=row.name, reason=reason, link=link, verified=verified)


def _lock(uow: UnitOfWork, company_id: UUID) -> Company:
    row = uow.session.get(Company, company_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("company-not-found")
    return row
