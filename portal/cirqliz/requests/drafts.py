"""A request somebody has begun: what the form holds is kept as it was typed, complete or not.

The id of a draft follows from the key of its form, so that the first saving, a second one at the same instant and the
filing speak of the same row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError

from portal.cirqliz.models import AccessRequest, RequestDocument, RequestDraft
from portal.cirqliz.requests.commands import form_mark
from portal.cirqliz.requests.documents import forget_files, move_to_request
from portal.cirqliz.requests.scoping import require_manager
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid, NotFound
from portal.db import UnitOfWork, session, unit_of_work

MAX_DRAFTS = 50
KEPT_FOR = timedelta(days=60)
"""Since it was last touched."""
_MOST_SIGNS = 120_000
"""Of what is typed: 500 vehicles with their drivers and 30 stops fit in."""
_LONGEST_KEY = 64

type Typed = Mapping[str, Sequence[str]]
"""The names and values of the inputs, as a browser sends them."""


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft for its page and its line in the list."""

    id: UUID
    territory_id: UUID
    form_key: str
    typed: Typed
    renewed_from: UUID | None
    created_at: datetime
    updated_at: datetime

    @property
    def starts_on(self) -> date | None:
        """The first day asked for, None while it is not there or cannot be read."""
        try:
            return date.fromisoformat(next(iter(self.typed.get("starts_on", ())), ""))
        except ValueError:
            return None

    @property
    def vehicle_count(self) -> int:
        """How many vehicles are ticked."""
        return len(self.typed.get("vehicles", ()))


def draft_id_of(company_id: UUID, form_key: str) -> UUID:
    """Return the id of the draft that a form of the company keeps."""
    return uuid5(company_id, form_key[:_LONGEST_KEY])


def save_draft(
    actor: Actor,
    company_id: UUID,
    territory_id: UUID,
    form_key: str,
    typed: Typed,
    *,
    renewed_from: UUID | None = None,
    anew: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> UUID:
    """Keep what a form holds now, in place of what it held before; return the draft's id.

    A form that was filed begins no other draft, unless somebody asks for that (`anew`): what it still saves by itself
    was under way when it was sent, and is not kept.
    Raises Denied, Invalid(too-many-drafts, draft-too-long).
    """
    require_manager(actor, company_id)
    if len(json.dumps(dict(typed))) > _MOST_SIGNS:
        raise Invalid("draft-too-long")
    try:
        return _save(actor, company_id, territory_id, form_key[:_LONGEST_KEY], typed, renewed_from, anew, clock)
    except IntegrityError:
        # The twin of this first saving was committed in between: now there is a row to change.
        return _save(actor, company_id, territory_id, form_key[:_LONGEST_KEY], typed, renewed_from, anew, clock)


def _save(
    actor: Actor,
    company_id: UUID,
    territory_id: UUID,
    form_key: str,
    typed: Typed,
    renewed_from: UUID | None,
    anew: bool,
    clock: Clock,
) -> UUID:
    values: dict[str, Any] = {name: list(each) for name, each in typed.items()}
    with unit_of_work() as uow:
        draft_id = draft_id_of(company_id, form_key)
        # Locked: one that is being filed at this instant is waited for, and gone then.
        row = uow.session.get(RequestDraft, draft_id, populate_existing=True, with_for_update=True)
        if row is None:
            if not anew and _was_filed(uow, company_id, form_key):
                return draft_id
            if (
                uow.session.scalars(select(func.count()).where(RequestDraft.company_id == company_id)).one()
                >= MAX_DRAFTS
            ):
                raise Invalid("too-many-drafts", most=MAX_DRAFTS)
            row = RequestDraft(
                id=draft_id,
                company_id=company_id,
                created_by=actor.user_id,
                form_key=form_key,
                renewed_from=renewed_from,
                created_at=clock.now(),
            )
            uow.session.add(row)
        row.territory_id, row.typed, row.updated_at = territory_id, values, clock.now()
        return draft_id


def _was_filed(uow: UnitOfWork, company_id: UUID, form_key: str) -> bool:
    mark = form_mark(form_key)
    # No hexadecimal digit comes after: the index of the keys finds them as a range.
    same = (AccessRequest.submission_key >= mark, AccessRequest.submission_key < mark + "g")
    found = select(AccessRequest.id).where(AccessRequest.company_id == company_id, *same).limit(1)
    return uow.session.scalar(found) is not None


def discard_draft(actor: Actor, company_id: UUID, draft_id: UUID) -> None:
    """Throw a draft away with its documents. Raises Denied, NotFound."""
    require_manager(actor, company_id)
    with unit_of_work() as uow:
        if not _remove(uow, (RequestDraft.id == draft_id) & (RequestDraft.company_id == company_id)):
            raise NotFound("draft-not-found")


def use_up_draft(uow: UnitOfWork, company_id: UUID, draft_id: UUID, request_id: UUID) -> int:
    """Hand the documents of a draft to the request it becomes and remove it; return how many documents.

    Nothing happens when there is no such draft: a form may be filed before it was ever saved.
    """
    row = uow.session.scalar(
        select(RequestDraft).where(RequestDraft.id == draft_id, RequestDraft.company_id == company_id).with_for_update()
    )
    if row is None:
        return 0
    moved = move_to_request(uow, draft_id, request_id)
    uow.session.delete(row)
    return moved


def erase_old_drafts(clock: Clock = SYSTEM_CLOCK, most: int = 500) -> int:
    """Erase drafts nobody touched for a long time, with their documents; return how many."""
    with unit_of_work() as uow:
        return _remove(uow, RequestDraft.updated_at < clock.now() - KEPT_FOR, most)


def _remove(uow: UnitOfWork, scope: ColumnElement[bool], most: int = 1) -> int:
    """Remove drafts with their documents; return how many.

    They are held first: one that is being filed at this instant is gone by then, and its documents are the request's.
    """
    wanted = select(RequestDraft.id).where(scope).order_by(RequestDraft.id).limit(most).with_for_update()
    ids = uow.session.scalars(wanted).all()
    gone = delete(RequestDocument).where(RequestDocument.draft_id.in_(ids)).returning(RequestDocument.file_key)
    forget_files(uow, uow.session.scalars(gone).all())
    uow.session.execute(delete(RequestDraft).where(RequestDraft.id.in_(ids)))
    return len(ids)


def list_drafts(company_id: UUID) -> Sequence[DraftView]:
    """Return the drafts of the company, the last touched first."""
    rows = session().scalars(
        select(RequestDraft).where(RequestDraft.company_id == company_id).order_by(RequestDraft.updated_at.desc())
    )
    return [_view(row) for row in rows]


def get_draft(company_id: UUID, draft_id: UUID) -> DraftView:
    """Return a draft of the company. Raises NotFound."""
    found = find_draft(company_id, draft_id)
    if found is None:
        raise NotFound("draft-not-found")
    return found


def find_draft(company_id: UUID, draft_id: UUID) -> DraftView | None:
    """Return a draft of the company, None when there is none."""
    row = session().scalar(
        select(RequestDraft)
        .where(RequestDraft.id == draft_id, RequestDraft.company_id == company_id)
        .execution_options(populate_existing=True)
    )
    return None if row is None else _view(row)


def _view(row: RequestDraft) -> DraftView:
    return DraftView(
        id=row.id,
        territory_id=row.territory_id,
        form_key=row.form_key,
        typed=row.typed,
        renewed_from=row.renewed_from,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def number_of(company_id: UUID, request_id: UUID) -> str | None:
    """Return the number of a request of the company, None when it is gone."""
    return session().scalar(
        select(AccessRequest.number).where(AccessRequest.id == request_id, AccessRequest.company_id == company_id)
    )
