"""Storing what a program brings: idempotent, one transaction, one version of the law per change.

Files are read and stored by `importing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import UnitOfWork, unit_of_work
from portal.numeriz.law.memory import bump_law, lock_law
from portal.numeriz.storing.bays import merge_bays
from portal.numeriz.storing.events import merge_events
from portal.numeriz.storing.orders import check_order, merge_orders
from portal.numeriz.storing.perimeters import merge_perimeters
from portal.numeriz.storing.reports import ImportIdentity, close_import
from portal.numeriz.storing.tally import Findings, Tally
from portal.numeriz.values import (
    BayDraft,
    EventDraft,
    ImportKind,
    ImportOutcome,
    ImportSource,
    OrderDraft,
    PerimeterDraft,
)

# Whom a program or the demonstration data is written by, when it is not a file.
PROGRAM = ImportSource(file_name="", format="program")


def store_perimeters(
    actor: Actor,
    territory_id: UUID,
    drafts: Sequence[PerimeterDraft],
    *,
    source: ImportSource = PROGRAM,
    clock: Clock = SYSTEM_CLOCK,
) -> ImportOutcome:
    """Add or update perimeters by (event, colour, geometry digest), in one transaction.

    Activations are added to those already stored: another file of the same event may hold other days. One that this
    source no longer holds is kept and reported.
    Storing the same again changes nothing, not even the law's version.
    """

    def store(uow: UnitOfWork, tally: Tally) -> None:
        merge_perimeters(uow, territory_id, drafts, tally, clock.now())

    return _store(actor, territory_id, ImportKind.PERIMETERS, source, clock, store)


def store_orders(
    actor: Actor,
    territory_id: UUID,
    drafts: Sequence[OrderDraft],
    *,
    source: ImportSource = PROGRAM,
    clock: Clock = SYSTEM_CLOCK,
) -> ImportOutcome:
    """Add or update orders by (source, source id), in one transaction; unchanged ones are recognised by content.

    Raises Invalid(`identifier-missing`, `identifier-too-long`, `title-missing`, `speed-out-of-range`).
    """
    for draft in drafts:
        check_order(draft)

    def store(uow: UnitOfWork, tally: Tally) -> None:
        merge_orders(uow, territory_id, drafts, tally, clock.now())

    return _store(actor, territory_id, ImportKind.ORDERS, source, clock, store)


def store_bays(
    actor: Actor,
    territory_id: UUID,
    drafts: Sequence[BayDraft],
    *,
    source: ImportSource = PROGRAM,
    clock: Clock = SYSTEM_CLOCK,
) -> ImportOutcome:
    """Add or update delivery bays by local id, in one transaction; bays are no law, but the maps show their version."""

    def store(uow: UnitOfWork, tally: Tally) -> None:
        merge_bays(uow, territory_id, drafts, tally, clock.now())

    return _store(actor, territory_id, ImportKind.BAYS, source, clock, store)


def store_events(
    actor: Actor,
    territory_id: UUID,
    drafts: Sequence[EventDraft],
    *,
    source: ImportSource = PROGRAM,
    clock: Clock = SYSTEM_CLOCK,
) -> ImportOutcome:
    """Add or replace live events by (source, source id), in one transaction; none is ended by its absence."""

    def store(uow: UnitOfWork, tally: Tally) -> None:
        merge_events(uow, territory_id, drafts, tally, clock.now())

    return _store(actor, territory_id, ImportKind.EVENTS, source, clock, store)


def _store(
    actor: Actor,
    territory_id: UUID,
    kind: ImportKind,
    source: ImportSource,
    clock: Clock,
    store: Callable[[UnitOfWork, Tally], None],
) -> ImportOutcome:
    tally = Tally(Counter(), [])
    identity = ImportIdentity(actor, territory_id, kind, source.file_name, source.format)
    with unit_of_work() as uow:
        lock_law(uow, territory_id)
        store(uow, tally)
        uow.session.flush()  # constraints speak before the report says it is done
        findings = Findings([*source.issues, *tally.issues])
        counts = {**source.counts, **{key: tally.counts[key] for key in sorted(tally.counts)}}
        outcome = ImportOutcome(counts, findings.listed(), tally.changed, clock.now(), dict(findings.totals))
        if tally.changed:
            bump_law(uow, territory_id, clock)
        return replace(outcome, report_id=close_import(uow, identity, outcome, clock))
