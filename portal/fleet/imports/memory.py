"""What a company said about its columns, for its next file with exactly the same titles."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from portal.common.errors import Invalid
from portal.common.ids import new_id
from portal.db import UnitOfWork, session
from portal.fleet.mapping import FROM_MEMORY, UNIT_OF_PERSON, FileMapping
from portal.fleet.models import ColumnMemory


def remember(uow: UnitOfWork, company_id: UUID, mapping: FileMapping, now: datetime) -> None:
    """Keep a mapping that somebody confirmed; the caller holds the company's fleet."""
    said = {
        "columns": [
            [column.place, column.key, column.unit if column.unit_from == UNIT_OF_PERSON else None]
            for column in mapping.columns
        ]
    }
    row = uow.session.scalar(_wanted(company_id, mapping))
    if row is None:
        uow.session.add(
            ColumnMemory(id=new_id(), company_id=company_id, headers_digest=mapping.digest, mapping=said, used_at=now)
        )
    else:
        row.mapping, row.used_at = said, now


def recall(company_id: UUID, mapping: FileMapping) -> FileMapping:
    """Return the mapping that was confirmed for these titles, else the one given. A file without titles has none."""
    if not mapping.header_row:
        return mapping
    row = session().scalar(_wanted(company_id, mapping))
    if row is None:
        return mapping
    try:
        return mapping.chosen({place: (key, unit) for place, key, unit in row.mapping["columns"]}, FROM_MEMORY)
    except Invalid:  # a column of ours of that time is gone: ask again
        return mapping


def _wanted(company_id: UUID, mapping: FileMapping) -> Select[ColumnMemory]:
    return select(ColumnMemory).where(
        ColumnMemory.company_id == company_id, ColumnMemory.headers_digest == mapping.digest
    )
