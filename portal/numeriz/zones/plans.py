"""What a clerk is about to do to an event: shown first, then done as it was shown, in one transaction, and undone.

A plan holds the values that the event and its zones will have. Its digest names it: what is saved is what was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.audit import AuditTag, record
from portal.audit.journal import JournalEntry, last_entry
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.db import UnitOfWork, unit_of_work
from portal.numeriz import codec
from portal.numeriz.law.memory import bump_law, lock_law
from portal.numeriz.models import CityEvent, PerimeterRow
from portal.numeriz.storing.perimeters import store_shapes
from portal.numeriz.zones.ports import holders_of
from portal.numeriz.zones.states import EVENT_FIELDS, State, ZoneStates, event_state, write_zone, zone_states

CREATED: Final = "created"
ADOPTED: Final = "adopted"
UNDONE: Final = "undone"
_NOT_UNDONE: Final = frozenset({CREATED, ADOPTED, UNDONE})


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. revision: of the event as it was seen, 0 for a new one. event: its values, None: as they are.

    zones: the new state of each zone that changes, None to erase it. shapes: those drawn just now, by their digest.
    """

    action: str
    event_id: UUID
    revision: int
    event: State | None = None
    zones: ZoneStates = field(default_factory=dict)
    shapes: Mapping[str, BaseGeometry] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What tells this plan from every other."""
        zones = {str(zone_id): state for zone_id, state in self.zones.items()}
        return codec.digest([self.action, str(self.event_id), self.revision, self.event, zones])


def carry_out(actor: Actor, territory_id: UUID, plan: Plan, clock: Clock = SYSTEM_CLOCK) -> bool:
    """Do what a plan says, in one transaction with its line in the journal; tell whether anything changed.

    Raises NotFound(`city-event-not-found`), Conflict(`city-event-changed`) when somebody saved meanwhile, Invalid
    (`event-name-taken`, field name; `zone-drawn-twice`, field shape), Conflict(`zone-held`) for a zone that something
    rests on.
    """
    now = clock.now()
    with unit_of_work() as uow:
        lock_law(uow, territory_id)
        row = _stored(uow, territory_id, plan)
        was = None if row is None else event_state(row)
        says = plan.event or was
        assert says is not None, "a new event says something"
        held = zone_states(uow.session, territory_id, list(plan.zones))
        changed = {zone_id: state for zone_id, state in plan.zones.items() if state != held[zone_id]}
        if not changed and says == was:
            return False
        _check_name(uow, territory_id, plan, says["name"], "" if was is None else was["name"])
        _check_erased(territory_id, [zone_id for zone_id, state in changed.items() if state is None], now)
        if row is None:
            row = CityEvent(id=plan.event_id, territory_id=territory_id, created_at=now)
            uow.session.add(row)
        for name in EVENT_FIELDS:
            setattr(row, name, says[name])
        row.revision = plan.revision + 1
        row.updated_at = now
        store_shapes(uow, territory_id, plan.shapes)
        try:
            for zone_id, state in changed.items():
                write_zone(uow, territory_id, zone_id, held[zone_id], state, now)
            uow.session.flush()  # constraints speak before the journal says it is done
        except IntegrityError as error:
            raise Invalid("zone-drawn-twice", "shape") from error
        record(
            actor,
            AuditTag.PERIMETERS_CHANGED,
            subject_id=row.id,
            territory_id=territory_id,
            data=_told(plan, was, says, held, changed),
            clock=clock,
        )
        if changed:
            bump_law(uow, territory_id, clock)
    return True


def _stored(uow: UnitOfWork, territory_id: UUID, plan: Plan) -> CityEvent | None:
    """The event of a plan, None for a new one."""
    if plan.revision == 0:
        return None
    found = uow.session.scalar(
        select(CityEvent)
        .where(CityEvent.territory_id == territory_id, CityEvent.id == plan.event_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("city-event-not-found")
    if found.revision != plan.revision:
        raise Conflict("city-event-changed")
    return found


def _check_name(uow: UnitOfWork, territory_id: UUID, plan: Plan, name: str, was: str) -> None:
    """A name belongs to one event; the zones of an imported event that nobody has taken over bear its name too."""
    if name == was:
        return
    events = select(CityEvent.id).where(CityEvent.territory_id == territory_id, CityEvent.name == name)
    zones = select(PerimeterRow.id).where(PerimeterRow.territory_id == territory_id, PerimeterRow.event == name)
    is_free = uow.session.scalar(events.limit(1)) is None
    if not is_free or (plan.action != ADOPTED and uow.session.scalar(zones.limit(1)) is not None):
        raise Invalid("event-name-taken", "name", name=name)


def _check_erased(territory_id: UUID, zone_ids: Sequence[UUID], now: datetime) -> None:
    if any(not holders.nobody for holders in holders_of(territory_id, zone_ids, now).values()):
        raise Conflict("zone-held")


def _told(plan: Plan, was: State | None, says: State, held: ZoneStates, changed: ZoneStates) -> dict[str, Any]:
    """The line of the journal: what was there and what is there now, of what changed alone."""
    told: dict[str, Any] = {"action": plan.action, "text": says["name"], "revision": plan.revision + 1}
    told["before"] = {str(zone_id): held[zone_id] for zone_id in changed}
    told["after"] = {str(zone_id): state for zone_id, state in changed.items()}
    if was != says:
        told["event"] = {"before": was, "after": says}
    return told


def last_change(event_id: UUID) -> JournalEntry | None:
    """The last line of the journal about an event."""
    return last_entry(AuditTag.PERIMETERS_CHANGED, event_id)


def undoing(territory_id: UUID, event_id: UUID, revision: int, clock: Clock = SYSTEM_CLOCK) -> Plan | None:
    """The plan that undoes the last change of an event; None when there is none to undo.

    A zone that was added and that passes or requests name by now is not erased: it loses its activations.
    """
    entry = last_change(event_id)
    if entry is None or entry.territory_id != territory_id or entry.data["revision"] != revision:
        return None
    if entry.data["action"] in _NOT_UNDONE:
        return None
    before: dict[UUID, State | None] = {UUID(zone_id): state for zone_id, state in entry.data["before"].items()}
    added = [zone_id for zone_id, state in before.items() if state is None]
    for zone_id, holders in holders_of(territory_id, added, clock.now()).items():
        if not holders.nobody:
            before[zone_id] = {**entry.data["after"][str(zone_id)], "activations": []}
    return Plan(UNDONE, event_id, revision, (entry.data.get("event") or {}).get("before"), before)


def remove_event(actor: Actor, territory_id: UUID, event_id: UUID, revision: int, clock: Clock = SYSTEM_CLOCK) -> None:
    """Forget an event that has no zone any more. Raises as `carry_out`, and Conflict(`event-has-zones`)."""
    with unit_of_work() as uow:
        lock_law(uow, territory_id)
        row = _stored(uow, territory_id, Plan("removed", event_id, revision))
        assert row is not None, "a revision is one at least"
        zones = select(PerimeterRow.id).where(PerimeterRow.territory_id == territory_id, PerimeterRow.event == row.name)
        if uow.session.scalar(zones.limit(1)) is not None:
            raise Conflict("event-has-zones")
        told = {"action": "removed", "text": row.name, "revision": revision + 1, "before": {}, "after": {}}
        told["event"] = {"before": event_state(row), "after": None}
        record(
            actor,
            AuditTag.PERIMETERS_CHANGED,
            subject_id=row.id,
            territory_id=territory_id,
            data=told,
            clock=clock,
        )
        uow.session.delete(row)
