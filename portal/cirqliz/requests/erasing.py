"""Erasing what was kept long enough: drafts nobody touched, documents of requests that are over, lost files."""

from __future__ import annotations

from datetime import timedelta
from itertools import batched

from flask import current_app
from sqlalchemy import delete, or_, select

from portal.cirqliz.models import AccessRequest, RequestDocument
from portal.cirqliz.requests.documents import AREA, forget_files
from portal.cirqliz.requests.drafts import erase_old_drafts
from portal.cirqliz.states import OPEN_STATES
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.files import file_store

_AT_ONCE = 1000
_YOUNG = timedelta(days=1)


def erase_old_papers(clock: Clock = SYSTEM_CLOCK) -> int:
    """Erase old drafts, documents whose request is over as long as tours are kept, and files no row names.

    A request is over when its dates are past and its answer given: both that long ago. Return how many things went.
    """
    return erase_old_drafts(clock) + _erase_documents(clock) + _erase_lost_files(clock)


def _erase_documents(clock: Clock) -> int:
    settings: Settings = current_app.extensions["settings"]
    limit = clock.now() - timedelta(days=settings.route_retention_days)
    with unit_of_work() as uow:
        rows = uow.session.execute(
            select(RequestDocument.id, RequestDocument.file_key)
            .join(AccessRequest, AccessRequest.id == RequestDocument.request_id)
            .where(
                AccessRequest.state.not_in(OPEN_STATES),
                AccessRequest.ends_at < limit,
                or_(AccessRequest.decided_at.is_(None), AccessRequest.decided_at < limit),
            )
            .limit(_AT_ONCE)
        ).all()
        uow.session.execute(delete(RequestDocument).where(RequestDocument.id.in_([row.id for row in rows])))
        forget_files(uow, [row.file_key for row in rows])
        return len(rows)


def _erase_lost_files(clock: Clock) -> int:
    """A company that goes takes its rows along in the database, which knows of no file; a young file waits for its row.

    A process may also be killed between the file and its row, or between the row's end and the file's.
    """
    store, lost = file_store(), 0
    for some in batched(store.older(AREA, clock.now() - _YOUNG), _AT_ONCE):
        named = set(session().scalars(select(RequestDocument.file_key).where(RequestDocument.file_key.in_(some))))
        for key in set(some) - named:
            store.delete(key)
            lost += 1
    return lost
