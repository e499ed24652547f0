"""The report of an import and its line in the journal, written in the transaction that ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import Clock
from portal.common.errors import Invalid
from portal.common.ids import new_id
from portal.db import UnitOfWork, unit_of_work
from portal.numeriz.models import TITLE_LENGTH, ImportReport
from portal.numeriz.values import ImportKind, ImportOutcome, ImportState

_TAGS = {
    ImportKind.PERIMETERS: AuditTag.PERIMETERS_IMPORTED,
    ImportKind.ORDERS: AuditTag.ORDERS_IMPORTED,
    ImportKind.BAYS: AuditTag.BAYS_IMPORTED,
    ImportKind.EVENTS: AuditTag.EVENTS_IMPORTED,
}


@dataclass(frozen=True, slots=True)
class ImportIdentity:
    """What an import is: who brings what, where, from which file or feed. report_id: the waiting report to fill."""

    actor: Actor
    territory_id: UUID
    kind: ImportKind
    file_name: str
    format: str
    options: Mapping[str, str] = field(default_factory=dict)
    feed_id: UUID | None = None
    report_id: UUID | None = None


def error_json(error: Invalid) -> dict[str, object]:
    """Why a file cannot be used, as JSON values."""
    return {"code": error.code, "params": {key: str(value) for key, value in error.params.items()}}


def close_import(uow: UnitOfWork, identity: ImportIdentity, outcome: ImportOutcome, clock: Clock) -> UUID | None:
    """Write the report and the journal; return the report's id.

    A feed that brought nothing new leaves no report, unless one was waiting: it is read many times a day.
    """
    if identity.feed_id is not None and identity.report_id is None and outcome.state is ImportState.UNCHANGED:
        return None
    if identity.report_id is None:
        row = ImportReport(
            id=new_id(),
            territory_id=identity.territory_id,
            kind=identity.kind,
            file_name=identity.file_name[:TITLE_LENGTH],
            actor_label=identity.actor.label,
            created_at=outcome.at,
        )
        uow.session.add(row)
    else:
        row = uow.session.get_one(ImportReport, identity.report_id)
    row.state = outcome.state
    row.feed_id = identity.feed_id
    row.format = identity.format
    row.options = dict(identity.options)
    row.counts = dict(outcome.counts)
    row.issue_counts = dict(outcome.issue_counts)
    row.items = [issue.to_json() for issue in outcome.issues]
    row.error = dict(outcome.error)
    row.applied_at = outcome.at
    record(
        identity.actor,
        _TAGS[identity.kind],
        territory_id=identity.territory_id,
        subject_id=row.id,
        data={"file": identity.file_name, "counts": dict(outcome.counts)},
        clock=clock,
    )
    return row.id


def refuse_import(report_id: UUID, error: Invalid) -> None:
    """Write in a waiting report why its file cannot be used."""
    with unit_of_work() as uow:
        row = uow.session.get_one(ImportReport, report_id)
        row.state = ImportState.REFUSED
        row.error = error_json(error)
