"""Writing many entries of one kind at once: one line of the journal for each, in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from portal.audit.models import AuditEntry
from portal.audit.tags import AuditTag
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import unit_of_work


@dataclass(frozen=True, slots=True)
class Subject:
    """What one of the entries is about; data holds JSON values only, never a secret."""

    subject_id: UUID
    territory_id: UUID | None
    company_id: UUID | None
    data: Mapping[str, Any]


def record_many(actor: Actor, tag: AuditTag, subjects: Sequence[Subject], *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Append an entry for each subject, in order, inside the running unit of work."""
    if not subjects:
        return
    at = clock.now()
    rows = [
        {
            "at": at,
            "tag": tag,
            "actor_label": actor.label,
            "actor_id": actor.user_id,
            "territory_id": subject.territory_id,
            "company_id": subject.company_id,
            "subject_id": subject.subject_id,
            "data": dict(subject.data),
        }
        for subject in subjects
    ]
    with unit_of_work() as uow:
        uow.session.execute(insert(AuditEntry), rows)
