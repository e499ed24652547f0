"""From what a clerk asks to the plan that does it: values, zones, dates, withdrawal, copy, taking over. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid, NotFound
from portal.common.ids import new_id
from portal.db import session
from portal.numeriz import codec
from portal.numeriz.queries import PerimeterView
from portal.numeriz.values import NUMERIZ
from portal.numeriz.zones.calendar import USUAL_AFTER_MIN, USUAL_BEFORE_MIN, Session, joined, moved, sessions_to_json
from portal.numeriz.zones.dates import check_spans
from portal.numeriz.zones.drawing import Drawn
from portal.numeriz.zones.plans import ADOPTED, CREATED, Plan
from portal.numeriz.zones.ports import holders_of
from portal.numeriz.zones.queries import EventView, zones_named
from portal.numeriz.zones.states import State, spans_from_json, spans_to_json, zone_states
from portal.regulations.perimeters import AccessPolicy, Activation, Colour, default_policy

NAME_LENGTH = 255
type Policies = Mapping[Colour, AccessPolicy]


def event_values(name: str, sessions: Iterable[Session], before_min: int, after_min: int, policies: Policies) -> State:
    """The values of an event; a policy that is the usual one of its colour is not kept."""
    own = {colour: policy for colour, policy in policies.items() if policy != default_policy(colour)}
    return {
        "name": name,
        "sessions": sessions_to_json(sessions),
        "before_min": before_min,
        "after_min": after_min,
        "policies": {colour.value: codec.policy_to_json(own[colour]) for colour in Colour if colour in own},
    }


def values_of(event: EventView) -> State:
    """The values that an event has."""
    return event_values(event.name, event.sessions, event.before_min, event.after_min, event.policies)


def plan_new_event(event_id: UUID, values: State) -> Plan:
    """Make an event without zones."""
    return Plan(CREATED, event_id, 0, values)


def plan_event(territory_id: UUID, event: EventView, values: State) -> Plan:
    """Change an event; its zones follow its name, and its policy of their colour where that changes."""
    before = values_of(event)
    zones: dict[UUID, State | None] = {}
    for zone, state in _states(territory_id, event.zones):
        policies = [found["policies"].get(state["colour"], {}) for found in (before, values)]
        changed = {"policy": policies[1]} if policies[0] != policies[1] else {}
        zones[zone.id] = {**state, "event": values["name"], **changed}
    return Plan("changed", event.id, event.revision, values, zones)


def plan_zone(
    territory_id: UUID, event: EventView, zone_id: UUID, name: str, colour: Colour, drawn: Drawn | None
) -> Plan:
    """Add a zone without dates, or change one of the event. drawn None: the shape stays."""
    own = event.policies.get(colour)
    said = {
        "event": event.name,
        "name": name,
        "colour": colour.value,
        "policy": codec.policy_to_json(own),
        **({} if drawn is None else {"geometry_digest": drawn.digest}),
    }
    stored = [zone for zone in event.zones if zone.id == zone_id]
    if not stored:
        fresh = {"named_roads": [], "provenance": {"source": NUMERIZ}, "activations": []}
        state: State = {**said, **fresh}
    else:
        state = {**_own(_states(territory_id, stored)[0][1]), **said}
        if stored[0].colour is colour:
            state["policy"] = codec.policy_to_json(stored[0].policy)
    shapes = {} if drawn is None else {drawn.digest: drawn.shape}
    return Plan("zone-changed" if stored else "zone-added", event.id, event.revision, None, {zone_id: state}, shapes)


def plan_dates(territory_id: UUID, event: EventView, zone_ids: Sequence[UUID], spans: Sequence[Activation]) -> Plan:
    """Give zones these activations in place of those they have. Raises Invalid(`too-many-dates`, `no-zone-chosen`)."""
    check_spans(spans)
    chosen = _chosen(event, zone_ids)
    dated = spans_to_json(joined(spans))
    zones = {zone.id: {**_own(state), "activations": dated} for zone, state in _states(territory_id, chosen)}
    return Plan("dated", event.id, event.revision, None, zones)


def plan_withdrawal(
    territory_id: UUID, event: EventView, zone_ids: Sequence[UUID], *, erase: bool, clock: Clock = SYSTEM_CLOCK
) -> Plan:
    """Take zones out of the law: their activations are emptied. erase: those that nothing rests on are forgotten.

    Raises Invalid(`no-zone-chosen`).
    """
    chosen = _chosen(event, zone_ids)
    held = holders_of(territory_id, [zone.id for zone in chosen], clock.now())
    zones = {
        zone.id: None if erase and held[zone.id].nobody else {**_own(state), "activations": []}
        for zone, state in _states(territory_id, chosen)
    }
    return Plan("withdrawn", event.id, event.revision, None, zones)


def plan_copy(
    territory_id: UUID, event: EventView, event_id: UUID, name: str, days: int | None, zone: ZoneInfo
) -> Plan:
    """Make an event like another: policies, zones that enclose an area; all dates so many days later, or none."""
    sessions = () if days is None else moved(event.sessions, days, zone)
    values = {**values_of(event), "name": name, "sessions": sessions_to_json(sessions)}
    zones: dict[UUID, State | None] = {}
    for view, state in _states(territory_id, event.zones):
        if view.shape is None or view.colour is None:
            continue
        spans = () if days is None else moved(spans_from_json(state["activations"]), days, zone)
        # The same plan each time it is made: what is saved is what was shown.
        zones[uuid5(event_id, str(view.id))] = {
            **state,
            "event": name,
            "activations": spans_to_json(spans),
            "provenance": {"source": NUMERIZ},
        }
    return Plan(CREATED, event_id, 0, values, zones)


def plan_adoption(territory_id: UUID, name: str) -> Plan:
    """Take over the event that imported zones name; nothing of them changes. Raises NotFound.

    A policy becomes that of the event when all zones of its colour share it.
    """
    zones = zones_named(territory_id, name)
    if not zones:
        raise NotFound("city-event-not-found")
    policies: dict[Colour, AccessPolicy] = {}
    for colour in Colour:
        shared = {zone.policy for zone in zones if zone.colour is colour}
        if len(shared) == 1 and (policy := shared.pop()) is not None:
            policies[colour] = policy
    values = event_values(name, (), USUAL_BEFORE_MIN, USUAL_AFTER_MIN, policies)
    return Plan(ADOPTED, new_id(), 0, values)


def _chosen(event: EventView, zone_ids: Sequence[UUID]) -> list[PerimeterView]:
    if not zone_ids:
        raise Invalid("no-zone-chosen", "zones")
    return [event.zone(zone_id) for zone_id in dict.fromkeys(zone_ids)]


def _states(territory_id: UUID, zones: Sequence[PerimeterView]) -> list[tuple[PerimeterView, State]]:
    held = zone_states(session(), territory_id, [zone.id for zone in zones])
    return [(zone, state) for zone in zones if (state := held[zone.id]) is not None]


def _own(state: State) -> State:
    """A state whose dates or outline are now written here: where it came from stays known."""
    provenance = state["provenance"]
    source = provenance.get("source")
    if source == NUMERIZ:
        return state
    return {**state, "provenance": {**provenance, "source": NUMERIZ, "first_source": source}}
