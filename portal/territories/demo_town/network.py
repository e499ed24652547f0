"""From drawn streets to a road network: segments between junctions, pedestrian core, one-way streets, chains."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from portal.territories.demo_town.connectivity import largest_component, strong_components
from portal.territories.demo_town.dice import dice
from portal.territories.demo_town.drafts import NO_STREET, TownDraft
from portal.territories.demo_town.planar import edge_key
from portal.territories.demo_town.plane import Point

CORE_SHARE = 0.47  # radius of the pedestrian core, in old-town radii
CORE_NORTH = 0.16
LONGEST_NAME_M = 1500.0
STRAIGHT_ON = math.cos(math.radians(28))
BREAKING_ROLES = {
    "radial": frozenset({"ring", "old_ring"}),
    "ring": frozenset({"radial"}),
    "old_ring": frozenset({"radial", "axis"}),
    "quay_left": frozenset({"ring", "old_ring", "axis"}),
    "quay_right": frozenset({"ring", "old_ring", "axis"}),
    "axis": frozenset({"cross_axis", "quay_left", "quay_right"}),
    "cross_axis": frozenset({"axis"}),
}


@dataclass(slots=True)
class Segment:
    """A run of road between two junctions. over: '' | river | rail. one_way: traffic in the order of the nodes."""

    nodes: list[int]
    street: int
    highway: str
    over: str
    one_way: bool = False


@dataclass(slots=True)
class Chain:
    """Segments that follow each other under one name; each with whether it runs along the chain."""

    role: str
    rank: int
    zone: str
    highway: str
    parts: list[tuple[Segment, bool]]
    name: str = ""
    nodes: list[int] = field(default_factory=list)

    @property
    def is_bridge(self) -> bool:
        """Tell whether the chain is a bridge over the river."""
        return self.parts[0][0].over == "river"


def core_centre(draft: TownDraft) -> Point:
    """Return the middle of the pedestrian core."""
    return 0.0, draft.plan.old_radius_m * CORE_NORTH


def build_segments(draft: TownDraft) -> list[Segment]:
    """Cut the drawn streets at their junctions; leave out what hangs on nothing."""
    beside: dict[int, dict[int, int]] = defaultdict(dict)
    for (u, v), street in draft.map.edge_street.items():
        if street != NO_STREET:
            beside[u][v] = street
            beside[v][u] = street

    def is_stop(node: int) -> bool:
        if len(beside[node]) != 2:
            return True
        (a, street_a), (b, street_b) = beside[node].items()
        changes = draft.crossings.get(edge_key(node, a)) != draft.crossings.get(edge_key(node, b))
        return street_a != street_b or changes

    segments = []
    done: set[tuple[int, int]] = set()
    for node in sorted(beside):
        if not is_stop(node):
            continue
        for first in beside[node]:
            if (node, first) in done:
                continue
            path = [node, first]
            while not is_stop(path[-1]):
                path.append(next(n for n in beside[path[-1]] if n != path[-2]))
            done.add((path[0], path[1]))
            done.add((path[-1], path[-2]))
            street = beside[node][first]
            over = draft.crossings.get(edge_key(node, first), "")
            segments.append(Segment(path, street, draft.streets[street].highway, over))
    both_ways = [(s.nodes[i], s.nodes[-1 - i]) for s in segments for i in (0, -1)]
    main = largest_component(strong_components(both_ways))
    return [s for s in segments if s.nodes[0] in main]


def make_pedestrian(draft: TownDraft, segments: list[Segment]) -> None:
    """Turn the streets of the core into pedestrian streets, in place."""
    cx, cy = core_centre(draft)
    radius = CORE_SHARE * draft.plan.old_radius_m
    for segment in segments:
        role = draft.streets[segment.street].role
        if role not in ("cut", "cross_axis") or segment.over:
            continue
        points = [draft.map.points[n] for n in segment.nodes]
        if all(math.hypot((x - cx) * 0.8, y - cy) < radius for x, y in points):
            segment.highway = "pedestrian"


def make_one_way(draft: TownDraft, segments: list[Segment], seed: int) -> None:
    """Make most narrow streets one-way, keeping every place reachable by car from every other."""
    rng = dice("one-way", seed)
    share = {"old_town": 0.72, "centre": 0.36, "suburb": 0.07}
    chosen: dict[int, bool] = {}
    for segment in segments:
        street = draft.streets[segment.street]
        if street.role == "cut" and segment.highway == "residential":
            if segment.street not in chosen:
                chosen[segment.street] = rng.random() < share.get(street.zone, 0.0)
            segment.one_way = chosen[segment.street]
    turned = {number: rng.random() < 0.5 for number in chosen}
    for segment in segments:
        if segment.one_way and turned[segment.street]:
            segment.nodes.reverse()
    while True:
        roads = [s for s in segments if s.highway != "pedestrian"]
        component = strong_components(directed_pairs(roads))
        cut_off = {s.street for s in roads if s.one_way and component[s.nodes[0]] != component[s.nodes[-1]]}
        if not cut_off:
            return
        for segment in segments:
            if segment.street in cut_off:
                segment.one_way = False


def directed_pairs(segments: list[Segment]) -> list[tuple[int, int]]:
    """Return the directed (from, to) pairs of junctions that traffic may follow."""
    pairs = [(s.nodes[0], s.nodes[-1]) for s in segments]
    return pairs + [(s.nodes[-1], s.nodes[0]) for s in segments if not s.one_way]


def link_chains(draft: TownDraft, segments: list[Segment]) -> list[Chain]:
    """Join the segments that go straight on into chains that can bear one name."""
    at: dict[int, list[tuple[int, bool]]] = defaultdict(list)  # node -> (segment, it starts here)
    for number, segment in enumerate(segments):
        at[segment.nodes[0]].append((number, True))
        at[segment.nodes[-1]].append((number, False))
    links: dict[tuple[int, bool], tuple[int, bool]] = {}
    for ends in at.values():
        roles = {draft.streets[segments[n].street].role for n, _ in ends}
        options = []
        for i, one in enumerate(ends):
            for other in ends[i + 1 :]:
                score = _straightness(draft, segments, one, other, roles)
                if score is not None:
                    options.append((score, one, other))
        for _, one, other in sorted(options, reverse=True):
            if one not in links and other not in links and one[0] != other[0]:
                links[one], links[other] = other, one
    return _walk_chains(draft, segments, links)


def _straightness(
    draft: TownDraft, segments: list[Segment], one: tuple[int, bool], other: tuple[int, bool], roles: set[str]
) -> float | None:
    """Return how straight the road goes on from one segment end to the other; None: another name begins."""
    a, b = segments[one[0]], segments[other[0]]
    if a.highway != b.highway or "river" in (a.over, b.over):
        return None
    street_a, street_b = draft.streets[a.street], draft.streets[b.street]
    if street_a.role != street_b.role or street_a.zone != street_b.zone:
        return None
    if a.one_way != b.one_way and a.street != b.street:
        return None
    if BREAKING_ROLES.get(street_a.role, frozenset()) & roles:
        return None
    ax, ay = _leaving(draft, a, one[1])
    bx, by = _leaving(draft, b, other[1])
    straight = -(ax * bx + ay * by)
    if a.street == b.street:
        return 2 + straight
    return straight if straight > STRAIGHT_ON else None


def _leaving(draft: TownDraft, segment: Segment, from_start: bool) -> Point:
    points = draft.map.points
    ends = (segment.nodes[0], segment.nodes[1]) if from_start else (segment.nodes[-1], segment.nodes[-2])
    (x0, y0), (x1, y1) = points[ends[0]], points[ends[1]]
    size = math.hypot(x1 - x0, y1 - y0) or 1.0
    return (x1 - x0) / size, (y1 - y0) / size


def _walk_chains(
    draft: TownDraft, segments: list[Segment], links: dict[tuple[int, bool], tuple[int, bool]]
) -> list[Chain]:
    points = draft.map.points
    lengths = [sum(math.dist(points[u], points[v]) for u, v in pairwise(s.nodes)) for s in segments]
    used: set[int] = set()
    chains = []
    starts = [(n, True) for n in range(len(segments)) if (n, True) not in links]
    starts += [(n, False) for n in range(len(segments)) if (n, False) not in links]
    starts += [(n, True) for n in range(len(segments))]  # closed loops have no end to start from
    for start in starts:
        entry: tuple[int, bool] | None = start
        run: list[tuple[Segment, bool]] = []
        size = 0.0
        while entry is not None and entry[0] not in used:
            number, forward = entry
            if run and size + lengths[number] > LONGEST_NAME_M:
                chains.append(_chain(draft, run))
                run, size = [], 0.0
            used.add(number)
            run.append((segments[number], forward))
            size += lengths[number]
            entry = links.get((number, not forward))
        if run:
            chains.append(_chain(draft, run))
    return chains


def _chain(draft: TownDraft, run: list[tuple[Segment, bool]]) -> Chain:
    """Make a chain that starts at its end nearest to the centre, as French house numbers do."""
    points = draft.map.points
    first, last = run[0], run[-1]
    begin = first[0].nodes[0] if first[1] else first[0].nodes[-1]
    end = last[0].nodes[-1] if last[1] else last[0].nodes[0]
    if math.hypot(*points[begin]) > math.hypot(*points[end]):
        run = [(segment, not forward) for segment, forward in reversed(run)]
    street = draft.streets[run[0][0].street]
    nodes: list[int] = []
    for segment, forward in run:
        path = segment.nodes if forward else segment.nodes[::-1]
        nodes.extend(path if not nodes else path[1:])
    return Chain(street.role, street.rank, street.zone, run[0][0].highway, run, nodes=nodes)
