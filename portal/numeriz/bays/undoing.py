"""Undoing the last spreadsheet of bays: what it changed is put back, what it added is taken away.

A bay that somebody touched since is left alone and told: the newer word stands. What is needed to do so is kept in a
file, of the last spreadsheet alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import batched
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, NotFound
from portal.db import UnitOfWork, session, unit_of_work
from portal.files import file_store
from portal.numeriz.law.memory import bump_law, lock_law
from portal.numeriz.models import DeliveryBay, ImportReport
from portal.numeriz.storing.records import BATCH
from portal.numeriz.storing.tally import update_row
from portal.numeriz.values import NUMERIZ, BayLayout, BayRegime

AREA: Final = "bay-undos"
KEPT_COUNT: Final = "bays_kept"
"""The count that every undone report has: of the bays left alone."""
_NOT_IMPORTED: Final = frozenset({"id", "territory_id", "source", "local_id", "photo_key", "created_at", "updated_at"})

type Values = Mapping[str, Any]


@dataclass(slots=True)
class Undoing:
    """What an undoing does. back: (bay, its values of before); gone: bays it takes away; kept: touched since."""

    back: list[tuple[DeliveryBay, Values]] = field(default_factory=list)
    gone: list[UUID] = field(default_factory=list)
    kept: list[DeliveryBay] = field(default_factory=list)


def own_bays(uow: UnitOfWork, territory_id: UUID, local_ids: Collection[str]) -> Mapping[UUID, Values]:
    """What is stored of the territory's own bays of these identifiers, as JSON values."""
    ours = select(DeliveryBay).where(DeliveryBay.territory_id == territory_id, DeliveryBay.source == NUMERIZ)
    return {row.id: _values(row) for row in uow.session.scalars(ours) if row.local_id in local_ids}


def keep_undo(uow: UnitOfWork, report: ImportReport, before: Mapping[UUID, Values], at: datetime) -> None:
    """Keep what a spreadsheet that was just stored has replaced, and forget what the one before it had.

    before: `own_bays` of before; at: the instant that its bays were stored with.
    """
    written = select(DeliveryBay.id).where(
        DeliveryBay.territory_id == report.territory_id, DeliveryBay.source == NUMERIZ, DeliveryBay.updated_at == at
    )
    bays = {str(bay_id): before.get(bay_id) for bay_id in uow.session.scalars(written)}
    earlier = select(ImportReport).where(
        ImportReport.territory_id == report.territory_id, ImportReport.file_key.startswith(f"{AREA}/")
    )
    for row in uow.session.scalars(earlier):
        assert row.file_key is not None
        uow.after_commit(partial(file_store().delete, row.file_key))
        row.file_key = None
    report.file_key = file_store().put(AREA, json.dumps({"at": at.isoformat(), "bays": bays}).encode())


def can_undo(territory_id: UUID, report_id: UUID) -> bool:
    """Tell whether a report is that of the last spreadsheet stored, not undone yet."""
    wanted = select(ImportReport.file_key).where(
        ImportReport.territory_id == territory_id, ImportReport.id == report_id
    )
    return _is_undo(session().scalar(wanted))


def look_at_undoing(territory_id: UUID, report_id: UUID) -> Undoing:
    """Return what undoing a spreadsheet would do. Raises NotFound("report-not-found"), Conflict("sheet-not-last")."""
    return _what_to_undo(_load(territory_id, report_id))


def undo_sheet(actor: Actor, territory_id: UUID, report_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Undo the last spreadsheet, in one transaction, once. Raises as `look_at_undoing`."""
    with unit_of_work() as uow:
        lock_law(uow, territory_id)
        report = _load(territory_id, report_id)
        found, now = _what_to_undo(report), clock.now()
        for row, values in found.back:
            update_row(row, _columns(values), now)
        for part in batched(found.gone, BATCH):
            uow.session.execute(delete(DeliveryBay).where(DeliveryBay.id.in_(part)))
        done = {"bays_restored": len(found.back), "bays_removed": len(found.gone), KEPT_COUNT: len(found.kept)}
        report.counts = {**report.counts, **done}
        uow.after_commit(partial(file_store().delete, str(report.file_key)))
        report.file_key = None
        record(
            actor,
            AuditTag.BAYS_CHANGED,
            territory_id=territory_id,
            subject_id=report.id,
            data={"undone": report.file_name, "counts": done},
            clock=clock,
        )
        bump_law(uow, territory_id, clock)


def _load(territory_id: UUID, report_id: UUID) -> ImportReport:
    wanted = select(ImportReport).where(ImportReport.territory_id == territory_id, ImportReport.id == report_id)
    row = session().scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise NotFound("report-not-found")
    if not _is_undo(row.file_key):
        raise Conflict("sheet-not-last")
    return row


def _is_undo(file_key: str | None) -> bool:
    return file_key is not None and file_key.startswith(f"{AREA}/")


def _what_to_undo(report: ImportReport) -> Undoing:
    kept = json.loads(file_store().get(str(report.file_key)))
    at, before = datetime.fromisoformat(kept["at"]), {UUID(name): values for name, values in kept["bays"].items()}
    found = Undoing()
    for row in _rows(report.territory_id, list(before)):
        values = before[row.id]
        if row.updated_at != at:
            # Whoever writes of a bay (its values, its photo, its suspensions) leaves the instant: `tell_changed`.
            found.kept.append(row)
        elif values is None:
            found.gone.append(row.id)
        else:
            found.back.append((row, values))
    return found


def _rows(territory_id: UUID, ids: Sequence[UUID]) -> list[DeliveryBay]:
    mine = select(DeliveryBay).where(DeliveryBay.territory_id == territory_id)
    by_name = mine.order_by(DeliveryBay.local_id).execution_options(populate_existing=True)
    return [row for part in batched(ids, BATCH) for row in session().scalars(by_name.where(DeliveryBay.id.in_(part)))]


def _values(row: DeliveryBay) -> dict[str, Any]:
    """The columns that an import of bays writes, as JSON values."""
    names = (column.key for column in DeliveryBay.__mapper__.columns)
    values = {name: getattr(row, name) for name in names if name not in _NOT_IMPORTED}
    return {**values, "outline_wkb": row.outline_wkb and row.outline_wkb.hex()}


def _columns(values: Values) -> dict[str, Any]:
    """The reverse of `_values`."""
    outline = values["outline_wkb"]
    return {
        **values,
        "outline_wkb": None if outline is None else bytes.fromhex(outline),
        "regime": BayRegime(values["regime"]),
        "layout": BayLayout(values["layout"]),
    }
