"""Feeds: sources that a territory reads again and again. Adding, suspending, removing and asking for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid, NotFound
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.jobs import JobState, enqueue, get_job
from portal.numeriz.feeds.fetching import check_url
from portal.numeriz.importing import AUTO
from portal.numeriz.imports.formats import formats_of
from portal.numeriz.models import Feed
from portal.numeriz.values import ImportKind

FEED_JOB = "numeriz.feed"
LEAST_EVERY_S = 60
MOST_EVERY_S = 31 * 24 * 3600
_NAME_LENGTH = 160
_URL_LENGTH = 2000
_FIRST_RETRY_S = 900
_LAST_RETRY_S = 6 * 3600
_LONGEST_REST_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A feed to add. format: a name of `formats_of(kind)`, or `auto`. every_s None: read only when asked."""

    kind: ImportKind
    name: str
    url: str
    format: str = AUTO
    every_s: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed for display. checked_at: last answer of the source; changed_at: last one that brought something.

    error: code and params of the last failure, empty when the last reading went well. running: a job reads it now.
    """

    id: UUID
    territory_id: UUID
    kind: ImportKind
    name: str
    format: str
    url: str
    options: Mapping[str, str]
    licence: str
    every_s: int | None
    active: bool
    next_at: datetime | None
    checked_at: datetime | None
    changed_at: datetime | None
    failures: int
    error: Mapping[str, Any]
    job_id: UUID | None
    running: bool


def add_feed(
    actor: Actor, territory_id: UUID, new: NewFeed, *, hosts: frozenset[str], clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Add a feed, due at once when it has a rhythm; return its id.

    Raises Invalid, with the field at fault: `feed-name-missing`, `feed-name-too-long`, `feed-format`, `feed-every`,
    `feed-known`, and those of `check_url`.
    """
    name = " ".join(new.name.split())
    if not name:
        raise Invalid("feed-name-missing", "name")
    if len(name) > _NAME_LENGTH:
        raise Invalid("feed-name-too-long", "name", most=_NAME_LENGTH)
    if new.format != AUTO and new.format not in formats_of(new.kind):
        raise Invalid("feed-format", "format", format=new.format)
    if new.every_s is not None and not LEAST_EVERY_S <= new.every_s <= MOST_EVERY_S:
        raise Invalid("feed-every", "every")
    if len(new.url) > _URL_LENGTH:
        raise Invalid("feed-url", "url")
    try:
        check_url(new.url, hosts)
    except Invalid as error:
        raise Invalid(error.code, "url", **error.params) from error
    feed_id = new_id()
    with _refusing_twins(), unit_of_work() as uow:
        known = select(Feed.id).where(Feed.territory_id == territory_id, Feed.kind == new.kind, Feed.url == new.url)
        if uow.session.scalar(known) is not None:
            raise Invalid("feed-known", "url")
        uow.session.add(
            Feed(
                id=feed_id,
                territory_id=territory_id,
                kind=new.kind,
                name=name,
                format=new.format,
                url=new.url,
                options=dict(new.options),
                licence=new.licence.strip()[:_NAME_LENGTH],
                every_s=new.every_s,
                active=True,
                etag="",
                last_modified="",
                position={},
                next_at=None if new.every_s is None else clock.now(),
                checked_at=None,
                changed_at=None,
                failures=0,
                error={},
                job_id=None,
                created_at=clock.now(),
            )
        )
        data = {"name": name, "url": new.url, "kind": new.kind.value, "every_s": new.every_s}
        record(actor, AuditTag.FEED_ADDED, territory_id=territory_id, subject_id=feed_id, data=data, clock=clock)
    return feed_id


@contextmanager
def _refusing_twins() -> Iterator[None]:
    """Two people who add the same address at the same instant: the database lets one through."""
    try:
        yield
    except IntegrityError as error:
        raise Invalid("feed-known", "url") from error


def set_feed_active(
    actor: Actor, territory_id: UUID, feed_id: UUID, active: bool, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Suspend or resume a feed; what it brought stays. Raises NotFound(`feed-not-found`)."""
    with unit_of_work() as uow:
        row = _row(uow.session, territory_id, feed_id)
        if row.active == active:
            return
        row.active = active
        row.failures = 0
        row.next_at = clock.now() if active and row.every_s is not None else None
        data = {"name": row.name, "active": [not active, active]}
        record(actor, AuditTag.FEED_CHANGED, territory_id=territory_id, subject_id=feed_id, data=data, clock=clock)


def remove_feed(actor: Actor, territory_id: UUID, feed_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Forget a feed; what it brought stays, as do its reports. Raises NotFound(`feed-not-found`)."""
    with unit_of_work() as uow:
        row = _row(uow.session, territory_id, feed_id)
        data = {"name": row.name, "url": row.url}
        record(actor, AuditTag.FEED_REMOVED, territory_id=territory_id, subject_id=feed_id, data=data, clock=clock)
        uow.session.delete(row)


def ask_reading(territory_id: UUID, feed_id: UUID) -> UUID:
    """Ask for a reading now; return its job, or the one that is under way. Raises NotFound(`feed-not-found`)."""
    with unit_of_work() as uow:
        row = _row(uow.session, territory_id, feed_id)
        if row.job_id is not None and not get_job(row.job_id).state.ended:
            return row.job_id
        row.job_id = enqueue(FEED_JOB, {"feed_id": str(feed_id)})
        return row.job_id


def feeds_due(now: datetime) -> int:
    """Ask for a reading of every active feed whose time has come and that no job reads; return how many.

    A job that ended without a word (its process was killed again and again) counts as a failure of its feed, so that
    a source that kills its reader is asked less and less.
    """
    asked = 0
    due = select(Feed.id).where(Feed.active, Feed.every_s.is_not(None), Feed.next_at <= now).order_by(Feed.next_at)
    for feed_id in session().scalars(due).all():
        with unit_of_work() as uow:
            locked = select(Feed).where(Feed.id == feed_id).with_for_update(skip_locked=True)
            row = uow.session.scalar(locked.execution_options(populate_existing=True))
            if row is None or not row.active or row.every_s is None or row.next_at is None or row.next_at > now:
                continue
            job = None if row.job_id is None else get_job(row.job_id)
            if job is not None and not job.state.ended:
                continue
            if job is not None and job.state is JobState.FAILED:
                row.failures += 1
                row.error = {"code": job.error_code or "unexpected"}
                row.job_id = None
                row.next_at = now + retry_delay(row.every_s, row.failures)
                continue
            row.next_at = now + timedelta(seconds=row.every_s)
            row.job_id = enqueue(FEED_JOB, {"feed_id": str(feed_id)})
            asked += 1
    return asked


def retry_delay(every_s: int, failures: int, wanted_s: float = 0.0) -> timedelta:
    """How long to wait after a number of failures in a row: twice as long each time, six hours at most.

    wanted_s: what the source asked for, obeyed up to a day.
    """
    first = min(every_s, _FIRST_RETRY_S)
    delay_s = min(first * 2 ** min(max(failures, 1) - 1, 16), _LAST_RETRY_S)
    return timedelta(seconds=max(delay_s, min(wanted_s, _LONGEST_REST_S)))


def list_feeds(territory_id: UUID) -> Sequence[FeedView]:
    """Return the feeds of a territory by name."""
    rows = session().scalars(select(Feed).where(Feed.territory_id == territory_id).order_by(Feed.name, Feed.id)).all()
    return [_view(row) for row in rows]


def get_feed(territory_id: UUID, feed_id: UUID) -> FeedView:
    """Return one feed; raises NotFound(`feed-not-found`)."""
    return _view(_row(session(), territory_id, feed_id))


def find_feed(feed_id: UUID) -> FeedView | None:
    """Return a feed for its job, which was asked for within a territory; None once it is removed."""
    row = session().get(Feed, feed_id, populate_existing=True)
    return None if row is None else _view(row)


def _row(source: Session, territory_id: UUID, feed_id: UUID) -> Feed:
    row = source.scalar(
        select(Feed)
        .where(Feed.territory_id == territory_id, Feed.id == feed_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("feed-not-found")
    return row


def _view(row: Feed) -> FeedView:
    return FeedView(
        row.id,
        row.territory_id,
        row.kind,
        row.name,
        row.format,
        row.url,
        row.options,
        row.licence,
        row.every_s,
        row.active,
        row.next_at,
        row.checked_at,
        row.changed_at,
        row.failures,
        row.error,
        row.job_id,
        row.job_id is not None and not get_job(row.job_id).state.ended,
    )
