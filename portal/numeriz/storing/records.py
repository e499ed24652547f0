"""What was last read of each record of a source, so that an unchanged one costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, select, update

from portal.common.ids import new_id
from portal.db import UnitOfWork, Upsert, session
from portal.numeriz.models import SourceRecordRow
from portal.numeriz.values import ImportKind, Issue

# A database takes some hundreds of values in one list.
BATCH = 400
AWAITED = ""
"""Digest of a record that vanished and is not taken for gone: no text has it, so it is read when it comes back."""


def _save(insert: Callable[..., Any]) -> Any:
    fresh = insert(cast("Table", SourceRecordRow.__table__))
    return fresh.on_conflict_do_update(
        index_elements=["territory_id", "kind", "source", "record_id"],
        set_={name: fresh.excluded[name] for name in ("scope", "digest", "kept", "issues")},
    )


# Built once: a feed saves thousands of records, one by one.
_SAVE = Upsert(_save)


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record read before. id: of its row; kept: something was stored of it."""

    id: UUID
    digest: str
    scope: str
    kept: bool


@dataclass(frozen=True, slots=True)
class RecordNote:
    """What to remember of a record just read."""

    record_id: str
    scope: str
    digest: str
    kept: bool
    issues: Sequence[Issue]


def known_records(territory_id: UUID, kind: ImportKind, source: str) -> dict[str, KnownRecord]:
    """The records of a source read before, by their id in the source."""
    found = session().execute(
        select(
            SourceRecordRow.record_id,
            SourceRecordRow.id,
            SourceRecordRow.digest,
            SourceRecordRow.scope,
            SourceRecordRow.kept,
        ).where(*_of(territory_id, kind, source))
    )
    return {row.record_id: KnownRecord(row.id, row.digest, row.scope, row.kept) for row in found}


def stored_issues(places: Mapping[UUID, int]) -> list[Issue]:
    """What is to be told again of unchanged records. places: row id to the place of the record in the file now."""
    issues: list[Issue] = []
    for part in batched(places, BATCH):
        rows = session().execute(select(SourceRecordRow.id, SourceRecordRow.issues).where(SourceRecordRow.id.in_(part)))
        issues += [
            Issue(item["code"], item.get("params", {}), places[row_id]) for row_id, items in rows for item in items
        ]
    return issues


def save_records(
    uow: UnitOfWork, territory_id: UUID, kind: ImportKind, source: str, notes: Sequence[RecordNote]
) -> None:
    """Remember the records, each replacing what was remembered of it."""
    if not notes:
        return
    rows = [
        {
            "id": new_id(),
            "territory_id": territory_id,
            "kind": kind,
            "source": source,
            "record_id": note.record_id,
            "scope": note.scope,
            "digest": note.digest,
            "kept": note.kept,
            "issues": [issue.to_json() for issue in note.issues],
        }
        for note in notes
    ]
    uow.session.execute(_SAVE.of(uow), rows)


def await_records(
    uow: UnitOfWork,
    territory_id: UUID,
    kind: ImportKind,
    source: str,
    record_ids: Collection[str],
    scope: str | None = None,
) -> None:
    """Mark records that vanished as awaited; scope: where they are to be found, when it is another one."""
    values = {"digest": AWAITED} | ({} if scope is None else {"scope": scope})
    for part in batched(sorted(record_ids), BATCH):
        uow.session.execute(
            update(SourceRecordRow)
            .where(*_of(territory_id, kind, source), SourceRecordRow.record_id.in_(part))
            .values(values)
        )


def forget_records(
    uow: UnitOfWork, territory_id: UUID, kind: ImportKind, source: str, record_ids: Collection[str]
) -> None:
    """Forget records, so that they are read again when they come back."""
    for part in batched(sorted(record_ids), BATCH):
        uow.session.execute(
            delete(SourceRecordRow).where(*_of(territory_id, kind, source), SourceRecordRow.record_id.in_(part))
        )


def _of(territory_id: UUID, kind: ImportKind, source: str) -> tuple[Any, ...]:
    return (
        SourceRecordRow.territory_id == territory_id,
        SourceRecordRow.kind == kind,
        SourceRecordRow.source == source,
    )
