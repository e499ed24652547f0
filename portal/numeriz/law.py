"""The law of a territory in memory: built once per version and process, shared by its threads."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import UnitOfWork, session
from portal.numeriz.codec import measure_from_json, policy_from_json, shape_from_bytes
from portal.numeriz.models import (
    UNKNOWN_COLOUR,
    ActivationRow,
    LawState,
    MeasureRow,
    PerimeterRow,
    PerimeterShape,
    TrafficOrder,
)
from portal.numeriz.values import OrderStatus
from portal.regulations.measures import Measure, MeasureType, OrderRef
from portal.regulations.perimeters import Activation, Colour, Perimeter, Provenance
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import get_territory_by_id

NO_LAW = "0"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# How often a build may be overtaken by writers before the last one stands under the version it was read between.
_ATTEMPTS = 5


def law_version(territory_id: UUID) -> str:
    """Return the version of the territory's law: the same text means the same law; "0" before any.

    It holds the instant of the change beside its number, so that a number given again after a rollback differs.
    """
    found = session().execute(
        select(LawState.version, LawState.changed_at).where(LawState.territory_id == territory_id)
    )
    row = found.one_or_none()
    return NO_LAW if row is None or row.version == 0 else f"{row.version}-{row.changed_at:%Y%m%d%H%M%S%f}"


def lock_law(uow: UnitOfWork, territory_id: UUID) -> None:
    """Make other writers of this territory's law wait for the end of the transaction."""
    values = {"territory_id": territory_id, "version": 0, "changed_at": _NEVER}
    if uow.session.get_bind().dialect.name == "sqlite":
        uow.session.execute(sqlite.insert(LawState).values(values).on_conflict_do_nothing())
    else:
        uow.session.execute(postgresql.insert(LawState).values(values).on_conflict_do_nothing())
    uow.session.execute(select(LawState.version).where(LawState.territory_id == territory_id).with_for_update())


def bump_law(uow: UnitOfWork, territory_id: UUID, clock: Clock = SYSTEM_CLOCK) -> None:
    """Count a new version of the law, in the transaction of the change itself."""
    lock_law(uow, territory_id)
    uow.session.execute(
        update(LawState)
        .where(LawState.territory_id == territory_id)
        .values(version=LawState.version + 1, changed_at=clock.now())
        .execution_options(synchronize_session=False)
    )


class _Cache:
    """The newest snapshot of each territory. Several threads that need the same build wait for one of them."""

    def __init__(self) -> None:
        self._snapshots: dict[UUID, LawSnapshot] = {}
        self._building: dict[UUID, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, territory_id: UUID) -> LawSnapshot:
        version = law_version(territory_id)
        found = self._snapshots.get(territory_id)
        if found is not None and found.version == version:
            return found
        with self._guard:
            building = self._building.setdefault(territory_id, threading.Lock())
        with building:
            found = self._snapshots.get(territory_id)
            if found is None or found.version != version:
                found = _build(territory_id)
                self._snapshots[territory_id] = found
            return found


_cache = _Cache()


def law_snapshot(territory_id: UUID) -> LawSnapshot:
    """Return the territory's law as committed (or as the running unit of work sees it). Raises NotFound.

    Built once per version in each process; safe to share between threads.
    """
    return _cache.get(territory_id)


def _build(territory_id: UUID) -> LawSnapshot:
    """Read the law between two equal looks at its version, so that what was read belongs to one version."""
    zone = ZoneInfo(get_territory_by_id(territory_id).timezone)
    version = law_version(territory_id)
    for _ in range(_ATTEMPTS):
        perimeters, measures = list(_perimeters(territory_id)), list(_measures(territory_id))
        after = law_version(territory_id)
        if after == version:
            break
        version = after
    return LawSnapshot.build(perimeters, measures, zone=zone, version=version)


def _perimeters(territory_id: UUID) -> Iterator[Perimeter]:
    """The perimeters that have an effect: drawn, of a known colour, and active some day."""
    activations: dict[UUID, list[Activation]] = defaultdict(list)
    spans = (
        select(ActivationRow.perimeter_id, ActivationRow.start_at, ActivationRow.end_at)
        .join(PerimeterRow, PerimeterRow.id == ActivationRow.perimeter_id)
        .where(PerimeterRow.territory_id == territory_id)
        .order_by(ActivationRow.start_at)
    )
    for perimeter_id, start, end in session().execute(spans):
        activations[perimeter_id].append(Activation(start, end))
    shapes = {
        shape_id: shape_from_bytes(wkb)
        for shape_id, wkb in session().execute(
            select(PerimeterShape.id, PerimeterShape.wkb).where(PerimeterShape.territory_id == territory_id)
        )
    }
    rows = select(
        PerimeterRow.id,
        PerimeterRow.event,
        PerimeterRow.name,
        PerimeterRow.colour,
        PerimeterRow.shape_id,
        PerimeterRow.policy,
        PerimeterRow.named_roads,
        PerimeterRow.provenance,
    ).where(
        PerimeterRow.territory_id == territory_id,
        PerimeterRow.shape_id.is_not(None),
        PerimeterRow.colour != UNKNOWN_COLOUR,
    )
    for row in session().execute(rows.order_by(PerimeterRow.name, PerimeterRow.id)):
        if activations[row.id]:
            yield Perimeter(
                id=str(row.id),
                event=row.event,
                name=row.name,
                colour=Colour(row.colour),
                shape=shapes[row.shape_id],
                activations=tuple(activations[row.id]),
                policy=policy_from_json(row.policy),
                provenance=Provenance(str(row.provenance.get("title", "")), str(row.provenance.get("url", ""))),
                named_roads=frozenset(row.named_roads),
            )


def _measures(territory_id: UUID) -> Iterator[Measure]:
    """The measures of published orders, but those that cannot be applied: no place, or a limit without a speed."""
    rows = (
        select(
            MeasureRow.id,
            MeasureRow.type,
            MeasureRow.max_speed_kmh,
            MeasureRow.document,
            TrafficOrder.id.label("order_id"),
            TrafficOrder.title,
            TrafficOrder.authority_name,
            TrafficOrder.url,
        )
        .join(TrafficOrder, TrafficOrder.id == MeasureRow.order_id)
        .where(TrafficOrder.territory_id == territory_id, TrafficOrder.status == OrderStatus.PUBLISHED)
        .order_by(TrafficOrder.title, MeasureRow.order_id, MeasureRow.position)
    )
    for row in session().execute(rows):
        if row.type is MeasureType.SPEED_LIMIT and row.max_speed_kmh is None:
            continue
        draft = measure_from_json(row.type, row.max_speed_kmh, row.document)
        locations = tuple(place for place in draft.locations if not place.shape.is_empty)
        if locations and draft.periods:
            order = OrderRef(str(row.order_id), row.title, row.authority_name, row.url)
            yield Measure(str(row.id), order, row.type, locations, draft.periods, draft.vehicles, row.max_speed_kmh)
