"""What a city event and its zones say, as JSON values: what the journal keeps, and what undo restores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from portal.common.ids import new_id
from portal.db import UnitOfWork
from portal.numeriz.models import NO_GEOMETRY, ActivationRow, CityEvent, PerimeterRow, PerimeterShape
from portal.numeriz.values import Issue, doubt_count
from portal.regulations.perimeters import Activation

type State = dict[str, Any]
type ZoneStates = Mapping[UUID, State | None]

EVENT_FIELDS = ("name", "sessions", "before_min", "after_min", "policies")
_ZONE_FIELDS = ("event", "name", "colour", "geometry_digest", "policy", "named_roads", "provenance")

# The doubts of a source that a clerk has settled by writing the value anew.
_SETTLED = {
    "activations": {
        "no-activation",
        "bad-date",
        "end-before-start",
        "clock-change",
        "ends-at-59",
        "end-day-included",
        "overlapping-spans",
    },
    "colour": {"unknown-colour"},
    "event": {"event-missing"},
    "geometry_digest": {"no-geometry", "not-an-area", "shape-repaired", "third-ordinate-dropped", "outside-territory"},
}


def spans_to_json(spans: Sequence[Activation]) -> list[list[str | None]]:
    """Activations as a state holds them, in order."""
    ordered = sorted(spans, key=lambda span: (span.start, span.end is None, span.end or span.start))
    return [[span.start.isoformat(), None if span.end is None else span.end.isoformat()] for span in ordered]


def spans_from_json(found: Sequence[Sequence[str | None]]) -> tuple[Activation, ...]:
    """The activations of `spans_to_json`."""
    return tuple(
        Activation(datetime.fromisoformat(start or ""), None if end is None else datetime.fromisoformat(end))
        for start, end in found
    )


def event_state(row: CityEvent) -> State:
    """What a stored event says."""
    return {name: getattr(row, name) for name in EVENT_FIELDS}


def zone_states(session: Session, territory_id: UUID, zone_ids: Sequence[UUID]) -> dict[UUID, State | None]:
    """What stored zones of a territory say; None for one that is not there."""
    rows = session.scalars(
        select(PerimeterRow).where(PerimeterRow.territory_id == territory_id, PerimeterRow.id.in_(zone_ids))
    )
    found: dict[UUID, State | None] = dict.fromkeys(zone_ids)
    found |= {row.id: {name: getattr(row, name) for name in _ZONE_FIELDS} for row in rows}
    spans: dict[UUID, list[Activation]] = {zone_id: [] for zone_id in zone_ids}
    for span in session.scalars(select(ActivationRow).where(ActivationRow.perimeter_id.in_(zone_ids))):
        spans[span.perimeter_id].append(Activation(span.start_at, span.end_at))
    for zone_id, state in found.items():
        if state is not None:
            state["activations"] = spans_to_json(spans[zone_id])
    return found


def write_zone(
    uow: UnitOfWork, territory_id: UUID, zone_id: UUID, before: State | None, after: State | None, now: datetime
) -> None:
    """Make a zone say what a state says: added, changed or erased. Its shape must be stored."""
    if after is None:
        uow.session.execute(delete(PerimeterRow).where(PerimeterRow.id == zone_id))
        return
    values = {name: after[name] for name in _ZONE_FIELDS}
    values["shape_id"] = _shape_id(uow, territory_id, after["geometry_digest"])
    if before is None:
        uow.session.add(
            PerimeterRow(
                id=zone_id,
                territory_id=territory_id,
                issues=[],
                issue_count=0,
                created_at=now,
                updated_at=now,
                **values,
            )
        )
        uow.session.flush()  # its activations reference it
    else:
        row = uow.session.get_one(PerimeterRow, zone_id)
        for name, value in values.items():
            setattr(row, name, value)
        settled = {code for field, codes in _SETTLED.items() if before[field] != after[field] for code in codes}
        row.issues = [issue for issue in row.issues if issue["code"] not in settled]
        row.issue_count = doubt_count([Issue(issue["code"]) for issue in row.issues])
        row.updated_at = now
    if before is None or before["activations"] != after["activations"]:
        uow.session.execute(delete(ActivationRow).where(ActivationRow.perimeter_id == zone_id))
        rows = [
            {"id": new_id(), "perimeter_id": zone_id, "start_at": span.start, "end_at": span.end}
            for span in spans_from_json(after["activations"])
        ]
        if rows:
            uow.session.execute(insert(ActivationRow), rows)


def _shape_id(uow: UnitOfWork, territory_id: UUID, digest: str) -> UUID | None:
    if digest == NO_GEOMETRY:
        return None
    return uow.session.scalar(
        select(PerimeterShape.id).where(PerimeterShape.territory_id == territory_id, PerimeterShape.digest == digest)
    )
