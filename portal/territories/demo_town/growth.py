"""Fills the skeleton: quarters first, then their use, then blocks, and fields outside."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from portal.territories.demo_town.cutting import CutStyle, cut_block
from portal.territories.demo_town.dice import dice
from portal.territories.demo_town.drafts import NO_STREET, TownDraft
from portal.territories.demo_town.plane import Point, centroid, signed_area_m2

URBAN_EDGE = 1.13
QUARTER_M2 = 76_000
COUNTRY_QUARTER_M2 = 240_000
FIELD_M2 = 46_000

STYLES = {
    "old_town": CutStyle(crook_deg=9, bend=0.05, drift=0.08, snap_m=9, wiggle_m=1.6),
    "centre": CutStyle(crook_deg=4, bend=0.02, drift=0.06, snap_m=24),
    "suburb": CutStyle(crook_deg=6, bend=0.05, drift=0.07, snap_m=22),
    "estate": CutStyle(crook_deg=3, bend=0.03, drift=0.06, snap_m=22),
    "industry": CutStyle(crook_deg=1.5, bend=0, drift=0.07, snap_m=26),
    "field": CutStyle(crook_deg=9, bend=0.03, drift=0.09, snap_m=14),
    "quarter": CutStyle(crook_deg=4, bend=0.045, drift=0.06, snap_m=34),
}

BLOCK_M2 = {
    "old_town": 2_500,
    "centre": 6_300,
    "suburb": 10_500,
    "estate": 19_000,
    "industry": 26_000,
    "field": FIELD_M2,
}

# one quarter each: (zone, place in ring-road radii east and north of the centre, largest area in m2)
LANDMARKS: tuple[tuple[str, Point, float], ...] = (
    ("stadium", (0.47, 0.22), 50_000),
    ("market", (0.50, -0.68), 62_000),
    ("hospital", (-0.66, 0.42), 44_000),
    ("park", (-0.33, -0.30), 80_000),
    ("park", (0.12, 0.47), 60_000),
    ("park", (0.36, -0.48), 52_000),
    ("lycee", (-0.48, 0.12), 26_000),
    ("cemetery", (-0.62, -0.72), 40_000),
)
MOTORWAY_BERTH_M = 150
PRIMARY_SCHOOLS = 7
SCHOOL_M2 = (4_500, 14_000)
# discs that give their use to every quarter inside: (zone, place, radius), in ring-road radii
DISTRICTS: tuple[tuple[str, Point, float], ...] = (
    ("industry", (0.66, 1.02), 0.34),
    ("industry", (-1.08, 0.20), 0.17),
    ("estate", (-0.45, -0.98), 0.2),
    ("estate", (-0.45, 0.92), 0.17),
)


@dataclass(frozen=True, slots=True)
class Landmark:
    """A quarter given to one use: its face and its middle in metres."""

    zone: str
    face: int
    middle: Point


def grow(draft: TownDraft, seed: int) -> list[Landmark]:
    """Cut the draft down to blocks and fields, in place; return the quarters with a use of their own."""
    rng = dice("growth", seed)
    quarters = _cut_quarters(draft, rng)
    landmarks = _give_uses(draft, quarters, rng)
    for face in quarters:
        zone = draft.zones[face]
        if zone in BLOCK_M2:
            _cut_down(draft, face, zone, BLOCK_M2[zone], STYLES[zone], rng)
    return landmarks + _found_schools(draft)


def _area_m2(draft: TownDraft, face: int) -> float:
    return signed_area_m2(draft.map.ring_points(face))


def _middle(draft: TownDraft, face: int) -> Point:
    return centroid(draft.map.ring_points(face))


def _cut_quarters(draft: TownDraft, rng: random.Random) -> list[int]:
    quarters = []
    for face, zone in list(draft.zones.items()):
        if zone == "old_town":
            quarters.append(face)
        elif zone == "land":
            pending = [face]
            while pending:
                part = pending.pop()
                area = _area_m2(draft, part)
                outside = draft.plan.reach(_middle(draft, part)) > URBAN_EDGE * 1.1
                limit = (COUNTRY_QUARTER_M2 if outside else QUARTER_M2) * rng.uniform(0.8, 1.5)
                parts = _cut_once(draft, part, area, "quarter", rng) if area > limit else None
                if parts is None:
                    quarters.append(part)
                else:
                    pending.extend(parts)
    return quarters


def _cut_once(draft: TownDraft, face: int, area: float, zone: str, rng: random.Random) -> tuple[int, int] | None:
    highway = "secondary" if area > 900_000 else ("tertiary" if area > 170_000 else "residential")
    if draft.plan.reach(_middle(draft, face)) > URBAN_EDGE * 1.1:
        highway = "tertiary" if area > 900_000 else "unclassified"
    number = draft.add_street("cut", 0, highway, zone)
    parts = cut_block(draft, face, STYLES[zone], rng, number)
    if parts is None:
        draft.streets.pop()
        return None
    for part in parts:
        draft.zones[part] = draft.zones[face]
    return parts


def _give_uses(draft: TownDraft, quarters: list[int], rng: random.Random) -> list[Landmark]:
    plan, size = draft.plan, draft.plan.ring_radius_m
    middles = {face: _middle(draft, face) for face in quarters}
    for face in quarters:
        if draft.zones[face] == "old_town":
            continue
        middle = middles[face]
        reach = plan.reach(middle)
        zone = "centre" if reach < 0.62 else "suburb"
        if reach > URBAN_EDGE + 0.05 * math.sin(5 * math.atan2(middle[1], middle[0])):
            zone = "field"
        for use, place, radius in DISTRICTS:
            if math.dist(middle, (place[0] * size, place[1] * size)) < radius * size:
                zone = use
        draft.zones[face] = zone
    landmarks: list[Landmark] = []
    taken: set[int] = set()
    for use, place, largest in LANDMARKS:
        wanted = (place[0] * size, place[1] * size)
        free = [f for f in quarters if f not in taken and draft.zones[f] in ("centre", "suburb", "industry")]
        free = [f for f in free if _area_m2(draft, f) > 0.55 * largest and _is_off_motorway(draft, middles[f])]
        face = min(free, key=lambda f: (math.dist(middles[f], wanted), f))
        face = _trimmed(draft, face, wanted, largest, quarters, middles, rng)
        taken.add(face)
        draft.zones[face] = use
        landmarks.append(Landmark(use, face, _middle(draft, face)))
    for face in quarters:
        if face not in taken and draft.zones[face] in ("centre", "suburb") and rng.random() < 0.02:
            draft.zones[face] = "park"
            landmarks.append(Landmark("park", face, _middle(draft, face)))
    return landmarks


def _is_off_motorway(draft: TownDraft, middle: Point) -> bool:
    return min(math.dist(middle, point) for point in draft.plan.motorway) > MOTORWAY_BERTH_M


def _trimmed(
    draft: TownDraft,
    face: int,
    wanted: Point,
    largest: float,
    quarters: list[int],
    middles: dict[int, Point],
    rng: random.Random,
) -> int:
    """Cut a quarter down to the largest area a use may take; what is cut off joins the quarters."""
    while _area_m2(draft, face) > largest * 1.3:
        parts = _cut_once(draft, face, _area_m2(draft, face), "quarter", rng)
        if parts is None:
            return face
        face = min(
            parts, key=lambda f: (not _is_off_motorway(draft, _middle(draft, f)), math.dist(_middle(draft, f), wanted))
        )
        quarters.append(parts[1])  # the first part kept the number of the whole
        middles.update({part: _middle(draft, part) for part in parts})
    return face


def _found_schools(draft: TownDraft) -> list[Landmark]:
    """Give one block to a primary school in each direction of the compass."""
    founded = []
    blocks = {
        face: _middle(draft, face)
        for face, zone in draft.zones.items()
        if zone in ("centre", "suburb") and SCHOOL_M2[0] < _area_m2(draft, face) < SCHOOL_M2[1]
    }
    for i in range(PRIMARY_SCHOOLS):
        angle = math.tau * (i + 0.3) / PRIMARY_SCHOOLS
        away = draft.plan.ring_radius_m * (0.45 if i % 2 else 0.78)
        wanted = (away * math.cos(angle), away * math.sin(angle))
        if blocks:
            face = min(blocks, key=lambda f: math.dist(blocks[f], wanted))
            draft.zones[face] = "school"
            founded.append(Landmark("school", face, blocks.pop(face)))
    return founded


def _cut_down(draft: TownDraft, face: int, zone: str, target_m2: float, style: CutStyle, rng: random.Random) -> None:
    pending = [face]
    while pending:
        part = pending.pop()
        area = _area_m2(draft, part)
        if area < target_m2 * rng.uniform(0.85, 1.7):
            continue
        if zone == "field":
            number = NO_STREET
        else:
            highway = "unclassified" if zone == "industry" else "residential"
            number = draft.add_street("cut", 1, highway, zone)
        parts = cut_block(draft, part, style, rng, number)
        if parts is None:
            if number != NO_STREET:
                draft.streets.pop()
            continue
        for child in parts:
            draft.zones[child] = zone
            pending.append(child)
