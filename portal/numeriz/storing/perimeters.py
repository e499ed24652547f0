"""Perimeters by (event, colour, geometry digest); shapes once; activations added, never taken away.

One that a clerk has changed here stays as the clerk left it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import insert, select

from portal.common.ids import new_id
from portal.db import UnitOfWork
from portal.numeriz import codec
from portal.numeriz.models import (
    NO_GEOMETRY,
    UNKNOWN_COLOUR,
    ActivationRow,
    PerimeterRow,
    PerimeterShape,
)
from portal.numeriz.storing.tally import Tally, update_row
from portal.numeriz.values import NUMERIZ, Issue, PerimeterDraft, doubt_count


def merge_perimeters(
    uow: UnitOfWork, territory_id: UUID, drafts: Sequence[PerimeterDraft], tally: Tally, now: datetime
) -> None:
    drawn = {draft.geometry_digest: draft.shape for draft in drafts if draft.shape is not None}
    shapes, added = store_shapes(uow, territory_id, drawn)
    if added:
        tally.counts["shapes_added"] += added
    known = {
        (row.event, row.colour, row.geometry_digest): row
        for row in uow.session.scalars(select(PerimeterRow).where(PerimeterRow.territory_id == territory_id))
    }
    spans = _stored_spans(uow, territory_id)
    merged: dict[tuple[str, str, str], PerimeterDraft] = {}
    wanted: dict[tuple[str, str, str], set[tuple[datetime, datetime | None]]] = defaultdict(set)
    for draft in drafts:
        key = (draft.event, draft.colour.value if draft.colour else UNKNOWN_COLOUR, draft.geometry_digest)
        merged[key] = _joined(merged[key], draft) if key in merged else draft
        wanted[key] |= {(span.start, span.end) for span in draft.activations}
    new_spans: list[dict[str, object]] = []
    for key, draft in merged.items():
        row = known.get(key)
        if row is not None and _is_held_here(row, draft):
            tally.issues.append(Issue("perimeter-held-here", {"name": row.name}))
            tally.counts["perimeters_unchanged"] += 1
            continue
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
            status = "perimeters_changed" if update_row(row, values, now) else "perimeters_unchanged"
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


def _is_held_here(row: PerimeterRow, draft: PerimeterDraft) -> bool:
    """Tell whether a clerk has changed the perimeter since its source brought it: what the clerk says holds."""
    return row.provenance.get("source") == NUMERIZ != draft.provenance.get("source")


def _joined(first: PerimeterDraft, other: PerimeterDraft) -> PerimeterDraft:
    """Two records of one perimeter: the doubts of both, each once, and the sites of both."""
    issues = {(issue.code, str(sorted(issue.params.items()))): issue for issue in (*first.issues, *other.issues)}
    sites = sorted({str(site) for draft in (first, other) for site in _sites(draft)})
    provenance = {**first.provenance, "sites": sites} if sites else first.provenance
    return replace(first, issues=tuple(issues.values()), provenance=provenance)


def _sites(draft: PerimeterDraft) -> list[object]:
    found = draft.provenance.get("sites")
    return found if isinstance(found, list) else []


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


def store_shapes(
    uow: UnitOfWork, territory_id: UUID, shapes: Mapping[str, BaseGeometry]
) -> tuple[dict[str, UUID], int]:
    """Store each new shape once, by the digest of what was drawn; return the ids of all shapes of the territory by
    digest, and how many are new.
    """
    stored = uow.session.execute(
        select(PerimeterShape.digest, PerimeterShape.id).where(PerimeterShape.territory_id == territory_id)
    )
    ids = {row.digest: row.id for row in stored}
    new = {digest: shape for digest, shape in shapes.items() if digest not in ids}
    for digest, shape in new.items():
        west, south, east, north = shape.bounds
        row = PerimeterShape(
            id=new_id(),
            territory_id=territory_id,
            digest=digest,
            wkb=codec.shape_to_bytes(shape),
            min_lon=west,
            min_lat=south,
            max_lon=east,
            max_lat=north,
        )
        uow.session.add(row)
        ids[digest] = row.id
    uow.session.flush()  # perimeters reference the shapes just added
    return ids, len(new)


def _perimeter_values(draft: PerimeterDraft, shape_id: UUID | None) -> dict[str, Any]:
    return {
        "shape_id": None if draft.geometry_digest == NO_GEOMETRY else shape_id,
        "name": draft.name,
        "policy": codec.policy_to_json(draft.policy),
        "named_roads": sorted(draft.named_roads),
        "provenance": dict(draft.provenance),
        "issues": [issue.to_json() for issue in draft.issues],
        "issue_count": doubt_count(draft.issues),
    }
