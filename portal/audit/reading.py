"""Reading the journal: narrowed to what is sought, page by page or whole, and how far its chain reaches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, Text, and_, cast, func, not_, or_, select

from portal.audit.erased import erased_people
from portal.audit.journal import JournalEntry, entry_views
from portal.audit.models import AuditEntry, AuditSeal
from portal.audit.tags import AuditTag
from portal.db import Page, holds_text, paginate, session

_BETWEEN = re.compile(r"[\s\u00a0.-]+")


@dataclass(frozen=True, slots=True)
class JournalScope:
    """Whose journal: of a territory, or of a company. Raises ValueError for both or none."""

    territory_id: UUID | None = None
    company_id: UUID | None = None

    def __post_init__(self) -> None:
        if (self.territory_id is None) == (self.company_id is None):
            raise ValueError("the journal is only read within a scope")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is sought of a journal; what is None or empty narrows nothing.

    who: a part of the name of who acted; among: it is sought of these people and of programs alone. tags: any of these,
    never: none of these. since: from this instant on; until: before this one.
    text: a number or a plate, in any typing.
    """

    who: str = ""
    tags: frozenset[AuditTag] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    among: frozenset[UUID] | None = None
    never: frozenset[AuditTag] = frozenset()


@dataclass(frozen=True, slots=True)
class Footprint:
    """Under which names a person acted, and in which companies and territories."""

    names: frozenset[str]
    company_ids: frozenset[UUID]
    territory_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Seal:
    """The last link of the chain: what to write down elsewhere. waiting: entries of the whole journal not yet in it."""

    number: int
    digest: bytes
    sealed_at: datetime
    waiting: int


def search_entries(scope: JournalScope, wanted: Wanted, cursor: str | None = None) -> Page[JournalEntry]:
    """Return a page of what is sought, newest first."""
    page = paginate(_narrowed(scope, wanted), [AuditEntry.id], cursor, descending=True)
    return Page(entry_views(page.items), page.next_cursor, page.previous_cursor)


def entries_after(scope: JournalScope, wanted: Wanted, after_id: int, most: int) -> Sequence[JournalEntry]:
    """Return what is sought among the entries after a number, oldest first: how a whole journal is read in parts."""
    statement = _narrowed(scope, wanted).where(AuditEntry.id > after_id).order_by(AuditEntry.id).limit(most)
    return entry_views(session().scalars(statement).all())


def entries_of(actor_id: UUID, after_id: int, most: int) -> Sequence[JournalEntry]:
    """Return what a person did, after a number, oldest first, whatever the scope: for herself alone."""
    statement = select(AuditEntry).where(AuditEntry.actor_id == actor_id, AuditEntry.id > after_id)
    return entry_views(session().scalars(statement.order_by(AuditEntry.id).limit(most)).all())


def footprint(actor_id: UUID) -> Footprint:
    """Return under which names a person acted, and where."""
    mine = select(AuditEntry.actor_label, AuditEntry.company_id, AuditEntry.territory_id).distinct()
    rows = session().execute(mine.where(AuditEntry.actor_id == actor_id)).all()
    return Footprint(
        frozenset(row.actor_label for row in rows),
        frozenset(row.company_id for row in rows if row.company_id is not None),
        frozenset(row.territory_id for row in rows if row.territory_id is not None),
    )


def subjects_of(scope: JournalScope, tags: frozenset[AuditTag]) -> frozenset[UUID]:
    """Return whom or what the entries of these tags are about."""
    statement = _narrowed(scope, Wanted(tags=tags)).with_only_columns(AuditEntry.subject_id).distinct()
    return frozenset(found for found in session().scalars(statement) if found is not None)


def last_seal() -> Seal | None:
    """Return how far the chain of the whole journal reaches; None before its first link."""
    row = (
        session()
        .execute(
            select(AuditSeal.number, AuditSeal.digest, AuditSeal.sealed_at).order_by(AuditSeal.number.desc()).limit(1)
        )
        .one_or_none()
    )
    if row is None:
        return None
    # Each link stands for one entry, and neither is ever erased.
    entries = session().scalar(select(func.count()).select_from(AuditEntry)) or 0
    return Seal(row.number, row.digest, row.sealed_at, max(0, entries - row.number))


def _narrowed(scope: JournalScope, wanted: Wanted) -> Select[AuditEntry]:
    statement = select(AuditEntry)
    if scope.territory_id is not None:
        statement = statement.where(AuditEntry.territory_id == scope.territory_id)
    else:
        statement = statement.where(AuditEntry.company_id == scope.company_id)
    if wanted.who:
        # A name that is not shown any more must not be found either.
        unnamed = and_(AuditEntry.actor_id.is_not(None), AuditEntry.actor_id.in_(erased_people()))
        statement = statement.where(holds_text(AuditEntry.actor_label, wanted.who), not_(unnamed))
        if wanted.among is not None:
            statement = statement.where(or_(AuditEntry.actor_id.is_(None), AuditEntry.actor_id.in_(wanted.among)))
    if wanted.tags:
        statement = statement.where(AuditEntry.tag.in_(wanted.tags))
    if wanted.never:
        statement = statement.where(AuditEntry.tag.not_in(wanted.never))
    if wanted.since is not None:
        statement = statement.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditEntry.at < wanted.until)
    bare = _BETWEEN.sub("", wanted.text).upper()
    if bare:
        said = func.upper(cast(AuditEntry.data, Text))
        bare_said = func.replace(func.replace(said, "-", ""), " ", "")
        statement = statement.where(
            or_(said.contains(bare, autoescape=True), bare_said.contains(bare, autoescape=True))
        )
    return statement
