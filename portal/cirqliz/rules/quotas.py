"""How many vehicles may hold a pass for a perimeter at an hour: set by the supervisor, checked at every approval."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Uuid, column, delete, select, table, true
from sqlalchemy.orm import aliased

from portal import audit
from portal.audit import AuditTag
from portal.cirqliz.law import spans_in
from portal.cirqliz.models import (
    AccessPass,
    AccessRequest,
    PassPerimeter,
    PerimeterQuota,
    RequestPerimeter,
    RequestVehicle,
)
from portal.cirqliz.requests.queries import RequestView
from portal.cirqliz.rules.hours import (
    Held,
    QuotaHours,
    Slot,
    by_perimeter,
    clock_words,
    most_held,
    overlap,
    slots_of,
    tightest,
)
from portal.cirqliz.rules.settings import require_supervisor
from portal.cirqliz.states import PassState
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, session, unit_of_work
from portal.numeriz.api import law_snapshot
from portal.regulations.schedules import Interval, merge
from portal.territories.api import TerritoryView, get_territory

# A suspended pass may come back: its place is kept.
_COUNTED = (PassState.ACTIVE, PassState.SUSPENDED)
# The row that stands for a territory: locked, never read.
_territory = table("territory", column("id", Uuid()))
_DAY = timedelta(days=1)
MOST_ROWS = 24
MOST_VEHICLES = 100_000

type _Lines = Sequence[RequestPerimeter] | Sequence[PassPerimeter]


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """The hour of a request at which a perimeter is fullest. left: places free, below 0: too many."""

    perimeter_id: str
    perimeter: str
    day: date
    hours: str
    left: int
    most: int


def check_quota(
    uow: UnitOfWork, territory: TerritoryView, request: AccessRequest, vehicles: Sequence[RequestVehicle]
) -> None:
    """Raise Invalid("quota-reached") when passes for these vehicles would fill an hour beyond its quota.

    Takes the lock of the territory's quotas, so that of two approvals of the last place one sees the other's pass.
    The error names the perimeter, the day, the hours, what is left and what is allowed.
    """
    _lock(uow, territory.id)
    quotas = _quotas_of(territory, request.perimeters)
    if not quotas:
        return
    living = _living(uow, request.id)
    # One that keeps its pass, or another that stands in for it, holds its place already and takes none.
    wanted = [
        living.get(vehicle.vehicle_id) or Held(vehicle.vehicle_id, request.starts_at, request.ends_at)
        for vehicle in vehicles
    ]
    window = Interval(request.starts_at, request.ends_at)
    full = _full(territory, quotas, request.perimeters, window, wanted)
    if full is not None:
        raise Invalid("quota-reached", field="decision", number=request.number, **full)


def check_quota_of_swap(
    uow: UnitOfWork, territory: TerritoryView, old: AccessPass, vehicle_id: UUID, now: datetime
) -> None:
    """Raise Invalid("quota-reached") when a vehicle that takes over a pass would fill an hour beyond its quota.

    The place of the pass is free by then, unless its vehicle has another one.
    """
    _lock(uow, territory.id)
    wanted = [Held(vehicle_id, now, _utc(old.valid_to))]
    quotas, window = _quotas_of(territory, old.perimeters), Interval(now, old.valid_to)
    full = _full(territory, quotas, old.perimeters, window, wanted, leaving=old.id)
    if full is not None:
        raise Invalid("quota-reached", field="vehicle", number=old.number, **full)


def _full(
    territory: TerritoryView,
    quotas: Mapping[str, list[QuotaHours]],
    lines: _Lines,
    window: Interval,
    wanted: Sequence[Held],
    *,
    leaving: UUID | None = None,
) -> dict[str, object] | None:
    """Return the first hour of these perimeters that would hold too many vehicles, as its error names it."""
    for line in (line for line in lines if line.perimeter_id in quotas):
        slots = _slots(territory, line.perimeter_id, quotas[line.perimeter_id], window)
        held = _held(territory.id, line.perimeter_id, slots)
        staying = held if leaving is None else _held(territory.id, line.perimeter_id, slots, leaving)
        before, after = most_held(slots, held), most_held(slots, [*staying, *wanted])
        for slot, was, now in zip(slots, before, after, strict=True):
            # Too many before, and no more now: nothing is taken.
            if now > slot.hours.most and now > was:
                return {
                    "perimeter": line.name,
                    "day": f"{slot.day:%d/%m/%Y}",
                    "hours": clock_words(slot.hours),
                    "left": max(0, slot.hours.most - was),
                    "most": slot.hours.most,
                }
    return None


def _quotas_of(territory: TerritoryView, lines: _Lines) -> Mapping[str, list[QuotaHours]]:
    return by_perimeter(_rows(territory.id, [line.perimeter_id for line in lines]))


def _living(uow: UnitOfWork, request_id: UUID) -> dict[UUID, Held]:
    """Return who holds the living passes of a request, by the vehicle that was answered: another may stand in."""
    before = aliased(AccessPass)
    rows = uow.session.execute(
        select(before.vehicle_id, AccessPass.vehicle_id, AccessPass.valid_from, AccessPass.valid_to)
        .select_from(AccessPass)
        .outerjoin(before, AccessPass.swapped_from == before.id)
        .where(AccessPass.request_id == request_id, AccessPass.state != PassState.REVOKED)
    )
    return {replaced or holder: Held(holder, _utc(start), _utc(end)) for replaced, holder, start, end in rows}


def quota_left(territory: TerritoryView, request: RequestView) -> Sequence[QuotaLine]:
    """Return, for each perimeter of a request that has a quota at its hours, the fullest of them."""
    quotas = by_perimeter(_rows(territory.id, [line.perimeter_id for line in request.perimeters]))
    window = Interval(request.starts_at, request.ends_at)
    found = []
    for line in request.perimeters:
        if line.perimeter_id not in quotas:
            continue
        slots = _slots(territory, line.perimeter_id, quotas[line.perimeter_id], window)
        worst = tightest(slots, most_held(slots, _held(territory.id, line.perimeter_id, slots)))
        if worst is not None:
            slot, left = worst
            hours = clock_words(slot.hours)
            found.append(QuotaLine(line.perimeter_id, line.name, slot.day, hours, left, slot.hours.most))
    return found


def list_quotas(territory_id: UUID) -> Mapping[str, list[QuotaHours]]:
    """Return the quotas of a territory by perimeter, each in order of its hours."""
    return by_perimeter(_rows(territory_id))


def set_quotas(
    actor: Actor, territory: str, perimeter_id: str, rows: Sequence[QuotaHours], *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Set all the quotas of a perimeter at once; none: no limit. Passes given before stay.

    Raises Denied, NotFound (no such perimeter in the law), Invalid (hours that overlap or make no sense, too many).
    """
    require_supervisor(actor, territory)
    if any(not (0 <= row.from_min < row.to_min <= 1440) for row in rows):
        raise Invalid("quota-hours", field="rows")
    if any(not 0 <= row.most <= MOST_VEHICLES for row in rows):
        raise Invalid("quota-number", field="rows", most=MOST_VEHICLES)
    if overlap(rows):
        raise Invalid("quota-overlap", field="rows")
    if len(rows) > MOST_ROWS:
        raise Invalid("quota-too-many", field="rows", most=MOST_ROWS)
    place = get_territory(territory)
    perimeter = law_snapshot(place.id).perimeters.get(perimeter_id)
    known = _rows(place.id, [perimeter_id])
    if perimeter is None and not known:
        raise NotFound("perimeter-not-found")
    with unit_of_work() as uow:
        # Approvals under way end first: they have counted with the quotas of before.
        _lock(uow, place.id)
        before = by_perimeter(_rows(place.id, [perimeter_id])).get(perimeter_id, [])
        wanted = sorted(rows, key=lambda row: row.from_min)
        if before == wanted:
            return
        mine = (PerimeterQuota.territory_id == place.id, PerimeterQuota.perimeter_id == perimeter_id)
        uow.session.execute(delete(PerimeterQuota).where(*mine))
        uow.session.add_all(
            PerimeterQuota(
                id=new_id(),
                territory_id=place.id,
                perimeter_id=perimeter_id,
                from_min=row.from_min,
                to_min=row.to_min,
                most=row.most,
                created_at=clock.now(),
            )
            for row in wanted
        )
        audit.record(
            actor,
            AuditTag.QUOTA_CHANGED,
            subject_id=place.id,
            territory_id=place.id,
            data={
                "perimeter": perimeter.name if perimeter else perimeter_id,
                "changes": {"quotas": [_words(before), _words(wanted)]},
            },
            clock=clock,
        )


def _words(rows: Iterable[QuotaHours]) -> list[str]:
    return [f"{clock_words(row)}: {row.most}" for row in rows]


def _lock(uow: UnitOfWork, territory_id: UUID) -> None:
    """Let one transaction at a time give passes of the territory or change its quotas.

    One lock for all its perimeters, the row that stands for it: two approvals that need several never wait for each
    other in a circle, and quotas set at this very instant are seen or come after.
    """
    wanted = select(_territory.c.id).where(_territory.c.id == territory_id)
    uow.session.execute(wanted.with_for_update(key_share=True)).all()


def _rows(territory_id: UUID, perimeter_ids: Collection[str] | None = None) -> list[tuple[str, QuotaHours]]:
    wanted = select(PerimeterQuota).where(PerimeterQuota.territory_id == territory_id)
    if perimeter_ids is not None:
        wanted = wanted.where(PerimeterQuota.perimeter_id.in_(perimeter_ids))
    ordered = wanted.order_by(PerimeterQuota.perimeter_id, PerimeterQuota.from_min)
    rows = session().scalars(ordered.execution_options(populate_existing=True))
    return [(row.perimeter_id, _hours(row)) for row in rows]


def _hours(row: PerimeterQuota) -> QuotaHours:
    return QuotaHours(row.from_min, row.to_min, row.most)


def _slots(territory: TerritoryView, perimeter_id: str, quotas: list[QuotaHours], window: Interval) -> list[Slot]:
    perimeter = law_snapshot(territory.id).perimeters.get(perimeter_id)
    # An hour of the clock that the window only touches counts whole.
    around = Interval(window.start - _DAY, window.end + _DAY)
    # Of a perimeter the law no longer knows the hours are unknown: every hour asked for counts.
    active = (
        [around]
        if perimeter is None
        else merge(Interval(span.start, span.end or around.end) for span in spans_in(perimeter, around))
    )
    return slots_of(quotas, active, window, ZoneInfo(territory.timezone))


def _held(territory_id: UUID, perimeter_id: str, slots: Sequence[Slot], leaving: UUID | None = None) -> list[Held]:
    """The places taken in a perimeter at these hours. leaving: a pass not to count, it goes."""
    if not slots:
        return []
    other = AccessPass.id != leaving if leaving is not None else true()
    rows = session().execute(
        select(AccessPass.vehicle_id, AccessPass.valid_from, AccessPass.valid_to)
        .join(PassPerimeter, PassPerimeter.pass_id == AccessPass.id)
        .where(
            AccessPass.territory_id == territory_id,
            PassPerimeter.perimeter_id == perimeter_id,
            AccessPass.state.in_(_COUNTED),
            other,
            AccessPass.valid_from < max(slot.end for slot in slots),
            AccessPass.valid_to > slots[0].start,
        )
    )
    return [Held(vehicle_id, _utc(start), _utc(end)) for vehicle_id, start, end in rows]


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
