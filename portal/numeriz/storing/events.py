"""Live events by source and id: only a newer version replaces one; what the source no longer says has ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.ids import new_id
from portal.db import UnitOfWork, unit_of_work
from portal.numeriz import codec
from portal.numeriz.law.memory import bump_law
from portal.numeriz.models import RoadEvent, SourceRecordRow
from portal.numeriz.storing.tally import Tally, update_row
from portal.numeriz.values import EventDraft, EventState, ImportKind, doubt_count

KEPT_AFTER_END = timedelta(days=30)

_ROAD_LENGTH = 60
_SEVERITY_LENGTH = 32
# A database takes some hundreds of values in one list.
_BATCH = 400
# What the source says about its own record: no road changes when only these do.
_BESIDE_THE_LAW = frozenset({"version", "provenance", "content_digest", "severity", "issues", "issue_count"})


def _event_values(draft: EventDraft) -> dict[str, Any]:
    ends = [period.end for period in draft.periods]
    known = [end for end in ends if end is not None]
    return {
        "version": draft.version,
        "kind": draft.kind,
        "state": draft.state,
        "starts_at": min(period.start for period in draft.periods),
        "ends_at": max(known) if len(known) == len(ends) else None,
        "wkb": codec.shape_to_bytes(draft.shape),
        "label": draft.label,
        "road": draft.road[:_ROAD_LENGTH],
        "direction": draft.direction.value,
        "max_speed_kmh": draft.max_speed_kmh,
        "severity": draft.severity[:_SEVERITY_LENGTH],
        "probability": draft.probability,
        "url": draft.url,
        "document": {
            "periods": [codec.period_to_json(period) for period in draft.periods],
            "vehicles": None if draft.vehicles is None else codec.rule_to_json(draft.vehicles),
        },
        "provenance": dict(draft.provenance),
        "issues": [issue.to_json() for issue in draft.issues],
        "issue_count": doubt_count(draft.issues),
    }


def _content(values: dict[str, Any]) -> str:
    """Digest of all that an event says; the bounds of its periods follow from them."""
    said = {name: value for name, value in values.items() if name not in {"starts_at", "ends_at", "wkb"}}
    return codec.digest([said, values["wkb"].hex()])


def merge_events(
    uow: UnitOfWork, territory_id: UUID, drafts: Sequence[EventDraft], tally: Tally, now: datetime
) -> None:
    """Add or replace events by (source, source id). Every draft has a period.

    A lower version than the one stored is left aside, an equal one replaces it only when it says something else. What
    ended `KEPT_AFTER_END` ago or earlier is not taken up any more.
    `tally.changed` tells whether a road may be used otherwise than before: an event that is over changes nothing.
    """
    newest: dict[tuple[str, str], EventDraft] = {}
    for draft in drafts:
        before = newest.get((draft.source, draft.source_id))
        if before is None or draft.version >= before.version:
            newest[(draft.source, draft.source_id)] = draft
        if before is not None:
            tally.counts["events_superseded"] += 1
    known = _known(uow, territory_id, newest)
    for key, draft in newest.items():
        values = _event_values(draft)
        values["content_digest"] = _content(values)
        row = known.get(key)
        if row is None and values["ends_at"] is not None and values["ends_at"] < now - KEPT_AFTER_END:
            # It would be erased at once, and come back with the next file.
            tally.counts["events_long_over"] += 1
        elif row is None:
            tally.counts["events_added"] += 1
            tally.changed |= draft.state is not EventState.ENDED
            uow.session.add(
                RoadEvent(
                    id=new_id(),
                    territory_id=territory_id,
                    source=draft.source,
                    source_id=draft.source_id,
                    updated_at=now,
                    **values,
                )
            )
        elif draft.version < row.version:
            tally.counts["events_older"] += 1
        elif row.content_digest == values["content_digest"]:
            tally.counts["events_unchanged"] += 1
        else:
            _replace(row, values, tally, now)


def _replace(row: RoadEvent, values: dict[str, Any], tally: Tally, now: datetime) -> None:
    was_over = row.state is EventState.ENDED
    is_over = values["state"] is EventState.ENDED
    differs = any(getattr(row, name) != value for name, value in values.items() if name not in _BESIDE_THE_LAW)
    tally.counts["events_ended" if is_over and not was_over else "events_changed"] += 1
    tally.changed |= differs and not (was_over and is_over)
    update_row(row, values, now)


def _known(uow: UnitOfWork, territory_id: UUID, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], RoadEvent]:
    by_source: dict[str, list[str]] = {}
    for source, source_id in keys:
        by_source.setdefault(source, []).append(source_id)
    return {
        (row.source, row.source_id): row
        for source, ids in by_source.items()
        for part in batched(ids, _BATCH)
        for row in uow.session.scalars(select(RoadEvent).where(_of(territory_id, source, part)))
    }


def _of(territory_id: UUID, source: str, ids: Sequence[str]) -> ColumnElement[bool]:
    return and_(RoadEvent.territory_id == territory_id, RoadEvent.source == source, RoadEvent.source_id.in_(list(ids)))


def end_events(
    uow: UnitOfWork, territory_id: UUID, source: str, ids: Collection[str], tally: Tally, now: datetime
) -> None:
    """End the events that a complete snapshot of their source no longer holds; one that comes back is live again."""
    for part in batched(sorted(ids), _BATCH):
        live = select(RoadEvent).where(_of(territory_id, source, part), RoadEvent.state != EventState.ENDED)
        for row in uow.session.scalars(live):
            # Without its digest, the same record is taken for a change when it comes back.
            update_row(row, {"state": EventState.ENDED, "content_digest": ""}, now)
            tally.counts["events_ended"] += 1
            tally.changed = True


def purge_events(clock: Clock = SYSTEM_CLOCK) -> int:
    """Erase the events that ended `KEPT_AFTER_END` ago or earlier; return how many."""
    now = clock.now()
    oldest = now - KEPT_AFTER_END
    over = or_(
        and_(RoadEvent.state == EventState.ENDED, RoadEvent.updated_at < oldest),
        RoadEvent.ends_at < oldest,
    )
    with unit_of_work() as uow:
        gone = uow.session.execute(
            select(RoadEvent.id, RoadEvent.territory_id, RoadEvent.source, RoadEvent.source_id, RoadEvent.state).where(
                over
            )
        ).all()
        for part in batched(gone, _BATCH):
            _forget_records(uow.session, part)
            uow.session.execute(delete(RoadEvent).where(RoadEvent.id.in_([row.id for row in part])))
        for territory_id in {row.territory_id for row in gone if row.state is not EventState.ENDED}:
            bump_law(uow, territory_id, clock)
    return len(gone)


def _forget_records(session: Session, events: Sequence[Any]) -> None:
    by_owner: dict[tuple[UUID, str], list[str]] = {}
    for row in events:
        by_owner.setdefault((row.territory_id, row.source), []).append(row.source_id)
    for (territory_id, source), ids in by_owner.items():
        session.execute(
            delete(SourceRecordRow).where(
                SourceRecordRow.territory_id == territory_id,
                SourceRecordRow.kind == ImportKind.EVENTS,
                SourceRecordRow.source == source,
                SourceRecordRow.record_id.in_(ids),
            )
        )
