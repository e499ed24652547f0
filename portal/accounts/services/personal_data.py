"""The right to a copy of what the portal holds about oneself, and the right to be forgotten.

What was decided stays: the tables say a pseudonym, and the journal, which nobody may alter, is read without the name.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime
from typing import IO, Any, Final
from uuid import UUID

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import delete, select, update

from portal.accounts.hashing import hasher
from portal.accounts.models import Account, Company, CompanyStatus, Membership, StaffMember
from portal.accounts.places import territory_table
from portal.accounts.policies import refuses_administrator_loss, refuses_owner_loss
from portal.accounts.services.companies import close_company
from portal.accounts.traces import Person, Traces, all_traces
from portal.audit import AuditTag, account_mark, entries_of, erased_name, footprint, record
from portal.audit.messages import SENTENCES
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole, system_actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_secret
from portal.db import UnitOfWork, session, unit_of_work

_ROWS_AT_ONCE: Final = 500
_STORED_LANGUAGE: Final = "fr"


def write_copy(actor: Actor, password: str, target: IO[bytes], *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Write a ZIP of JSON files with what the portal holds about the actor, and note in the journal that it was taken.

    Raises Invalid("password-wrong", "password"). Memory is bounded whatever the person did.
    """
    row = _checked(actor, password)
    person = _person(row)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        _write_rows(archive, "compte", [_account_told(row)])
        for traces in all_traces():
            _write_rows(archive, traces.name, _told(traces, person))
        _write_rows(archive, "journal", _acts(person.id))
    with unit_of_work():
        record(_unnamed(person.id), AuditTag.USER_DATA_TAKEN, subject_id=person.id, clock=clock)


def erase_account(actor: Actor, password: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Forget the actor: her roles, alerts and mails go, a pseudonym stands for her name in what is kept.

    A company without anybody else is declared closed. Raises Invalid("password-wrong", "password"),
    Conflict("erasure-last-owner", "erasure-last-administrator").
    """
    with unit_of_work() as uow:
        row = _checked(actor, password, lock=True)
        person, unnamed = _person(row), _unnamed(row.id)
        emptied = _leave_companies(uow, unnamed, person.id, clock)
        _leave_territories(uow, unnamed, person.id, clock)
        with force_locale(_STORED_LANGUAGE):
            pseudonym = erased_name(person.id)
            reason = _("Plus personne dans l’entreprise\u00a0: le dernier compte a été effacé.")
        for traces in all_traces():
            _erase(uow, traces, person, pseudonym)
        row.email, row.full_name = f"{row.id}@efface.invalid", pseudonym
        row.password_hash, row.locale = hasher().hash(new_secret()), _STORED_LANGUAGE
        row.disabled_at, row.is_platform_admin = clock.now(), False
        row.session_epoch += 1
        record(unnamed, AuditTag.USER_ERASED, subject_id=person.id, clock=clock)
        for company_id in emptied:
            close_company(system_actor("accounts"), company_id, reason, clock=clock)


def _checked(actor: Actor, password: str, *, lock: bool = False) -> Account:
    own = select(Account).where(Account.id == actor.user_id).execution_options(populate_existing=True)
    row = session().scalar(own.with_for_update() if lock else own)
    if row is None or row.disabled_at is not None:
        raise NotFound("account-not-found")
    if not hasher().matches(row.password_hash, password):
        raise Invalid("password-wrong", "password")
    return row


def _person(row: Account) -> Person:
    known = footprint(row.id)
    companies = session().scalars(select(Membership.company_id).filter_by(account_id=row.id))
    places = session().scalars(select(StaffMember.territory_id).filter_by(account_id=row.id))
    return Person(
        row.id,
        row.email,
        known.names | {row.full_name},
        known.company_ids | {*companies},
        known.territory_ids | {*places},
    )


def _unnamed(account_id: UUID) -> Actor:
    """The person as the journal may know her for ever: what is sealed there is never altered."""
    return Actor(kind=ActorKind.USER, label=account_mark(account_id), user_id=account_id)


def _account_told(row: Account) -> Mapping[str, Any]:
    told = ("id", "email", "full_name", "locale", "confirmed_at", "created_at", "is_platform_admin")
    return {name: getattr(row, name) for name in told}


def _told(traces: Traces, person: Person) -> Iterable[Mapping[str, Any]]:
    wanted = select(*traces.told).where(traces.rows(person)).order_by(traces.table.id)
    with closing(session().execute(wanted.execution_options(yield_per=_ROWS_AT_ONCE))) as rows:
        yield from (dict(row) for row in rows.mappings())


def _acts(account_id: UUID) -> Iterable[Mapping[str, Any]]:
    """The lines of the journal she wrote, without what they say of others."""
    last = 0
    while entries := entries_of(account_id, last, _ROWS_AT_ONCE):
        for entry in entries:
            yield {"at": entry.at, "act": str(SENTENCES[entry.tag]), "tag": entry.tag, "subject": entry.subject_id}
        last = entries[-1].id


def _write_rows(archive: zipfile.ZipFile, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    with archive.open(f"{name}.json", "w") as member:
        separator = b"[\n"
        for row in rows:
            member.write(separator + json.dumps(row, default=_plain, ensure_ascii=False).encode())
            separator = b",\n"
        member.write(b"[]\n" if separator == b"[\n" else b"\n]\n")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _leave_companies(uow: UnitOfWork, unnamed: Actor, account_id: UUID, clock: Clock) -> list[UUID]:
    """Take the person out of her companies; return those where nobody is left and that still count."""
    mine = select(Membership.company_id).filter_by(account_id=account_id).order_by(Membership.company_id)
    left = []
    for company_id in uow.session.scalars(mine).all():
        company = uow.session.get_one(Company, company_id, with_for_update=True, populate_existing=True)
        members = uow.session.scalars(select(Membership).filter_by(company_id=company_id))
        roles: dict[UUID, CompanyRole] = {row.account_id: row.role for row in members}
        if len(roles) > 1 and refuses_owner_loss(roles, account_id, to=None):
            raise Conflict("erasure-last-owner", company=company.name)
        data = {"role": roles[account_id].value}
        uow.session.execute(delete(Membership).filter_by(company_id=company_id, account_id=account_id))
        record(unnamed, AuditTag.MEMBER_REMOVED, subject_id=account_id, company_id=company_id, data=data, clock=clock)
        if len(roles) == 1 and company.status is not CompanyStatus.CLOSED:
            left.append(company_id)
    return left


def _leave_territories(uow: UnitOfWork, unnamed: Actor, account_id: UUID, clock: Clock) -> None:
    mine = select(StaffMember).filter_by(account_id=account_id).order_by(StaffMember.territory_id, StaffMember.role)
    for row in uow.session.scalars(mine).all():
        place = select(territory_table.c.name).where(territory_table.c.id == row.territory_id)
        name = uow.session.scalar(place.with_for_update())
        others = select(StaffMember.account_id).filter_by(territory_id=row.territory_id, role=StaffRole.ADMINISTRATOR)
        if refuses_administrator_loss(set(uow.session.scalars(others)), account_id, row.role):
            raise Conflict("erasure-last-administrator", place=name)
        data = {"role": row.role.value}
        uow.session.delete(row)
        record(
            unnamed,
            AuditTag.STAFF_REMOVED,
            subject_id=account_id,
            territory_id=row.territory_id,
            data=data,
            clock=clock,
        )


def _erase(uow: UnitOfWork, traces: Traces, person: Person, pseudonym: str) -> None:
    rows = traces.rows(person)
    if traces.is_hers:
        uow.session.execute(delete(traces.table).where(rows).execution_options(synchronize_session=False))
        return
    values = {column.key: "" for column in traces.emptied}
    if traces.label is not None:
        values[traces.label.key] = pseudonym
    if values:
        changed = update(traces.table).where(rows).values(values)
        uow.session.execute(changed.execution_options(synchronize_session=False))
