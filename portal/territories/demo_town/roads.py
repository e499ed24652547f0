"""Turns named chains and motorway parts into tagged ways with shared nodes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from portal.territories.demo_town.drafts import TownDraft
from portal.territories.demo_town.motorway import REF, MotorwayPart
from portal.territories.demo_town.network import Chain, Segment
from portal.territories.demo_town.plane import Point
from portal.territories.demo_town.town import Road, Tags, TurnRestriction

OLD_BRIDGE_T = "12"
LOW_UNDERPASS_M = "3.2"
WEIGHT_STREET_RULE = "3.5 @ (Mo-Fr 07:00-19:00)"
SPEED_KMH = {"trunk": 70, "primary": 50, "secondary": 50, "tertiary": 50, "residential": 30, "unclassified": 50}
RESTRICTION_COUNT = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """The three places where trucks meet a limit: segments of the bridge and underpass, chain of the street."""

    old_bridge: Segment
    underpass: Segment
    weight_chain: int


def choose_limits(draft: TownDraft, chains: list[Chain]) -> Limits:
    """Choose the old bridge, the low underpass and the street closed to heavy vehicles by day."""
    points, plan = draft.map.points, draft.plan

    def middle(segment: Segment) -> Point:
        return points[segment.nodes[len(segment.nodes) // 2]]

    parts = [(c, s) for c in chains for s, _ in c.parts]
    old_bridge = next(s for c, s in parts if c.role == "axis" and s.over == "river")
    station = plan.rail[plan.station_at]
    low = [s for c, s in parts if s.over == "rail" and s.highway != "trunk"]
    underpass = min(low, key=lambda s: math.dist(middle(s), station))
    wanted = (-0.45 * plan.ring_radius_m, 0.5 * plan.ring_radius_m)
    candidates = [
        i
        for i, c in enumerate(chains)
        if c.role == "cut"
        and c.zone in ("suburb", "centre", "quarter")
        and len(c.parts) >= 3
        and c.highway in ("tertiary", "residential")
        and not any(s.one_way or s.over for s, _ in c.parts)
    ]
    weight_chain = min(candidates, key=lambda i: math.dist(points[chains[i].nodes[len(chains[i].nodes) // 2]], wanted))
    return Limits(old_bridge, underpass, weight_chain)


def build_roads(draft: TownDraft, chains: list[Chain], limits: Limits, motorway: list[MotorwayPart]) -> list[Road]:
    """Return the roads with node numbers of the draft; each chain gives as few ways as its tags allow."""
    roads = []
    for number, chain in enumerate(chains):
        run: list[int] = []
        run_tags: Tags = ()
        for segment, forward in chain.parts:
            tags = _tags(draft, chain, segment, limits, is_weight_limited=number == limits.weight_chain)
            # a one-way street is drawn in the direction of its traffic, whatever way its numbers run
            forward_way = forward or segment.one_way
            nodes = segment.nodes if forward_way else segment.nodes[::-1]
            if run and tags == run_tags and nodes[0] == run[-1]:
                run.extend(nodes[1:])
            elif run and tags == run_tags and segment.one_way and nodes[-1] == run[0]:
                run = [*nodes[:-1], *run]
            else:
                if run:
                    roads.append(Road(tuple(run), run_tags, number))
                run, run_tags = list(nodes), tags
        roads.append(Road(tuple(run), run_tags, number))
    roads.extend(Road(part.nodes, _motorway_tags(part)) for part in motorway)
    return roads


def _tags(draft: TownDraft, chain: Chain, segment: Segment, limits: Limits, *, is_weight_limited: bool) -> Tags:
    tags = {"highway": segment.highway, "name": chain.name}
    outside = draft.plan.reach(draft.map.points[segment.nodes[len(segment.nodes) // 2]]) > 1.2
    if segment.highway == "pedestrian":
        tags |= {"surface": "sett", "motor_vehicle": "delivery", "bicycle": "yes"}
    else:
        speed = SPEED_KMH[segment.highway]
        if outside and segment.highway != "residential":
            speed = 80 if segment.highway in ("primary", "secondary") else 70
        tags |= {"maxspeed": str(speed), "surface": "asphalt"}
    if segment.highway == "trunk":
        tags |= {"ref": "N 983", "lanes": "2"}
    if segment.highway == "primary":
        tags["ref"] = f"D {900 + chain.rank + len(chain.name) % 60}"
    if segment.one_way:
        tags["oneway"] = "yes"
    if segment.over == "river":
        tags |= {"bridge": "yes", "layer": "1"}
    if segment.over == "rail":
        tags |= {"tunnel": "yes", "layer": "-1"}
    if segment is limits.old_bridge:
        tags["maxweight"] = OLD_BRIDGE_T
    if segment is limits.underpass:
        tags["maxheight"] = LOW_UNDERPASS_M
    if is_weight_limited:
        tags |= {"maxweight:conditional": WEIGHT_STREET_RULE, "hgv:conditional": "no @ (Mo-Fr 07:00-19:00)"}
    return tuple(sorted(tags.items()))


def _motorway_tags(part: MotorwayPart) -> Tags:
    tags = {"surface": "asphalt"}
    if part.kind == "carriageway":
        tags |= {"highway": "motorway", "oneway": "yes", "maxspeed": "90", "lanes": "2", "ref": REF}
    elif part.kind == "ramp":
        tags |= {"highway": "motorway_link", "oneway": "yes", "maxspeed": "50"}
    else:
        tags |= {"highway": "primary", "maxspeed": "70", "name": "Bretelle de l’A 983"}
    if part.on_viaduct:
        tags |= {"bridge": "yes", "layer": "1"}
        if part.kind == "carriageway":
            tags |= {"bridge:name": "Viaduc de l’Orle"}
    return tuple(sorted(tags.items()))


def choose_restrictions(points: list[Point], roads: list[Road]) -> list[TurnRestriction]:
    """Forbid a few left turns from avenues into boulevards; ways end at the junction, as the format wants."""
    starts: dict[int, list[int]] = {}
    for number, road in enumerate(roads):
        starts.setdefault(road.nodes[0], []).append(number)
        starts.setdefault(road.nodes[-1], []).append(number)
    found: list[TurnRestriction] = []
    for number, road in enumerate(roads):
        tags = dict(road.tags)
        if tags["highway"] != "primary" or "name" not in tags or len(found) == RESTRICTION_COUNT:
            continue
        via = road.nodes[0]
        before = points[road.nodes[1]]
        for other in starts[via]:
            to = roads[other]
            if dict(to.tags)["highway"] != "secondary" or other == number:
                continue
            after = points[to.nodes[1] if to.nodes[0] == via else to.nodes[-2]]
            x, y = points[via]
            turn = (x - before[0]) * (after[1] - y) - (y - before[1]) * (after[0] - x)
            if turn > 0.7 * math.dist((x, y), before) * math.dist((x, y), after):
                found.append(TurnRestriction("no_left_turn", number, via, other))
                break
    return found
