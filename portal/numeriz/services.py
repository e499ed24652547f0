"""Storing what an import or a program brings: idempotent, one transaction, one version of the law per change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid
from portal.common.ids import new_id
from portal.db import UnitOfWork, unit_of_work
from portal.numeriz.law import bump_law, lock_law
from portal.numeriz.models import (
    TITLE_LENGTH,
    ImportReport,
)
from portal.numeriz.storing.bays import merge_bays
from portal.numeriz.storing.orders import check_order, merge_orders
from portal.numeriz.storing.perimeters import merge_perimeters
from portal.numeriz.storing.tally import Tally
from portal.numeriz.values import (
    BayDraft,
    ImportKind,
    ImportOutcome,
    ImportSource,
    ImportState,
    OrderDraft,
    PerimeterDraft,
)

MAX_REPORT_ITEMS = 500

# Whom a program or the demonstration data is written by, when it is not a file.
PROGRAM = ImportSource(file_name="", format="program")

_TAGS = {
    ImportKind.PERIMETERS: AuditTag.PERIMETERS_IMPORTED,
    ImportKind.ORDERS: AuditTag.ORDERS_IMPORTED,
    ImportKind.BAYS: AuditTag.BAYS_IMPORTED,
    ImportKind.EVENTS: AuditTag.EVENTS_IMPORTED,
}


class DryRun(Exception):
    """Raised to undo an import that was only tried; carries what it would have done."""

    def __init__(self, outcome: ImportOutcome) -> None:
        super().__init__("dry-run")
        self.outcome = outcome


def store_perimeters(
    actor: Actor,
    territory_id: UUID,
    drafts: Sequence[PerimeterDraft],
    *,
    source: ImportSource = PROGRAM,
    report_id: UUID | None = None,
    dry_run: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> ImportOutcome:
    """Add or update perimeters by (event, colour, geometry digest), in one transaction.

    Activations are added to those already stored: another file of the same event may hold other days. One that this
    source no longer holds is kept and reported. report_id: the waiting report to fill, else a new one is written.
    dry_run: tell what would happen and undo it. Storing the same again changes nothing, not even the law's version.
    """

    def store(uow: UnitOfWork, tally: Tally) -> None:
        merge_perimeters(uow, territory_id, drafts, tally, clock.now())

    return _import(actor, territory_id, ImportKind.PERIMETERS, source, report_id, dry_run, clock, store)


def store_orders(
    actor: Actor,
    territory_id: UUID,
    drafts: Sequence[OrderDraft],
    *,
    source: ImportSource = PROGRAM,
    report_id: UUID | None = None,
    dry_run: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> ImportOutcome:
    """Add or update orders by (authority, identifier), in one transaction; unchanged ones are recognised by content.

    Raises Invalid(`identifier-missing`, `identifier-too-long`, `title-missing`, `speed-out-of-range`).
    """
    for draft in drafts:
        check_order(draft)

    def store(uow: UnitOfWork, tally: Tally) -> None:
        merge_orders(uow, territory_id, drafts, tally, clock.now())

    return _import(actor, territory_id, ImportKind.ORDERS, source, report_id, dry_run, clock, store)


def store_bays(
    actor: Actor,
    territory_id: UUID,
    drafts: Sequence[BayDraft],
    *,
    source: ImportSource = PROGRAM,
    report_id: UUID | None = None,
    dry_run: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> ImportOutcome:
    """Add or update delivery bays by local id, in one transaction; bays are no law, but the maps show their version."""

    def store(uow: UnitOfWork, tally: Tally) -> None:
        merge_bays(uow, territory_id, drafts, tally, clock.now())

    return _import(actor, territory_id, ImportKind.BAYS, source, report_id, dry_run, clock, store)


def refuse_import(report_id: UUID, error: Invalid) -> None:
    """Write in a waiting report why its file cannot be used."""
    with unit_of_work() as uow:
        row = uow.session.get_one(ImportReport, report_id)
        row.state = ImportState.REFUSED
        row.error = {"code": error.code, "params": {key: str(value) for key, value in error.params.items()}}


def _import(
    actor: Actor,
    territory_id: UUID,
    kind: ImportKind,
    source: ImportSource,
    report_id: UUID | None,
    dry_run: bool,
    clock: Clock,
    store: Callable[[UnitOfWork, Tally], None],
) -> ImportOutcome:
    tally = Tally(Counter(), [])
    try:
        with unit_of_work() as uow:
            lock_law(uow, territory_id)
            store(uow, tally)
            uow.session.flush()  # constraints speak before the report says it is done
            issues = [*source.issues, *tally.issues]
            counts = {**source.counts, **{key: tally.counts[key] for key in sorted(tally.counts)}}
            outcome = ImportOutcome(counts, issues, tally.changed, clock.now())
            if dry_run:
                raise DryRun(outcome)
            if tally.changed:
                bump_law(uow, territory_id, clock)
            _report(uow, actor, territory_id, kind, source, report_id, outcome)
            record(
                actor,
                _TAGS[kind],
                territory_id=territory_id,
                subject_id=report_id,
                data={"file": source.file_name, "counts": counts},
                clock=clock,
            )
    except DryRun as tried:
        return tried.outcome
    return outcome


def _report(
    uow: UnitOfWork,
    actor: Actor,
    territory_id: UUID,
    kind: ImportKind,
    source: ImportSource,
    report_id: UUID | None,
    outcome: ImportOutcome,
) -> None:
    if report_id is None:
        row = ImportReport(
            id=new_id(),
            territory_id=territory_id,
            kind=kind,
            file_name=source.file_name[:TITLE_LENGTH],
            actor_label=actor.label,
            created_at=outcome.at,
            options={},
            error={},
        )
        uow.session.add(row)
    else:
        row = uow.session.get_one(ImportReport, report_id)
    row.state = ImportState.APPLIED
    row.format = source.format
    row.counts = dict(outcome.counts)
    totals = Counter(issue.code for issue in outcome.issues)
    # The rarest doubts first: a thousand of one kind must not hide the only one of another.
    shown = sorted(outcome.issues, key=lambda issue: totals[issue.code])[:MAX_REPORT_ITEMS]
    row.issue_counts = dict(totals)
    row.items = [issue.to_json() for issue in shown]
    row.applied_at = outcome.at
