"""Signing up: a registration, a mail, and the account once the e-mail address is proven."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from portal.accounts.commands import CompanyDetails, NewCompany, NewPerson
from portal.accounts.hashing import hasher
from portal.accounts.mails import write_mail
from portal.accounts.models import Account, Registration
from portal.accounts.passwords import check_password
from portal.accounts.queries import find_account_by_email
from portal.accounts.registry import Establishment
from portal.accounts.services.companies import add_company_row, refuse_known_siret
from portal.accounts.services.twins import refusing_twins
from portal.accounts.tokens import read_registration_token, registration_token
from portal.audit.journal import record
from portal.audit.tags import AuditTag
from portal.common.actor import Actor, ActorKind
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, session, unit_of_work
from portal.mail import public_link

CONFIRM_WITHIN = timedelta(hours=48)
_KEPT_FOR = timedelta(days=30)
_DOUBLE_SUBMIT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A confirmed sign-up; company_id is None when somebody else registered the SIRET in between."""

    account_id: UUID
    company_id: UUID | None


def register(
    person: NewPerson, company: NewCompany, establishment: Establishment | None, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Keep a sign-up and send the link that confirms it.

    establishment: what the registry says, None when it was not asked or is silent. The answer is the same whether the
    address has an account or not: its owner alone learns it, by mail. Raises Invalid on a weak password, on a SIRET
    already registered ("siret-registered") or closed in the registry ("siret-closed").
    """
    check_password(person.password, (person.email, person.full_name, company.details.name))
    password_hash = hasher().hash(person.password)
    now = clock.now()
    with unit_of_work() as uow:
        refuse_known_siret(company.siret, establishment)
        uow.session.execute(delete(Registration).where(Registration.created_at < now - _KEPT_FOR))
        known = find_account_by_email(person.email)
        if known is not None:
            write_mail(
                known.email,
                "already_registered",
                known.locale,
                full_name=known.full_name,
                sign_in_link=public_link("accounts.sign_in"),
                reset_link=public_link("accounts.forgotten_password"),
            )
            return
        if _is_double_submit(uow, person, company, clock):
            return
        row = Registration(
            id=new_id(),
            email=person.email,
            full_name=person.full_name,
            password_hash=password_hash,
            locale=person.locale,
            company={
                "siret": company.siret,
                "details": asdict(company.details),
                "snapshot": establishment.snapshot if establishment else None,
            },
            created_at=now,
            sent_at=now,
        )
        uow.session.add(row)
        _send_link(row)


def resend(token: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Send the link of a registration again; raises NotFound when it is unknown or done."""
    with unit_of_work():
        row = _load(token)
        row.sent_at = clock.now()
        _send_link(row)


def is_expired(token: str, *, clock: Clock = SYSTEM_CLOCK) -> bool:
    """Tell whether a link is too old; raises NotFound when its registration is unknown or done."""
    return clock.now() >= _load(token).sent_at + CONFIRM_WITHIN


def confirm(token: str, password: str, *, clock: Clock = SYSTEM_CLOCK) -> Confirmed:
    """Make the account and the company of a registration.

    The password proves that who opens the mail is who signed up: a stranger who registered somebody else's address
    gains nothing when its owner follows the link. Raises NotFound ("link-unknown", "link-used"),
    Invalid("link-expired"), Invalid("password-wrong").
    """
    with refusing_twins(Conflict("registered-meanwhile")), unit_of_work() as uow:
        if is_expired(token, clock=clock):
            raise Invalid("link-expired")
        row = _load(token)
        if not hasher().matches(row.password_hash, password):
            raise Invalid("password-wrong", "password")
        if find_account_by_email(row.email) is not None:
            raise NotFound("link-used")
        actor = add_account(uow, row.email, row.full_name, row.password_hash, row.locale, clock=clock)
        assert actor.user_id is not None
        company = NewCompany(row.company["siret"], CompanyDetails(**row.company["details"]))
        company_id = add_company_row(uow, actor, company, row.company["snapshot"], clock=clock)
        uow.session.execute(delete(Registration).where(Registration.email == row.email))
    return Confirmed(actor.user_id, company_id)


def add_account(uow: UnitOfWork, email: str, full_name: str, password_hash: str, locale: str, *, clock: Clock) -> Actor:
    """Write an account whose address is proven, with its journal entries; return it as an actor."""
    now = clock.now()
    row = Account(
        id=new_id(),
        email=email,
        full_name=full_name,
        password_hash=password_hash,
        locale=locale,
        confirmed_at=now,
        created_at=now,
    )
    uow.session.add(row)
    uow.session.flush()  # memberships reference this row
    actor = Actor(kind=ActorKind.USER, label=full_name, user_id=row.id, email=email)
    record(actor, AuditTag.USER_REGISTERED, subject_id=row.id, clock=clock)
    record(actor, AuditTag.USER_CONFIRMED, subject_id=row.id, clock=clock)
    return actor


def _load(token: str) -> Registration:
    row = session().get(Registration, read_registration_token(token))
    if row is None:
        raise NotFound("link-used")
    return row


def _is_double_submit(uow: UnitOfWork, person: NewPerson, company: NewCompany, clock: Clock) -> bool:
    """Tell whether the same person sent the same form a moment ago: one mail is enough."""
    recent = uow.session.scalars(
        select(Registration)
        .where(Registration.email == person.email, Registration.created_at > clock.now() - _DOUBLE_SUBMIT)
        .order_by(Registration.created_at.desc())
        .limit(1)
    )
    return any(
        row.company["siret"] == company.siret and hasher().matches(row.password_hash, person.password) for row in recent
    )


def _send_link(row: Registration) -> None:
    write_mail(
        row.email,
        "confirm",
        row.locale,
        full_name=row.full_name,
        company_name=row.company["details"]["name"],
        link=public_link("accounts.confirm_registration", token=registration_token(row.id)),
    )
