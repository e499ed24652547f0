"""Supporting documents: of a draft until it is filed, then of its request; kept outside the web root."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update

from portal.cirqliz.models import AccessRequest, RequestDocument, RequestDraft
from portal.cirqliz.requests import policies
from portal.cirqliz.requests.papers import MAX_DOCUMENTS, Paper, read_paper
from portal.cirqliz.requests.scoping import load_request, require_manager
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, session, unit_of_work
from portal.files import file_store

AREA = "request-papers"


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document for display; its content is read by `read_document`."""

    id: UUID
    file_name: str
    media_type: str
    size_bytes: int
    added_by: str
    added_at: datetime


def add_to_draft(
    actor: Actor, company_id: UUID, draft_id: UUID, file_name: str, content: bytes, *, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Keep a document with a draft; return its id, that of the twin when the very same file is there already.

    Raises Denied, NotFound, Invalid (`read_paper`, and too-many-papers).
    """
    require_manager(actor, company_id)
    paper = read_paper(file_name, content)
    with _Stored(paper) as stored, unit_of_work() as uow:
        if not _hold_draft(uow, company_id, draft_id):
            raise NotFound("draft-not-found")
        return stored.keep(uow, actor, company_id, RequestDocument(draft_id=draft_id), clock)


def add_to_request(
    actor: Actor, company_id: UUID, request_id: UUID, file_name: str, content: bytes, *, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Keep a document with an open request; else as `add_to_draft`. Raises Conflict(request-closed)."""
    require_manager(actor, company_id)
    paper = read_paper(file_name, content)
    with _Stored(paper) as stored, unit_of_work() as uow:
        request = load_request(uow, company_id, request_id)
        refusal = policies.refuses_message(request.state)
        if refusal is not None:
            raise Conflict(refusal)
        return stored.keep(uow, actor, company_id, RequestDocument(request_id=request_id), clock)


class _Stored:
    """A file in the store that goes again unless its row is committed."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._kept = False

    def __enter__(self) -> _Stored:
        self._key = file_store().put(AREA, self._paper.content)
        return self

    def __exit__(self, failed: object, *_more: object) -> None:
        if failed is not None or not self._kept:
            file_store().delete(self._key)

    def keep(self, uow: UnitOfWork, actor: Actor, company_id: UUID, row: RequestDocument, clock: Clock) -> UUID:
        """Write the row beside the others of its owner, whose row the caller locked."""
        scope = _of_owner(row)
        digest = hashlib.sha256(self._paper.content).hexdigest()
        twin = uow.session.scalar(select(RequestDocument.id).where(scope, RequestDocument.digest == digest))
        if twin is not None:
            return twin
        if uow.session.scalars(select(func.count()).where(scope)).one() >= MAX_DOCUMENTS:
            raise Invalid("too-many-papers", field="documents", most=MAX_DOCUMENTS)
        row.id, row.company_id = new_id(), company_id
        row.file_name, row.media_type = self._paper.file_name, self._paper.media_type
        row.file_key, row.size_bytes, row.digest = self._key, len(self._paper.content), digest
        row.added_by, row.added_at = actor.label, clock.now()
        uow.session.add(row)
        self._kept = True
        return row.id


def _of_owner(row: RequestDocument) -> ColumnElement[bool]:
    if row.draft_id is not None:
        return RequestDocument.draft_id == row.draft_id
    return RequestDocument.request_id == row.request_id


def remove_from_draft(actor: Actor, company_id: UUID, draft_id: UUID, document_id: UUID) -> None:
    """Throw a document of a draft away; what is filed stays. Raises Denied, NotFound."""
    require_manager(actor, company_id)
    with unit_of_work() as uow:
        if not _hold_draft(uow, company_id, draft_id):
            raise NotFound("document-not-found")
        gone = delete(RequestDocument).where(RequestDocument.id == document_id, RequestDocument.draft_id == draft_id)
        key = uow.session.scalar(gone.returning(RequestDocument.file_key))
        if key is None:
            raise NotFound("document-not-found")
        forget_files(uow, [key])


def _hold_draft(uow: UnitOfWork, company_id: UUID, draft_id: UUID) -> bool:
    """Lock a draft of the company, and with it its documents; False when there is none, or it was just filed."""
    wanted = select(RequestDraft.id).where(RequestDraft.id == draft_id, RequestDraft.company_id == company_id)
    return uow.session.scalar(wanted.with_for_update()) is not None


def move_to_request(uow: UnitOfWork, draft_id: UUID, request_id: UUID) -> int:
    """Hand the documents of a draft to the request it became; return how many."""
    mine = RequestDocument.draft_id == draft_id
    moved = uow.session.scalars(select(func.count()).where(mine)).one()
    uow.session.execute(update(RequestDocument).where(mine).values(draft_id=None, request_id=request_id))
    return moved


def forget_files(uow: UnitOfWork, keys: Iterable[str]) -> None:
    """Delete files once nothing names them any more."""
    for key in keys:
        uow.after_commit(partial(file_store().delete, key))


def list_documents(request_id: UUID) -> Sequence[DocumentView]:
    """Return the documents of a request, oldest first. The caller has loaded the request within its scope."""
    return _list(RequestDocument.request_id == request_id)


def list_draft_documents(company_id: UUID, draft_id: UUID) -> Sequence[DocumentView]:
    """Return the documents of a draft of the company, oldest first."""
    return _list((RequestDocument.draft_id == draft_id) & (RequestDocument.company_id == company_id))


def _list(scope: ColumnElement[bool]) -> Sequence[DocumentView]:
    rows = session().scalars(
        select(RequestDocument).where(scope).order_by(RequestDocument.added_at, RequestDocument.id)
    )
    return [_view(row) for row in rows]


def _view(row: RequestDocument) -> DocumentView:
    return DocumentView(row.id, row.file_name, row.media_type, row.size_bytes, row.added_by, row.added_at)


def read_document(company_id: UUID, request_id: UUID, document_id: UUID) -> tuple[DocumentView, bytes]:
    """Return a document of a request of the company with its content. Raises NotFound."""
    return _read(document_id, (RequestDocument.request_id == request_id) & (RequestDocument.company_id == company_id))


def read_document_of_territory(territory_id: UUID, request_id: UUID, document_id: UUID) -> tuple[DocumentView, bytes]:
    """Return a document of a request made to the territory with its content. Raises NotFound."""
    asked = select(AccessRequest.id).where(AccessRequest.id == request_id, AccessRequest.territory_id == territory_id)
    return _read(document_id, RequestDocument.request_id.in_(asked))


def read_draft_document(company_id: UUID, draft_id: UUID, document_id: UUID) -> tuple[DocumentView, bytes]:
    """Return a document of a draft of the company with its content. Raises NotFound."""
    return _read(document_id, (RequestDocument.draft_id == draft_id) & (RequestDocument.company_id == company_id))


def _read(document_id: UUID, scope: ColumnElement[bool]) -> tuple[DocumentView, bytes]:
    row = session().scalar(select(RequestDocument).where(RequestDocument.id == document_id, scope))
    if row is None:
        raise NotFound("document-not-found")
    return _view(row), file_store().get(row.file_key)
