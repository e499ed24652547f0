"""What the company and the desk write to each other about a request, with its documents, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from portal.accounts.api import get_account, staff_recipients
from portal.cirqliz.mails import mail_message_to_company, mail_message_to_staff
from portal.cirqliz.models import AccessRequest, RequestMessage
from portal.cirqliz.requests import policies
from portal.cirqliz.requests.documents import DocumentView, list_documents
from portal.cirqliz.requests.scoping import require_manager
from portal.cirqliz.states import MessageSide
from portal.common.actor import Actor, ActorKind, StaffRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, NotFound
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.territories.api import TerritoryView, get_territory_by_id

MAX_MESSAGES = 200
MAIL_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ThreadItem:
    """A message, or a document when `document` is there. author: as the reader may know it; asks: an answer is due."""

    id: UUID
    at: datetime
    side: MessageSide
    author: str
    text: str = ""
    asks: bool = False
    document: DocumentView | None = None


def send_message(
    actor: Actor, request_id: UUID, side: MessageSide, text: str, *, asks: bool = False, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Write to the other side, in the running unit of work or one of its own; return the message's id.

    The other side gets a mail, one in ten minutes at most whatever is written meanwhile. asks: only the desk asks.
    Raises Denied, NotFound, Invalid(text-missing, text-too-long), Conflict(request-closed, thread-full).
    """
    written = policies.check_text(text)
    with unit_of_work() as uow:
        request = uow.session.scalar(
            select(AccessRequest)
            .where(AccessRequest.id == request_id)
            .with_for_update(of=AccessRequest)
            .execution_options(populate_existing=True)
        )
        if request is None:
            raise NotFound("request-not-found")
        territory = get_territory_by_id(request.territory_id)
        _require_side(actor, request, territory, side)
        refusal = policies.refuses_message(request.state)
        if refusal is not None:
            raise Conflict(refusal, number=request.number)
        if (
            uow.session.scalars(select(func.count()).where(RequestMessage.request_id == request_id)).one()
            >= MAX_MESSAGES
        ):
            raise Conflict("thread-full", most=MAX_MESSAGES)
        earlier = uow.session.scalars(
            select(RequestMessage.at)
            .where(RequestMessage.request_id == request_id, RequestMessage.side == side)
            .order_by(RequestMessage.at)
        ).all()
        message = RequestMessage(
            id=new_id(),
            request_id=request_id,
            side=side,
            author_id=actor.user_id,
            author_label=actor.label,
            text=written,
            asks=asks and side is MessageSide.STAFF,
            at=clock.now(),
        )
        uow.session.add(message)
        if asks or is_mail_due(earlier, message.at):
            _tell(request, territory, message)
        return message.id


def is_mail_due(earlier: Sequence[datetime], now: datetime) -> bool:
    """Tell whether a message sent now brings a mail, when those before it were sent at these instants, in order.

    A message brings a mail when the last mail is ten minutes old, so that talking without a pause still brings one
    every ten minutes.
    """
    mailed: datetime | None = None
    for at in earlier:
        if mailed is None or at - mailed >= MAIL_EVERY:
            mailed = at
    return mailed is None or now - mailed >= MAIL_EVERY


def _tell(request: AccessRequest, territory: TerritoryView, message: RequestMessage) -> None:
    if message.side is MessageSide.STAFF:
        mail_message_to_company(request, message)
        return
    # Who has the request in hand; while nobody has, it is found in the queue like any other.
    clerk = None if request.claimed_by is None else get_account(request.claimed_by)
    recipients = staff_recipients(territory.slug, StaffRole.CLERK) if clerk is None else [clerk.email]
    mail_message_to_staff(request, territory.slug, message, recipients)


def _require_side(actor: Actor, request: AccessRequest, territory: TerritoryView, side: MessageSide) -> None:
    if side is MessageSide.COMPANY:
        require_manager(actor, request.company_id)
    elif actor.kind is not ActorKind.SYSTEM and not actor.serves(territory.slug, StaffRole.CLERK):
        raise Denied("staff-role-needed", roles=[StaffRole.CLERK.value])


def list_thread(request_id: UUID, *, reader: MessageSide, staff_name: str) -> tuple[ThreadItem, ...]:
    """Return messages and documents, oldest first. The caller has loaded the request within its scope.

    staff_name: what the company reads instead of the names of clerks, the territory's.
    """
    rows = session().scalars(
        select(RequestMessage)
        .where(RequestMessage.request_id == request_id)
        .order_by(RequestMessage.at, RequestMessage.id)
    )
    hidden = reader is MessageSide.COMPANY
    said = [
        ThreadItem(
            id=row.id,
            at=row.at,
            side=row.side,
            author=staff_name if hidden and row.side is MessageSide.STAFF else row.author_label,
            text=row.text,
            asks=row.asks,
        )
        for row in rows
    ]
    shown = [
        ThreadItem(id=one.id, at=one.added_at, side=MessageSide.COMPANY, author=one.added_by, document=one)
        for one in list_documents(request_id)
    ]
    return tuple(sorted([*said, *shown], key=lambda item: item.at))
