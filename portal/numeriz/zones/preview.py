"""What a plan would make of an event, before it counts: its zones on a map with letters and hours, and what to know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import shapely
from flask_babel import format_decimal, ngettext
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session
from portal.numeriz import codec, words
from portal.numeriz.models import NO_GEOMETRY, UNKNOWN_COLOUR, PerimeterShape
from portal.numeriz.queries import Bounds, geojson
from portal.numeriz.translate import _
from portal.numeriz.zones.drawing import area_m2
from portal.numeriz.zones.plans import Plan
from portal.numeriz.zones.ports import holders_of
from portal.numeriz.zones.queries import EventView
from portal.numeriz.zones.states import State, spans_from_json, zone_states
from portal.regulations.geometry import AreaShape
from portal.regulations.perimeters import AccessPolicy, Activation, Colour, default_policy

_SHOWN_SPANS = 6


@dataclass(frozen=True, slots=True)
class ZoneLook:
    """A zone as it will be. change: added, changed, erased, or empty; was: its hours today when they change."""

    id: UUID
    name: str
    colour: Colour | None
    shape: BaseGeometry | None
    spans: tuple[Activation, ...]
    access: AccessPolicy | None
    change: str
    was: tuple[Activation, ...] = ()
    passes: int = 0

    @property
    def is_withdrawn(self) -> bool:
        """True when it loses its dates."""
        return bool(self.was) and not self.spans


@dataclass(frozen=True, slots=True)
class Preview:
    """What a plan would make. layer: GeoJSON for the map; notes: sentences that a clerk should read first."""

    digest: str
    looks: tuple[ZoneLook, ...]
    layer: dict[str, Any]
    bounds: Bounds | None
    notes: tuple[str, ...]


def preview_of(
    territory_id: UUID,
    event: EventView | None,
    plan: Plan,
    zone: ZoneInfo,
    *,
    told: Sequence[str] = (),
    clock: Clock = SYSTEM_CLOCK,
) -> Preview:
    """Show what a plan would make of an event. told: sentences about what was typed, put first."""
    looks = _looks(territory_id, event, plan, clock.now())
    drawn = [look for look in looks if look.shape is not None and look.colour is not None and look.change != "erased"]
    shapes = [look.shape for look in drawn if look.shape is not None]
    bounds: Bounds | None = None
    if shapes:
        west, south, east, north = shapely.total_bounds(shapes)
        bounds = (float(west), float(south), float(east), float(north))
    notes = (*told, *_pass_notes(looks), *overlap_notes(drawn))
    return Preview(plan.digest, looks, zones_layer(drawn, zone), bounds, notes)


def looks_of(event: EventView) -> tuple[ZoneLook, ...]:
    """The zones of an event as they are."""
    return tuple(
        ZoneLook(zone.id, zone.name, zone.colour, zone.shape, zone.activations, zone.access, "") for zone in event.zones
    )


def zones_layer(looks: Sequence[ZoneLook], zone: ZoneInfo) -> dict[str, Any]:
    """Zones as GeoJSON for the map: each with its letter, its rule and its hours."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "id": str(look.id),
                "title": look.name,
                "colour": look.colour.value,
                "lines": [*_access_line(look), *hours_lines(look.spans, zone)],
            },
            "geometry": geojson(look.shape),
        }
        for look in looks
        if look.shape is not None and look.colour is not None
    ]
    return {"type": "FeatureCollection", "features": features}


def hours_lines(spans: Sequence[Activation], zone: ZoneInfo, most: int = _SHOWN_SPANS) -> list[str]:
    """When a zone is active, a line each; how many are left out; that there is none."""
    if not spans:
        return [_("Aucune date\u00a0: sans effet.")]
    lines = [words.span_words(span.start, span.end, zone) for span in spans[:most]]
    left = len(spans) - most
    return [*lines, str(ngettext("et %(num)s autre", "et %(num)s autres", left))] if left > 0 else lines


def overlaps(looks: Sequence[ZoneLook]) -> list[tuple[ZoneLook, ZoneLook, float]]:
    """Pairs of two colours that lie over each other, at an hour when both are active or before they have dates; m²."""
    found = []
    for first, other in combinations(looks, 2):
        if first.colour is other.colour or first.shape is None or other.shape is None:
            continue
        if first.is_withdrawn or other.is_withdrawn:
            continue
        if not _meet_in_time(first.spans, other.spans) or not AreaShape(first.shape).holds(other.shape):
            continue
        found.append((first, other, area_m2(shapely.intersection(first.shape, other.shape))))
    return found


def _meet_in_time(first: Sequence[Activation], other: Sequence[Activation]) -> bool:
    if not first or not other:
        return True
    return any((a.end is None or b.start < a.end) and (b.end is None or a.start < b.end) for a in first for b in other)


def overlap_notes(looks: Sequence[ZoneLook]) -> list[str]:
    return [
        _(
            "«\u00a0%(first)s\u00a0» (%(first_colour)s) et «\u00a0%(other)s\u00a0» (%(other_colour)s) se recouvrent "
            "sur %(area)s\u00a0m²\u00a0: là, la règle la plus stricte s’applique.",
            first=first.name,
            first_colour=_colour_word(first),
            other=other.name,
            other_colour=_colour_word(other),
            area=format_decimal(round(area)),
        )
        for first, other, area in overlaps(looks)
    ]


def _colour_word(look: ZoneLook) -> str:
    return str(words.COLOURS[look.colour]).lower() if look.colour else ""


def _pass_notes(looks: Sequence[ZoneLook]) -> list[str]:
    return [
        str(
            ngettext(
                "%(num)s laissez-passer en cours nomme «\u00a0%(name)s\u00a0»\u00a0: il reste valable.",
                "%(num)s laissez-passer en cours nomment «\u00a0%(name)s\u00a0»\u00a0: ils restent valables.",
                look.passes,
                name=look.name,
            )
        )
        for look in looks
        if look.passes
    ]


def rule_notes(named: Iterable[tuple[str, int]]) -> list[str]:
    """That rules of decision name zones to withdraw. named: each zone, and by how many."""
    return [
        str(
            ngettext(
                "%(num)s règle de décision nomme «\u00a0%(name)s\u00a0»\u00a0: cette zone ne peut pas être effacée.",
                "%(num)s règles de décision nomment «\u00a0%(name)s\u00a0»\u00a0: cette zone ne peut pas être effacée.",
                count,
                name=name,
            )
        )
        for name, count in named
        if count
    ]


def _access_line(look: ZoneLook) -> list[str]:
    if look.access is None:
        return []
    notice = [look.access.notice] if look.access.notice else []
    return [str(words.POLICIES[look.access.motorised]), *notice]


def _looks(territory_id: UUID, event: EventView | None, plan: Plan, now: datetime) -> tuple[ZoneLook, ...]:
    held = zone_states(session(), territory_id, list(plan.zones))
    changed = [zone_id for zone_id, state in plan.zones.items() if state != held[zone_id]]
    passes = holders_of(territory_id, [zone_id for zone_id in changed if held[zone_id] is not None], now)
    kept = [look for look in looks_of(event) if look.id not in changed] if event else []
    known = {zone.id: zone.shape for zone in event.zones} if event else {}
    looks = []
    for zone_id in changed:
        before, after = held[zone_id], plan.zones[zone_id]
        state = after or before
        assert state is not None, "a zone that changes is or was"
        was = spans_from_json(before["activations"]) if before else ()
        change = "erased" if after is None else "added" if before is None else "changed"
        shape = _shape(territory_id, state, plan, None if _redrawn(before, after) else known.get(zone_id))
        looks.append(
            ZoneLook(
                zone_id,
                state["name"],
                _colour(state),
                shape,
                spans_from_json(state["activations"]) if after else (),
                _access(state),
                change,
                was,
                passes[zone_id].passes if zone_id in passes else 0,
            )
        )
    order = [*looks, *kept]
    return tuple(sorted(order, key=lambda look: (-look.colour.strictness if look.colour else 1, look.name)))


def _redrawn(before: State | None, after: State | None) -> bool:
    return before is None or after is None or before["geometry_digest"] != after["geometry_digest"]


def _colour(state: State) -> Colour | None:
    return None if state["colour"] == UNKNOWN_COLOUR else Colour(state["colour"])


def _access(state: State) -> AccessPolicy | None:
    policy, colour = codec.policy_from_json(state["policy"]), _colour(state)
    return policy or (default_policy(colour) if colour else None)


def _shape(territory_id: UUID, state: State, plan: Plan, known: BaseGeometry | None) -> BaseGeometry | None:
    digest = state["geometry_digest"]
    if digest == NO_GEOMETRY:
        return None
    if digest in plan.shapes:
        return plan.shapes[digest]
    if known is not None:
        return known
    wkb = session().scalar(
        select(PerimeterShape.wkb).where(PerimeterShape.territory_id == territory_id, PerimeterShape.digest == digest)
    )
    return None if wkb is None else codec.shape_from_bytes(wkb)
