"""Storing what an import or a program brings: idempotent, one transaction, one version of the law per change."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import shapely
from sqlalchemy import delete, insert, select

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid
from portal.common.ids import new_id
from portal.db import UnitOfWork, unit_of_work
from portal.numeriz import codec
from portal.numeriz.law import bump_law, lock_law
from portal.numeriz.models import (
    IDENTIFIER_LENGTH,
    NO_GEOMETRY,
    TITLE_LENGTH,
    UNKNOWN_COLOUR,
    ActivationRow,
    DeliveryBay,
    ImportReport,
    MeasureRow,
    PerimeterRow,
    PerimeterShape,
    TrafficOrder,
)
from portal.numeriz.values import (
    BayDraft,
    ImportKind,
    ImportOutcome,
    ImportSource,
    ImportState,
    Issue,
    MeasureDraft,
    OrderDraft,
    PerimeterDraft,
)
from portal.regulations.measures import MeasureType

MAX_REPORT_ITEMS = 500

# Whom a program or the demonstration data is written by, when it is not a file.
PROGRAM = ImportSource(file_name="", format="program")

_TAGS = {
    ImportKind.PERIMETERS: AuditTag.PERIMETERS_IMPORTED,
    ImportKind.ORDERS: AuditTag.ORDERS_IMPORTED,
    ImportKind.BAYS: AuditTag.BAYS_IMPORTED,
}


class DryRun(Exception):
    """Raised to undo an import that was only tried; carries what it would have done."""

    def __init__(self, outcome: ImportOutcome) -> None:
        super().__init__("dry-run")
        self.outcome = outcome


@dataclass(slots=True)
class _Tally:
    """Counts while storing; issues found by comparing with what is stored."""

    counts: Counter[str]
    issues: list[Issue]
    changed: bool = False


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

    def store(uow: UnitOfWork, tally: _Tally) -> None:
        _store_perimeters(uow, territory_id, drafts, tally, clock.now())

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
        _check_order(draft)

    def store(uow: UnitOfWork, tally: _Tally) -> None:
        _store_orders(uow, territory_id, drafts, tally, clock.now())

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

    def store(uow: UnitOfWork, tally: _Tally) -> None:
        _store_bays(uow, territory_id, drafts, tally, clock.now())

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
    store: Any,
) -> ImportOutcome:
    tally = _Tally(Counter(), [])
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


def _store_perimeters(
    uow: UnitOfWork, territory_id: UUID, drafts: Sequence[PerimeterDraft], tally: _Tally, now: datetime
) -> None:
    shapes = _store_shapes(uow, territory_id, drafts, tally)
    known = {
        (row.event, row.colour, row.geometry_digest): row
        for row in uow.session.scalars(select(PerimeterRow).where(PerimeterRow.territory_id == territory_id))
    }
    spans = _stored_spans(uow, territory_id)
    merged: dict[tuple[str, str, str], PerimeterDraft] = {}
    wanted: dict[tuple[str, str, str], set[tuple[datetime, datetime | None]]] = defaultdict(set)
    for draft in drafts:
        key = (draft.event, draft.colour.value if draft.colour else UNKNOWN_COLOUR, draft.geometry_digest)
        merged.setdefault(key, draft)
        wanted[key] |= {(span.start, span.end) for span in draft.activations}
    new_spans: list[dict[str, object]] = []
    for key, draft in merged.items():
        row = known.get(key)
        values = _perimeter_values(draft, shapes.get(draft.geometry_digest))
        if row is None:
            row = PerimeterRow(
                id=new_id(),
                territory_id=territory_id,
                event=key[0],
                colour=key[1],
                geometry_digest=key[2],
                created_at=now,
                updated_at=now,
                **values,
            )
            uow.session.add(row)
            status = "perimeters_added"
        else:
            status = "perimeters_changed" if _update(row, values, now) else "perimeters_unchanged"
        held = spans.get(row.id, set())
        missing = wanted[key] - held
        new_spans += [
            {"id": new_id(), "perimeter_id": row.id, "start_at": start, "end_at": end} for start, end in missing
        ]
        gone = len(held - wanted[key])
        if gone:
            tally.issues.append(Issue("activations-not-in-source", {"name": row.name, "count": gone}))
        if missing and status == "perimeters_unchanged":
            status = "perimeters_changed"
        tally.counts[status] += 1
        tally.changed |= status != "perimeters_unchanged"
    uow.session.flush()  # the spans below reference the rows just added
    if new_spans:
        uow.session.execute(insert(ActivationRow), new_spans)
    tally.counts["activations_added"] += len(new_spans)


def _stored_spans(uow: UnitOfWork, territory_id: UUID) -> dict[UUID, set[tuple[datetime, datetime | None]]]:
    held: dict[UUID, set[tuple[datetime, datetime | None]]] = defaultdict(set)
    found = uow.session.execute(
        select(ActivationRow.perimeter_id, ActivationRow.start_at, ActivationRow.end_at)
        .join(PerimeterRow, PerimeterRow.id == ActivationRow.perimeter_id)
        .where(PerimeterRow.territory_id == territory_id)
    )
    for perimeter_id, start, end in found:
        held[perimeter_id].add((start, end))
    return held


def _store_shapes(
    uow: UnitOfWork, territory_id: UUID, drafts: Sequence[PerimeterDraft], tally: _Tally
) -> dict[str, UUID]:
    """Store each new shape once; return the ids of all shapes of the territory by digest."""
    stored = uow.session.execute(
        select(PerimeterShape.digest, PerimeterShape.id).where(PerimeterShape.territory_id == territory_id)
    )
    ids = {row.digest: row.id for row in stored}
    for draft in drafts:
        if draft.shape is None or draft.geometry_digest in ids:
            continue
        west, south, east, north = draft.shape.bounds
        row = PerimeterShape(
            id=new_id(),
            territory_id=territory_id,
            digest=draft.geometry_digest,
            wkb=codec.shape_to_bytes(draft.shape),
            min_lon=west,
            min_lat=south,
            max_lon=east,
            max_lat=north,
        )
        uow.session.add(row)
        ids[draft.geometry_digest] = row.id
        tally.counts["shapes_added"] += 1
    uow.session.flush()  # perimeters reference the shapes just added
    return ids


def _perimeter_values(draft: PerimeterDraft, shape_id: UUID | None) -> dict[str, Any]:
    return {
        "shape_id": None if draft.geometry_digest == NO_GEOMETRY else shape_id,
        "name": draft.name,
        "policy": codec.policy_to_json(draft.policy),
        "named_roads": sorted(draft.named_roads),
        "provenance": dict(draft.provenance),
        "issues": [issue.to_json() for issue in draft.issues],
        "issue_count": len(draft.issues),
    }


def _update(row: Any, values: Mapping[str, Any], now: datetime) -> bool:
    """Set the values that differ; tell whether any did."""
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    if different:
        row.updated_at = now
    return bool(different)


def _check_order(draft: OrderDraft) -> None:
    if not draft.identifier.strip():
        raise Invalid("identifier-missing", title=draft.title)
    if len(draft.identifier) > IDENTIFIER_LENGTH:
        raise Invalid("identifier-too-long", identifier=draft.identifier[:IDENTIFIER_LENGTH])
    if not draft.title.strip():
        raise Invalid("title-missing", identifier=draft.identifier)
    for measure in draft.measures:
        if measure.max_speed_kmh is not None and not 1 <= measure.max_speed_kmh <= 130:
            raise Invalid("speed-out-of-range", identifier=draft.identifier, speed=measure.max_speed_kmh)


def _order_values(draft: OrderDraft) -> dict[str, Any]:
    issues = list(draft.issues)
    issues += [
        Issue("speed-missing", {"measure": place})
        for place, measure in enumerate(draft.measures, 1)
        if measure.type is MeasureType.SPEED_LIMIT and measure.max_speed_kmh is None
    ]
    return {
        "title": draft.title[:TITLE_LENGTH],
        "category": draft.category,
        "subject": draft.subject,
        "status": draft.status,
        "url": draft.url,
        "provenance": dict(draft.provenance),
        "issues": [issue.to_json() for issue in issues],
        "issue_count": len(issues),
    }


def _store_orders(
    uow: UnitOfWork, territory_id: UUID, drafts: Sequence[OrderDraft], tally: _Tally, now: datetime
) -> None:
    known = {
        (row.authority_name, row.identifier): row
        for row in uow.session.scalars(select(TrafficOrder).where(TrafficOrder.territory_id == territory_id))
    }
    for draft in drafts:
        values = _order_values(draft)
        documents = [codec.measure_to_json(measure) for measure in draft.measures]
        content = codec.digest(
            [values, [[m.type, m.max_speed_kmh, d] for m, d in zip(draft.measures, documents, strict=True)]]
        )
        row = known.get((draft.authority_name, draft.identifier))
        if row is not None and row.content_digest == content:
            tally.counts["orders_unchanged"] += 1
            continue
        tally.changed = True
        if row is None:
            tally.counts["orders_added"] += 1
            row = TrafficOrder(
                id=new_id(),
                territory_id=territory_id,
                identifier=draft.identifier,
                authority_name=draft.authority_name,
                content_digest=content,
                created_at=now,
                updated_at=now,
                **values,
            )
            known[(draft.authority_name, draft.identifier)] = row
            uow.session.add(row)
        else:
            tally.counts["orders_changed"] += 1
            _update(row, {**values, "content_digest": content}, now)
        uow.session.flush()  # the measures reference the order
        uow.session.execute(delete(MeasureRow).where(MeasureRow.order_id == row.id))
        if documents:
            uow.session.execute(insert(MeasureRow), _measure_rows(row.id, draft.measures, documents))


def _measure_rows(
    order_id: UUID, measures: Sequence[MeasureDraft], documents: Sequence[dict[str, Any]]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for position, (measure, document) in enumerate(zip(measures, documents, strict=True)):
        shapes = [place.shape for place in measure.locations if not place.shape.is_empty]
        west, south, east, north = (float(n) for n in shapely.total_bounds(shapes)) if shapes else (None,) * 4
        rows.append(
            {
                # Derived, so that a measure keeps its id when another one of the order changes.
                "id": uuid.uuid5(order_id, str(position)),
                "order_id": order_id,
                "position": position,
                "type": measure.type,
                "max_speed_kmh": measure.max_speed_kmh,
                "document": document,
                "min_lon": west,
                "min_lat": south,
                "max_lon": east,
                "max_lat": north,
            }
        )
    return rows


def _bay_values(draft: BayDraft) -> dict[str, Any]:
    return {
        "lon": draft.lon,
        "lat": draft.lat,
        "address": draft.address[:255],
        "regime": draft.regime,
        "layout": draft.layout,
        "length_cm": draft.length_cm,
        "width_cm": draft.width_cm,
        "places": draft.places,
        "hours": codec.hours_to_json(draft.hours),
        "max_stay_min": draft.max_stay_min,
        "active": draft.active,
        "provenance": dict(draft.provenance),
        "issues": [issue.to_json() for issue in draft.issues],
        "issue_count": len(draft.issues),
    }


def _store_bays(uow: UnitOfWork, territory_id: UUID, drafts: Sequence[BayDraft], tally: _Tally, now: datetime) -> None:
    stored = uow.session.execute(
        select(DeliveryBay.local_id, DeliveryBay.id, DeliveryBay.content_digest).where(
            DeliveryBay.territory_id == territory_id
        )
    )
    known = {local_id: (bay_id, content) for local_id, bay_id, content in stored}
    added: list[dict[str, object]] = []
    for draft in drafts:
        values = _bay_values(draft)
        content = codec.digest(values)
        bay_id, before = known.get(draft.local_id, (None, None))
        if before == content:
            tally.counts["bays_unchanged"] += 1
            continue
        tally.changed = True
        if bay_id is None:
            tally.counts["bays_added"] += 1
            fresh: dict[str, object] = {"id": new_id(), "territory_id": territory_id, "local_id": draft.local_id}
            added.append({**fresh, **values, "content_digest": content, "updated_at": now})
            known[draft.local_id] = (UUID(str(fresh["id"])), content)
        else:
            tally.counts["bays_changed"] += 1
            row = uow.session.get_one(DeliveryBay, bay_id)
            _update(row, {**values, "content_digest": content}, now)
    if added:
        uow.session.execute(insert(DeliveryBay), added)
