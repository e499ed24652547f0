"""Orders at work and models: started, saved by revision, copied, thrown away and taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, delete, select, update

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import Page, paginate, session, unit_of_work
from portal.db.paging import DEFAULT_PAGE_SIZE
from portal.numeriz.law.memory import lock_law
from portal.numeriz.models import NAME_LENGTH, TITLE_LENGTH, OrderWork
from portal.numeriz.values import NUMERIZ, OrderStatus
from portal.numeriz.writing.composing import blank_document, document_of
from portal.numeriz.writing.document import followed_events
from portal.numeriz.writing.values import (
    AMENDS,
    AUTHORS,
    DELETED_AT,
    DELETED_BY,
    OWN_KEYS,
    Document,
    WorkView,
    document_digest,
)
from portal.numeriz.writing.versions import current_order, newest_version, written_order
from portal.territories.api import get_graph_version, get_territory_by_id

KEPT_AFTER_DELETION: Final = timedelta(days=30)
MOST_BYTES: Final = 8_000_000
"""Of a document: a hundred measures with their places; a form never gets there, a program could."""
MOST_LISTED: Final = 500


def page_works(
    territory_id: UUID,
    cursor: str | None = None,
    *,
    models: bool = False,
    deleted: bool = False,
    size: int = DEFAULT_PAGE_SIZE,
) -> Page[WorkView]:
    """Return a page of what is being written, the last change first; models, or what was thrown away, when asked."""
    thrown = _deleted_at().is_not(None)
    statement = select(OrderWork).where(OrderWork.territory_id == territory_id, thrown if deleted else ~thrown)
    if not deleted:
        statement = statement.where(OrderWork.is_model == models)
    keys, graph = [OrderWork.updated_at, OrderWork.id], _graph(territory_id)
    return paginate(statement, keys, cursor, size, descending=True).map(lambda row: _view(row, graph))


def list_to_sign(territory_id: UUID) -> Sequence[WorkView]:
    """Return the drafts for which a second person was asked and has not signed, the oldest request first."""
    statement = (
        select(OrderWork)
        .where(
            OrderWork.territory_id == territory_id,
            OrderWork.sign_asked_at.is_not(None),
            OrderWork.is_model.is_(False),
            _deleted_at().is_(None),
        )
        .order_by(OrderWork.sign_asked_at, OrderWork.id)
        .limit(MOST_LISTED)
    )
    return [work for work in _views(territory_id, statement) if not work.is_signed]


def get_work(territory_id: UUID, work_id: UUID, *, lock: bool = False) -> WorkView:
    """Return an order at work or a model, thrown away or not; raises NotFound("work-not-found").

    lock: nobody changes it until the running unit of work ends.
    """
    return _view(_row(territory_id, work_id, lock=lock), _graph(territory_id))


def find_amendment(territory_id: UUID, order_id: UUID) -> WorkView | None:
    """Return the work that will replace a published order, if there is one."""
    statement = select(OrderWork).where(
        OrderWork.territory_id == territory_id, OrderWork.order_id == order_id, _deleted_at().is_(None)
    )
    found = _views(territory_id, statement.order_by(OrderWork.created_at, OrderWork.id).limit(1))
    return found[0] if found else None


def start_work(
    actor: Actor, territory_id: UUID, *, document: Document | None = None, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Begin a new order; return the id of the work."""
    return _add(actor, territory_id, document or blank_document(), clock=clock)


def start_from_work(actor: Actor, territory_id: UUID, work_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Begin a new order with the words of a work or of a model. Its identifier has to be another one."""
    document = {**get_work(territory_id, work_id).document, "identifier": ""}
    return _add(actor, territory_id, document, clock=clock)


def start_from_order(actor: Actor, territory_id: UUID, order_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Begin a new order with the words of one that exists, whoever wrote it.

    One of another source keeps its identifier: the page says that two sources would then say the same.
    """
    order = current_order(territory_id, order_id)
    document = _words_of(territory_id, order_id)
    if order.source == NUMERIZ:
        document["identifier"] = ""
    return _add(actor, territory_id, document, clock=clock)


def amend_order(actor: Actor, territory_id: UUID, order_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Begin the next version of a published order, or find the work that does so already; return its id.

    Raises NotFound("order-not-found"), Conflict(`not-ours`, `order-withdrawn`).
    """
    with unit_of_work() as uow:
        lock_law(uow, territory_id)  # two clerks at once get one amendment
        order = current_order(territory_id, order_id)
        if order.source != NUMERIZ:
            raise Conflict("not-ours")
        if order.status is not OrderStatus.PUBLISHED:
            raise Conflict("order-withdrawn")
        running = find_amendment(territory_id, order_id)
        if running is not None:
            return running.id
        newest = newest_version(order_id)
        document = {**_words_of(territory_id, order_id), AMENDS: newest.number if newest else 0}
        return _add(actor, territory_id, document, order_id=order_id, clock=clock)


def save_work(
    actor: Actor,
    territory_id: UUID,
    work_id: UUID,
    revision: int,
    document: Document,
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Keep what was typed; return the new revision. The same words again change nothing, not even the revision.

    Raises Conflict(`work-changed`) with `revision`, `document`, `author` and `at` of what somebody saved meanwhile,
    Invalid(`document-too-large`), NotFound(`work-not-found`).
    """
    with unit_of_work() as uow:
        row = _row(territory_id, work_id)
        own = {key: row.document[key] for key in OWN_KEYS if key in row.document}
        words = {**{key: value for key, value in document.items() if key not in OWN_KEYS}, **own}
        if document_digest(words) == document_digest(row.document) and revision in (row.revision, row.revision - 1):
            return row.revision  # sent twice, or nothing new
        if revision == row.revision:
            done = uow.session.execute(
                update(OrderWork)
                .where(OrderWork.id == work_id, OrderWork.revision == revision)
                .values(
                    **_said(words, actor, clock.now(), earlier=_authors(row)),
                    revision=revision + 1,
                    sign_asked_at=None,
                )
                .execution_options(synchronize_session=False)
            )
            changed: int = done.rowcount  # type: ignore[attr-defined]
            row = _row(territory_id, work_id)  # what it is now: saved by us, by somebody else, or gone
            if changed:
                return row.revision
        raise Conflict(
            "work-changed",
            revision=row.revision,
            document=_words(row),
            author=row.author_name,
            at=row.updated_at,
        )


def copy_of_work(
    actor: Actor, territory_id: UUID, work_id: UUID, document: Document, *, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Keep words that could not be saved in a work as another work, so that nothing is lost; return its id."""
    row = _row(territory_id, work_id)
    own = {AMENDS: row.document[AMENDS]} if AMENDS in row.document else {}
    words = {**{key: value for key, value in document.items() if key not in OWN_KEYS}, **own}
    return _add(
        actor, territory_id, words, order_id=row.order_id, model=row.is_model, earlier=_authors(row), clock=clock
    )


def save_as_model(actor: Actor, territory_id: UUID, work_id: UUID, title: str, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Keep the words of a work as a model of the territory; return its id. Raises Invalid(`title-missing`)."""
    found = get_work(territory_id, work_id)
    name = title.strip()[:TITLE_LENGTH]
    if not name:
        raise Invalid("title-missing", "title")
    words = {key: value for key, value in found.document.items() if key not in OWN_KEYS}
    return _add(actor, territory_id, {**words, "identifier": ""}, model=True, title=name, clock=clock)


def delete_work(actor: Actor, territory_id: UUID, work_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Throw a work or a model away; it can be taken back for thirty days."""
    _mark(territory_id, work_id, {DELETED_AT: clock.now().isoformat(), DELETED_BY: actor.label}, clock)


def restore_work(territory_id: UUID, work_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take back what was thrown away."""
    _mark(territory_id, work_id, {}, clock)


def rebase_work(territory_id: UUID, work_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Let a work replace the version in force, which was stored after the work began and has now been read."""
    row = _row(territory_id, work_id)
    newest = newest_version(row.order_id) if row.order_id else None
    if newest is None:
        raise Conflict("nothing-to-replace")
    _mark(territory_id, work_id, {AMENDS: newest.number}, clock)


def erase_old_works(clock: Clock = SYSTEM_CLOCK) -> int:
    """Erase for good what was thrown away long enough ago; return how many."""
    limit = (clock.now() - KEPT_AFTER_DELETION).isoformat()
    with unit_of_work() as uow:
        done = uow.session.execute(delete(OrderWork).where(_deleted_at() < limit))
        count: int = done.rowcount  # type: ignore[attr-defined]
        return count


def _mark(territory_id: UUID, work_id: UUID, keys: Mapping[str, object], clock: Clock) -> None:
    """Write the keys of this package: those given, and of the others what a kept work needs."""
    with unit_of_work():
        row = _row(territory_id, work_id, lock=True)
        words = {key: value for key, value in row.document.items() if key not in (DELETED_AT, DELETED_BY)}
        row.document = {**words, **keys}
        row.revision += 1
        row.updated_at = clock.now()


def _words_of(territory_id: UUID, order_id: UUID) -> dict[str, Any]:
    """The words of the form that an order was written with; those that say the same when it was not."""
    newest = newest_version(order_id)
    if newest is not None and newest.document is not None:
        return {key: value for key, value in newest.document.items() if key not in OWN_KEYS}
    zone = ZoneInfo(get_territory_by_id(territory_id).timezone)
    return document_of(written_order(territory_id, order_id), zone)


def _add(
    actor: Actor,
    territory_id: UUID,
    document: Document,
    *,
    order_id: UUID | None = None,
    model: bool = False,
    title: str | None = None,
    earlier: frozenset[str] = frozenset(),
    clock: Clock,
) -> UUID:
    now = clock.now()
    row = OrderWork(
        id=new_id(),
        territory_id=territory_id,
        order_id=order_id,
        is_model=model,
        revision=1,
        alarms=[],
        created_at=now,
        **_said(
            {key: value for key, value in document.items() if key not in (DELETED_AT, DELETED_BY)},
            actor,
            now,
            earlier=earlier,
        ),
    )
    if title is not None:
        row.title = title
    with unit_of_work() as uow:
        uow.session.add(row)
        uow.session.flush()  # a territory that is gone speaks now
    return row.id


def _authors(row: OrderWork) -> frozenset[str]:
    """The ids of the accounts that wrote in a work until now."""
    last = () if row.author_id is None else (str(row.author_id),)
    return frozenset((*row.document.get(AUTHORS, ()), *last))


def _words(row: OrderWork) -> Document:
    """What a work says, without who wrote it."""
    return {key: value for key, value in row.document.items() if key != AUTHORS}


def _said(document: Document, actor: Actor, now: datetime, *, earlier: frozenset[str]) -> dict[str, Any]:
    """The columns that a save writes. earlier: who wrote before. Raises Invalid(`document-too-large`)."""
    if len(json.dumps(document)) > MOST_BYTES:
        raise Invalid("document-too-large")
    title = document.get("title")
    authors = sorted(earlier | ({str(actor.user_id)} if actor.user_id is not None else frozenset()))
    return {
        "document": {**document, **({AUTHORS: authors} if authors else {})},
        "title": title.strip()[:TITLE_LENGTH] if isinstance(title, str) else "",
        "author_id": actor.user_id,
        "author_name": actor.label[:NAME_LENGTH],
        "updated_at": now,
    }


def _deleted_at() -> ColumnElement[Any]:
    found: ColumnElement[Any] = OrderWork.document[DELETED_AT].as_string()
    return found


def _row(territory_id: UUID, work_id: UUID, *, lock: bool = False) -> OrderWork:
    wanted = select(OrderWork).where(OrderWork.territory_id == territory_id, OrderWork.id == work_id)
    if lock:
        wanted = wanted.with_for_update()
    row = session().scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("work-not-found")
    return row


def _graph(territory_id: UUID) -> str:
    return get_graph_version(get_territory_by_id(territory_id)) or ""


def _views(territory_id: UUID, statement: Select[OrderWork]) -> list[WorkView]:
    rows = session().scalars(statement).all()
    graph = _graph(territory_id) if rows else ""
    return [_view(row, graph) for row in rows]


def _view(row: OrderWork, graph: str) -> WorkView:
    found = {"document", "authors", "followed", "graph"}
    stored = {name: getattr(row, name) for name in WorkView.__dataclass_fields__ if name not in found}
    followed = followed_events(row.territory_id, row.document)
    return WorkView(**stored, document=_words(row), authors=_authors(row), followed=followed, graph=graph)
