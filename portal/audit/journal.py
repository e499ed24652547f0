"""Writing and reading the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.audit.erased import erased_among, erased_name
from portal.audit.models import AuditEntry
from portal.audit.tags import AuditTag
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import Page, paginate, unit_of_work


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the journal, for display. data: JSON values; changes are {"field": [before, after]}."""

    id: int
    at: datetime
    tag: AuditTag
    actor_label: str
    subject_id: UUID | None
    data: Mapping[str, Any]
    actor_id: UUID | None = None
    territory_id: UUID | None = None


def record(
    actor: Actor,
    tag: AuditTag,
    *,
    subject_id: UUID | None = None,
    territory_id: UUID | None = None,
    company_id: UUID | None = None,
    data: Mapping[str, Any] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Append an entry inside the running unit of work. data holds JSON values only, never a secret."""
    with unit_of_work() as uow:
        uow.session.add(
            AuditEntry(
                at=clock.now(),
                tag=tag,
                actor_label=actor.label,
                actor_id=actor.user_id,
                territory_id=territory_id,
                company_id=company_id,
                subject_id=subject_id,
                data=dict(data or {}),
            )
        )


def list_entries(
    *,
    territory_id: UUID | None = None,
    company_id: UUID | None = None,
    subject_id: UUID | None = None,
    cursor: str | None = None,
) -> Page[JournalEntry]:
    """Return a page of the journal, newest first, narrowed to each scope given; at least one is required."""
    scopes = {"territory_id": territory_id, "company_id": company_id, "subject_id": subject_id}
    given = {name: value for name, value in scopes.items() if value is not None}
    if not given:
        raise ValueError("the journal is only read within a scope")
    page = paginate(select(AuditEntry).filter_by(**given), [AuditEntry.id], cursor, descending=True)
    return Page(entry_views(page.items), page.next_cursor, page.previous_cursor)


def last_entry(tag: AuditTag, subject_id: UUID) -> JournalEntry | None:
    """Return the newest entry that says this of a subject."""
    with unit_of_work() as uow:
        wanted = select(AuditEntry).where(AuditEntry.subject_id == subject_id, AuditEntry.tag == tag)
        row = uow.session.scalar(wanted.order_by(AuditEntry.id.desc()).limit(1))
    return None if row is None else entry_views([row])[0]


def entry_views(rows: Sequence[AuditEntry]) -> Sequence[JournalEntry]:
    """Return what may be shown of the rows of entries: not the names of those whose account was erased."""
    erased = erased_among({row.actor_id for row in rows if row.actor_id is not None})
    return [
        JournalEntry(
            row.id,
            row.at,
            row.tag,
            erased_name(row.actor_id) if row.actor_id in erased else row.actor_label,
            row.subject_id,
            row.data,
            row.actor_id,
            row.territory_id,
        )
        for row in rows
    ]
