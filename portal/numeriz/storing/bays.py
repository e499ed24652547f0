"""Delivery bays by local id; a digest of the content tells whether anything changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from portal.common.ids import new_id
from portal.db import UnitOfWork
from portal.numeriz import codec
from portal.numeriz.models import DeliveryBay
from portal.numeriz.storing.records import BATCH
from portal.numeriz.storing.tally import Tally, update_row
from portal.numeriz.values import NUMERIZ, BayDraft, Issue, doubt_count


def bay_values(draft: BayDraft) -> dict[str, Any]:
    """The columns that say what a bay is, whoever it comes from."""
    return {
        "lon": draft.lon,
        "lat": draft.lat,
        "name": draft.name[:160],
        "outline_wkb": None if draft.outline is None else codec.shape_to_bytes(draft.outline),
        "insee_code": draft.insee_code,
        "max_gross_weight_kg": draft.max_gross_weight_kg,
        "details": dict(draft.details),
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
        "issue_count": doubt_count(draft.issues),
    }


def content_of(values: Mapping[str, Any]) -> str:
    """The digest of what `bay_values` gave."""
    outline = values["outline_wkb"]
    return codec.digest({**values, "outline_wkb": outline and outline.hex()})


def _rounded(lon: float, lat: float) -> tuple[float, float]:
    """A place to the metre."""
    return round(lon, 5), round(lat, 5)


def merge_bays(uow: UnitOfWork, territory_id: UUID, drafts: Sequence[BayDraft], tally: Tally, now: datetime) -> None:
    """Add or change bays by (source, id in the source).

    One that another source brought already is left as it is, and so is one that a clerk took over from this source.
    """
    stored = uow.session.execute(
        select(
            DeliveryBay.source,
            DeliveryBay.local_id,
            DeliveryBay.id,
            DeliveryBay.content_digest,
            DeliveryBay.lon,
            DeliveryBay.lat,
        ).where(DeliveryBay.territory_id == territory_id)
    ).all()
    known = {(row.source, row.local_id): (row.id, row.content_digest) for row in stored}
    places = {(row.local_id, *_rounded(row.lon, row.lat)): row.source for row in stored}
    taken = _taken_over(uow, territory_id)
    added: list[dict[str, object]] = []
    changed: dict[UUID, dict[str, object]] = {}
    for draft in drafts:
        if (draft.source, draft.local_id) in taken:
            tally.counts["bays_unchanged"] += 1
            tally.issues.append(Issue("bay-known-elsewhere", {"name": draft.local_id, "source": NUMERIZ}))
            continue
        values = bay_values(draft)
        content = content_of(values)
        bay_id, before = known.get((draft.source, draft.local_id), (None, None))
        elsewhere = places.get((draft.local_id, *_rounded(draft.lon, draft.lat)))
        if bay_id is None and elsewhere is not None:
            # The same bay in another layout: our own export, say, or that of a neighbour.
            tally.counts["bays_unchanged"] += 1
            tally.issues.append(Issue("bay-known-elsewhere", {"name": draft.local_id, "source": elsewhere}))
            continue
        if before == content:
            tally.counts["bays_unchanged"] += 1
            continue
        tally.changed = True
        if bay_id is None:
            tally.counts["bays_added"] += 1
            fresh: dict[str, object] = {
                "id": new_id(),
                "territory_id": territory_id,
                "source": draft.source,
                "local_id": draft.local_id,
            }
            added.append({**fresh, **values, "content_digest": content, "created_at": now, "updated_at": now})
            known[(draft.source, draft.local_id)] = (UUID(str(fresh["id"])), content)
        else:
            tally.counts["bays_changed"] += 1
            changed[bay_id] = {**values, "content_digest": content}
    if added:
        uow.session.execute(insert(DeliveryBay), added)
    for part in batched(changed, BATCH):
        for row in uow.session.scalars(select(DeliveryBay).where(DeliveryBay.id.in_(part))):
            update_row(row, changed[row.id], now)


def _taken_over(uow: UnitOfWork, territory_id: UUID) -> set[tuple[str, str]]:
    """(source, id in the source) of the bays that clerks took over."""
    ours = select(DeliveryBay.provenance).where(DeliveryBay.territory_id == territory_id, DeliveryBay.source == NUMERIZ)
    origins = [provenance.get("taken_from") for provenance in uow.session.scalars(ours)]
    return {(origin["source"], origin["local_id"]) for origin in origins if origin}
